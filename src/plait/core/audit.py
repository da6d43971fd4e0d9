"""The audit: who ordered, approved, accepted, took over and delivered what, in a chain of rows.

Each row holds the hash of the one before it, and its own over all that it says: a row that is
changed, taken out or moved later breaks the chain where it was. Rows that are taken off its end
are missed by their count. Whoever can rewrite the whole store can rewrite the whole chain; so its
head may be noted elsewhere, and compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

from plait.core.codec import encode
from plait.core.event import TYPE_NAMES, Event

ORIGIN = "0" * 64  # stands before the first row
PLAIT = "plait"  # who carries out what nobody else did


class Kind(StrEnum):
    """What a row tells of that no event does; others are events, by their names."""

    APPROVED = "approved"
    ASKED = "asked"
    ANSWERED = "answered"
    CLAIMED = "claimed"


# Events that are audited, by name: what people decided, and what left the machine.
EVENTS = frozenset({"work_accepted", "plan_revised", "scope_granted", "delivery_ended"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What happened. `run` is empty for what belongs to none."""

    kind: str
    who: str
    run: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row. `at` is Unix time; `data` JSON text; `previous` the hash of the row before it."""

    number: int
    at: float
    run: str
    kind: str
    who: str
    data: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Where the chain is broken: at which row, and how."""

    number: int
    how: str


def audited(run: str, event: Event) -> Fact | None:
    """The fact that an event is, if it is one that is audited."""
    name = TYPE_NAMES[type(event)]
    if name not in EVENTS:
        return None
    who = getattr(event, "who", "") or PLAIT
    return Fact(kind=name, who=who, run=run, data=encode(event))


def chained(facts: Iterable[Fact], *, number: int, previous: str, at: float) -> tuple[Entry, ...]:
    """The rows of further facts.

    Args:
        facts: What happened, in order.
        number: That of the last row there is; 0 if there is none.
        previous: Its hash; `ORIGIN` if there is none.
        at: Unix time.
    """
    made: list[Entry] = []
    at = float(at)  # as it is read again
    for fact in facts:
        number += 1
        data = _text(fact.data)
        told = seal(number, at, fact.run, fact.kind, fact.who, data, previous)
        made.append(
            Entry(
                number=number,
                at=at,
                run=fact.run,
                kind=fact.kind,
                who=fact.who,
                data=data,
                previous=previous,
                hash=told,
            )
        )
        previous = told
    return tuple(made)


def seal(*parts: object) -> str:
    """The hash over what a row says."""
    return sha256(_text(parts).encode("ascii")).hexdigest()


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True)


def breaks(entries: Iterable[Entry], count: int) -> Iterator[Break]:
    """Where a chain is broken, in the order of its rows.

    Args:
        entries: All rows, by number.
        count: How many were written.
    """
    number, previous = 0, ORIGIN
    for each in entries:
        if each.number > number + 1:
            yield Break(number=number + 1, how=_missing(number + 1, each.number - 1))
        told = seal(each.number, each.at, each.run, each.kind, each.who, each.data, each.previous)
        if told != each.hash:
            yield Break(number=each.number, how="was changed")
        elif each.previous != previous and each.number == number + 1:
            yield Break(number=each.number, how="does not follow the row before it")
        number, previous = each.number, each.hash
    if number < count:
        yield Break(number=number + 1, how=_missing(number + 1, count))
    elif number > count:
        yield Break(number=count + 1, how="is one more than were written")


def _missing(first: int, last: int) -> str:
    return "is missing" if first == last else f"to row {last} are missing"
