"""A disk whose free space a test sets."""

from __future__ import annotations

from plait.core.disk import Space


class SetDisk:
    """One file system of 1,000 bytes; `asked` counts how often the checkout was measured."""

    def __init__(self, free: int) -> None:
        self.free = free
        self.asked = 0

    def spaces(self) -> tuple[Space, ...]:
        """As the test set it."""
        return (Space(place="/disk", free=self.free, total=1000),)

    async def checkout_bytes(self, commit: str) -> int:
        """One byte."""
        self.asked += 1
        return 1
