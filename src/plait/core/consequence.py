"""What follows from an escalation: decided here, carried out by the engine.

A scope is never widened on an agent's word, and no check is left out. What a person must decide
blocks the package; everything that does not depend on it goes on.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, replace

from plait.core.escalation import (
    WEIGHTS,
    Consequence,
    Escalation,
    EscalationType,
    Severity,
)
from plait.core.package import ENDED, SATISFIED, PackageState
from plait.core.plan import (
    Confidence,
    Edge,
    PackageId,
    PackageKind,
    Plan,
    Provenance,
    Scope,
    WorkPackage,
)
from plait.core.scope import allows
from plait.core.states import States
from plait.core.verdict import is_protected

_SLIGHT = frozenset({Severity.NON_BLOCKING, Severity.LOW})
_REVISIONS = frozenset(
    {EscalationType.CONTRACT_REVISION_REQUIRED, EscalationType.PLAN_REVISION_REQUIRED}
)
_SPECIAL = frozenset("*?[]{}\\\0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What follows, and why; `apart` are packages it shall not work beside any more."""

    consequence: Consequence
    reason: str
    apart: tuple[PackageId, ...] = ()
    fix: WorkPackage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the package stands that raised it.

    `completed`: its agent believes it is done. `tries_left`: its budget allows another attempt.
    """

    plan: Plan
    states: States
    package: WorkPackage
    completed: bool
    tries_left: bool


def settle(raised: Escalation, standing: Standing) -> Settlement:
    """What follows from an escalation of an agent."""
    if raised.requires_human:
        return _ask("it says that a person must decide")
    if raised.severity in _SLIGHT:
        return Settlement(
            consequence=Consequence.NOTED,
            reason=f"{raised.severity} stops nothing; the checks decide",
        )
    if raised.type in _REVISIONS or raised.revision:
        return _revise(raised)
    match raised.type:
        case EscalationType.SCOPE_VIOLATION:
            return _beyond_scope(raised, standing)
        case (
            EscalationType.RESOURCE_CONFLICT
            | EscalationType.ENV_RESOURCE_CONFLICT
            | EscalationType.FLAKY_TEST_QUARANTINE_REQUEST
        ) if raised.severity is not Severity.BLOCKING:
            return _passing(raised, standing)
        case EscalationType.SECURITY_ESCALATION:
            return _ask("nothing that concerns security is settled without a person")
        case EscalationType.MERGE_CONFLICT:
            return _ask("neither side of a conflict is given up without a person")
        case EscalationType.VERIFICATION_INFEASIBLE:
            return _ask("no check is left out: what it lacks must be brought, or the plan changed")
        case _:
            return _ask(f"it is {raised.severity}, and Plait knows no way to settle it")


def strongest(settled: Sequence[tuple[Escalation, Settlement]]) -> int | None:
    """The place of the one that decides about the attempt; None if none does."""
    places = [
        place
        for place, (_, each) in enumerate(settled)
        if each.consequence is not Consequence.NOTED
    ]
    return max(places, key=lambda place: WEIGHTS[settled[place][1].consequence], default=None)


def plaits_own(kind: EscalationType, *, tries_left: bool) -> Settlement:
    """What follows from a problem that Plait found itself in what an agent left."""
    if kind is EscalationType.VERIFICATION_INFEASIBLE:
        return _ask("another attempt would meet the same lack")
    if kind is EscalationType.ACCEPTANCE_REQUIRED:
        return _ask("only a person may accept it")
    if kind is EscalationType.MERGE_CONFLICT:
        return _ask("no attempt is left, and neither side is taken for the other")
    if tries_left:
        return Settlement(
            consequence=Consequence.RETRY, reason="the scope holds; the next brief says why"
        )
    return Settlement(consequence=Consequence.FAIL, reason="the scope holds; its budget is spent")


def _ask(reason: str) -> Settlement:
    return Settlement(consequence=Consequence.ASK, reason=reason)


def _revise(raised: Escalation) -> Settlement:
    what = "the contracts" if "CONTRACT" in raised.type else "the plan"
    return Settlement(
        consequence=Consequence.REVISE,
        reason=f"{what} can be changed by a person only; what does not depend on it goes on",
    )


def _passing(raised: Escalation, standing: Standing) -> Settlement:
    """What may be otherwise the next time."""
    if standing.completed:
        return Settlement(
            consequence=Consequence.NOTED,
            reason="its agent is done all the same; the checks decide",
        )
    if raised.type is EscalationType.FLAKY_TEST_QUARANTINE_REQUEST:
        return Settlement(
            consequence=Consequence.NOTED, reason="no check is left out on an agent's word"
        )
    if raised.type is EscalationType.ENV_RESOURCE_CONFLICT:
        if standing.tries_left:
            return Settlement(consequence=Consequence.RETRY, reason="it may be free the next time")
        return Settlement(consequence=Consequence.FAIL, reason="it was not free again")
    known = {package.source_id: package.id for package in standing.plan.packages}
    known |= {package.id: package.id for package in standing.plan.packages}
    foreign = [each for each in raised.impacted if each not in known]
    if foreign:
        return _ask(f"it collides with what is not of this plan: {', '.join(foreign)}")
    if not standing.tries_left:
        return _ask("it met the same again, and its budget is spent")
    own = standing.package.id
    apart = tuple(known[each] for each in raised.impacted if known[each] != own)
    if not apart:
        return Settlement(consequence=Consequence.RETRY, reason="it names no package to wait for")
    return Settlement(
        consequence=Consequence.APART,
        reason=f"it waits while {', '.join(apart)} is at work",
        apart=apart,
    )


def _beyond_scope(raised: Escalation, standing: Standing) -> Settlement:
    """A narrow package first, where the plan's own scopes allow it; else a revision."""
    fix, why = _fix(raised, standing)
    if fix is None:
        return Settlement(
            consequence=Consequence.REVISE, reason=f"no scope is widened on an agent's word: {why}"
        )
    return Settlement(
        consequence=Consequence.FIX,
        reason=f"{fix.id} does what the scope of {standing.package.id} does not admit",
        fix=fix,
    )


def _fix(raised: Escalation, standing: Standing) -> tuple[WorkPackage | None, str]:
    """The narrow package, or why there is none.

    It may write the files that were named, and nothing else. Each must lie in the declared scope
    of a package that has landed, so that it is within what was approved, and in that of no
    unfinished one. Its checks are those of the packages whose files it changes.
    """
    plan, package = standing.plan, standing.package
    paths = tuple(dict.fromkeys(raised.files))
    if not paths:
        return None, "it names no files"
    odd = [each for each in paths if not _plain(each) or is_protected(plan, each)]
    if odd:
        return None, f"{odd[0]} is protected, or no plain path"
    owners: dict[PackageId, WorkPackage] = {}
    for path in paths:
        mine = [
            other
            for other in plan.packages
            if other.id != package.id
            and other.scope.confidence is Confidence.DECLARED
            and allows(other.scope, path)
        ]
        busy = [each.id for each in mine if not _ended(standing.states.get(each.id))]
        if busy:
            return None, f"{path} belongs to {busy[0]}, which is not done"
        landed = [each for each in mine if _landed(standing.states.get(each.id))]
        if not landed:
            return None, f"{path} is in no scope that the plan's approval covers"
        owners.update({each.id: each for each in landed})
    name = PackageId(f"{package.id}-fix-1")
    if any(each.id == name for each in plan.packages):
        return None, f"{name} was there already"
    needs = {edge.id: edge for edge in package.needs}
    needs.update({each: Edge(id=each, note="it changes its files") for each in owners})
    checks = {check.identity: check for each in owners.values() for check in each.checks}
    fix = WorkPackage(
        id=name,
        source_id=name,
        title=f"{package.title}: {raised.summary}"[:120],
        description=_task(raised, package),
        kind=PackageKind.FIX,
        phase=package.phase,
        track=package.track,
        needs=tuple(needs.values()),
        scope=Scope(write=paths, read=package.scope.read, confidence=Confidence.DECLARED),
        locks=replace(package.locks, files=()),
        checks=tuple(checks.values()),
        tier=package.tier,
        timeout_s=package.timeout_s,
        retry_budget=package.retry_budget,
        priority=package.priority,
    )
    return fix, ""


def with_fix(plan: Plan, fix: WorkPackage, needed_by: PackageId) -> Plan:
    """The plan with a narrow package more, which another one needs."""
    packages: list[WorkPackage] = []
    for package in plan.packages:
        if package.id == needed_by:
            edge = Edge(id=fix.id, note="it does what lies outside the scope")
            if package.own:  # QA is tried again, whatever became of the fix
                edge = replace(edge, provenance=Provenance.SCOPE, note="it mends what QA found")
            packages += [fix, replace(package, needs=(*package.needs, edge))]
        else:
            packages.append(package)
    return replace(plan, packages=tuple(packages))


def _task(raised: Escalation, package: WorkPackage) -> str:
    told = [
        f"Package `{package.id}` ({package.title}) cannot be done within its own scope. "
        "Do only what it lacks, in the files that you may write.",
        raised.summary,
        raised.details,
        f"It proposes: {raised.proposal}" if raised.proposal else "",
    ]
    return "\n\n".join(each for each in told if each)


def _plain(path: str) -> bool:
    return (
        not _SPECIAL & set(path)
        and not path.startswith("/")
        and posixpath.normpath(path) == path
        and not path.startswith("..")
    )


def _ended(state: PackageState | None) -> bool:
    return state is None or state.status in ENDED


def _landed(state: PackageState | None) -> bool:
    return state is None or state.status in SATISFIED
