"""What a landed tree holds, as far as it says what there is to try."""

from __future__ import annotations

import os
from pathlib import Path

import anyio

from plait.core.qa_plan import READ, Repository

_MOST_FILES = 50_000
_MOST_BYTES = 1_000_000
_SKIPPED = frozenset({".git", "node_modules", ".venv", "venv", "__pycache__"})
_DEEPEST = 6


async def repository_of(root: Path) -> Repository:
    """The files of a clean checkout; links are none, and nothing is followed."""
    return await anyio.to_thread.run_sync(_repository, root)


def _repository(root: Path) -> Repository:
    files: set[str] = set()
    for folder, folders, names in os.walk(root):
        place = Path(folder).relative_to(root)
        folders[:] = [
            each for each in sorted(folders) if each not in _SKIPPED and len(place.parts) < _DEEPEST
        ]
        for name in names:
            if not (Path(folder) / name).is_symlink():
                files.add((place / name).as_posix())
        if len(files) > _MOST_FILES:
            break
    texts = {name: _text(root / name) for name in READ if name in files}
    return Repository(files=frozenset(files), texts=texts)


def _text(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_MOST_BYTES).decode("utf-8", "replace")
