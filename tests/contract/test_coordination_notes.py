"""Handoffs and memories, on each kind of store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.contract.test_coordination import do, joined, refused
from tests.fakes.clock import ManualClock
from tests.fakes.stored import begin

from plait.core.event import RunId
from plait.core.remembered import DAY_S, MOST_MEMORIES
from plait.engine.coordinator.desk import Desk
from plait.engine.coordinator.refusal import Refusal
from plait.engine.coordinator.verb import Caller
from plait.store import open_store


@pytest.fixture(params=["sqlite", "sqlite without FTS5", "postgres"])
def desk(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Desk]:
    """A coordinator on a store with a run in it, whose time stands still."""
    where: Any = tmp_path / "plait.db"
    if request.param == "postgres":
        where = request.getfixturevalue("postgres_url")
    elif request.param != "sqlite":
        monkeypatch.setattr("plait.store.coordination.tables.has_words", lambda _: False)
    store = open_store(where, clock=clock, lease_clock=clock)
    begin(store)
    yield Desk(store=store)
    store.close()


@pytest.fixture
def run(desk: Desk) -> str:
    """The run that the store holds."""
    row: RunId = desk.store.runs()[0].id  # type: ignore[attr-defined]
    return row


def test_handoffs_are_read_newest_first(desk: Desk, run: str) -> None:
    """By run, agent and package; paths in normal spelling, keys struck out."""
    ada, bob = joined(desk), joined(desk, "bob")
    key = "sk-ant-" + "a1" * 20
    first = do(
        desk,
        ada,
        "write_handoff",
        summary=f"half of it, with {key}",
        run=run,
        package="a",
        decisions=["no cache"],
        next_steps=["the other half"],
        relevant_files=["./src//a.py", "docs/", "src/a.py"],
    )
    do(desk, bob, "write_handoff", summary="all of it")
    assert key not in first.summary
    assert first.relevant_files == ("src/a.py", "docs/**")
    found = do(desk, bob, "read_handoff").handoffs
    assert [each.agent for each in found] == ["bob", "ada"]
    assert [each.agent for each in do(desk, bob, "read_handoff", run=run).handoffs] == ["ada"]
    assert do(desk, bob, "read_handoff", agent="ada", package="a").handoffs[0] == first
    assert do(desk, bob, "read_handoff", limit=1, before=found[0].number).handoffs == (first,)


def test_handoffs_about_nothing_that_exists_are_refused(desk: Desk, run: str) -> None:
    """An unknown run or package, a path that leads out, another run than the session's."""
    ada = joined(desk)
    told = {"summary": "x"}
    assert refused(desk, ada, "write_handoff", **told, run="no").code == "NO_SUCH_RUN"
    assert refused(desk, ada, "write_handoff", **told, run=run, package="zz").code == (
        "NO_SUCH_PACKAGE"
    )
    assert refused(desk, ada, "write_handoff", **told, relevant_files=["../x"]).code == "OUTSIDE"
    bound = joined(desk, "bob", run=run)
    assert refused(desk, bound, "read_handoff", run="another").code == "OTHER_RUN"
    assert refused(desk, Caller(trust=2), "write_handoff", **told).code == "NO_SESSION"


def test_what_was_told_is_found_by_its_words(desk: Desk) -> None:
    """In any order and form of the words; by kind and by tag; with where it comes from."""
    ada = joined(desk)
    told = do(
        desk,
        ada,
        "remember",
        event="error",
        summary="Migrations failed on a locked database",
        outcome="a retry passed",
        tags=["db"],
    )
    do(desk, ada, "remember", event="decision", summary="Colours of the buttons")
    do(
        desk,
        ada,
        "remember",
        summary="Release",
        trigger="a release is due",
        steps=["tag it", "push the tag"],
    )
    found = do(desk, ada, "recall", query="database migration fails?").memories
    assert [each.number for each in found] == [told.number]
    assert (found[0].agent, found[0].source, found[0].kind) == ("ada", "session", "episodic")
    assert [each.summary for each in do(desk, ada, "recall", tag="db").memories] == [told.summary]
    (how,) = do(desk, ada, "recall", kind="procedural").memories
    assert how.steps == ("tag it", "push the tag")
    assert do(desk, ada, "recall", query="nothing of the sort").memories == ()


def test_what_is_old_fades(desk: Desk, clock: ManualClock) -> None:
    """What happened fades within months, how things are done stays; confirming refreshes."""
    ada = joined(desk)
    happened = do(desk, ada, "remember", event="error", summary="the frobnicator broke")
    done = do(desk, ada, "remember", summary="frobnicate", steps=["turn the frobnicator"])
    clock.advance(60 * DAY_S)
    ada = joined(desk)
    found = do(desk, ada, "recall", query="frobnicator").memories
    assert [each.number for each in found] == [done.number]
    assert do(desk, ada, "recall", query="frobnicator", least=0).memories[1].number == (
        happened.number
    )
    assert do(desk, ada, "remember", summary="x", confirms=happened.number).confirmed == 1
    assert len(do(desk, ada, "recall", query="frobnicator").memories) == 2
    assert refused(desk, ada, "remember", summary="x", confirms=999).code == "NO_SUCH_MEMORY"


def test_the_same_again_is_counted(desk: Desk, clock: ManualClock) -> None:
    """What happened within an hour, how something is done at any time."""
    ada, bob = joined(desk), joined(desk, "bob")
    told = {"event": "error", "summary": "it broke"}
    how = {"summary": "mend it", "steps": ["with glue"]}
    assert do(desk, ada, "remember", **told).count == 1
    assert do(desk, bob, "remember", **told).count == 2
    assert do(desk, ada, "remember", **how).count == 1
    clock.advance(3601)
    ada = joined(desk)
    assert do(desk, ada, "remember", **told).count == 1
    assert do(desk, ada, "remember", **how).count == 2
    assert len(do(desk, ada, "recall").memories) == 3


def test_memories_of_no_kind_or_too_long_are_refused(desk: Desk) -> None:
    """Both kinds at once, neither, and more text than a memory holds."""
    ada = joined(desk)
    assert refused(desk, ada, "remember", summary="x").code == "NO_KIND"
    assert refused(desk, ada, "remember", summary="x", event="error", steps=["y"]).code == (
        "NO_KIND"
    )
    long = {"summary": "x", "event": "error", "details": "y" * 16_001}
    assert refused(desk, ada, "remember", **long).code == "TOO_LARGE"


def test_the_oldest_go_if_there_are_many(
    desk: Desk, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the most that are kept, what happened longest ago is forgotten."""
    assert MOST_MEMORIES > 3
    monkeypatch.setattr("plait.engine.keepsakes.MOST_MEMORIES", 3)
    ada = joined(desk, ttl_s=3600)
    do(desk, ada, "remember", summary="how", steps=["so"])
    for number in range(5):
        clock.advance(1)
        do(desk, ada, "remember", event="error", summary=f"mishap {number}")
    found = do(desk, ada, "recall", least=0).memories
    assert {each.summary for each in found} == {"mishap 4", "mishap 3", "how"}
    assert do(desk, ada, "recall", query="mishap 0", least=0).memories != ()
    assert all(
        "0" not in each.summary for each in do(desk, ada, "recall", query="mishap 0").memories
    )


_TYPED = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            '"', "'", "*", "a*", "NEAR(a b)", "a AND OR NOT", "text:a", "^a", "-a", "a:*", "(((",
            "');DROP TABLE memory;--", "a' | !b & (c", "\\", "a<->b", "{a b}", "%_", "\ud800",
            "\U0001d518\U0001d52b", "\ufb01x it", "\u0130stanbul", "\u00b2 \u00bd \u2167",
            "a\u0301b", "\u0915\u094d\u0937\u093f", "\uff11\uff12\uff13",
        ]
    ),
)  # fmt: skip


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(query=_TYPED, more=_TYPED)
def test_whatever_is_typed_is_looked_for_as_words(desk: Desk, query: str, more: str) -> None:
    """No syntax of a search engine and none of SQL: nothing fails, nothing else is found."""
    known, refusals = joined(desk), []
    for text in (query, f"{query} {more}", f"mend {more}"):
        try:
            verb, asked = desk.read("recall", {"query": text})
        except Refusal as refusal:
            refusals.append(refusal.code)  # half of a character, a zero byte
        else:
            assert desk.do(known, verb, asked).memories == ()  # type: ignore[attr-defined]
    assert set(refusals) <= {"INVALID_REQUEST"}
