"""A memory is kept, or counted where the same is known: for sessions and for runs alike."""

from __future__ import annotations

from dataclasses import replace

from plait.core.remembered import MOST_MEMORIES, SAME_WITHIN_S, Memory, MemoryKind, searched
from plait.ports.notes import NoteRows


def keep(rows: NoteRows, memory: Memory, *, now: float) -> Memory:
    """Keep a memory, or count the same that is known already; the oldest go if there are many."""
    text, digest = searched(memory)
    known = rows.same_memory(digest)
    procedural = memory.kind is MemoryKind.PROCEDURAL
    if known is not None and (procedural or now - known.updated_at <= SAME_WITHIN_S):
        again = replace(known, count=known.count + 1, updated_at=now)
        rows.write_memory(again)
        return again
    kept = replace(
        memory,
        text=text,
        digest=digest,
        number=rows.next_note(),
        created_at=now,
        updated_at=now,
    )
    rows.add_memory(kept)
    rows.forget_above(MOST_MEMORIES)
    return kept
