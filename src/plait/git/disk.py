"""How much room there is where worktrees and objects lie."""

from __future__ import annotations

import shutil
from pathlib import Path

from plait.core.disk import Space
from plait.git.command import GitFailed, decode
from plait.git.repository import Repository


class RepositoryDisk:
    """The file systems of a repository and of its worktrees.

    Args:
        repository: Whose objects take room.
        folder: Where the worktrees lie; it exists.
    """

    def __init__(self, repository: Repository, folder: Path) -> None:
        self._repository = repository
        self._places = (folder, repository.common)

    def spaces(self) -> tuple[Space, ...]:
        """Each file system once, as it is now."""
        found: dict[int, Space] = {}
        for place in self._places:
            usage = shutil.disk_usage(place)
            space = Space(place=str(place), free=usage.free, total=usage.total)
            found.setdefault(place.stat().st_dev, space)
        return tuple(found.values())

    async def checkout_bytes(self, commit: str) -> int:
        """How much the files of a commit take; 0 if git cannot tell."""
        try:
            told = await self._repository.git.run("ls-tree", "-r", "--format=%(objectsize)", commit)
        except GitFailed:
            return 0
        return sum(int(size) for size in decode(told).split() if size.isdigit())
