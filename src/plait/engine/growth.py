"""Whether an agent gets on: what it writes to its logs, and how its worktree changes.

Only looked at, never read: names, sizes and times of files. A program that preserves old times
changes a folder all the same.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path

OUTPUT = ("stdout.log", "stderr.log", "transcript.jsonl", "result.json", "out/result.json")
MOST_ENTRIES = 20_000  # of a tree, the folders nearest to its root first: a look stays cheap

Look = tuple[tuple[int, int], ...]


def output(directory: Path) -> Look:
    """What an attempt's logs look like now; two looks that differ tell of an agent at work."""
    return tuple(_seen(directory / name) for name in OUTPUT)


def tree(worktree: Path) -> Look:
    """What a worktree looks like now, git's own folder apart."""
    count, total, newest = 0, 0, 0
    for size, changed in _entries(worktree):
        count += 1
        total += size
        newest = max(newest, changed)
    return ((count, total), (newest, 0))


def _entries(worktree: Path) -> Iterator[tuple[int, int]]:
    left = MOST_ENTRIES
    folders = deque([str(worktree)])
    while folders and left > 0:
        try:
            with os.scandir(folders.popleft()) as entries:
                for entry in entries:
                    left -= 1
                    if left < 0:
                        return
                    if entry.name == ".git":
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    told = entry.stat(follow_symlinks=False)
                    yield told.st_size, told.st_mtime_ns
        except OSError:  # it went away meanwhile, or may not be looked at
            continue


def _seen(path: Path) -> tuple[int, int]:
    try:
        told = path.lstat()
    except OSError:
        return (0, 0)
    return (told.st_size, told.st_mtime_ns)
