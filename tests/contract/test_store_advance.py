"""Advances: events and the rows they change, together or not at all, in every store."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes.clock import ManualClock
from tests.fakes.runs import RUN
from tests.fakes.stored import A, B, begin, ended, seen, state

from plait.core.event import GatePassed, PackageSkipped, RunContinued, RunId, RunStatus, Warned
from plait.core.plan import PackageId
from plait.core.run import Attempt, PackageStatus
from plait.errors import StaleEpoch, UsageError
from plait.ports import Advance, Store


def attempt(number: int, **fields: Any) -> Attempt:
    return Attempt(
        number=number,
        epoch=number,
        agent="scripted",
        worktree="w1",
        base="0" * 40,
        directory="runs/1",
        started_at=1.0,
        setup_s=0.1,
        **fields,
    )


def test_events_are_numbered_in_order(store: Store, clock: ManualClock) -> None:
    """Events of all advances of a run are numbered from 1 without a gap, at the clock's time."""
    run = begin(store)
    first, second, third = RunContinued(pid=1), RunContinued(pid=2), RunContinued(pid=3)

    early = store.advance(run, [Advance(events=(first,)), Advance(events=(second,))])
    clock.advance(9)
    late = store.advance(run, [Advance(events=(third,))])

    assert [(r.seq, r.at, r.run, r.event) for r in (*early, *late)] == [
        (1, 1000.0, run, first),
        (2, 1000.0, run, second),
        (3, 1009.0, run, third),
    ]
    assert store.events(run) == (*early, *late)


def test_the_time_of_a_run_never_goes_back(store: Store, clock: ManualClock) -> None:
    """A clock set back an hour is overruled by the run's last event until it has caught up."""
    run = begin(store)
    store.advance(run, [Advance(events=(RunContinued(pid=1),))])
    clock.advance(-3600)
    (back,) = store.advance(run, [Advance(events=(RunContinued(pid=2),))])
    clock.advance(3605)
    (on,) = store.advance(run, [Advance(events=(RunContinued(pid=3),))])
    assert (back.at, on.at, store.run(run).updated_at) == (1000.0, 1005.0, 1005.0)


def test_events_can_be_followed(store: Store) -> None:
    """`after` leaves out what was seen; at the end there is nothing more."""
    run = begin(store)
    recorded = store.advance(run, [Advance(events=tuple(RunContinued(pid=n) for n in range(5)))])

    assert store.events(run, after=3) == recorded[3:]
    assert store.events(run, after=5) == ()


def test_events_about_one_package(store: Store) -> None:
    """Those of the other packages are left out, those of the run are not."""
    run = begin(store)
    about = [Warned(code="X", message="x", package=each) for each in (A, None, B)]
    first, second, _ = store.advance(run, [Advance(events=tuple(about))])

    assert store.events(run, package=A) == (first, second)
    assert store.events(run, package=A, after=1) == (second,)


def test_runs_have_numbers_of_their_own(store: Store) -> None:
    """Each run counts its events from 1 and sees only its own."""
    one, other = begin(store, RunId("one")), begin(store, RunId("other"))
    store.advance(one, [Advance(events=(RunContinued(pid=1),))])

    recorded = store.advance(other, [Advance(events=(RunContinued(pid=2),))])

    assert [r.seq for r in recorded] == [1]
    assert store.events(other) == recorded
    assert len(store.events(one)) == 1


def test_a_state_is_written_into_its_row(store: Store, clock: ManualClock) -> None:
    """A package's row takes over status, used-up attempts, commit and reason."""
    run = begin(store)
    epoch = store.claim(run, A, holder="h", ttl_s=60).epoch
    clock.advance(7)
    tried = (attempt(1, interrupted=True), attempt(1), attempt(2))
    failed = state(
        A,
        epoch,
        status=PackageStatus.FAILED,
        attempts=tried,
        commit="f" * 40,
        reason="Prüfung “test” failed",
        error_code="CHECK_FAILED",
    )

    store.advance(run, [Advance(events=(ended(A, epoch),), packages=(failed,))])

    rows = {row.id: row for row in store.packages(run)}
    assert (rows[A].status, rows[A].attempts, rows[A].epoch) == (PackageStatus.FAILED, 2, 1)
    assert (rows[A].commit, rows[A].reason) == ("f" * 40, "Prüfung “test” failed")
    assert (rows[A].updated_at, rows[B].updated_at) == (1007.0, 1000.0)


def test_the_run_moves_with_its_advance(store: Store, clock: ManualClock) -> None:
    """Status and head change when an advance names them, the time in any case."""
    run = begin(store)
    clock.advance(1)
    store.advance(run, [Advance(events=(), head="1" * 40)])
    clock.advance(1)
    store.advance(run, [Advance(events=(RunContinued(pid=1),), status=RunStatus.INTERRUPTED)])

    row = store.run(run)

    assert (row.head, row.status) == ("1" * 40, RunStatus.INTERRUPTED)
    assert (row.created_at, row.updated_at) == (1000.0, 1002.0)


def test_later_advances_overrule_earlier_ones(store: Store) -> None:
    """In one call the last word on a package, the head and the status counts."""
    run = begin(store)

    store.advance(
        run,
        [
            Advance(
                events=(),
                packages=(state(A, 0, status=PackageStatus.RUNNING),),
                status=RunStatus.BLOCKED,
                head="1" * 40,
            ),
            Advance(
                events=(),
                packages=(state(A, 0, status=PackageStatus.SKIPPED, reason="no need"),),
                status=RunStatus.PARTIAL,
                head="2" * 40,
            ),
            Advance(events=(RunContinued(pid=1),)),
        ],
    )

    rows = {row.id: row for row in store.packages(run)}
    assert (rows[A].status, rows[A].reason) == (PackageStatus.SKIPPED, "no need")
    assert store.run(run).status is RunStatus.PARTIAL
    assert store.run(run).head == "2" * 40


@pytest.mark.parametrize("held", [1, 3])
def test_a_state_of_another_epoch_leaves_nothing(store: Store, held: int) -> None:
    """One package at another epoch than its state's: the whole call is refused."""
    run = begin(store)
    for _ in range(2):
        store.claim(run, B, holder="h", ttl_s=60)
    before = seen(store, run)
    good = Advance(
        events=(RunContinued(pid=1),),
        packages=(state(A, 0, status=PackageStatus.RUNNING),),
        status=RunStatus.FAILED,
        head="9" * 40,
    )

    with pytest.raises(StaleEpoch) as refused:
        store.advance(run, [good, Advance(events=(), packages=(state(B, held),)), good])

    assert (refused.value.package, refused.value.held, refused.value.current) == (B, held, 2)
    assert seen(store, run) == before
    assert store.advance(run, [good])[0].seq == 1  # no number is lost either


@pytest.mark.parametrize("held", [1, 3])
def test_an_event_of_another_epoch_leaves_nothing(store: Store, held: int) -> None:
    """An event under an epoch that is over, or not given yet, is refused with the whole call."""
    run = begin(store)
    for _ in range(2):
        store.claim(run, B, holder="h", ttl_s=60)
    before = seen(store, run)

    with pytest.raises(StaleEpoch) as refused:
        store.advance(run, [Advance(events=(ended(B, 2), RunContinued(pid=1), ended(B, held)))])

    assert (refused.value.package, refused.value.held, refused.value.current) == (B, held, 2)
    assert seen(store, run) == before


def test_an_event_without_an_epoch_needs_no_claim(store: Store) -> None:
    """Skipping, passing a gate and warning concern a package whatever its epoch."""
    run = begin(store)
    store.claim(run, B, holder="h", ttl_s=60)
    events = (
        PackageSkipped(package=B, reason="x", because=(A,)),
        GatePassed(package=B, reason="y"),
        Warned(code="W", message="z", package=B),
    )

    assert [r.event for r in store.advance(run, [Advance(events=events)])] == list(events)


@pytest.mark.parametrize(
    "advance",
    [
        Advance(events=(), packages=(state(PackageId("nowhere"), 0),)),
        Advance(events=(GatePassed(package=PackageId("nowhere"), reason=""),)),
    ],
    ids=["state", "event"],
)
def test_an_unknown_package_leaves_nothing(store: Store, advance: Advance) -> None:
    """A state or an event of a package that the plan does not hold is refused as a whole."""
    before = seen(store, begin(store))

    with pytest.raises(UsageError, match="nowhere") as refused:
        store.advance(RUN, [Advance(events=(RunContinued(pid=1),)), advance])

    assert refused.value.code == "NO_SUCH_PACKAGE"
    assert seen(store, RUN) == before
