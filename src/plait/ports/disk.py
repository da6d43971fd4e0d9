"""How much room a run has."""

from __future__ import annotations

from typing import Protocol

from plait.core.disk import Space


class Disk(Protocol):
    """The file systems that a run writes to."""

    def spaces(self) -> tuple[Space, ...]:
        """Each of them, as it is now."""

    async def checkout_bytes(self, commit: str) -> int:
        """How much the files of a commit take; 0 if that cannot be told."""
