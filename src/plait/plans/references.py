"""Dependency phrases: "Tasks 2, 4-6", "Track A completion (Tasks 1-3)", "PR-A through PR-F".

`read` turns a phrase into the ids it names. A range is expanded only over ids that exist; what
is missing in it, and what names nothing, is handed back to be told. Nothing is guessed: a number
behind an unknown word ("Node 20") names no task, and "None (can run beside Task 3)" names none.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

from plait.plans.phrases import Noun, Phrase, Term, parse

Key = tuple[str | int, ...]
_PARTS = re.compile(r"[A-Za-z]+|[0-9]+")
_SHOWN = 5
LONGEST = 20_000  # characters of a phrase; nobody writes more


class _Shape(StrEnum):
    NUMBER = "#"
    LETTER = "@"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a phrase may name: ids in the source's order, and named sets of them.

    `prefixes` are the words that ids begin with (``CR``, ``T``): a word that begins so and is
    no id is an unknown reference, any other word is prose.
    """

    order: tuple[str, ...]
    ids: Mapping[Key, str]
    sets: Mapping[Noun, Mapping[Key, tuple[str, ...]]]
    prefixes: frozenset[str]
    ranges: Mapping[Noun, Mapping[Key, Sequence[tuple[Key, Key]]]] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An id that a phrase names; `text` are the words that do, `ranged` says: by a range."""

    id: str
    text: str
    noun: Noun
    ranged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Words that name nothing, or the parts of a range that do not exist.

    `offset` counts characters from the phrase's start.
    """

    text: str
    offset: int
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """What a phrase names. `null` says that it states there is none ("None", "—")."""

    hits: tuple[Hit, ...] = ()
    unknown: tuple[Missing, ...] = ()
    holes: tuple[Missing, ...] = ()
    null: bool = False


def says(phrase: str, names: Names) -> bool | None:
    """Whether a phrase names anything, existing or not; None if it states that there is nothing.

    Unlike `read` it takes no longer if much is named.
    """
    parsed = _parsed(phrase[:LONGEST], names)
    return None if parsed.null else bool(parsed.terms)


def read(phrase: str, names: Names, *, before: int | None = None) -> References:
    """The ids that a phrase names, each once, in the phrase's order.

    Args:
        phrase: A dependency field's value, or the words behind "needs".
        names: What there is to name.
        before: The referring element's position in `names.order`: "All" and "all previous"
            are what stands before it. None: everything.
    """
    parsed = _parsed(phrase[:LONGEST], names)
    if parsed.null:
        return References(null=True)
    hits: dict[str, Hit] = {}
    unknown: list[Missing] = []
    if len(phrase) > LONGEST:
        unknown.append(Missing(text=f"what follows {LONGEST} characters", offset=LONGEST))
    holes: list[Missing] = []
    distinct: dict[tuple[Noun, str, str | None], Term] = {}
    for term in parsed.terms:
        distinct.setdefault((term.noun, term.first, term.last), term)
    for term in distinct.values():
        if term.noun is Noun.ALL:
            found = names.order if before is None else names.order[:before]
        elif term.last is None:
            found = _single(term, names)
        else:
            found, gaps = _range(term, names)
            if found and gaps:
                holes.append(Missing(text=term.text, offset=term.offset, parts=gaps))
        if not found and term.noun is not Noun.ALL:
            unknown.append(Missing(text=term.text, offset=term.offset))
        for name in found:
            if name not in hits:
                ranged = term.last is not None
                hits[name] = Hit(id=name, text=term.text, noun=term.noun, ranged=ranged)
    return References(hits=tuple(hits.values()), unknown=tuple(unknown), holes=tuple(holes))


def _parsed(phrase: str, names: Names) -> Phrase:
    return parse(phrase, names.prefixes, lambda word: key_of(word) in names.ids)


def names_of(
    ids: Iterable[str],
    sets: Mapping[Noun, Mapping[str, Sequence[str]]] | None = None,
    aliases: Mapping[str, str] | None = None,
) -> Names:
    """Index what phrases may name.

    Args:
        ids: The ids, in the source's order; of two that are equal but for case, leading zeros
            or a hyphen behind a word (``CR1``, ``CR-1``) the first is meant.
        sets: By noun (track, group, phase) and name, the ids that belong to it.
        aliases: Further names, each of an id.
    """
    order = tuple(dict.fromkeys(ids))
    by_key: dict[Key, str] = {}
    for name in order:
        by_key.setdefault(key_of(name), name)
    for alias, name in (aliases or {}).items():
        by_key.setdefault(key_of(alias), name)
    groups = {
        noun: {key_of(name): tuple(dict.fromkeys(members)) for name, members in named.items()}
        for noun, named in (sets or {}).items()
    }
    keyed: dict[Noun, Iterable[Key]] = {Noun.ITEM: by_key, **groups}
    return Names(
        order=order,
        ids=by_key,
        sets=groups,
        prefixes=frozenset(key[0] for key in by_key if key and isinstance(key[0], str)),
        ranges={noun: _buckets(keys) for noun, keys in keyed.items()},
    )


def key_of(name: str) -> Key:
    """An id's parts, words in capitals and numbers as such: ``T001`` and ``t1`` are one."""
    return tuple(
        int(part[:18]) if part[0].isdigit() else part.upper() for part in _PARTS.findall(name)
    )


def _single(term: Term, names: Names) -> tuple[str, ...]:
    key = key_of(term.first)
    if term.noun is Noun.ITEM:
        return (names.ids[key],) if key in names.ids else ()
    return names.sets.get(term.noun, {}).get(key, ())


def _range(term: Term, names: Names) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ids from `first` to `last`, and the first few that are missing between them."""
    first, last = key_of(term.first), key_of(term.last or "")
    if len(last) < len(first):  # T001-003, CR-A-F: the second half leaves the prefix out
        last = first[: len(first) - len(last)] + last
    if _shape(first) != _shape(last) or not first or first > last:
        return (), ()
    bucket = names.ranges.get(term.noun, {}).get(_shape(first), ())
    inside = bucket[bisect_left(bucket, first, key=_base) : bisect_right(bucket, last, key=_base)]
    found: dict[str, None] = {}
    for _, key in inside:
        found.update(dict.fromkeys(names.sets[term.noun][key] if term.noun in names.sets else ()))
        if term.noun is Noun.ITEM:
            found[names.ids[key]] = None
    return tuple(found), _gaps(term, first, last, {base for base, _ in inside})


def _base(entry: tuple[Key, Key]) -> Key:
    return entry[0]


def _gaps(term: Term, first: Key, last: Key, there: set[Key]) -> tuple[str, ...]:
    """Ids missing in a range. Across prefixes (1.3-2.2) only its ends are known to be meant."""
    ends = {first: term.first, last: term.last or ""}
    if first[:-1] != last[:-1]:
        return tuple(text for key, text in ends.items() if key not in there)
    stem = term.first[: len(term.first) - len(_PARTS.findall(term.first)[-1])]
    low, high = _ordinal(first[-1]), _ordinal(last[-1])
    missing = (n for n in range(low, high + 1) if (*first[:-1], _like(first[-1], n)) not in there)
    return tuple(f"{stem}{_like(first[-1], n)}" for n in islice(missing, _SHOWN))


def _ordinal(part: str | int) -> int:
    return part if isinstance(part, int) else ord(part)


def _like(model: str | int, ordinal: int) -> str | int:
    return ordinal if isinstance(model, int) else chr(ordinal)


def _shape(key: Key) -> Key:
    """Keys of one shape can be counted from one to another: (T, #), (PR, @), (#, #)."""
    if key and isinstance(key[-1], str) and len(key[-1]) == 1:
        return (*_shape(key[:-1]), _Shape.LETTER)
    return tuple(_Shape.NUMBER if isinstance(part, int) else part for part in key)


def _buckets(keys: Iterable[Key]) -> dict[Key, list[tuple[Key, Key]]]:
    """Sorted keys by shape; an inserted id (2a) counts beside its number as well."""
    buckets: dict[Key, list[tuple[Key, Key]]] = {}
    for key in keys:
        buckets.setdefault(_shape(key), []).append((key, key))
        inserted = len(key) > 1 and isinstance(key[-1], str) and isinstance(key[-2], int)
        if inserted:
            buckets.setdefault(_shape(key[:-1]), []).append((key[:-1], key))
    for bucket in buckets.values():
        bucket.sort()
    return buckets
