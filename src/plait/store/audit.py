"""The rows of the audit, each in the transaction of the fact that it tells of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields, replace

from sqlalchemy import Connection, select

from plait.core.audit import ORIGIN, PLAIT, Entry, Fact, Kind, audited, chained
from plait.core.event import Event, RunId
from plait.store import rows, schema, statements
from plait.store.engines import take_pen
from plait.store.quick import changed, quick, quick_each


def append(connection: Connection, facts: Sequence[Fact], now: float) -> None:
    """Add facts to the chain: the last thing that a transaction does, for it waits for others."""
    if not facts:
        return
    take_pen(connection)
    last = quick(connection, statements.LAST_AUDIT, {})
    number, previous = last[0] if last else (0, ORIGIN)
    told = [replace(each, who=rows.storable(each.who)) for each in facts]
    made = chained(told, number=number, previous=previous, at=now)
    quick_each(connection, statements.ADD_AUDIT, map(asdict, made))
    changed(connection, statements.COUNT_AUDIT, {"more": len(made)})


def facts_of(
    run: RunId, events: Iterable[Event], answered: Iterable[tuple[int, str]]
) -> list[Fact]:
    """What of a run's advance is audited."""
    told = [fact for event in events if (fact := audited(run, event)) is not None]
    given = ({"request": number, "answer": rows.storable(text)} for number, text in answered)
    return [*told, *(Fact(kind=Kind.ANSWERED, who=PLAIT, run=run, data=each) for each in given)]


def read(connection: Connection, after: int, most: int) -> tuple[Entry, ...]:
    """Rows behind a number, in order."""
    found = connection.execute(statements.AUDIT, {"after": after, "most": most})
    return tuple(Entry(**row) for row in found.mappings())


def find(
    connection: Connection, *, run: str, who: str, kind: str, after: int | None, most: int
) -> tuple[Entry, ...]:
    """Rows by what they tell of; behind a number from the oldest on, else the newest, in order."""
    columns = [schema.audit.c[each.name] for each in fields(Entry)]
    asked = select(*columns).limit(most)
    for column, wanted in (
        (schema.audit.c.run, run),
        (schema.audit.c.who, who),
        (schema.audit.c.kind, kind),
    ):
        if wanted:
            asked = asked.where(column == wanted)
    number = schema.audit.c.number
    asked = (
        asked.order_by(number.desc())
        if after is None
        else asked.where(number > after).order_by(number)
    )
    found = tuple(Entry(**row) for row in connection.execute(asked).mappings())
    return found[::-1] if after is None else found


def count(connection: Connection) -> int:
    """How many rows were written."""
    return connection.execute(statements.AUDITED).scalar_one_or_none() or 0
