"""repairs(seen) → what to put right: level-triggered, whatever was missed and why.

Events tell what happened here. What did not happen (a claim that nobody renews, a package that
nobody works on, a lock key whose holder is gone) is seen by looking. A look finds the same
things again until they are put right, so nothing is lost with a look that fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from plait.core import lock_keys
from plait.core.event import RunId
from plait.core.lease import Epoch, HeldKey, Lease
from plait.core.package import ACTIVE, ENDED, PackageStatus
from plait.core.plan import PackageId
from plait.core.run import Run

_AT_WORK = (PackageStatus.RUNNING, PackageStatus.VERIFYING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a look at the store, and at our own tasks, has found.

    Attributes:
        run: The run that is decided here.
        expired: Claims on its packages whose time is over.
        working: Packages that a task here works on.
        waiting: Packages that could not be claimed, with the lock keys they need.
        held: The lock keys that are held, in all runs.
        decided: Runs that a living orchestrator decides, this one among them.
    """

    run: Run
    expired: tuple[Lease, ...] = ()
    working: frozenset[PackageId] = frozenset()
    waiting: Mapping[PackageId, tuple[str, ...]]
    held: tuple[HeldKey, ...] = ()
    decided: frozenset[RunId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """Nobody works on it: it is to be started again."""

    package: PackageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Its attempt is superseded: the package has ended."""

    package: PackageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A candidate whose claim ran out: it is to be renewed with the others."""

    package: PackageId
    epoch: Epoch


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveBack:
    """A claim that nobody needs."""

    package: PackageId
    epoch: Epoch


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """Keys whose run nobody decides, and that are needed here."""

    held: HeldKey


@dataclass(frozen=True, slots=True, kw_only=True)
class TryAgain:
    """Nothing that is seen stands in its way any more."""

    package: PackageId


Repair = PutBack | Stop | Hold | GiveBack | Free | TryAgain


def repairs(seen: Seen) -> tuple[Repair, ...]:
    """What to do about it. Pure; nothing is to be done about what is as it should be."""
    return (*_claims(seen), *_tasks(seen), *_waits(seen))


def _claims(seen: Seen) -> Iterator[Repair]:
    for lease in seen.expired:
        state = seen.run.packages.get(lease.package)
        if lease.package in seen.working:
            continue  # its renewal is late, which is not too late
        if state is None or state.status not in ACTIVE:
            yield GiveBack(package=lease.package, epoch=lease.epoch)
        elif state.status not in _AT_WORK:
            yield Hold(package=lease.package, epoch=lease.epoch)


def _tasks(seen: Seen) -> Iterator[Repair]:
    for state in seen.run.with_status(*_AT_WORK):
        if state.id not in seen.working:
            yield PutBack(package=state.id)
    for package in sorted(seen.working):
        if seen.run.packages[package].status in ENDED:
            yield Stop(package=package)


def _waits(seen: Seen) -> Iterator[Repair]:
    others = {key.key: key for key in seen.held if key.run != seen.run.id}
    for package, keys in seen.waiting.items():
        met = lock_keys.shared([lock_keys.normalise(key) for key in keys], tuple(others))
        if met is None:
            yield TryAgain(package=package)
        elif others[met[1]].run not in seen.decided:
            yield Free(held=others[met[1]])
