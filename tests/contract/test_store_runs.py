"""Claims on runs: one orchestrator decides, and what a superseded one writes is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.fakes.clock import ManualClock
from tests.fakes.stored import A, B, begin, ended, seen, state

from plait.core.event import RunContinued, RunId, Warned
from plait.core.run import PackageStatus
from plait.errors import LockHeld, RunHeld, RunTaken, StaleEpoch, UsageError
from plait.ports import Advance, Store


def test_a_run_is_had_by_one(store: Store, clock: ManualClock) -> None:
    """The second is told who has it and for how long; later it is had under a higher epoch."""
    run = begin(store)
    first = store.claim_run(run, holder="ann", ttl_s=60)
    clock.advance(20)
    with pytest.raises(RunHeld, match="ann, whose claim lasts 40 s") as refused:
        store.claim_run(run, holder="bob", ttl_s=60)
    assert (refused.value.code, refused.value.holder) == ("RUN_HELD", "ann")
    assert [(each.run, each.holder, each.remaining_s) for each in store.held_runs()] == [
        (run, "ann", 40.0)
    ]
    clock.advance(40)
    assert store.held_runs() == ()
    second = store.claim_run(run, holder="bob", ttl_s=60)
    assert (first.epoch, second.epoch, second.branch) == (1, 2, "openspec/p")


def test_one_that_is_known_to_be_over_holds_nobody_off(store: Store) -> None:
    """Only where it is that one who holds the run."""
    run = begin(store)
    store.claim_run(run, holder="ann", ttl_s=60)
    with pytest.raises(RunHeld):
        store.claim_run(run, holder="bob", ttl_s=60, over="eve")
    assert store.claim_run(run, holder="bob", ttl_s=60, over="ann").epoch == 2


def test_what_its_packages_hold_passes_on(store: Store, clock: ManualClock) -> None:
    """Epochs and keys stay; the new holder renews them, and claims anew what it likes."""
    run = begin(store)
    store.claim_run(run, holder="ann", ttl_s=60)
    for package in (A, B):
        store.claim(run, package, holder="ann", ttl_s=60, keys=[f"db:{package}"], run_epoch=1)
    clock.advance(61)
    store.claim_run(run, holder="bob", ttl_s=60)
    renewed = store.renew_run(run, epoch=2, ttl_s=60, packages={A: 1, B: 7})
    assert [(each.package, each.epoch, each.holder) for each in renewed] == [(A, 1, "bob")]
    assert [each.key for each in store.held_keys()] == ["db:a", "db:b"]
    assert store.claim(run, B, holder="bob", ttl_s=60, run_epoch=2).epoch == 2


def test_late_is_not_too_late_for_a_renewal(store: Store, clock: ManualClock) -> None:
    """Until somebody else has claimed; and what was given back is not renewed."""
    run = begin(store)
    store.claim_run(run, holder="ann", ttl_s=60)
    clock.advance(1000)
    store.renew_run(run, epoch=1, ttl_s=60, packages={})
    with pytest.raises(RunHeld):
        store.claim_run(run, holder="bob", ttl_s=60)
    store.release_run(run, epoch=1)
    store.release_run(run, epoch=1)
    with pytest.raises(UsageError) as refused:
        store.renew_run(run, epoch=1, ttl_s=60, packages={})
    assert refused.value.code == "NOT_CLAIMED"
    assert store.claim_run(run, holder="bob", ttl_s=60).epoch == 2


CALLS: dict[str, Callable[[Store, RunId, int], object]] = {
    "renew_run": lambda s, run, e: s.renew_run(run, epoch=e, ttl_s=60, packages={}),
    "release_run": lambda s, run, e: s.release_run(run, epoch=e),
    "require_run": lambda s, run, e: s.require_run(run, epoch=e, packages={}),
    "claim": lambda s, run, e: s.claim(run, B, holder="ann", ttl_s=60, run_epoch=e),
    "renew": lambda s, run, e: s.renew(run, A, 1, ttl_s=60, run_epoch=e),
    "release": lambda s, run, e: s.release(run, A, 1, run_epoch=e),
    "acquire": lambda s, run, e: s.acquire(run, A, 1, ["db:x"], run_epoch=e),
    "advance": lambda s, run, e: s.advance(
        run, [Advance(events=(RunContinued(pid=1),))], run_epoch=e
    ),
}


@pytest.mark.parametrize("epoch", [0, 1, 3])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_every_write_under_another_epoch_is_refused(
    store: Store, clock: ManualClock, call: Callable[[Store, RunId, int], object], epoch: int
) -> None:
    """RunTaken with both epochs and who decides now; nothing changes."""
    run = begin(store)
    store.claim_run(run, holder="ann", ttl_s=60)
    store.claim(run, A, holder="ann", ttl_s=60, keys=["db:a"], run_epoch=1)
    clock.advance(61)
    store.claim_run(run, holder="bob", ttl_s=60)
    before = (*seen(store, run), store.held_keys(), store.held_runs())

    with pytest.raises(RunTaken, match="bob") as refused:
        call(store, run, epoch)

    assert (refused.value.run, refused.value.held, refused.value.current) == (run, epoch, 2)
    assert (*seen(store, run), store.held_keys(), store.held_runs()) == before


def test_a_refusal_can_be_noted_by_whom_it_met(store: Store) -> None:
    """A warning needs no claim, and counts on from the last event."""
    run = begin(store)
    store.claim_run(run, holder="ann", ttl_s=60)
    store.advance(run, [Advance(events=(RunContinued(pid=1),))], run_epoch=1)
    warned = Warned(code="STALE_WRITE", message="refused")
    store.note(run, warned)
    assert [(each.seq, each.event) for each in store.events(run)][1:] == [(2, warned)]


def test_events_are_read_in_parts(store: Store) -> None:
    """Behind a number, at most so many, in order; of no run there are none."""
    run = begin(store)
    store.claim_run(run, holder="ann", ttl_s=60)
    store.advance(run, [Advance(events=(RunContinued(pid=n),)) for n in range(5)], run_epoch=1)
    whole = store.events(run)
    assert store.some_events(run, after=0, most=2) == whole[:2]
    assert store.some_events(run, after=2, most=100) == whole[2:]
    assert store.some_events(run, after=whole[-1].seq, most=1) == ()
    with pytest.raises(UsageError) as refused:
        store.some_events(RunId("none"), after=0, most=1)
    assert refused.value.code == "NO_SUCH_RUN"


def test_a_claim_with_a_key_that_is_held_is_no_claim(store: Store) -> None:
    """All or nothing: the epoch stays, and the other keys are free."""
    run, other = begin(store), begin(store, RunId("other"))
    store.claim(other, A, holder="ann", ttl_s=60, keys=["db:x"])
    with pytest.raises(LockHeld):
        store.claim(run, B, holder="bob", ttl_s=60, keys=["db:free", "db:x"])
    assert store.packages(run)[2].epoch == 0
    assert [each.key for each in store.held_keys()] == ["db:x"]


def test_what_has_ended_holds_nothing(store: Store) -> None:
    """Claim and keys go with the event that says so; in one advance, or not at all."""
    run = begin(store)
    for package in (A, B):
        store.claim(run, package, holder="ann", ttl_s=60, keys=[f"db:{package}"])
    failed = state(A, 1, status=PackageStatus.FAILED)
    stale = Advance(events=(ended(B, 7),))
    over = Advance(events=(ended(A, 1),), packages=(failed,), released=(A,))
    with pytest.raises(StaleEpoch):
        store.advance(run, [over, stale])
    assert len(store.held_keys()) == 2
    store.advance(run, [over])
    assert [each.key for each in store.held_keys()] == ["db:b"]
    assert store.claim(run, A, holder="bob", ttl_s=60).epoch == 2


def test_keys_are_freed_only_where_nobody_decides(store: Store, clock: ManualClock) -> None:
    """Not while the run's claim lasts, unless its holder is over; and by epoch alone."""
    run = begin(store)
    store.claim_run(run, holder="ann", ttl_s=60)
    store.claim(run, A, holder="ann", ttl_s=60, keys=["db:x"], run_epoch=1)
    (old,) = store.held_keys()
    assert not store.free_keys(old)
    assert not store.free_keys(old, over="eve")
    store.claim(run, A, holder="ann", ttl_s=60, keys=["db:x"], run_epoch=1)
    (new,) = store.held_keys()
    clock.advance(61)
    assert store.free_keys(old)
    assert store.held_keys() == (new,)
    assert store.free_keys(new)
    assert store.held_keys() == ()
