"""The part of a report that tells who worked and who decided, and whether contracts held."""

from __future__ import annotations

from typing import Any

from plait.core.codec import encode
from plait.core.escalation import EscalationType
from plait.core.event import Verdict
from plait.core.package import Attempt, PackageState, PackageStatus
from plait.core.reviewed import Usage
from plait.core.run import Run


def contracts(run: Run) -> dict[str, Any]:
    """The interface definitions, what landed changes of them, and who asked for others.

    `kept` is null where the plan names none; a change that a package's own scope allows counts as
    well: who builds against a contract wants to know.
    """
    named = run.plan.contracts
    files = tuple(dict.fromkeys((*([named.primary] if named.primary else []), *named.files)))
    changes = [
        {"package": state.id, "path": path}
        for state in run.with_status(PackageStatus.LANDED)
        for path in state.files
        if path in files
    ]
    asked = [
        raised.id
        for state in run.packages.values()
        for raised in state.escalations
        if raised.escalation.type is EscalationType.CONTRACT_REVISION_REQUIRED
    ]
    return {
        **encode(named),
        "revision": run.plan.revisions.contracts,
        "changes": changes,
        "escalations": asked,
        "kept": not changes if files else None,
    }


def decisions(run: Run) -> list[dict[str, Any]]:
    """What persons decided while the run went on: answers, and versions of the plan."""
    answers: list[dict[str, Any]] = [
        {"who": each.who, "package": state.id, "question": each.question, "answer": each.text}
        for state in run.packages.values()
        for each in state.answers
    ]
    accepted, judged = run.whole.accepted, run.whole.judged
    if accepted is not None and judged is not None:
        told = {"who": accepted.who, "question": judged.question, "answer": accepted.reason}
        answers.append({**told, "package": None})
    revised = [
        {
            "who": each.who,
            "package": None,
            "question": "which plan to go on with",
            "answer": f"plan revision {each.plan_revision}",
        }
        for each in run.revisions
    ]
    return [*answers, *revised]


def agents(run: Run) -> list[dict[str, Any]]:
    """What each agent did and cost, as far as it says, in the order of their first attempts."""
    by_agent: dict[str, list[tuple[PackageState, Attempt]]] = {}
    made = [
        (state, each)
        for state in run.packages.values()
        for each in state.attempts
        if each.provider or not run.plan.package(state.id).own  # QA may be tried without one
    ]
    for state, attempt in sorted(made, key=lambda pair: (pair[1].started_at, pair[0].id)):
        by_agent.setdefault(attempt.agent, []).append((state, attempt))
    return [
        {
            "agent": agent,
            "attempts": len(pairs),
            "accepted": sum(1 for _, each in pairs if each.outcome is Verdict.PASS),
            "landed": sum(1 for pair in pairs if _landed(*pair)),
            "agent_s": round(sum(each.agent_s for _, each in pairs), 3),
            **used([each for _, each in pairs]),
        }
        for agent, pairs in by_agent.items()
    ]


def used(attempts: list[Attempt], *, aside: bool = False) -> dict[str, Any]:
    """What attempts cost together, as far as it is told; null where nothing is.

    `aside`: with the reviews and fixes within them.
    """
    shares: list[Attempt | Usage] = [*attempts]
    if aside:
        shares += [share for each in attempts for share in each.reviewed.used]
    costs = [each.cost_usd for each in shares if each.cost_usd is not None]
    told = [each for each in shares if (each.tokens_input, each.tokens_output) != (None, None)]
    tokens = {
        "input": sum(each.tokens_input or 0 for each in told),
        "output": sum(each.tokens_output or 0 for each in told),
    }
    return {"cost_usd": round(sum(costs), 6) if costs else None, "tokens": tokens if told else None}


def _landed(state: PackageState, attempt: Attempt) -> bool:
    return state.status is PackageStatus.LANDED and attempt == state.attempts[-1]
