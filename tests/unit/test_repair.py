"""What a look at the store puts right, and when there is nothing more to put right."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, strategies as st
from tests.fakes.runs import RUN, begin, end, landed, package, plan, record, started

from plait.core.event import RunId
from plait.core.lease import Epoch, HeldKey, Holder, Lease
from plait.core.package import ACTIVE, ENDED, PackageStatus
from plait.core.plan import PackageId
from plait.core.repair import Free, GiveBack, Hold, PutBack, Seen, Stop, TryAgain, repairs
from plait.core.run import Run

A, B, C, D = (PackageId(name) for name in "abcd")
OTHER = RunId("other")
PLAN = plan(package("a"), package("b"), package("c", keys=["db:x"]), package("d"))


def run() -> Run:
    """A is at work, b waits to land, c is pending, d has landed."""
    return record(
        started(PLAN), begin("a"), begin("b"), end("b"), begin("d"), end("d"), landed("d")
    )


def lease(name: PackageId) -> Lease:
    """A claim of the first epoch that ran out."""
    return Lease(package=name, epoch=Epoch(1), holder="me", until=0.0)


def key(name: str, run: RunId = OTHER) -> HeldKey:
    """A key that a package of a run holds."""
    return HeldKey(key=name, run=run, package=A, epoch=Epoch(1), token=1)


def test_what_nobody_works_on_is_started_again_and_what_has_ended_is_stopped() -> None:
    """Only a task makes an attempt go on; a candidate needs none."""
    assert repairs(Seen(run=run(), waiting={})) == (PutBack(package=A),)
    busy = Seen(run=run(), working=frozenset({A, D}), waiting={})
    assert repairs(busy) == (Stop(package=D),)


def test_claims_that_ran_out_are_held_or_given_back() -> None:
    """A task's own renewal is late; a candidate's claim is kept up; others are nobody's."""
    seen = Seen(
        run=run(), expired=tuple(map(lease, (A, B, C, D))), working=frozenset({A}), waiting={}
    )
    assert repairs(seen) == (
        Hold(package=B, epoch=Epoch(1)),
        GiveBack(package=C, epoch=Epoch(1)),
        GiveBack(package=D, epoch=Epoch(1)),
    )


def test_who_waits_for_a_key_tries_again_once_it_is_free() -> None:
    """Not while a run that is decided holds it; freed where nobody decides."""
    waiting = {C: ("db:x",)}
    busy = Seen(run=run(), working=frozenset({A}), waiting=waiting, held=(key("db:x:y"),))
    assert repairs(busy) == (Free(held=key("db:x:y")),)
    decided = Seen(
        run=run(),
        working=frozenset({A}),
        waiting=waiting,
        held=(key("db:x:y"),),
        decided=frozenset({OTHER}),
    )
    assert repairs(decided) == ()
    free = Seen(run=run(), working=frozenset({A}), waiting=waiting, held=(key("db:z"),))
    assert repairs(free) == (TryAgain(package=C),)


@given(
    statuses=st.lists(st.sampled_from(PackageStatus), min_size=4, max_size=4),
    expired=st.sets(st.sampled_from([A, B, C, D])),
    working=st.sets(st.sampled_from([A, B, C, D])),
    keys=st.lists(st.sampled_from(["db:x", "db:x:y", "db:z"]), unique=True),
    decided=st.booleans(),
)
def test_repairs_touch_only_what_is_wrong(
    statuses: list[PackageStatus],
    expired: set[PackageId],
    working: set[PackageId],
    keys: list[str],
    decided: bool,
) -> None:
    """No task loses its claim, nothing that has ended starts again, nobody decides for another."""
    before = run()
    packages = before.packages
    for state, status in zip(tuple(before.packages.values()), statuses, strict=True):
        packages = packages.changed(replace(state, status=status))
    seen = Seen(
        run=replace(before, packages=packages),
        expired=tuple(map(lease, sorted(expired))),
        working=frozenset(working),
        waiting={C: ("db:x",)},
        held=tuple(key(name) for name in keys),
        decided=frozenset({OTHER}) if decided else frozenset(),
    )
    for repair in repairs(seen):
        match repair:
            case GiveBack(package=name) | Hold(package=name):
                assert name in expired - working
                assert (packages[name].status in ACTIVE) == isinstance(repair, Hold)
            case PutBack(package=name):
                assert name not in working
                assert packages[name].status not in ENDED
            case Stop(package=name):
                assert name in working
                assert packages[name].status in ENDED
            case Free(held=held):
                assert not decided
                assert held.run != RUN
            case TryAgain():
                assert not {"db:x", "db:x:y"} & set(keys)


def test_an_orchestrator_survives_those_of_its_own_place_alone() -> None:
    """Same machine and same lock; itself it does not survive, nor anybody it cannot read."""
    me = Holder(host="box", pid=1, place="ab-7", nonce="n1")
    before = Holder(host="box", pid=2, place="ab-7", nonce="n0")
    assert me.survives(str(before))
    assert not me.survives(str(me))
    for stranger in (
        Holder(host="pod", pid=2, place="ab-7", nonce="n0"),
        Holder(host="box", pid=2, place="ab-8", nonce="n0"),
    ):
        assert not me.survives(str(stranger))
    assert not me.survives("orchestrator")
