"""A report as the reference documents it, composed from a story's run."""

from __future__ import annotations

from typing import Any

from tests.fakes.stories import BEGIN

from plait.core.run import Attempt, PackageState, Run
from plait.faces.text import rfc3339


def report_of(run: Run) -> dict[str, Any]:
    """The documented JSON of a run's report."""
    attempts = [attempt for state in run.packages.values() for attempt in state.attempts]
    return {
        "schema": 1,
        "run": run.id,
        "plan": {
            "id": run.plan.id,
            "title": run.plan.title,
            "format": run.plan.format,
            "digest": run.plan.digest,
        },
        "status": run.status.value,
        "base": run.base,
        "branch": run.branch,
        "head": run.head,
        "approvals": [{"who": "Ada <ada@example.org>", "at": rfc3339(BEGIN - 60), "digest": "d"}],
        "sandbox": run.sandbox,
        "warnings": [
            {"code": each.code, "message": each.message, "package": each.package}
            for each in run.warnings
        ],
        "started_at": rfc3339(run.started_at),
        "finished_at": None if run.finished_at is None else rfc3339(run.finished_at),
        "makespan_s": None if run.finished_at is None else run.finished_at - run.started_at,
        "lower_bound_s": 187.5,
        "packages": [_package(run, state) for state in run.packages.values()],
        "timeline": [],
        "contracts": {},
        "reviews": {},
        "qa": [],
        "escalations": [],
        "totals": {
            "tests_run": sum(len(state.checks) for state in run.packages.values()),
            "agent_s": sum(attempt.agent_s for attempt in attempts),
            "wasted_agent_s": 65.0,
            "cost_usd": sum(attempt.cost_usd or 0.0 for attempt in attempts),
            "tokens": {"input": 31_200, "output": 5_160},
        },
    }


def _package(run: Run, state: PackageState) -> dict[str, Any]:
    return {
        "id": state.id,
        "title": run.plan.package(state.id).title,
        "status": state.status.value,
        "reason": state.question or state.reason,
        "attempts": [_attempt(attempt) for attempt in state.attempts],
        "commit": state.commit,
        "landed_at": None if state.landed_at is None else rfc3339(state.landed_at),
        "files_modified": list(state.files),
        "checks": [
            {
                "name": check.name,
                "passed": check.passed,
                "exit_code": check.exit_code,
                "duration_s": check.duration_s,
                "log": check.log,
            }
            for check in state.checks
        ],
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    finished = None if attempt.finished_at is None else rfc3339(attempt.finished_at)
    return {
        "number": attempt.number,
        "epoch": attempt.epoch,
        "agent": attempt.agent,
        "sandbox": "none",
        "worktree": attempt.worktree,
        "started_at": rfc3339(attempt.started_at),
        "finished_at": finished,
        "setup_s": attempt.setup_s,
        "outcome": None if attempt.outcome is None else attempt.outcome.value,
        "error_code": attempt.error_code,
        "violations": list(attempt.violations),
        "kept_ref": attempt.kept_ref,
        "cost_usd": attempt.cost_usd,
        "tokens": {"input": attempt.tokens_input, "output": attempt.tokens_output},
    }
