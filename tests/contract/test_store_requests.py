"""Requests to whoever decides a run, and steps by name: the same on every store."""

from __future__ import annotations

import pytest
from tests.fakes.runs import RUN
from tests.fakes.stored import begin

from plait.core.event import RunId, RunUnpaused
from plait.core.plan import PackageId
from plait.core.step import Step
from plait.errors import StaleEpoch, UsageError
from plait.ports import Advance, Store

A, B = PackageId("a"), PackageId("b")


def test_a_request_waits_for_its_answer(store: Store) -> None:
    """Requests are numbered from 1, listed while open, and keep what was said."""
    begin(store)
    assert store.ask(RUN, "pause", {"at_once": True}, who="ann \ud800") == 1
    assert store.ask(RUN, "retry", {"package": "a"}, who="bob") == 2
    assert [(each.kind, each.data) for each in store.requests(RUN)] == [
        ("pause", {"at_once": True}),
        ("retry", {"package": "a"}),
    ]
    store.advance(RUN, [Advance(events=(RunUnpaused(who="ann"),), answers=((1, "done"),))])
    assert [each.number for each in store.requests(RUN)] == [2]
    assert store.request(RUN, 1).answer == "done"
    assert store.request(RUN, 2).answer is None


def test_the_first_answer_stands(store: Store) -> None:
    """A second answer to the same request changes nothing."""
    begin(store)
    store.ask(RUN, "pause", {}, who="ann")
    for told in ("one", "two"):
        store.advance(RUN, [Advance(events=(), answers=((1, told),))])
    assert store.request(RUN, 1).answer == "one"


def test_what_is_not_there_is_told(store: Store) -> None:
    """An unknown run or number is a UsageError with its code."""
    begin(store)
    with pytest.raises(UsageError, match="no run") as no_run:
        store.ask(RunId("none"), "pause", {}, who="ann")
    assert no_run.value.code == "NO_SUCH_RUN"
    with pytest.raises(UsageError) as no_request:
        store.request(RUN, 1)
    assert no_request.value.code == "NO_SUCH_REQUEST"


def test_steps_are_those_of_the_latest_epoch(store: Store) -> None:
    """A step done again has its last outcome; a new epoch begins without any."""
    begin(store)
    store.claim(RUN, A, holder="me", ttl_s=60)
    first = [Step(package=A, epoch=1, name="agent", outcome={"n": n}) for n in (1, 2)]
    store.advance(RUN, [Advance(events=(), steps=(first[0],))])
    store.advance(RUN, [Advance(events=(), steps=(first[1],))])
    assert store.steps(RUN) == {A: {"agent": {"n": 2}}}
    store.claim(RUN, A, holder="me", ttl_s=60)
    store.claim(RUN, B, holder="me", ttl_s=60)
    store.advance(RUN, [Advance(events=(), steps=(Step(package=B, epoch=1, name="commit"),))])
    assert store.steps(RUN) == {B: {"commit": {}}}


def test_a_step_of_an_epoch_that_is_over_is_refused(store: Store) -> None:
    """Whoever lost the claim records no outcome any more."""
    begin(store)
    store.claim(RUN, A, holder="me", ttl_s=60)
    store.claim(RUN, A, holder="me", ttl_s=60)
    with pytest.raises(StaleEpoch):
        store.advance(RUN, [Advance(events=(), steps=(Step(package=A, epoch=1, name="agent"),))])
    assert store.steps(RUN) == {}
