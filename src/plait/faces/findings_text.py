"""Findings for people: `file:line:column: severity CODE message`, hints below, a sum at the end."""

from __future__ import annotations

from collections.abc import Sequence

from plait.core.finding import Finding, Severity
from plait.core.plan import Plan
from plait.faces.shape import extent
from plait.faces.text import clean, count

_NOUNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def check_text(plan: Plan | None, findings: Sequence[Finding]) -> str:
    """What `plait check` prints: the findings, and the plan in numbers if it is one."""
    if plan is None:
        return findings_text(findings)
    width, depth = extent(plan)
    edges = sum(len(package.needs) for package in plan.packages)
    size = f"{count(len(plan.packages), 'package')}, {count(edges, 'edge')}"
    return (
        f"{findings_text(findings)}"
        f"{clean(plan.id)} ({plan.format}): {size}, width {width}, depth {depth}\n"
    )


def findings_text(findings: Sequence[Finding]) -> str:
    """A line for each finding, its hint indented below, and a line that counts them."""
    lines: list[str] = []
    for finding in findings:
        lines.append(_headline(finding))
        lines += [f"    hint: {clean(line)}" for line in finding.hint.splitlines()]
    return "\n".join([*lines, _sum(findings)]) + "\n"


def _headline(finding: Finding) -> str:
    place = clean(str(finding.span)) if finding.span else "plan"
    element = f" ({clean(finding.where)})" if finding.where else ""
    return f"{place}: {finding.severity.value} {finding.code} {clean(finding.message)}{element}"


def _sum(findings: Sequence[Finding]) -> str:
    numbers = {s: sum(1 for finding in findings if finding.severity is s) for s in Severity}
    parts = [count(number, _NOUNS[severity]) for severity, number in numbers.items() if number]
    if not parts:
        return "No findings."
    *first, last = parts
    return f"Found {', '.join(first)} and {last}." if first else f"Found {last}."
