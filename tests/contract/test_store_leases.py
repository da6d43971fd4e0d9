"""Claims that are renewed, given back or run out, and the lock keys that go with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.fakes.clock import ManualClock
from tests.fakes.runs import RUN
from tests.fakes.stored import A, B, C, begin, seen

from plait.core.event import RunId
from plait.core.plan import PackageId
from plait.errors import LeaseHeld, LockHeld, StaleEpoch, UsageError
from plait.ports import Store


def keys(store: Store) -> list[tuple[str, str, int]]:
    """The keys that are held: key, package, epoch, by token."""
    return [(each.key, each.package, each.epoch) for each in store.held_keys()]


# -- leases ------------------------------------------------------------------------------------


def test_a_refused_claim_names_the_holder_and_the_time_left(
    store: Store, clock: ManualClock
) -> None:
    """Who holds the package and for how many seconds more: as a message and as values."""
    run = begin(store)
    store.claim(run, A, holder="alice", ttl_s=60)
    clock.advance(20)

    with pytest.raises(LeaseHeld, match="alice for 40 s") as refused:
        store.claim(run, A, holder="bob", ttl_s=60)

    assert (refused.value.package, refused.value.holder) == (A, "alice")
    assert refused.value.remaining_s == 40.0


def test_a_renewed_lease_lasts_from_now(store: Store, clock: ManualClock) -> None:
    """Renewing moves the end, keeps the epoch and keeps others out until then."""
    run = begin(store)
    lease = store.claim(run, A, holder="alice", ttl_s=60)
    clock.advance(50)

    renewed = store.renew(run, A, lease.epoch, ttl_s=60)
    clock.advance(59)

    assert (renewed.epoch, renewed.holder, renewed.until) == (1, "alice", 1110.0)
    with pytest.raises(LeaseHeld):
        store.claim(run, A, holder="bob", ttl_s=60)


def test_a_lease_that_ran_out_can_be_renewed_until_it_is_claimed(
    store: Store, clock: ManualClock
) -> None:
    """Late is not too late as long as nobody else came; then it is."""
    run = begin(store)
    store.claim(run, A, holder="alice", ttl_s=60)
    clock.advance(70)
    assert store.renew(run, A, 1, ttl_s=60).until == 1130.0
    clock.advance(70)
    store.claim(run, A, holder="bob", ttl_s=60)

    with pytest.raises(StaleEpoch) as refused:
        store.renew(run, A, 1, ttl_s=60)

    assert (refused.value.held, refused.value.current) == (1, 2)


def test_a_released_package_is_free_at_once(store: Store) -> None:
    """After a release another may claim, under a higher epoch; releasing again does no harm."""
    run = begin(store)
    store.claim(run, A, holder="alice", ttl_s=60)

    store.release(run, A, 1)
    store.release(run, A, 1)

    assert store.claim(run, A, holder="bob", ttl_s=60).epoch == 2


def test_what_was_given_back_cannot_be_renewed(store: Store) -> None:
    """After a release there is no claim to renew: NOT_CLAIMED."""
    run = begin(store)
    store.claim(run, A, holder="alice", ttl_s=60)
    store.release(run, A, 1)

    with pytest.raises(UsageError) as refused:
        store.renew(run, A, 1, ttl_s=60)

    assert refused.value.code == "NOT_CLAIMED"


def test_claims_whose_time_is_over_are_listed(store: Store, clock: ManualClock) -> None:
    """In the plan's order, with epoch and holder; not those that last, were renewed or released."""
    run = begin(store)
    for package in (A, B, C):
        store.claim(run, package, holder="alice", ttl_s=60)
    begin(store, RunId("other"))
    store.claim(RunId("other"), A, holder="alice", ttl_s=60)
    assert store.expired(run) == ()
    clock.advance(60)

    over = store.expired(run)

    assert [(each.package, each.epoch, each.holder, each.until) for each in over] == [
        (C, 1, "alice", 1060.0),
        (A, 1, "alice", 1060.0),
        (B, 1, "alice", 1060.0),
    ]
    store.renew(run, A, 1, ttl_s=1)
    store.release(run, B, 1)
    assert [each.package for each in store.expired(run)] == [C]


CALLS: list[Callable[[Store, PackageId, int], object]] = [
    lambda store, package, epoch: store.renew(RUN, package, epoch, ttl_s=60),
    lambda store, package, epoch: store.release(RUN, package, epoch),
    lambda store, package, epoch: store.acquire(RUN, package, epoch, ["db:x"]),
]


@pytest.mark.parametrize("epoch", [1, 3])
@pytest.mark.parametrize("call", CALLS, ids=["renew", "release", "acquire"])
def test_any_other_epoch_is_refused(
    store: Store, call: Callable[[Store, PackageId, int], object], epoch: int
) -> None:
    """Lower or higher than the package's: StaleEpoch, and nothing changes."""
    run = begin(store)
    for _ in range(2):
        store.claim(run, A, holder="alice", ttl_s=60)
    before = (*seen(store, run), keys(store))

    with pytest.raises(StaleEpoch) as refused:
        call(store, A, epoch)

    assert (refused.value.package, refused.value.held, refused.value.current) == (A, epoch, 2)
    assert (*seen(store, run), keys(store)) == before


@pytest.mark.parametrize("call", CALLS, ids=["renew", "release", "acquire"])
def test_what_there_is_not_is_named(
    store: Store, call: Callable[[Store, PackageId, int], object]
) -> None:
    """No such run, no such package."""
    with pytest.raises(UsageError) as no_run:
        call(store, A, 1)
    begin(store)
    with pytest.raises(UsageError, match="nowhere") as no_package:
        call(store, PackageId("nowhere"), 1)

    assert (no_run.value.code, no_package.value.code) == ("NO_SUCH_RUN", "NO_SUCH_PACKAGE")


# -- lock keys ---------------------------------------------------------------------------------


def claimed(store: Store, run: RunId = RUN) -> RunId:
    """A run whose packages are all claimed by one holder, at epoch 1."""
    begin(store, run)
    for package in (A, B, C):
        store.claim(run, package, holder="orchestrator", ttl_s=60)
    return run


def test_keys_are_taken_sorted_under_rising_tokens(store: Store) -> None:
    """In one spelling, each once, in order; whoever comes later has the higher tokens."""
    run = claimed(store)

    first = store.acquire(run, A, 1, ["flag:b", "DB: schema:users", "flag:b"])
    second = store.acquire(run, B, 1, ["event:x"])

    assert [each.key for each in first] == ["db:schema:users", "flag:b"]
    tokens = [each.token for each in (*first, *second)]
    assert tokens == sorted(set(tokens))
    assert {(each.run, each.package, each.epoch) for each in first} == {(run, A, 1)}
    assert store.held_keys() == (*first, *second)


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        ("db:schema:users", "db:schema:users"),
        ("db:schema:users", "db:schema:users:email"),
        ("db:schema:users:email", "db:schema:users"),
        ("flag:billing/*", "flag:billing/x"),
        ("api:GET /v1/u/{id}", "api:/v1/u/{name}"),
    ],
)
@pytest.mark.parametrize("other", [RUN, RunId("other")], ids=["one run", "two runs"])
def test_keys_that_conflict_are_taken_by_one(
    store: Store, held: str, wanted: str, other: RunId
) -> None:
    """The second is told who holds what; of its keys it gets none."""
    claimed(store)
    if other != RUN:
        claimed(store, other)
    store.acquire(RUN, A, 1, [held])
    before = store.held_keys()

    with pytest.raises(LockHeld) as refused:
        store.acquire(other, B, 1, ["event:free", wanted, "zzz:free"])

    assert (refused.value.code, refused.value.run, refused.value.package) == ("LOCKED", RUN, A)
    assert (refused.value.held, refused.value.key) == (before[0].key, refused.value.key)
    assert store.held_keys() == before


def test_keys_go_with_the_package(store: Store) -> None:
    """A release gives the keys free; the token of the next taker is higher all the same."""
    run = claimed(store)
    (first,) = store.acquire(run, A, 1, ["db:x"])
    store.release(run, A, 1)
    assert store.held_keys() == ()

    (second,) = store.acquire(run, B, 1, ["db:x"])

    assert second.token > first.token


def test_a_package_that_is_claimed_anew_takes_its_keys_anew(store: Store) -> None:
    """They stay its own while it is claimed again, then stand under the new epoch."""
    run = claimed(store)
    store.acquire(run, A, 1, ["db:x", "db:y"])
    store.claim(run, A, holder="orchestrator", ttl_s=60)
    assert keys(store) == [("db:x", A, 1), ("db:y", A, 1)]

    store.acquire(run, A, 2, ["db:y:z", "flag:f"])

    assert keys(store) == [("db:y:z", A, 2), ("flag:f", A, 2)]


def test_a_lease_that_ran_out_keeps_its_keys(store: Store, clock: ManualClock) -> None:
    """Its holder may still be at work: only a claim on the package itself ends that."""
    run = claimed(store)
    store.acquire(run, A, 1, ["db:x"])
    clock.advance(61)

    with pytest.raises(LockHeld):
        store.acquire(run, B, 1, ["db:x"])


def test_no_keys_are_soon_taken(store: Store) -> None:
    """A package without keys takes none, and gives back those it had."""
    run = claimed(store)
    store.acquire(run, A, 1, ["db:x"])

    assert store.acquire(run, A, 1, []) == ()
    assert store.held_keys() == ()
