"""Findings for people: `file:line:column: severity CODE message`, hints below, a sum at the end."""

from __future__ import annotations

from collections.abc import Sequence

from plait.core.finding import Finding, Severity
from plait.faces.text import clean, count

_COLOURS = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[33m", Severity.INFO: "\x1b[36m"}
_NOUNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def findings_text(findings: Sequence[Finding], *, colour: bool = False) -> str:
    """A line for each finding, its hint indented below, and a line that counts them."""
    lines: list[str] = []
    for finding in findings:
        lines.append(_headline(finding, colour=colour))
        lines += [f"    hint: {clean(line)}" for line in finding.hint.splitlines()]
    return "\n".join([*lines, summary(findings)]) + "\n"


def summary(findings: Sequence[Finding]) -> str:
    """How many there are of each kind: `Found 1 error and 2 warnings`."""
    numbers = {s: sum(1 for finding in findings if finding.severity is s) for s in Severity}
    parts = [count(number, _NOUNS[severity]) for severity, number in numbers.items() if number]
    if not parts:
        return "No findings."
    *first, last = parts
    return f"Found {', '.join(first)} and {last}." if first else f"Found {last}."


def _headline(finding: Finding, *, colour: bool) -> str:
    place = clean(str(finding.span)) if finding.span else "plan"
    on, off = (_COLOURS[finding.severity], "\x1b[0m") if colour else ("", "")
    element = f" ({clean(finding.where)})" if finding.where else ""
    severity = finding.severity.value
    return f"{place}: {on}{severity} {finding.code}{off} {clean(finding.message)}{element}"
