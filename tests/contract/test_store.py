"""Runs, claims and approvals, as every store keeps them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.fakes.clock import ManualClock
from tests.fakes.runs import RUN, begin as start, landed, package, plan
from tests.fakes.stored import PLAN, A, B, C, begin, seen

from plait.core.event import Event, LandingRefused, RunContinued, RunId, RunStatus, Verdict
from plait.core.plan import (
    Check,
    Digest,
    Edge,
    Marker,
    PackageId,
    Provenance,
    SourceFile,
    Span,
)
from plait.core.run import PackageStatus
from plait.errors import UsageError
from plait.ports import Advance, Duration, Landings, Store

DIGEST = Digest("sha256:7")


def test_a_new_run_runs_on_its_base(store: Store) -> None:
    """A run begins as running, its head on its base, its times the clock's."""
    row = store.run(begin(store))

    assert (row.id, row.plan, row.digest, row.branch) == (RUN, "p", PLAN.digest, "openspec/p")
    assert (row.base, row.head, row.status) == ("0" * 40, "0" * 40, RunStatus.RUNNING)
    assert (row.created_at, row.updated_at) == (1000.0, 1000.0)


def test_new_packages_are_pending_in_the_plans_order(store: Store) -> None:
    """Packages come in the plan's order, pending, never claimed or tried."""
    rows = store.packages(begin(store))

    assert [row.id for row in rows] == [C, A, B]
    assert {(r.status, r.epoch, r.attempts, r.commit, r.reason) for r in rows} == {
        (PackageStatus.PENDING, 0, 0, None, "")
    }
    assert [row.title for row in rows] == ["Build c", "Build a", "Build b"]


def test_a_plan_comes_back_as_it_was(store: Store) -> None:
    """The plan that is read equals the plan that was given, in all its parts."""
    span = Span(file="tasks.md", line=3, column=7)
    rich = replace(
        PLAN,
        title="Ein Plan “with every” pärt",
        files=(SourceFile(path="tasks.md", sha256="0" * 64),),
        context=("design.md",),
        packages=(
            package("c"),
            package(
                "d",
                checks=(Check(name="t", command="make", env={"CI": "1"}, artifacts=("a.xml",)),),
                needs=(Edge(id=C, provenance=Provenance.WAVE, note="wave 1", span=span),),
                markers=(Marker(span=span, offset=12),),
                estimate_s=90.5,
                guards=(C,),
            ),
        ),
    )

    store.create_run(RUN, rich, branch="b", base="0", options={})

    assert store.plan(RUN) == rich


def test_options_come_back_as_json_values(store: Store) -> None:
    """Options are read as given, sequences as lists."""
    given_options = {"agents": ("scripted",), "budget": None, "checks": {"land": ["make"]}}

    store.create_run(RUN, PLAN, branch="b", base="0", options=given_options)

    assert store.options(RUN) == {
        "agents": ["scripted"],
        "budget": None,
        "checks": {"land": ["make"]},
    }


def test_a_run_is_created_once(store: Store) -> None:
    """A second run of the same id is refused and changes nothing."""
    before = seen(store, begin(store))

    with pytest.raises(UsageError) as refused:
        store.create_run(RUN, plan(package("z")), branch="x", base="1", options={})

    assert refused.value.code == "RUN_EXISTS"
    assert seen(store, RUN) == before


def test_runs_come_newest_first(store: Store, clock: ManualClock) -> None:
    """The run created last is first, even where all were created at one instant."""
    for name in ("m", "z", "a"):
        begin(store, RunId(name))
    clock.advance(-50)  # a clock that is set back changes no order
    begin(store, RunId("k"))

    assert [row.id for row in store.runs()] == ["k", "a", "z", "m"]


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.run(RUN),
        lambda store: store.plan(RUN),
        lambda store: store.options(RUN),
        lambda store: store.packages(RUN),
        lambda store: store.events(RUN),
        lambda store: store.claim(RUN, A, holder="h", ttl_s=1),
        lambda store: store.advance(RUN, [Advance(events=(RunContinued(pid=1),))]),
    ],
    ids=["run", "plan", "options", "packages", "events", "claim", "advance"],
)
def test_an_unknown_run_is_named(store: Store, call: Callable[[Store], object]) -> None:
    """Whatever is asked of a run that there is not: NO_SUCH_RUN, with its id."""
    begin(store, RunId("another"))

    with pytest.raises(UsageError, match=RUN) as refused:
        call(store)

    assert refused.value.code == "NO_SUCH_RUN"


def test_a_claim_raises_the_epoch(store: Store, clock: ManualClock) -> None:
    """A claim gives the next epoch until the clock's time plus the lease's length."""
    run = begin(store)
    clock.advance(5)

    lease = store.claim(run, A, holder="h", ttl_s=60)

    assert (lease.package, lease.epoch, lease.holder, lease.until) == (A, 1, "h", 1065.0)
    assert {row.id: row.epoch for row in store.packages(run)} == {C: 0, A: 1, B: 0}


def test_the_holder_may_claim_again(store: Store) -> None:
    """The holder of a valid lease may claim again, and gets a new epoch."""
    run = begin(store)
    store.claim(run, A, holder="h", ttl_s=60)

    assert store.claim(run, A, holder="h", ttl_s=60).epoch == 2


def test_a_valid_lease_keeps_others_out(store: Store, clock: ManualClock) -> None:
    """Another's claim is refused up to the lease's last moment, and says who holds it."""
    run = begin(store)
    store.claim(run, A, holder="alice", ttl_s=60)
    clock.advance(59.999)
    before = seen(store, run)

    with pytest.raises(UsageError, match="alice") as refused:
        store.claim(run, A, holder="bob", ttl_s=60)

    assert refused.value.code == "CLAIMED"
    assert refused.value.hint
    assert seen(store, run) == before


def test_a_lease_that_ran_out_keeps_nobody_out(store: Store, clock: ManualClock) -> None:
    """Once its time is over a package can be claimed by another, under a higher epoch."""
    run = begin(store)
    store.claim(run, A, holder="alice", ttl_s=60)
    clock.advance(60)

    assert store.claim(run, A, holder="bob", ttl_s=60).epoch == 2


def test_an_unknown_package_cannot_be_claimed(store: Store) -> None:
    """Claiming what the plan does not hold: NO_SUCH_PACKAGE."""
    with pytest.raises(UsageError, match="nowhere") as refused:
        store.claim(begin(store), PackageId("nowhere"), holder="h", ttl_s=1)

    assert refused.value.code == "NO_SUCH_PACKAGE"


def test_approvals_of_a_digest_come_oldest_first(store: Store, clock: ManualClock) -> None:
    """Each approval of a digest is kept, in order; those of other digests are not among them."""
    store.approve(Digest("sha256:8"), who="eve", plan="p")
    first = store.approve(DIGEST, who="zoe", plan="p")
    clock.advance(3)
    second = store.approve(DIGEST, who="ann", plan="p")

    assert (first.who, first.at, first.digest, first.plan) == ("zoe", 1000.0, DIGEST, "p")
    assert store.approvals(DIGEST) == (first, second)
    assert store.approvals(Digest("sha256:9")) == ()


def test_approvals_of_a_plan_are_those_of_any_digest(store: Store, clock: ManualClock) -> None:
    """What was approved of a plan before it changed is still known."""
    first = store.approve(Digest("sha256:8"), who="eve", plan="p")
    store.approve(DIGEST, who="zoe", plan="q")
    clock.advance(3)
    second = store.approve(DIGEST, who="ann", plan="p")

    assert store.approved("p") == (first, second)
    assert store.approved("r") == ()


def test_how_often_candidates_turn_a_merge_result_red_is_counted(store: Store) -> None:
    """Landings, and refusals after a red test; a conflict says nothing about that."""
    run = begin(store)
    assert store.landings() == Landings()
    for each in (A, B, C):
        store.claim(run, each, holder="h", ttl_s=60)
    refused = [
        LandingRefused(
            package=package,
            attempt=1,
            epoch=1,
            verdict=Verdict.REVISE,
            error_code=code,
            reason="",
        )
        for package, code in ((B, "LANDING_FAILED"), (C, "MERGE_CONFLICT"))
    ]
    store.advance(run, [Advance(events=(start("a"), start("b"), start("c"), landed("a")))])
    store.advance(run, [Advance(events=tuple(refused))])
    assert store.landings() == Landings(landed=1, red=1)


def test_durations_are_from_the_last_attempts_start_to_the_landing(
    store: Store, clock: ManualClock
) -> None:
    """Of what landed only, the latest first; an attempt that failed before does not count."""
    run = begin(store)

    def record(*events: Event) -> None:
        store.advance(run, [Advance(events=events)])

    for each in (A, B, C):
        store.claim(run, each, holder="h", ttl_s=60)
    record(start("a"), start("b"))
    clock.advance(10)
    record(landed("b"), start("a", 2), start("c"))
    clock.advance(30)
    record(landed("a", attempt=2))

    assert store.durations() == (
        Duration(plan="p", package=A, seconds=30.0),
        Duration(plan="p", package=B, seconds=10.0),
    )
