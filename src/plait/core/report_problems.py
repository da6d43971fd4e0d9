"""The part of a report that tells what packages could not settle alone."""

from __future__ import annotations

from typing import Any

from plait.core import report_whole
from plait.core.codec import encode
from plait.core.deviation import standing_deviations
from plait.core.escalation import Consequence, Raised, RaisedBy, Severity
from plait.core.event import RunLimit
from plait.core.package import PackageState, PackageStatus
from plait.core.problems import ways_on
from plait.core.run import Run


def escalations(run: Run) -> list[dict[str, Any]]:
    """Every escalation of a run, in the order of packages; what waits for a person is unsettled.

    A blocked package without one (a gate) is told in the same form.
    """
    told: list[dict[str, Any]] = []
    for state in run.packages.values():
        told += [_escalation(run, state, each) for each in state.escalations]
        if state.status is PackageStatus.BLOCKED and all(e.settled for e in state.escalations):
            told.append(_question(run, state))
    asked = report_whole.question(run)
    told += [asked] if asked else []
    reached = run.spent.reached
    if reached is not None and reached.limit is RunLimit.BUDGET:
        told.append(
            {
                "id": run.id,
                "package": None,
                "type": "QUESTION",
                "severity": Severity.BLOCKING.value,
                "raised_by": RaisedBy.PLAIT.value,
                "summary": reached.reason,
                "requires_human": True,
                "consequence": Consequence.ASK.value,
                "reason": "",
                "settled": False,
            }
        )
    return told


def deviations(run: Run) -> list[dict[str, Any]]:
    """What agents did differently from the plan, but for work that was rejected."""
    return [
        {
            "package": each.package,
            "attempt": each.attempt,
            "summary": each.summary,
            "affects": list(each.affects),
        }
        for each in standing_deviations(run)
    ]


def grants(run: Run) -> list[dict[str, Any]]:
    """What packages were granted beyond their scopes, since their agents asked for it."""
    return [
        {
            "package": each.package,
            "attempt": each.attempt,
            "paths": list(each.paths),
            "who": each.who,
        }
        for each in run.scopes.granted
    ]


def revisions(run: Run) -> list[dict[str, Any]]:
    """The versions of the plan that the run went on with, in their order."""
    return [encode(each) for each in run.revisions]


def plan_name(run: Run) -> str:
    """How to name the run's plan in a command: its first file."""
    return run.plan.files[0].path if run.plan.files else run.plan.id


def _escalation(run: Run, state: PackageState, raised: Raised) -> dict[str, Any]:
    problem = raised.escalation
    attempts = [each for each in state.attempts if each.number == raised.attempt]
    told: dict[str, Any] = {
        "id": raised.id,
        "package": raised.package,
        "attempt": raised.attempt,
        "type": problem.type.value,
        "severity": problem.severity.value,
        "raised_by": raised.by.value,
        "summary": problem.summary,
        "requires_human": problem.requires_human or not raised.settled,
        "consequence": raised.consequence.value,
        "reason": raised.reason,
        "settled": raised.settled,
    }
    more = {
        "details": problem.details,
        "proposed_action": problem.proposal,
        "files": list(problem.files),
        "logs": list(problem.logs),
        "impacted_packages": list(problem.impacted),
        "logical_locks": list(problem.locks),
        "source_id": problem.source_id,
        "kept_ref": attempts[-1].kept_ref if attempts else None,
    }
    told |= {key: value for key, value in more.items() if value}
    if not raised.settled:
        told["question"] = state.question or problem.summary
        told["answers"] = _answers(raised, run)
    return told


def _question(run: Run, state: PackageState) -> dict[str, Any]:
    asked = state.question or state.reason
    name, plan = run.id, plan_name(run)
    answers = (
        (f'plait answer {name} {state.id} "TEXT"', "says what is asked, and the run goes on"),
        (f"plait skip {name} {state.id}", "goes on without it"),
        (f"plait resume {name} --plan {plan}", "goes on with the plan after an edit"),
    )
    return {
        "id": state.id,
        "package": state.id,
        "attempt": state.attempts[-1].number if state.attempts else None,
        "type": "QUESTION",
        "severity": Severity.BLOCKING.value,
        "raised_by": "plan" if not state.attempts else "agent",
        "summary": asked,
        "requires_human": True,
        "consequence": "ask",
        "reason": "",
        "settled": False,
        "question": asked,
        "answers": [{"command": command, "effect": effect} for command, effect in answers],
    }


def _answers(raised: Raised, run: Run) -> list[dict[str, str]]:
    own = run.plan.package(raised.package).own
    held = own or run.packages[raised.package].held is not None
    ways = ways_on(raised, run=run.id, plan=plan_name(run), held=held)
    return [{"command": command, "effect": effect} for command, effect in ways]
