"""Commands in a repository: written, brought up to date, left alone, removed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from plait import __version__
from plait.app.commands import State, checked, install, uninstall
from plait.app.commands.layouts import AGENTS, LAYOUTS
from plait.app.examining import examine
from plait.core.owned import stamped
from plait.errors import UsageError

PLAN = ".claude/commands/parallel-plan-feature.md"
SPEC = ".claude/commands/spec/parallel_execute.md"
SKILL = ".agents/skills/parallel-plan-feature/SKILL.md"


def put(root: Path, *agents: str, force: bool = False, version: str = "1.0") -> dict[str, State]:
    """Install, and say what came of each file."""
    placed = install(root, agents, force=force, dry_run=False, version=version)
    return {each.path: each.state for each in placed}


def take(root: Path, version: str = "1.0") -> dict[str, State]:
    """Uninstall, and say what came of each file."""
    return {each.path: each.state for each in uninstall(root, dry_run=False, version=version)}


def snapshot(root: Path) -> dict[str, bytes | None]:
    """Everything in a folder, links by what they say."""
    return {
        str(path.relative_to(root)): os.fsencode(path.readlink())
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else None
        for path in sorted(root.rglob("*"))
    }


def write(root: Path, place: str, text: str) -> Path:
    """A file of the user's."""
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_all_is_written_once_and_taken_back_without_a_trace(tmp_path: Path) -> None:
    """A second call changes nothing, not even a file's time; what was there before stays."""
    write(tmp_path, ".claude/settings.json", "{}")
    write(tmp_path, ".gemini/commands/mine.toml", 'prompt = "x"')
    before = snapshot(tmp_path)
    first = put(tmp_path, *AGENTS)
    assert len(first) == 5 * len(LAYOUTS)
    assert set(first.values()) == {State.WRITTEN}
    times = {path: (tmp_path / path).stat().st_mtime_ns for path in first}
    assert set(put(tmp_path, *AGENTS).values()) == {State.CURRENT}
    assert {path: (tmp_path / path).stat().st_mtime_ns for path in first} == times
    assert take(tmp_path) == dict.fromkeys(first, State.REMOVED)
    assert snapshot(tmp_path) == before
    assert take(tmp_path) == {}


def test_a_newer_plait_updates_and_an_older_one_does_not(tmp_path: Path) -> None:
    """By the version in the file's own line; either removes what the other wrote."""
    put(tmp_path, "claude", version="0.9")
    old = (tmp_path / PLAN).read_bytes()
    assert set(put(tmp_path, "claude", version="0.10").values()) == {State.UPDATED}
    assert (tmp_path / PLAN).read_bytes() != old
    new = snapshot(tmp_path)
    assert set(put(tmp_path, "claude", version="0.9").values()) == {State.NEWER}
    assert snapshot(tmp_path) == new
    assert set(take(tmp_path, version="0.9").values()) == {State.REMOVED}
    assert snapshot(tmp_path) == {}


def test_what_somebody_has_edited_stays(tmp_path: Path) -> None:
    """Also at an update and at the removal; with force it is kept beside what replaces it."""
    put(tmp_path, "claude")
    mine = write(tmp_path, SPEC, (tmp_path / SPEC).read_text("utf-8") + "Be brief.\n")
    theirs = write(tmp_path, PLAN, "my own command\n")
    for version in ("1.0", "2.0"):
        done = put(tmp_path, "claude", version=version)
        assert (done[SPEC], done[PLAN]) == (State.EDITED, State.FOREIGN)
    edited = mine.read_text("utf-8")
    assert take(tmp_path, version="2.0")[SPEC] is State.EDITED
    assert (mine.read_text("utf-8"), theirs.read_text("utf-8")) == (edited, "my own command\n")
    assert sorted(snapshot(tmp_path / ".claude/commands")) == [
        "parallel-plan-feature.md", "spec", "spec/parallel_execute.md",
    ]  # fmt: skip
    write(tmp_path, f"{PLAN}.bak", "an older copy")
    placed = install(tmp_path, ["claude"], force=True, dry_run=False, version="2.0")
    assert {each.path: each.backup for each in placed if each.state is State.REPLACED} == {
        PLAN: f"{PLAN}.bak1",
        SPEC: f"{SPEC}.bak",
    }
    assert (tmp_path / f"{SPEC}.bak").read_text("utf-8") == edited
    assert (tmp_path / f"{PLAN}.bak").read_text("utf-8") == "an older copy"


def test_files_of_agents_that_are_not_here_are_updated_too(tmp_path: Path) -> None:
    """A colleague's agent: what Plait wrote for it is Plait's to keep up to date."""
    put(tmp_path, "gemini", version="1.0")
    done = put(tmp_path, "claude", version="1.1")
    assert [path for path in done if path.startswith(".gemini/")]
    assert {s for path, s in done.items() if path.startswith(".gemini/")} == {State.UPDATED}
    assert put(tmp_path, version="1.1") == dict.fromkeys(done, State.CURRENT)


def test_a_command_that_is_no_more_is_removed(tmp_path: Path) -> None:
    """Of an earlier version, unedited; one that a later version knows stays."""
    gone, later = ".claude/commands/old/gone.md", ".claude/commands/later.md"
    for place, version in ((gone, "0.9"), (later, "1.1")):
        text = "---\ndescription: x\n---\n"
        write(tmp_path, place, stamped(text, place=place, version=version, line=1))
    copied = write(tmp_path, ".claude/commands/copy.md", (tmp_path / gone).read_text("utf-8"))
    done = put(tmp_path, "claude")
    assert done[gone] is State.REMOVED
    assert not (tmp_path / ".claude/commands/old").exists()
    assert (tmp_path / later).exists()
    done = take(tmp_path)
    assert (done[later], done[".claude/commands/copy.md"]) == (State.REMOVED, State.EDITED)
    assert copied.exists()


def test_a_dry_run_tells_the_same_and_touches_nothing(tmp_path: Path) -> None:
    """What would be written, replaced and removed."""
    write(tmp_path, PLAN, "mine")
    before = snapshot(tmp_path)
    told = install(tmp_path, AGENTS, force=True, dry_run=True)
    assert snapshot(tmp_path) == before
    done = install(tmp_path, AGENTS, force=True, dry_run=False)
    assert [each.state for each in told] == [each.state for each in done]
    after = snapshot(tmp_path)
    told = uninstall(tmp_path, dry_run=True)
    assert snapshot(tmp_path) == after
    assert {each.state for each in told} == {State.REMOVED}


@pytest.mark.parametrize(
    "link", [".claude", ".claude/commands", ".claude/commands/spec", SPEC, ".agents/skills"]
)
def test_nothing_is_written_or_removed_through_a_link(tmp_path: Path, link: str) -> None:
    """Wherever in a path it stands, and whatever it leads to: outside, inside, nowhere."""
    outside, root = tmp_path / "outside", tmp_path / "repo"
    root.mkdir()
    for target in (outside, root / "inside", tmp_path / "nowhere"):
        if target.name != "nowhere":
            target.mkdir(exist_ok=True)
        path = root / link
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
        done = install(root, ["claude", "codex"], force=True, dry_run=False)
        blocked = [each for each in done if each.state is State.BLOCKED]
        assert blocked
        assert {each.at for each in blocked} == {link}
        assert all(each.path.startswith(link) for each in blocked)
        uninstall(root, dry_run=False)
        assert path.is_symlink()
        path.unlink()
        assert not (tmp_path / "nowhere").exists()
        assert [*outside.iterdir(), *(root / "inside").glob("*")] == []


def test_what_lies_behind_a_link_is_not_removed(tmp_path: Path) -> None:
    """Though it is just what Plait would have written at that path."""
    other, root = tmp_path / "other", tmp_path / "repo"
    other.mkdir()
    root.mkdir()
    put(other, "claude")
    (root / ".claude").symlink_to(other / ".claude")
    before = snapshot(other)
    assert set(take(root).values()) <= {State.BLOCKED}
    assert snapshot(other) == before


def test_what_is_no_file_is_left_alone(tmp_path: Path) -> None:
    """A folder, a pipe or a file where a folder should be: said, and nothing waits or fails."""
    (tmp_path / PLAN).mkdir(parents=True)
    os.mkfifo(tmp_path / ".claude/commands/parallel-implementation.md")
    write(tmp_path, ".claude/commands/spec", "a file")
    write(tmp_path, ".agents", "a file")
    done = put(tmp_path, "claude", "codex", force=True)
    blocked = {path for path, state in done.items() if state is State.BLOCKED}
    assert {PLAN, SPEC, SKILL, ".claude/commands/parallel-implementation.md"} <= blocked
    assert done[".claude/commands/orchestrate-implementation.md"] is State.WRITTEN
    assert (tmp_path / ".agents").read_text("utf-8") == "a file"
    take(tmp_path)
    assert (tmp_path / PLAN).is_dir()
    assert not (tmp_path / ".claude/commands/orchestrate-implementation.md").exists()


def test_names_that_plait_would_not_give_are_passed_over(tmp_path: Path) -> None:
    """Bytes that are no text, and signs that would move a terminal's cursor."""
    put(tmp_path, "claude")
    content = (tmp_path / PLAN).read_bytes()
    odd = [b"\xff.md", b"a\x1b[2J.md", "\u00e9.md".encode()]
    for name in odd:
        Path(os.fsdecode(os.fsencode(tmp_path / ".claude/commands") + b"/" + name)).write_bytes(
            content
        )
    assert set(put(tmp_path, "claude").values()) == {State.CURRENT}
    assert set(take(tmp_path).values()) == {State.REMOVED}
    left = (os.fsencode(each.name) for each in (tmp_path / ".claude/commands").iterdir())
    assert sorted(left) == sorted(odd)


def test_an_agent_without_commands_is_refused() -> None:
    """Who asks for it by name is told which agents take commands."""
    with pytest.raises(UsageError, match="aider") as caught:
        checked(["claude", "aider"])
    assert caught.value.code == "NO_COMMANDS"
    assert "gemini" in caught.value.hint


def test_doctor_says_when_commands_are_another_version_s(tmp_path: Path) -> None:
    """And what brings them up to date; without any it says nothing."""
    (tmp_path / ".git").mkdir()

    def said() -> list[tuple[str, str, str]]:
        found = (each for each in examine(tmp_path) if each.what == "commands")
        return [(each.level, each.told, each.cure) for each in found]

    assert said() == []
    put(tmp_path, "claude", version=__version__)
    assert said() == [("ok", "in .claude/commands", "")]
    put(tmp_path, "claude", version="99.0")
    assert said() == [("ok", "in .claude/commands", "")]
    take(tmp_path)
    put(tmp_path, "claude", version="0.0.1")
    ((level, told, cure),) = said()
    assert (level, told) == ("note", "5 of those in .claude/commands are another version's")
    assert "plait init --only-commands" in cure
