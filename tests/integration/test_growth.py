"""A worktree and logs, looked at: what tells of an agent that gets on."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from plait.engine import growth


def _old(path: Path) -> None:
    path.write_text("new, with an old time")
    os.utime(path, (0, 0))


CHANGES: dict[str, Callable[[Path], object]] = {
    "a new file": lambda tree: (tree / "a" / "new").touch(),
    "a file that grew": lambda tree: (tree / "a" / "file").write_text("longer"),
    "a file that went": lambda tree: (tree / "a" / "file").unlink(),
    "a file with an old time": lambda tree: _old(tree / "a" / "old"),
    "a new folder": lambda tree: (tree / "a" / "b").mkdir(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_in_the_tree_is_seen(tmp_path: Path, change: Callable[[Path], object]) -> None:
    """Whatever is made, changed or deleted, and not when nothing is."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").touch()
    (tmp_path / ".git").mkdir()
    before = growth.tree(tmp_path)
    (tmp_path / ".git" / "index").touch()
    assert growth.tree(tmp_path) == before
    change(tmp_path)
    assert growth.tree(tmp_path) != before


def test_a_look_at_a_large_tree_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many entries nothing is looked at; those nearest to the root come first."""
    for name in ("near", "far/far/far"):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        for number in range(20):
            (folder / str(number)).touch()
    monkeypatch.setattr(growth, "MOST_ENTRIES", 10)
    before = growth.tree(tmp_path)
    (tmp_path / "far" / "far" / "far" / "new").write_text("new")
    assert growth.tree(tmp_path) == before
    (tmp_path / "new").write_text("new")
    assert growth.tree(tmp_path) != before


def test_output_is_seen_by_its_size_and_time(tmp_path: Path) -> None:
    """A log that is not there yet, grows, or is replaced; the shim's own files do not count."""
    seen = [growth.output(tmp_path)]
    (tmp_path / "alive.lock").touch()
    assert growth.output(tmp_path) == seen[0]
    for text in ("", "a", "ab"):
        (tmp_path / "stdout.log").write_text(text)
        seen.append(growth.output(tmp_path))
    assert len(set(seen)) == 4
