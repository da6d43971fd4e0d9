"""A clock that stands still until it is told to go on."""

from __future__ import annotations


class ManualClock:
    """The Clock port by hand; `at` is Unix time in seconds."""

    def __init__(self, at: float = 1_800_000_000.0) -> None:
        self.at = at

    def now(self) -> float:
        """The time it was last set to."""
        return self.at

    def advance(self, seconds: float) -> None:
        """Let that much time pass."""
        self.at += seconds
