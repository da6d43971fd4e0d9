"""Whatever comes in whatever order: what every store holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.fakes.clock import ManualClock
from tests.fakes.stored import A, B, C, begin, ended, state

from plait.core.event import EVENTS, Event, RunId, subject
from plait.core.plan import PackageId
from plait.core.run import PackageStatus
from plait.errors import StaleEpoch, UsageError
from plait.ports import Advance, Store

# The fixtures hold for all examples of a property: each example takes a run of its own.
shared_fixtures = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_numbers = count(1)

# Any text there is: what agents write holds NUL and halves of surrogate pairs too.
_TEXT = st.text(st.characters(), max_size=20)
_PLAIN: Mapping[Any, st.SearchStrategy[Any]] = {
    str: _TEXT,
    int: st.integers(0, 2**31 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    type(None): st.none(),
    PackageId: st.sampled_from([A, B, C]),
}


def _values(hint: Any) -> st.SearchStrategy[Any]:
    if hint in _PLAIN:
        return _PLAIN[hint]
    if isinstance(hint, type) and not get_args(hint):
        return st.sampled_from(list(hint))  # type: ignore[call-overload] # an enum
    args = [arg for arg in get_args(hint) if arg is not Ellipsis]
    if len(args) == 1:
        return st.lists(_values(args[0]), max_size=3).map(tuple)
    return st.one_of([_values(arg) for arg in args])


def _events_of(kind: type[Event]) -> st.SearchStrategy[Event]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{name: _values(hint) for name, hint in hints.items()})


@pytest.mark.parametrize("kind", EVENTS.values(), ids=EVENTS.keys())
@settings(parent=shared_fixtures, max_examples=10)
@given(data=st.data())
def test_every_event_comes_back_as_it_was(
    store: Store, kind: type[Event], data: st.DataObject
) -> None:
    """An event of any type, with any text in it, is read as it was written."""
    run = _new_run(store)
    event = data.draw(_events_of(kind))
    about, _, epoch = subject(event)
    if about is not None and epoch is not None:
        lease = store.claim(run, about, holder="h", ttl_s=10)
        event = replace(event, epoch=lease.epoch)

    (recorded,) = store.advance(run, [Advance(events=(event,))])

    assert recorded.event == event
    assert store.events(run) == (recorded,)


_PACKAGES = st.sampled_from([A, B, C])
_CLAIMS = st.tuples(st.just("claim"), _PACKAGES, st.sampled_from(["alice", "bob"]))
_WAITS = st.tuples(st.just("wait"), st.sampled_from([1, 5, 10]))
_WRITES = st.tuples(
    st.just("write"),
    st.lists(
        st.tuples(
            _PACKAGES,
            st.sampled_from([0, 0, 0, 0, -1, 1]),  # how far off the epoch is
            st.sampled_from(PackageStatus),
            st.booleans(),  # as a state, or only in an event
        ),
        min_size=1,
        max_size=4,
    ),
)


@settings(parent=shared_fixtures)
@given(steps=st.lists(st.one_of(_CLAIMS, _WAITS, _WRITES), max_size=25))
def test_two_holders_never_write_past_each_other(
    store: Store, clock: ManualClock, steps: list[Any]
) -> None:
    """However claims, waits and writes follow: a claim is had by one, a stale write by none."""
    run = _new_run(store)
    leases: dict[PackageId, tuple[str, float]] = {}
    rows = dict.fromkeys((C, A, B), (0, PackageStatus.PENDING))  # epoch, status
    written: list[Event] = []
    for step in steps:
        match step:
            case ("wait", seconds):
                clock.advance(seconds)
            case ("claim", package, holder):
                other, until = leases.get(package, (holder, 0.0))
                if other != holder and until > clock.now():
                    with pytest.raises(UsageError, match=other):
                        store.claim(run, package, holder=holder, ttl_s=10)
                    continue
                lease = store.claim(run, package, holder=holder, ttl_s=10)
                epoch, status = rows[package]
                assert lease.epoch == epoch + 1
                rows[package] = (lease.epoch, status)
                leases[package] = (holder, lease.until)
            case ("write", parts):
                _write(store, run, parts, rows, written)
            case _:
                raise AssertionError(step)
        assert [(r.id, r.epoch, r.status) for r in store.packages(run)] == [
            (package, *row) for package, row in rows.items()
        ]
        assert [(r.seq, r.event) for r in store.events(run)] == list(enumerate(written, start=1))


def _write(
    store: Store,
    run: RunId,
    parts: list[tuple[PackageId, int, PackageStatus, bool]],
    rows: dict[PackageId, tuple[int, PackageStatus]],
    written: list[Event],
) -> None:
    """Advance the store by all parts, and what is expected of it too, unless one is stale."""
    advances, stale = [], False
    for name, off, status, as_state in parts:
        epoch = rows[name][0] + off
        states = (state(name, epoch, status=status),) if as_state else ()
        advances.append(Advance(events=(ended(name, epoch),), packages=states))
        stale = stale or off != 0
    if stale:
        with pytest.raises(StaleEpoch):
            store.advance(run, advances)
        return
    store.advance(run, advances)
    for advance in advances:
        written.extend(advance.events)
        for each in advance.packages:
            rows[each.id] = (each.epoch, each.status)


def _new_run(store: Store) -> RunId:
    return begin(store, RunId(f"run-{next(_numbers)}"))
