"""Report: what a person or a script reads after (or during) a run; JSON as interfaces promise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from plait.core import (
    graph as graphs,
    qa_report,
    report_audit,
    report_integrity,
    report_problems,
    report_reviews,
    report_whole,
)
from plait.core.codec import encode
from plait.core.event import Stage, Verdict
from plait.core.plan import CheckKind, PackageId
from plait.core.roster import called
from plait.core.run import Attempt, CheckOutcome, PackageState, PackageStatus, Run

SCHEMA = 1


def build_report(run: Run) -> dict[str, Any]:
    """The report of a run, finished or not, as JSON values.

    Times are RFC 3339 UTC, durations and offsets seconds, money USD. Keys whose value is not
    known are left out where the interface marks them optional.
    """
    ended = run.finished_at
    return {
        "schema": SCHEMA,
        "run": run.id,
        "plan": _plan(run),
        "status": run.status.value,
        "base": run.base,
        "branch": run.branch,
        "head": run.head,
        "approvals": [],
        "decisions": report_audit.decisions(run),
        "audit": [],
        "agents": report_audit.agents(run),
        "sandbox": run.sandbox,
        "workspaces": run.workspaces,
        "warnings": [_present(encode(warned)) for warned in run.warnings],
        "flakes": [_present(encode(flake)) for flake in run.flakes],
        "baseline": encode(run.baseline) if run.baseline else None,
        "started_at": instant(run.started_at),
        "finished_at": None if ended is None else instant(ended),
        "makespan_s": None if ended is None else round(ended - run.started_at, 3),
        "lower_bound_s": _lower_bound(run),
        "packages": [_package(run, state) for state in run.packages.values()],
        "timeline": _timeline(run),
        "contracts": {**report_audit.contracts(run), "uses": report_whole.uses(run)},
        "integration": report_whole.whole(run),
        "reviews": report_reviews.reviews(run),
        "qa": qa_report.lines(run),
        "escalations": report_problems.escalations(run),
        "deviations": report_problems.deviations(run),
        "grants": report_problems.grants(run),
        "revisions": report_problems.revisions(run),
        "limits": _limits(run),
        "pull_request": None if run.delivery is None else encode(run.delivery),
        "totals": _totals(run),
        "kept": {"branches": [], "refs": [], "worktrees": []},
    }


def instant(at: float) -> str:
    """Unix seconds as RFC 3339 in UTC, to the millisecond."""
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _plan(run: Run) -> dict[str, Any]:
    plan = run.plan
    return {
        "id": plan.id,
        "title": plan.title,
        "format": plan.format,
        "digest": plan.digest,
        "files": [source.path for source in plan.files],
        "revisions": encode(plan.revisions),
    }


def _package(run: Run, state: PackageState) -> dict[str, Any]:
    package = run.plan.package(state.id)
    reason = state.reason
    if not reason and state.status is PackageStatus.LANDED and state.unchecked:
        reason = "landed, unchecked"
    return _present(
        {
            "id": state.id,
            "title": package.title,
            "kind": package.kind.value,
            "phase": package.phase,
            "track": package.track,
            "needs": [edge.id for edge in package.needs if edge.id in run.packages],
            "status": state.status.value,
            "reason": reason or None,
            "question": state.question or None,
            "benign": state.benign or None,
            "attempts": [_attempt(each) for each in state.attempts],
            "commit": state.commit,
            "landed_at": None if state.landed_at is None else instant(state.landed_at),
            "files_modified": list(state.files),
            "files_merged": list(state.merged) or None,
            "checks": [_check(each) for each in state.checks],
            **report_integrity.integrity(state, package),
            "review": report_reviews.review(state),
            **report_audit.used(list(state.attempts), aside=True),
        }
    )


def _attempt(attempt: Attempt) -> dict[str, Any]:
    outcome = attempt.outcome.value if attempt.outcome else None
    tokens = {"input": attempt.tokens_input, "output": attempt.tokens_output}
    return {
        **_present(
            {
                "number": attempt.number,
                "epoch": attempt.epoch,
                "agent": called(attempt.agent, attempt.provider),
                "sandbox": attempt.sandbox,
                "worktree": attempt.worktree,
                "started_at": instant(attempt.started_at),
                "finished_at": None
                if attempt.finished_at is None
                else instant(attempt.finished_at),
                "setup_s": round(attempt.setup_s, 3),
                "agent_s": round(attempt.agent_s, 3),
                "exit_code": attempt.exit_code,
                "error_code": attempt.error_code,
                "reason": attempt.reason or None,
                "summary": attempt.summary or None,
                "violations": list(attempt.violations) or None,
                "deviations": list(attempt.deviations) or None,
                "kept_ref": attempt.kept_ref,
                "cost_usd": attempt.cost_usd,
                "tokens": tokens if any(v is not None for v in tokens.values()) else None,
                "logs": attempt.directory,
            }
        ),
        "outcome": "interrupted" if attempt.interrupted else outcome,
    }


def _check(check: CheckOutcome) -> dict[str, Any]:
    return _present(
        {
            "name": check.name,
            "stage": check.stage.value,
            "command": check.command,
            "passed": check.passed,
            "exit_code": check.exit_code,
            "duration_s": round(check.duration_s, 3),
            "log": check.log,
            "commit": check.commit,
            "owner": check.owner,
            "kind": None if check.kind is CheckKind.COMMAND else check.kind.value,
            "who": check.who or None,
            "url": check.url or None,
        }
    )


def _timeline(run: Run) -> list[dict[str, Any]]:
    """What took time, as offsets from the run's start: agents, verification, landing."""
    bars: list[dict[str, Any]] = []
    for state in run.packages.values():
        for attempt in state.attempts:
            begun = attempt.started_at - run.started_at
            done = begun + attempt.agent_s
            number = attempt.number
            bars.append(_bar(state.id, number, "agent", begun, done))
            if attempt.finished_at is not None:
                bars.append(
                    _bar(state.id, number, "verify", done, attempt.finished_at - run.started_at)
                )
        landing = sum(each.duration_s for each in state.checks if each.stage is Stage.LAND)
        if state.landed_at is not None and state.attempts:
            end = state.landed_at - run.started_at
            bars.append(_bar(state.id, state.attempts[-1].number, "land", end - landing, end))
    judged = run.whole.judged
    if judged is not None and judged.checks:
        end = run.whole.at - run.started_at
        bars.append(_bar(None, None, "integrate", end - judged.duration_s, end))
    return sorted(bars, key=lambda bar: (bar["start_s"], bar["package"] or ""))


def _bar(
    package: PackageId | None, attempt: int | None, kind: str, start: float, end: float
) -> dict[str, Any]:
    return {
        "package": package,
        "attempt": attempt,
        "kind": kind,
        "start_s": round(max(0.0, start), 3),
        "end_s": round(max(start, end, 0.0), 3),
    }


def _lower_bound(run: Run) -> float:
    """What the agents' measured time would have allowed: critical path, or work shared out."""
    graph = graphs.build(run.plan)
    took = dict.fromkeys(graph.ids, 0.0)
    for state in run.packages.values():
        if state.status is PackageStatus.LANDED and state.attempts:
            took[state.id] = sum(each.agent_s for each in state.attempts)
    return round(graphs.lower_bound(graph, took, run.max_agents), 3)


def _limits(run: Run) -> dict[str, Any]:
    """What the run might use, and which of it is used up."""
    reached = run.spent.reached
    return {
        "budget_usd": run.budget_usd,
        "timeout_s": run.spent.timeout_s,
        "reached": None if reached is None else encode(reached),
    }


def _totals(run: Run) -> dict[str, Any]:
    attempts = [(state, each) for state in run.packages.values() for each in state.attempts]
    wasted = [
        each.agent_s
        for state, each in attempts
        if each.outcome is not Verdict.PASS or state.status is not PackageStatus.LANDED
    ]
    used = report_audit.used([each for _, each in attempts], aside=True)
    return {
        "tests_run": sum(len(state.checks) for state in run.packages.values())
        + len(run.baseline_checks)
        + len(run.whole.checks),
        "setup_s": round(sum(each.setup_s for _, each in attempts), 3),
        "agent_s": round(sum(each.agent_s for _, each in attempts), 3),
        "wasted_agent_s": round(sum(wasted), 3),
        "cost_usd": used["cost_usd"],
        "tokens": used["tokens"] or {"input": 0, "output": 0},
    }


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
