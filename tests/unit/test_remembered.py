"""How memories are ranked: by the words in common, by age, by what confirmed them."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, strategies as st

from plait.core.remembered import (
    DAY_S,
    LEAST,
    Memory,
    MemoryKind,
    fresh,
    ranked,
    searched,
    stem,
    strength,
    terms_of,
)


def memory(summary: str, kind: MemoryKind = MemoryKind.EPISODIC, **fields: Any) -> Memory:
    """A memory that was told at time 0."""
    plain = Memory(kind=kind, summary=summary, agent="ada", **fields)
    text, digest = searched(plain)
    return Memory(kind=kind, summary=summary, agent="ada", **fields, text=text, digest=digest)


@given(st.text(max_size=200))
def test_terms_are_plain_words_whatever_is_typed(text: str):
    """Letters and digits alone, few enough, each once."""
    terms = terms_of(text)
    assert len(terms) <= 32
    assert len(set(terms)) == len(terms)
    assert all(re.fullmatch(r"[^\W_]{2,128}", each) for each in terms)


@given(st.floats(0, 5000), st.floats(0, 5000))
def test_nothing_gains_by_age(one: float, other: float):
    """What is older is never worth more, and how things are done outlasts what happened."""
    young, old = sorted((one, other))
    for kind in MemoryKind:
        each = memory("x", kind)
        assert fresh(each, old * DAY_S) <= fresh(each, young * DAY_S) <= 1
    happened, done = memory("x"), memory("x", MemoryKind.PROCEDURAL)
    assert fresh(done, old * DAY_S) >= fresh(happened, old * DAY_S)


def test_the_threshold_is_on_the_faded_score():
    """A fitting memory that is old is not told; confirmed, it lasts."""
    old = memory("the frobnicator jams")
    terms = terms_of("frobnicator jams")
    found = ranked([old], terms, now=0, least=LEAST, most=5)
    assert (found[0].score, found[0].relevance) == (1.0, 1.0)
    assert ranked([old], terms, now=60 * DAY_S, least=LEAST, most=5) == ()
    confirmed = memory("the frobnicator jams", MemoryKind.PROCEDURAL, confirmed=9)
    assert strength(confirmed) > strength(memory("x", confirmed=9)) > 1
    assert ranked([confirmed], terms, now=600 * DAY_S, least=LEAST, most=5) != ()


def test_the_fittest_come_first():
    """By the share of words in common, then by age; what shares none is not told."""
    both, one, none = memory("cache of users"), memory("users"), memory("billing")
    found = ranked([none, one, both], terms_of("user caches"), now=0, least=0, most=5)
    assert [each.memory.summary for each in found] == ["cache of users", "users"]
    assert len(ranked([one, both], terms_of("user"), now=0, least=0, most=1)) == 1
    assert len(ranked([one, none], (), now=0, least=0, most=5)) == 2


def test_words_are_compared_without_their_endings():
    """Not as a linguist would, but alike on both sides."""
    assert stem("migrations") == stem("migration")
    assert stem("failed") == stem("fails") == stem("failing")
    assert stem("cache") == stem("caches") == stem("caching")
    assert stem("is") == "is"


def test_the_same_is_known_by_what_it_says_not_by_who_says_it():
    """Agent, session and run are provenance."""
    assert memory("x", run="r1").digest == memory("x", run="r2").digest
    assert memory("x").digest != memory("x", MemoryKind.PROCEDURAL).digest
    assert memory("x", event="error").digest != memory("x", event="success").digest
