"""Telling sinks beside a run: whatever they do, the run goes on and ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from tests.fakes import runs
from tests.fakes.runs import RUN

from plait.core.announcement import Call, Outcome, Reply, SinkKind
from plait.core.event import Event, Recorded, RunEnded, RunStatus, Warned
from plait.core.run import Run, apply
from plait.engine.announcing import LAST_TRIES, Announcer, Announcing

ACCEPTED = Reply(outcome=Outcome.ACCEPTED)
FAILED = Reply(outcome=Outcome.FAILED, reason="it is down")


class Ledger:
    """A journal that only folds and observes."""

    def __init__(self, announcing: Announcing) -> None:
        self.run: Run = runs.started(runs.plan(runs.package("a"), runs.package("b")))
        self.warned: list[str] = []
        self.told_off = anyio.Event()
        self._announcing = announcing

    async def record(self, *events: Event) -> None:
        for event in events:
            if isinstance(event, Warned):
                self.warned.append(event.message)
                self.told_off.set()
            recorded = Recorded(seq=self.run.seq + 1, at=1.0, run=RUN, event=event)
            self.run = apply(self.run, recorded)
            self._announcing.see(recorded, self.run)


class Sink:
    """A sink that answers as it is told to."""

    kind = SinkKind.WEBHOOK

    def __init__(self, answer: Callable[[Call], Awaitable[Reply]], name: str = "board") -> None:
        self.name = name
        self.calls: list[Call] = []
        self.closed = 0
        self._answer = answer

    async def tell(self, call: Call) -> Reply:
        self.calls.append(call)
        return await self._answer(call)

    async def close(self) -> None:
        self.closed += 1


def beside(
    work: Callable[[Ledger], Awaitable[Any]], *sinks: Sink, patience_s: float = 30.0
) -> tuple[Any, list[str]]:
    """What comes of work with sinks beside it, and what was warned of."""

    async def main() -> tuple[Any, list[str]]:
        announcing = Announcing(
            announcers=[Announcer(sink=s, interval_s=0, patience_s=patience_s) for s in sinks]
        )
        ledger = Ledger(announcing)
        with anyio.fail_after(60):
            result = await announcing.beside(ledger, lambda: work(ledger))
        return result, ledger.warned

    return anyio.run(main)


async def whole(ledger: Ledger) -> str:
    """A run from its first event to its last."""
    for name in ("a", "b"):
        await ledger.record(runs.begin(name))
        await anyio.lowlevel.checkpoint()
        await ledger.record(runs.end(name), runs.landed(name))
    await ledger.record(RunEnded(status=RunStatus.SUCCEEDED))
    return "done"


async def accept(_call: Call) -> Reply:
    return ACCEPTED


async def hang(_call: Call) -> Reply:
    await anyio.sleep_forever()
    raise AssertionError("it never goes on")


async def burst(_call: Call) -> Reply:
    raise RuntimeError("garbage")


async def fail(_call: Call) -> Reply:
    return FAILED


def test_a_sink_that_listens_is_told_everything():
    """The last document has the end of the run, and there is nothing to warn of."""
    sink = Sink(accept)
    assert beside(whole, sink) == ("done", [])
    assert sink.calls[-1].body["run"]["status"] == "succeeded"
    assert sink.closed == 1


@pytest.mark.parametrize("answer", [hang, burst, fail])
def test_whatever_a_sink_does_the_work_is_done_and_others_are_told(answer):
    """One that hangs, breaks or fails is one warning; its neighbour hears everything."""
    bad, good = Sink(answer, "bad"), Sink(accept, "good")
    result, warned = beside(whole, bad, good, patience_s=0.5)
    assert result == "done"
    assert len(warned) == 1
    assert warned[0].startswith("bad (webhook) was not told how 2 of 2 tickets stand: ")
    assert good.calls[-1].body["run"]["status"] == "succeeded"
    assert len(bad.calls) <= 1 + LAST_TRIES
    assert bad.closed == good.closed == 1


def test_a_slow_sink_is_told_the_newest_state_and_no_more():
    """While one call lasts a hundred events pass: they make one more call, not a hundred."""

    async def work(ledger: Ledger) -> None:
        while not sink.calls:
            await ledger.record(runs.begin("a"))
            await anyio.sleep(0.01)
        for _ in range(100):
            await ledger.record(runs.begin("b"))
        gate.set()

    async def slow(_call: Call) -> Reply:
        await gate.wait()
        return ACCEPTED

    gate = anyio.Event()
    sink = Sink(slow)
    _, warned = beside(work, sink)
    assert warned == []
    assert len(sink.calls) == 2
    assert sink.calls[-1].body["tickets"][0]["attempts"] > 50


def test_a_sink_that_recovers_is_told_what_it_missed():
    """Two failures, then everything: that is nothing to warn of."""

    async def recovering(_call: Call) -> Reply:
        return FAILED if len(sink.calls) <= 2 else ACCEPTED

    sink = Sink(recovering)
    assert beside(whole, sink) == ("done", [])
    assert {each["state"] for each in sink.calls[-1].body["tickets"]} == {"completed"}


def test_a_sink_whose_settings_are_wrong_is_asked_once():
    """It is told of at once, while the work goes on, and not a second time at the end."""

    async def unfit(_call: Call) -> Reply:
        return Reply(outcome=Outcome.UNFIT, reason="$BOARD is\nnot set")

    async def work(ledger: Ledger) -> None:
        await ledger.record(runs.begin("a"))
        await ledger.told_off.wait()
        await whole(ledger)

    sink = Sink(unfit)
    _, warned = beside(work, sink)
    assert warned == ["board (webhook) was not told anything more: $BOARD is not set"]
    assert len(sink.calls) == 1


def test_an_error_of_the_run_goes_through_and_the_sinks_are_put_away():
    """What ends a run ends it at once, with nothing left behind."""

    async def work(_ledger: Ledger) -> None:
        raise ValueError("the disk is full")

    sink = Sink(hang)
    with pytest.raises(ExceptionGroup) as caught:
        beside(work, sink)
    assert caught.group_contains(ValueError, match="the disk is full")
    assert sink.closed == 1


def test_without_boards_nothing_is_begun():
    """The work is awaited as it is: its error comes as it was raised."""

    async def work(_ledger: Ledger) -> None:
        raise ValueError("plain")

    with pytest.raises(ValueError, match="plain"):
        beside(work)
