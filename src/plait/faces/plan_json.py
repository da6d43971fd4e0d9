"""`plait show --json` and `plait check --json`: documented shapes that scripts rely on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plait.core.codec import encode
from plait.core.finding import Finding, errors
from plait.core.plan import Plan, WorkPackage
from plait.faces.shape import Shape


def show_json(plan: Plan, shape: Shape) -> dict[str, Any]:
    """The whole plan with its waves, critical path and forecast."""
    return {
        "id": plan.id,
        "title": plan.title,
        "format": plan.format,
        "digest": plan.digest,
        "revisions": encode(plan.revisions),
        "contracts": encode(plan.contracts),
        "packages": [_package(package) for package in plan.packages],
        "waves": encode(shape.waves),
        "critical_path": encode(shape.critical_path),
        "forecast": {
            "makespan_s": shape.makespan_s,
            "lower_bound_s": shape.forecast.bound_s,
            "width": shape.width,
            "agents": shape.agents,
            "work_s": shape.forecast.work_s,
            "pays": shape.forecast.pays,
            "useful": shape.forecast.useful,
            "by_agents": encode(shape.forecast.rows),
            "times": {
                "estimated": shape.times.estimated,
                "measured": shape.times.measured,
                "typical": shape.times.typical,
                "assumed": shape.times.assumed,
                "each_s": shape.times.each_s,
            },
        },
        "hubs": encode(shape.hubs),
        "advice": encode(shape.advice),
        "redundant": [{"id": one, "needs": other} for one, other in shape.redundant],
    }


def check_json(
    plan: Plan | None, findings: Sequence[Finding], *, width: int = 0, depth: int = 0
) -> dict[str, Any]:
    """What a check found. `plan` is None where the files are no plan."""
    summary = plan and {
        "id": plan.id,
        "format": plan.format,
        "files": [file.path for file in plan.files],
        "digest": plan.digest,
        "packages": len(plan.packages),
        "edges": sum(len(package.needs) for package in plan.packages),
        "width": width,
        "depth": depth,
    }
    return {
        "valid": plan is not None and not errors(tuple(findings)),
        "plan": summary,
        "findings": [_finding(finding) for finding in findings],
    }


def _package(package: WorkPackage) -> dict[str, Any]:
    span = package.span
    return {
        "id": package.id,
        "source_id": package.source_id,
        "title": package.title,
        "kind": package.kind.value,
        "status": package.status.value,
        "phase": package.phase,
        "track": package.track,
        "group": package.group,
        "parent": package.parent,
        "parallel": package.parallel,
        "optional": package.optional,
        "tasks": list(package.tasks or (package.source_id,)),
        "needs": [
            {
                "id": edge.id,
                "provenance": edge.provenance.value,
                "note": edge.note,
                "span": edge.span and {"file": edge.span.file, "line": edge.span.line},
            }
            for edge in package.needs
        ],
        "scope": encode(package.scope),
        "documents": [each.path for each in package.documents],
        "locks": encode(package.locks),
        "checks": encode(package.checks),
        "tier": package.tier,
        "timeout_s": package.timeout_s,
        "retry_budget": package.retry_budget,
        "priority": package.priority,
        "estimate_s": package.estimate_s,
        "span": span and {"file": span.file, "line": span.line},
    }


def _finding(finding: Finding) -> dict[str, Any]:
    span = finding.span
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "file": span and span.file,
        "line": span and span.line,
        "column": span and span.column,
        "where": finding.where,
        "message": finding.message,
        "hint": finding.hint,
    }
