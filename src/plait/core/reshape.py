"""The packages of a run after its plan changed under it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from plait.core import event as events
from plait.core.package import ACTIVE, SATISFIED, PackageState, PackageStatus
from plait.core.plan import PackageId, Plan
from plait.core.problems import closed
from plait.core.states import States, states_of

REMOVED = "the plan no longer has it"


def grown(states: States, plan: Plan, added: Iterable[PackageId]) -> States:
    """With further packages, all in the order of the plan; those it does not name come last."""
    known: dict[PackageId, PackageState] = dict(states.items())
    for package in added:
        known.setdefault(package, PackageState(id=package))
    placed = dict.fromkeys(package.id for package in plan.packages if package.id in known)
    rest = [package for package in known if package not in placed]
    return states_of((known[each] for each in (*placed, *rest)), few=ACTIVE)


def revised(states: States, plan: Plan, event: events.PlanRevised) -> States:
    """With the packages that were added, and without a future for those that were removed."""
    after = grown(states, plan, event.added)
    for package in event.removed:
        state = after[package]
        if state.status not in SATISFIED:
            gone = replace(
                state,
                status=PackageStatus.SKIPPED,
                reason=REMOVED,
                benign=True,
                question="",
                error_code=None,
                escalations=closed(state.escalations),
            )
            after = after.changed(gone)
    for package in event.done:
        state = after[package]
        if state.status not in SATISFIED:
            done = replace(
                state,
                status=PackageStatus.DONE_BEFORE,
                reason="",
                question="",
                escalations=closed(state.escalations),
            )
            after = after.changed(done)
    return after


def taken_up(states: States, adopted: frozenset[PackageId]) -> States:
    """The packages as the next orchestrator finds them: what nobody works on starts over."""
    after = states
    for state in states.at(*ACTIVE):
        if state.id in adopted:  # its agent went on meanwhile; it goes on after its last step
            continue
        if state.status in {PackageStatus.RUNNING, PackageStatus.VERIFYING}:
            lost = replace(state.attempts[-1], interrupted=True, reason="Plait was stopped")
            again = replace(
                state, status=PackageStatus.PENDING, attempts=(*state.attempts[:-1], lost)
            )
            after = after.changed(again)
        elif state.status is PackageStatus.LANDING:  # verified; only its landing starts over
            after = after.changed(replace(state, status=PackageStatus.VERIFIED))
    return after
