"""A Markdown file of a plan: its lines, the places in it, and the boxes that Plait may tick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from plait.core.finding import Finding, Severity
from plait.core.plan import Marker, SourceFile, Span
from plait.errors import UsageError
from plait.plans.markdown import Line, scan
from plait.plans.tasks import State
from plait.plans.text import SourceText, read

MAX_LINES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A Markdown file, read."""

    text: SourceText
    lines: tuple[Line, ...]
    findings: tuple[Finding, ...]

    @property
    def file(self) -> SourceFile:
        """What an approval pins."""
        return self.text.file


def page_of(path: Path, name: str) -> Page:
    """Read a Markdown file.

    A mangled character in prose changes no task, so `BAD_ENCODING` is a warning here.

    Args:
        path: The file.
        name: How findings call it.

    Raises:
        UsageError: `PLAN_UNREADABLE`, `PLAN_TOO_LARGE`.
    """
    text = read(path, name)
    if len(text.lines) > MAX_LINES:
        raise UsageError(
            f"{name} has more than {MAX_LINES} lines",
            code="PLAN_TOO_LARGE",
            where=name,
            hint="a task list is written by hand: name the plan's own file, or split it",
        )
    findings = [replace(finding, severity=Severity.WARNING) for finding in text.findings]
    document = scan(text.lines)
    if document.unclosed:
        findings.append(
            Finding(
                code="UNCLOSED_FENCE",
                severity=Severity.WARNING,
                message="a code fence or comment opens here and never closes; read as text",
                span=Span(file=name, line=document.unclosed[0]),
                hint="close it",
            )
        )
    return Page(text=text, lines=document.lines, findings=tuple(findings))


def span_of(line: Line, file: str) -> Span:
    """Where a line's first character stands."""
    return Span(file=file, line=line.number, column=len(line.text) - len(line.text.lstrip()) + 1)


def state_of(line: Line, marks: Mapping[str, State], file: str, findings: list[Finding]) -> State:
    """What a box says by the format's own table; an unknown mark is open, and told."""
    state = marks.get(line.state)
    if state is None:
        known = ", ".join(f"[{mark}]" for mark in marks)
        findings.append(
            Finding(
                code="UNKNOWN_MARK",
                severity=Severity.WARNING,
                message=f"[{line.state}] is none of this format's marks: read as open",
                span=span_of(line, file),
                hint=f"use one of {known}",
            )
        )
    return state or State.OPEN


def marker_of(line: Line, text: SourceText, *, done: str = "x") -> Marker | None:
    """The byte between a box's brackets: the line's first bracket is the box's.

    None for an empty box, or a mark of several bytes: there is no one byte to replace. Of a box
    that is ticked already, `pending` is a space.

    Args:
        line: A box.
        text: The file it stands in.
        done: What stands there when done.
    """
    offset = text.raw.find(b"[", text.offsets[line.number - 1]) + 1
    state = text.raw[offset : offset + 1].decode("ascii", errors="replace")
    if state != line.state:
        return None
    pending = " " if state in {"x", "X"} else state
    # A line with bytes that are no UTF-8 cannot be told by its text.
    same = text.raw.startswith(line.text.encode(), text.offsets[line.number - 1])
    return Marker(
        span=span_of(line, text.name),
        offset=offset,
        pending=pending,
        done=done,
        line=line.text if same else "",
    )
