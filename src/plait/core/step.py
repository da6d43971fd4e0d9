"""Steps by name: what each step of an attempt came to, under (package, epoch, name).

An attempt that is taken up again goes on after the last step that has an outcome. Steps are known
by name, never by position: a version of Plait with other steps in between still finds those that
were done. What a step came to is told by the event that ended it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from plait.core.event import (
    AgentEnded,
    AttemptEnded,
    AttemptStarted,
    Event,
    Landed,
    ReviewConcluded,
    ScopeChecked,
    Verdict,
    WorkCommitted,
)
from plait.core.plan import PackageId


class StepName(StrEnum):
    """The steps of an attempt, in their order."""

    WORKSPACE = "workspace"
    LOCKS = "locks"
    BRIEF = "brief"
    AGENT = "agent"
    COMMIT = "commit"
    SCOPE = "scope"
    CHECKS = "checks"
    REVIEW = "review"
    PUBLISH = "publish"
    LAND = "land"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step that was done, and what it came to (JSON values)."""

    package: PackageId
    epoch: int
    name: str
    outcome: Mapping[str, Any] = field(default_factory=dict)


Done = Mapping[str, Mapping[str, Any]]
"""The outcomes of one attempt's steps, by name."""


def steps_of(event: Event) -> tuple[Step, ...]:
    """The steps that an event says are done."""
    match event:
        case AttemptStarted():
            return (
                _step(event, StepName.WORKSPACE, worktree=event.worktree, base=event.base),
                _step(event, StepName.LOCKS),
                _step(event, StepName.BRIEF, directory=event.directory),
            )
        case AgentEnded():
            return (_step(event, StepName.AGENT, status=event.status.value),)
        case WorkCommitted():
            return (_step(event, StepName.COMMIT, commit=event.commit),)
        case ScopeChecked():
            return (_step(event, StepName.SCOPE, violations=list(event.violations)),)
        case ReviewConcluded():
            return (_step(event, StepName.REVIEW, commit=event.commit, round=event.round),)
        case AttemptEnded(verdict=Verdict.PASS):
            return (
                _step(event, StepName.CHECKS, commit=event.commit),
                _step(event, StepName.PUBLISH, commit=event.commit),
            )
        case Landed():
            return (_step(event, StepName.LAND, commit=event.commit),)
        case _:
            return ()


def _step(
    event: AttemptStarted
    | AgentEnded
    | WorkCommitted
    | ScopeChecked
    | ReviewConcluded
    | AttemptEnded
    | Landed,
    name: StepName,
    **outcome: Any,
) -> Step:
    outcome["attempt"] = event.attempt  # several attempts may share a claim, and its epoch
    return Step(package=event.package, epoch=event.epoch, name=name.value, outcome=outcome)


def of_attempt(done: Done, attempt: int) -> Done:
    """The steps of one attempt; what an earlier version wrote does not say whose it is."""
    return {name: told for name, told in done.items() if told.get("attempt", attempt) == attempt}
