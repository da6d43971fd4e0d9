"""Findings for people: `file:line:column: severity CODE message`, hints below, a sum at the end."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from plait.core.finding import Finding, Severity
from plait.faces.text import clean, count

MOST_ALIKE = 3  # notes and warnings of one code in one file; what is beyond is counted

_COLOURS = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[33m", Severity.INFO: "\x1b[36m"}
_NOUNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}

_Kind = tuple[str, Severity, str]  # a file, a severity and a code


def findings_text(
    findings: Sequence[Finding], *, colour: bool = False, everything: bool = False
) -> str:
    """A line for each finding, its hint indented below, and a line that counts them.

    Args:
        findings: All of them, in their order.
        colour: Whether the severities are coloured.
        everything: Each finding on its own. Otherwise, of warnings and notes of one code in one
            file, the first few are shown and a line counts the rest; errors are always shown.
    """
    numbers = Counter(map(_kind, findings))
    shown: Counter[_Kind] = Counter()
    rest: dict[_Kind, list[Finding]] = defaultdict(list)
    lines: list[str | _Kind] = []
    for finding in findings:
        kind = _kind(finding)
        shown[kind] += 1
        few = finding.severity is Severity.ERROR or numbers[kind] <= MOST_ALIKE + 1
        if everything or few or shown[kind] <= MOST_ALIKE:
            lines.append(_headline(finding, colour=colour))
            lines += [f"    hint: {clean(line)}" for line in finding.hint.splitlines()]
        else:
            if kind not in rest:
                lines.append(kind)
            rest[kind].append(finding)
    told = (
        line if isinstance(line, str) else _others(line, rest[line], colour=colour)
        for line in lines
    )
    return "\n".join([*told, summary(findings)]) + "\n"


def summary(findings: Sequence[Finding]) -> str:
    """How many there are of each kind: `Found 1 error and 2 warnings`."""
    numbers = {s: sum(1 for finding in findings if finding.severity is s) for s in Severity}
    parts = [count(number, _NOUNS[severity]) for severity, number in numbers.items() if number]
    if not parts:
        return "No findings."
    *first, last = parts
    return f"Found {', '.join(first)} and {last}." if first else f"Found {last}."


def _kind(finding: Finding) -> _Kind:
    return (finding.span.file if finding.span else "plan", finding.severity, finding.code)


def _headline(finding: Finding, *, colour: bool) -> str:
    place = clean(str(finding.span)) if finding.span else "plan"
    element = f" ({clean(finding.where)})" if finding.where else ""
    mark = _mark(finding.severity, finding.code, colour=colour)
    return f"{place}: {mark} {clean(finding.message)}{element}"


def _others(kind: _Kind, findings: Sequence[Finding], *, colour: bool) -> str:
    """One line for all findings of a kind that are not shown."""
    file, severity, code = kind
    at = sorted(finding.span.line for finding in findings if finding.span)
    where = f", lines {at[0]} to {at[-1]}" if at and at[0] != at[-1] else ""
    mark = _mark(severity, code, colour=colour)
    return f"{clean(file)}: {mark} and {len(findings)} more{where} (`plait check -v` shows all)"


def _mark(severity: Severity, code: str, *, colour: bool) -> str:
    on, off = (_COLOURS[severity], "\x1b[0m") if colour else ("", "")
    return f"{on}{severity.value} {code}{off}"
