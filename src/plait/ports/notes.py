"""What the coordinator notes for later, as rows within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from plait.core.handoff import Handoff
from plait.core.remembered import Memory, MemoryKind


class NoteRows(Protocol):
    """Handoffs and memories."""

    def next_note(self) -> int:
        """A number for a handoff, a memory or a message that was never given out."""

    def add_handoff(self, handoff: Handoff) -> None:
        """Add a handoff."""

    def handoffs(
        self, *, run: str = "", agent: str = "", package: str = "", before: int = 0, most: int
    ) -> Sequence[Handoff]:
        """The newest handoffs first; empty: of any; those numbered below `before`, if given."""

    def add_memory(self, memory: Memory) -> None:
        """Add a memory."""

    def write_memory(self, memory: Memory) -> None:
        """Write a memory anew."""

    def memory(self, number: int) -> Memory | None:
        """One memory."""

    def same_memory(self, digest: str) -> Memory | None:
        """The newest memory of that digest."""

    def find_memories(
        self, terms: Sequence[str], *, kind: MemoryKind | None, tag: str, most: int
    ) -> Sequence[Memory]:
        """Memories in which one of these words stands, roughly the fittest first.

        Args:
            terms: Plain words; none: all memories, those told last first.
            kind: Only of that kind.
            tag: Only with that tag; empty: any.
            most: How many.
        """

    def forget_above(self, most: int) -> int:
        """Delete the oldest memories beyond so many, episodic ones first; how many went."""

    @property
    def searches_words(self) -> bool:
        """Whether the database itself searches texts for words; else they are looked through."""
