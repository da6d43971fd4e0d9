"""What is remembered from one run, and one session, to the next: how it is ranked.

An episodic memory is something that happened, and what came of it. A procedural one is how
something is done here. Both fade with time: the procedural ones slowly, and the more slowly the
more often they were confirmed. What a search finds is ranked here, by the words that a memory
and the question share and by its age, alike on every database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from math import exp, log
from typing import NamedTuple

DAY_S = 86_400.0
SAME_WITHIN_S = 3600.0  # the same text again within an hour is counted, not kept twice
MOST_MEMORIES = 5_000  # of a store; the oldest go first
MOST_FOUND = 200  # that a search ranks
LEAST = 0.1  # of a score that is worth telling
_MOST_TERMS = 32
_ENOUGH = 8  # terms in common that make a memory as fitting as it can be
_WORD = re.compile(r"[^\W_]+")
# Words of which the sharing says nothing.
_IDLE_WORDS = """
    a an and are as at be but by can do does for from had has have how if in into is it its no not
    of on or so than that the their them then there these they this those to was we were what when
    where which who why will with you your
    src lib test tests spec py ts tsx js jsx go rs md json yaml yml toml txt main index init add
    make new
"""
_IDLE = frozenset(_IDLE_WORDS.split())


class MemoryKind(StrEnum):
    """What sort of memory it is."""

    EPISODIC = "episodic"  # something happened
    PROCEDURAL = "procedural"  # how something is done here


class MemoryEvent(StrEnum):
    """What happened, in an episodic memory."""

    ERROR = "error"
    SUCCESS = "success"
    DECISION = "decision"
    DISCOVERY = "discovery"
    OPTIMIZATION = "optimization"


FADES = {MemoryKind.EPISODIC: 0.05, MemoryKind.PROCEDURAL: 0.005}  # a day


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Something worth knowing later.

    Args:
        kind: What sort it is.
        summary: In a line.
        agent: Who remembers it: provenance, with session, run and package.
        event: Of an episodic one: what happened.
        details: More of it.
        outcome: What came of it.
        lessons: What follows from it.
        tags: Words by which it may be found too.
        cue: Of a procedural one: when it is to be done.
        steps: Of a procedural one: what is done, in order.
        source: `session`, or `plait` for what Plait itself saw.
        text: All that is searched.
        digest: By which the same is known again.
        count: How often it was told.
        confirmed: How often somebody said that it helped.
        created_at: Unix time.
        updated_at: Unix time when it was told or confirmed last: it fades from there.
    """

    kind: MemoryKind
    summary: str
    agent: str
    event: str = ""
    details: str = ""
    outcome: str = ""
    lessons: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    cue: str = ""
    steps: tuple[str, ...] = ()
    session: str = ""
    run: str = ""
    package: str = ""
    source: str = "session"
    text: str = ""
    digest: str = ""
    number: int = 0
    count: int = 1
    confirmed: int = 0
    created_at: float = 0.0
    updated_at: float = 0.0


class Recalled(NamedTuple):
    """A memory that was found: what it is worth now, from 0 up; how well its words fit, 0 to 1."""

    memory: Memory
    score: float
    relevance: float


def searched(memory: Memory) -> tuple[str, str]:
    """What of a memory is searched, and the digest by which the same is known again."""
    said = (memory.summary, memory.details, memory.outcome, *memory.lessons, *memory.tags)
    text = "\n".join(each for each in (*said, memory.cue, *memory.steps) if each)
    parts = f"{memory.kind}\x00{memory.event}\x00{text}"
    return text, sha256(parts.encode("utf-8", "replace")).hexdigest()


def terms_of(query: str) -> tuple[str, ...]:
    """The words of a question that are looked for: plain words, whatever was typed.

    Nothing in them means anything to a database: letters and digits alone.
    """
    words = (each.lower() for each in _WORD.findall(query))
    telling = [each for each in words if each not in _IDLE and 2 <= len(each) <= 64]  # noqa: PLR2004
    return tuple(dict.fromkeys(telling))[:_MOST_TERMS]


def ranked(
    memories: Iterable[Memory], terms: Sequence[str], *, now: float, least: float, most: int
) -> tuple[Recalled, ...]:
    """The memories that are worth telling, the best first.

    Args:
        memories: What a search found.
        terms: What was asked, by `terms_of`; none: whatever there is, the freshest first.
        now: Unix time.
        least: Of the score, faded as it is.
        most: How many.
    """
    wanted = {stem(each) for each in terms}
    found = [_ranked(each, wanted, now) for each in memories]
    telling = [each for each in found if each.score >= least and (each.relevance or not wanted)]
    telling.sort(key=lambda each: (-each.score, -each.memory.updated_at, each.memory.number))
    return tuple(telling[:most])


def fresh(memory: Memory, now: float) -> float:
    """How much of a memory is left, from 1 down to 0."""
    days = max(0.0, now - memory.updated_at) / DAY_S
    return exp(-FADES[memory.kind] / strength(memory) * days)


def strength(memory: Memory) -> float:
    """From 1 up: what was confirmed, or told again, is worth more; a procedure gains by use."""
    uses = memory.confirmed + (memory.count - 1) / 2
    return 1.0 + log(1 + uses) / (2 if memory.kind is MemoryKind.PROCEDURAL else 8)


def stem(word: str) -> str:
    """A word without its usual English endings, for words that are compared."""
    for ending in ("ings", "ing", "ies", "ied", "ed", "es", "s", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:  # noqa: PLR2004
            return word[: -len(ending)]
    return word[:-1] if word.endswith("e") and len(word) > 3 else word  # noqa: PLR2004


def _ranked(memory: Memory, wanted: set[str], now: float) -> Recalled:
    known = {stem(each.lower()) for each in _WORD.findall(memory.text)}
    met = len(wanted & known)
    relevance = met / min(len(wanted), _ENOUGH) if wanted else 1.0
    relevance = min(1.0, relevance)
    score = relevance * fresh(memory, now) * strength(memory)
    return Recalled(memory=memory, score=score, relevance=relevance)
