"""QA in the composition of a run: whether there is any, who joins in, what it is made with."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import replace

from plait.config import Settings
from plait.core.plan import PackageId, Plan, SourceStatus
from plait.core.qa import QaPolicy, is_wanted, joined, own_of, with_qa
from plait.core.revision import Revision
from plait.core.roster import Seat

AGENT = "qa"  # a profile of this name tries what landed, where nobody else is named
DRIVER = (sys.executable, "-I", "-m", "plait.qa")


def policy_of(settings: Settings) -> QaPolicy:
    """`[qa]`, as the engine takes it."""
    return QaPolicy(
        run=settings.qa_run,
        serve=settings.qa_serve,
        url=settings.qa_url,
        ready_s=settings.qa_ready_s,
        timeout_s=settings.qa_timeout_s,
        openapi=settings.qa_openapi,
        cli=settings.qa_cli,
        pages=settings.qa_pages,
        scenarios=settings.qa_scenarios,
    )


def tried(
    plan: Plan, packages: tuple[PackageId, ...], settings: Settings, *, asked: bool
) -> tuple[Plan, tuple[PackageId, ...]]:
    """A plan and the packages of a run, with QA if the run has any."""
    always = settings.qa_run == "always"
    whole = set(packages) >= {
        each.id for each in plan.packages if each.status is SourceStatus.PENDING
    }
    if not is_wanted(plan, policy_of(settings), asked=asked, whole=whole):
        return plan, packages
    plan = with_qa(plan, packages, asked=asked or always)
    return plan, (*packages, plan.packages[-1].id)


def seat_of(settings: Settings, seats: Collection[Seat]) -> tuple[Seat, ...]:
    """Who joins in with QA: `[agents.qa]`, where the owner names nobody for it."""
    named = any(each.kind == "qa" or each.role == "qa" for each in seats)
    return () if named or AGENT not in settings.profiles else (Seat(provider=AGENT, kind="qa"),)


def tried_still(old: Plan, new: Plan, selected: tuple[PackageId, ...]) -> Plan:
    """Another version of a run's plan, with the run's QA behind it."""
    qa = own_of(old)
    return new if qa is None else joined(new, qa, selected)


def tried_again(revision: Revision) -> Revision:
    """What another version means for a run, QA included: what is done anew is tried anew."""
    qa = own_of(revision.plan)
    if qa is None or qa.id not in revision.reused:
        return revision
    anew = {*revision.requeued, *revision.told.added} - {qa.id}
    if not anew:
        return revision
    again = (*revision.told.again, qa.id)
    return replace(
        revision,
        told=replace(revision.told, again=again),
        requeued=(*revision.requeued, qa.id),
        reused=tuple(each for each in revision.reused if each != qa.id),
    )
