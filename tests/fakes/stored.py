"""A run in a store, in short."""

from __future__ import annotations

from typing import Any

from tests.fakes.runs import RUN, package, plan

from plait.core.event import AttemptEnded, RunId, Verdict
from plait.core.plan import PackageId
from plait.core.run import PackageState
from plait.ports import Store

A, B, C = PackageId("a"), PackageId("b"), PackageId("c")
PLAN = plan(package("c"), package("a", "c"), package("b", "a"))


def begin(store: Store, run: RunId = RUN) -> RunId:
    """A run of the plan, as `create_run` leaves it."""
    store.create_run(run, PLAN, branch="openspec/p", base="0" * 40, options={"max_agents": 3})
    return run


def state(package: PackageId, epoch: int, **fields: Any) -> PackageState:
    """A package's state under an epoch, pending unless told otherwise."""
    return PackageState(id=package, epoch=epoch, **fields)


def ended(package: PackageId, epoch: int) -> AttemptEnded:
    """A first attempt that passed."""
    return AttemptEnded(package=package, attempt=1, epoch=epoch, verdict=Verdict.PASS)


def seen(store: Store, run: RunId) -> tuple[Any, ...]:
    """All that can be read of a run."""
    return store.run(run), store.packages(run), store.events(run)
