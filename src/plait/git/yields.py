"""What set-up commands made in a worktree: noted file by file, so that it can be kept for the next.

It is kept only as it was made: what was added to it since is removed, and where a file was
changed or is gone, all of it is thrown away. The time of a file's last change of any kind cannot
be set back by whoever changed it.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from plait.git.trash import discard


@dataclass(frozen=True, slots=True, kw_only=True)
class Yield:
    """The paths that a set-up made at the top, and each file below them as it was then."""

    key: str
    roots: tuple[str, ...]
    files: dict[str, tuple[int, ...]]

    def save(self, path: Path) -> None:
        """Write it down, whole or not at all."""
        new = path.with_name(f"{path.name}.new")
        new.write_text(json.dumps({"key": self.key, "roots": self.roots, "files": self.files}))
        new.replace(path)


def read_yield(path: Path) -> Yield | None:
    """What was noted, if it can be read."""
    try:
        told = json.loads(path.read_text())
        files = {name: tuple(facts) for name, facts in told["files"].items()}
        return Yield(key=told["key"], roots=tuple(told["roots"]), files=files)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def take_stock(tree: Path, key: str, roots: Sequence[str]) -> Yield:
    """What lies below these paths now."""
    files = {name: _facts(found) for root in roots for name, found in _walk(tree, root.rstrip("/"))}
    return Yield(key=key, roots=tuple(roots), files=files)


def restore(tree: Path, noted: Yield) -> bool:
    """Remove what was added since; whether all that was noted is there, unchanged."""
    seen = 0
    for root in noted.roots:
        for name, found in list(_walk(tree, root.rstrip("/"))):
            facts = noted.files.get(name)
            if facts is None:
                discard(tree / name)
            elif facts != _facts(found):
                return False
            else:
                seen += 1
    return seen == len(noted.files)


def _walk(tree: Path, root: str) -> Iterator[tuple[str, os.stat_result]]:
    """A path and all that lies below it, folders after what is in them; links are not followed."""
    try:
        found = os.lstat(tree / root)
    except OSError:
        return
    if stat.S_ISDIR(found.st_mode):
        with os.scandir(tree / root) as entries:
            names = sorted(entry.name for entry in entries)
        for name in names:
            yield from _walk(tree, f"{root}/{name}")
    yield root, found


def _facts(found: os.stat_result) -> tuple[int, ...]:
    """What tells that a file is as it was; of a folder only that it is one, and its mode."""
    if stat.S_ISDIR(found.st_mode):
        return (found.st_mode,)
    return (found.st_mode, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
