"""Findings as text: alike ones are counted beyond the first few, errors never."""

from __future__ import annotations

from typing import Any

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.faces.findings_text import findings_text


def found(number: int, severity: Severity = Severity.WARNING, **fields: Any) -> list[Finding]:
    """So many findings of one kind, on lines of their own from 11 on."""
    values: dict[str, Any] = {"code": "NO_CHECKS", "hint": "mend it", **fields}
    return [
        Finding(
            severity=severity,
            message=f"part {n}",
            span=Span(file=values.get("file", "a.md"), line=10 + n),
            code=values["code"],
            hint=values["hint"],
        )
        for n in range(1, number + 1)
    ]


def lines(*findings: Finding, **options: Any) -> list[str]:
    """What is printed, without hints."""
    printed = findings_text(findings, **options).splitlines()
    return [line for line in printed if not line.startswith("    ")]


def test_what_is_beyond_the_first_three_is_counted_with_its_lines():
    """Three are shown with their hints, one line counts the rest, and the sum counts all."""
    assert findings_text(found(300)).splitlines() == [
        "a.md:11:1: warning NO_CHECKS part 1",
        "    hint: mend it",
        "a.md:12:1: warning NO_CHECKS part 2",
        "    hint: mend it",
        "a.md:13:1: warning NO_CHECKS part 3",
        "    hint: mend it",
        "a.md: warning NO_CHECKS and 297 more, lines 14 to 310 (`plait check -v` shows all)",
        "Found 300 warnings.",
    ]


def test_a_line_that_would_count_one_is_that_one():
    """Four are shown as they are."""
    assert lines(*found(4))[3] == "a.md:14:1: warning NO_CHECKS part 4"


def test_errors_are_never_counted_away():
    """However many errors are alike, each has its line."""
    assert len(lines(*found(300, Severity.ERROR))) == 301


def test_with_everything_each_has_its_line():
    """`-v` shows all."""
    printed = lines(*found(300), everything=True)
    assert len(printed) == 301
    assert not any("more" in line for line in printed)


def test_kinds_are_counted_apart():
    """Another code, severity or file is another kind; the count stands where its kind goes on."""
    kinds = [
        found(5),
        found(5, code="UNKNOWN_MARK"),
        found(5, Severity.INFO),
        found(5, file="b.md"),
    ]
    mixed = [finding for row in zip(*kinds, strict=True) for finding in row]
    counts = [line for line in lines(*mixed) if " more" in line]
    assert counts == [
        "a.md: warning NO_CHECKS and 2 more, lines 14 to 15 (`plait check -v` shows all)",
        "a.md: warning UNKNOWN_MARK and 2 more, lines 14 to 15 (`plait check -v` shows all)",
        "a.md: info NO_CHECKS and 2 more, lines 14 to 15 (`plait check -v` shows all)",
        "b.md: warning NO_CHECKS and 2 more, lines 14 to 15 (`plait check -v` shows all)",
    ]
    assert lines(*mixed)[-1] == "Found 15 warnings and 5 notes."


def test_findings_without_a_place_are_counted_without_lines():
    """What belongs to the whole plan names none."""
    alike = [
        Finding(code="FORMAT_BROKEN", severity=Severity.WARNING, message=f"format {n}")
        for n in range(6)
    ]
    assert lines(*alike)[3] == "plan: warning FORMAT_BROKEN and 3 more (`plait check -v` shows all)"


def test_the_counting_line_is_coloured_as_its_kind():
    """Colour is the severity's."""
    assert lines(*found(9), colour=True)[3].startswith("a.md: \x1b[33mwarning NO_CHECKS\x1b[0m and")
