"""Handoffs and memories as rows, and the search for words in both kinds of database.

What is searched for is words that `core.remembered.terms_of` has made plain: letters and digits.
They are quoted all the same, so that none of them is an operator.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    String,
    bindparam,
    cast,
    delete,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)

from plait.core.handoff import Handoff
from plait.core.remembered import Memory, MemoryKind
from plait.ports.notes import NoteRows
from plait.store.coordination.records import Records
from plait.store.coordination.tables import NOTE_NUMBER, WORDS, handoff, memory
from plait.store.schema import counter

_HANDOFFS = Records(Handoff, handoff, "number")
_MEMORIES = Records(Memory, memory, "number")
_NEXT = (
    update(counter)
    .where(counter.c.name == NOTE_NUMBER)
    .values(value=counter.c.value + 1)
    .returning(counter.c.value)
)
_NEWEST = (
    select(*_HANDOFFS.columns)
    .where(
        (bindparam("run") == "") | (handoff.c.run == bindparam("run")),
        (bindparam("agent") == "") | (handoff.c.agent == bindparam("agent")),
        (bindparam("package") == "") | (handoff.c.package == bindparam("package")),
        (bindparam("before") == 0) | (handoff.c.number < bindparam("before")),
    )
    .order_by(handoff.c.number.desc())
    .limit(bindparam("most"))
)
_SAME = (
    select(*_MEMORIES.columns)
    .where(memory.c.digest == bindparam("digest"))
    .order_by(memory.c.updated_at.desc(), memory.c.number.desc())
    .limit(1)
)
_WANTED = select(*_MEMORIES.columns).where(
    (bindparam("kind") == "") | (memory.c.kind == bindparam("kind")),
    (bindparam("tag") == "") | memory.c.tags.contains(bindparam("tag_text", type_=String)),
)
_LAST_TOLD = _WANTED.order_by(memory.c.updated_at.desc(), memory.c.number.desc()).limit(
    bindparam("most")
)
_BY_FTS5 = (
    _WANTED.join(text(WORDS), literal_column(f"{WORDS}.rowid") == memory.c.number)
    .where(text(f"{WORDS} MATCH :words"))
    .order_by(literal_column(f"bm25({WORDS})"), memory.c.updated_at.desc())
    .limit(bindparam("most"))
)
_VECTOR, _QUERY = "to_tsvector('english', memory.text)", "to_tsquery('english', :words)"
_BY_VECTOR = (
    _WANTED.where(text(f"{_VECTOR} @@ {_QUERY}"))
    .order_by(text(f"ts_rank({_VECTOR}, {_QUERY}) DESC"), memory.c.updated_at.desc())
    .limit(bindparam("most"))
)
_COUNT = select(func.count()).select_from(memory)
_OLDEST = (
    select(memory.c.number)
    .order_by(memory.c.kind, memory.c.updated_at, memory.c.number)  # episodic comes first
    .limit(bindparam("most"))
)
_FORGET = delete(memory).where(memory.c.number == bindparam("of_number"))
_HAS_WORDS = text("SELECT count(*) FROM sqlite_master WHERE name = :name")

assert MemoryKind.EPISODIC < MemoryKind.PROCEDURAL  # noqa: S101 - as `_OLDEST` sorts them


class SqlNotes(NoteRows):
    """Handoffs and memories as a connection sees them."""

    _connection: Connection

    def next_note(self) -> int:
        """A number that was never given out."""
        number: int = self._connection.execute(_NEXT).scalar_one()
        return number

    def add_handoff(self, handoff: Handoff) -> None:
        """Add a handoff."""
        _HANDOFFS.add(self._connection, [handoff])

    def handoffs(
        self, *, run: str = "", agent: str = "", package: str = "", before: int = 0, most: int
    ) -> Sequence[Handoff]:
        """The newest handoffs first."""
        given = {"run": run, "agent": agent, "package": package, "before": before, "most": most}
        return _HANDOFFS.all(self._connection, _NEWEST, given)

    def add_memory(self, memory: Memory) -> None:
        """Add a memory."""
        _MEMORIES.add(self._connection, [memory])

    def write_memory(self, memory: Memory) -> None:
        """Write a memory anew."""
        _MEMORIES.write(self._connection, memory)

    def memory(self, number: int) -> Memory | None:
        """One memory."""
        return _MEMORIES.one(self._connection, number)

    def same_memory(self, digest: str) -> Memory | None:
        """The newest memory of that digest."""
        found = _MEMORIES.all(self._connection, _SAME, {"digest": digest})
        return found[0] if found else None

    def find_memories(
        self, terms: Sequence[str], *, kind: MemoryKind | None, tag: str, most: int
    ) -> Sequence[Memory]:
        """Memories in which one of these words stands."""
        asked, words = self._search(terms)
        given = {
            "kind": "" if kind is None else kind.value,
            "tag": tag,
            "tag_text": _as_json(tag),
            "most": most,
            **words,
        }
        return _MEMORIES.all(self._connection, asked, given)

    def forget_above(self, most: int) -> int:
        """Delete the oldest memories beyond so many, episodic ones first."""
        beyond = self._connection.execute(_COUNT).scalar_one() - most
        if beyond <= 0:
            return 0
        oldest = self._connection.execute(_OLDEST, {"most": beyond}).scalars().all()
        self._connection.execute(_FORGET, [{"of_number": each} for each in oldest])
        return len(oldest)

    @property
    def searches_words(self) -> bool:
        """Whether the database itself searches texts for words."""
        if self._connection.dialect.name != "sqlite":
            return True
        return bool(self._connection.execute(_HAS_WORDS, {"name": WORDS}).scalar_one())

    def _search(self, terms: Sequence[str]) -> tuple[Select[*tuple[Any, ...]], dict[str, str]]:
        if not terms:
            return _LAST_TOLD, {}
        if self._connection.dialect.name == "postgresql":
            return _BY_VECTOR, {"words": " | ".join(f"'{each}'" for each in terms)}
        if self.searches_words:
            return _BY_FTS5, {"words": " OR ".join(f'"{each}"' for each in terms)}
        lowered = func.lower(cast(memory.c.text, String))
        some = or_(*(lowered.contains(each, autoescape=True) for each in terms))
        return _WANTED.where(some).order_by(memory.c.updated_at.desc()).limit(bindparam("most")), {}


def _as_json(tag: str) -> str:
    """A tag as it stands in the list of them."""
    return json.dumps(tag)
