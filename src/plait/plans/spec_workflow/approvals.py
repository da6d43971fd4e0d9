"""Approvals that spec-workflow-mcp records, held against what the list says today.

`approvals/<spec>/*.json` are the requests with their answers; `.snapshots/tasks.md/*.json` keep
the content that each was about. An approval holds for its content: if that is known and today's
differs by more than boxes, it is told, and does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from plait.core.finding import Finding, Severity
from plait.core.plan import SourceApproval, Span
from plait.plans.places import named
from plait.plans.sidecar import record_of, text_in
from plait.plans.text import SourceText
from plait.ports import PlanSource

WHO = "spec-workflow-mcp (it names nobody)"
_BOX = re.compile(r"^([ \t]*[-*][ \t]+\[)[ xX~-](?=\])")
_NOTE = re.compile(r"^[ \t]*[-*][ \t]+_Blocked:")
_MOST_FILES = 200
_MOST_BYTES = 8_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """A request for approval."""

    fields: dict[str, Any]
    span: Span

    @property
    def status(self) -> str:
        return text_in(self.fields, "status")

    @property
    def at(self) -> str:
        return text_in(self.fields, "respondedAt", "updatedAt", "createdAt")

    @property
    def asked(self) -> tuple[str, str]:
        """What requests are sorted by: when they were made, and their files' names."""
        return text_in(self.fields, "createdAt"), self.span.file


def approvals_of(
    source: PlanSource, home: Path, text: SourceText, findings: list[Finding]
) -> tuple[SourceApproval, ...]:
    """The approval that holds for a list's present content, if there is one.

    The newest request for the list decides. None at all is told by nothing: the tool lets them
    be deleted once they are answered.

    Args:
        source: The list.
        home: The folder `.spec-workflow`.
        text: The list's content.
        findings: Takes `APPROVAL_MISSING_IN_SOURCE`, `APPROVAL_REFUSED`, `APPROVAL_OUTDATED`.
    """
    folder = home / "approvals" / source.path.parent.name
    requests = [
        _Record(fields=fields, span=Span(file=named(source, path)))
        for path, fields in _records(source, folder, findings)
        if _is_about(fields, source)
    ]
    if not requests:
        return ()
    newest = max(requests, key=lambda request: request.asked)
    if newest.status != "approved":
        findings.append(_unapproved(newest))
        return ()
    snapshots = folder / ".snapshots" / source.path.name
    approved = _approved_content(source, snapshots, text_in(newest.fields, "id"), findings)
    line = _difference(approved, text.text) if approved is not None else None
    if line is not None:
        findings.append(_outdated(newest, text.name, line))
        return ()
    return (SourceApproval(who=WHO, at=newest.at, span=newest.span),)


def _records(
    source: PlanSource, folder: Path, findings: list[Finding]
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The JSON files in a folder, the last by name first, within limits."""
    if not folder.is_dir():
        return
    paths = sorted((path for path in folder.iterdir() if path.suffix == ".json"), reverse=True)
    budget = _MOST_BYTES
    for path in paths[:_MOST_FILES]:
        budget -= path.stat().st_size if path.is_file() else 0
        if budget < 0:
            return
        record = record_of(source, path, findings)
        if record is not None:
            yield path, record


def _is_about(record: dict[str, Any], source: PlanSource) -> bool:
    """Whether a request is for the list. Lists move to the archive; their requests do not."""
    parts = PurePosixPath(text_in(record, "filePath").replace("\\", "/")).parts
    own = (source.path.parent.name, source.path.name)
    return parts[-2:] == own or parts == own[1:]


def _approved_content(
    source: PlanSource, folder: Path, request: str, findings: list[Finding]
) -> str | None:
    """The content that was approved, if the tool kept it."""
    for _, record in _records(source, folder, findings):
        if text_in(record, "approvalId") != request or not request:
            continue
        if "approved" in {text_in(record, "trigger"), text_in(record, "status")}:
            content = record.get("content")
            return content if isinstance(content, str) else None
    return None


def _difference(before: str, after: str) -> int | None:
    """The first line of `after` at which the two differ by more than boxes; None if they do not."""
    old, new = list(_plain(before)), list(_plain(after))
    for (_, was), (number, now) in zip(old, new, strict=False):
        if was != now:
            return number
    if len(old) == len(new):
        return None
    return new[len(old)][0] if len(new) > len(old) else (new[-1][0] if new else 1)


def _plain(text: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, boxes emptied, without the notes of what blocks a task."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    for number, line in enumerate(text.rstrip().split("\n"), start=1):
        if not _NOTE.match(line):
            yield number, _BOX.sub(r"\1 ", line).rstrip()


def _unapproved(request: _Record) -> Finding:
    said = text_in(request.fields, "response", "annotations")
    words = f": {said}" if said else ""
    if request.status in {"rejected", "needs-revision"}:
        what = "was rejected" if request.status == "rejected" else "needs to be revised"
        return Finding(
            code="APPROVAL_REFUSED",
            severity=Severity.WARNING,
            message=f"it says that the list {what}{words}",
            span=request.span,
            hint="change the list and ask again, or approve the plan itself with plait approve",
        )
    return Finding(
        code="APPROVAL_MISSING_IN_SOURCE",
        severity=Severity.WARNING,
        message="it asks for an approval of the list that nobody gave yet",
        span=request.span,
        hint="answer it, or approve the plan itself with plait approve",
    )


def _outdated(request: _Record, file: str, line: int) -> Finding:
    return Finding(
        code="APPROVAL_OUTDATED",
        severity=Severity.WARNING,
        message=f"the approval {request.span.file} is of another content: from here on, more than "
        "boxes has changed since",
        span=Span(file=file, line=line),
        hint="ask for approval again, or approve the plan itself with plait approve",
    )
