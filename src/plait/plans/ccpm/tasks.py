"""The tasks of an epic: what their front matter says, and whom the names in it mean."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from plait.core.finding import Finding, Severity
from plait.core.plan import Locks, Scope, SourceFile, Span
from plait.plans.ccpm.files import EPIC, MOST_FILES, Epic, File, epic_of, normal
from plait.plans.fields import field_of, following_files, time_of
from plait.plans.lookup import unknown
from plait.plans.markdown import Kind
from plait.plans.places import holds, named, slug
from plait.plans.records import Record, line_of, priority_of, scope_of, state_of, text_of
from plait.plans.tasks import Ref, State, Task, TaskList
from plait.plans.text import read
from plait.ports import PlanSource

_STATES = {
    **dict.fromkeys(("open", "pending", "backlog", "todo", "to-do", "planned"), State.OPEN),
    **dict.fromkeys(("ready", "new", "draft", "not-started"), State.OPEN),
    **dict.fromkeys(("closed", "completed", "complete", "done", "finished"), State.DONE),
    **dict.fromkeys(("in-progress", "active", "started", "wip"), State.ACTIVE),
    **dict.fromkeys(("review", "in-review", "testing"), State.ACTIVE),
    **dict.fromkeys(("cancelled", "canceled", "deferred", "skipped", "wontfix"), State.SKIPPED),
    "blocked": State.BLOCKED,
}
_NEEDS = ("depends_on", "dependencies", "depends", "blocked_by")
_ISSUE = ("github", "github_issue", "issue")
_ISSUE_URL = re.compile(r"(?:https?://[^\s]{1,300}/issues/|#)?([0-9]{1,9})/?")
_NAMED = re.compile(r"(?:task|issue)?[ _#-]{0,3}([0-9]{1,9}[a-z]?)(?![0-9a-z])", re.IGNORECASE)
_RANGE = re.compile(r"[0-9]{1,9}[ ]?(?:-|–|~|\.\.)[ ]?[0-9]{1,9}")  # noqa: RUF001 - a dash too
_TITLE = re.compile(r"(?:task|issue)?[ ]?#?[0-9]{0,9}[a-z]?[ ]?[:：][ ]?(.+)", re.IGNORECASE)  # noqa: RUF001
_FILES = ("files", "file", "文件", "files to modify")
_STATUS = {"status": "status", "状态": "status"}


def tasks_of(source: PlanSource, findings: list[Finding]) -> TaskList:
    """Read the epic that a file belongs to.

    Raises:
        UsageError: `PLAN_UNREADABLE`, `PLAN_TOO_LARGE`.
        OSError: A folder cannot be read.
    """
    epic = epic_of(source, findings)
    names = _Names(files=epic.tasks, findings=findings)
    locks = _locks(epic.tasks, names, findings)
    pages = [file.page for file in (*([epic.epic] if epic.epic else []), *epic.tasks)]
    pages += [file.analysis for file in epic.tasks if file.analysis]
    files = tuple(page.file for page in pages) or (_named_file(source),)
    name = slug(epic.folder.absolute().name)
    return TaskList(
        id=name,
        title=_title(epic.epic) if epic.epic else name,
        feature=name,
        branch=f"feat/{name}",
        tasks=tuple(_task(file, names, locks, findings) for file in epic.tasks),
        files=files,
        context=tuple(_context(source, epic, findings)),
    )


def _named_file(source: PlanSource) -> SourceFile:
    return read(source.path, source.name).file


def _task(file: File, names: _Names, locks: dict[str, list[str]], findings: list[Finding]) -> Task:
    record = file.record
    state, reason = _state(file, findings)
    if record is not None:
        _placeholder(record, findings)
    return Task(
        id=file.id,
        title=_title(file),
        span=Span(file=file.page.text.name),
        state=state,
        reason=reason,
        parent=names.group(file),
        phase=(record.line("phase") or None) if record else None,
        parallel=record is not None and record.line("parallel").lower() in {"true", "yes"},
        needs=_needs(file, names),
        scope=_scope(file),
        locks=Locks(keys=tuple(locks.get(file.id, ()))),
        body=_body(file),
        role=(record.line("agent", "assigned_agent") or None) if record else None,
        estimate_s=_estimate(record) if record else None,
        priority=priority_of(record, "priority") if record else 5,
    )


def _title(file: File) -> str:
    own = file.record.line("name", "title") if file.record else ""
    if own:
        return own
    head = next((line.content for line in file.front.lines if line.kind is Kind.HEADING), "")
    titled = _TITLE.fullmatch(head)
    return titled[1].strip() if titled else head or file.number


def _state(file: File, findings: list[Finding]) -> tuple[State, str]:
    """What its status says; without front matter, what a line `**Status**:` says."""
    if file.record is not None:
        state = state_of(file.record, _STATES, findings, "status")
        return state, file.record.line("status") if state is State.SKIPPED else ""
    for line in file.front.lines:
        if found := field_of(line, _STATUS):
            word, _, reason = found[1].partition("(")
            word = word.strip().lower().replace(" ", "-")
            return _STATES.get(word, State.OPEN), reason.rstrip(") ")
    return State.OPEN, ""


def _needs(file: File, names: _Names) -> tuple[Ref, ...] | None:
    """What `depends_on` names; without that field, what the section "Dependencies" does."""
    said = file.record.names(*_NEEDS) if file.record else None
    if said is not None:
        return tuple(names.ref(text, span, file) for text, span in said)
    return tuple(_section(file)) or None


def _section(file: File) -> Iterator[Ref]:
    inside = False
    seen: set[str] = set()
    for line in file.front.lines:
        if line.kind is Kind.HEADING:
            inside = line.content.strip().lower() in {"dependencies", "depends on"}
        elif inside and line.kind in {Kind.BULLET, Kind.BOX} and "task" in line.content.lower():
            text = line.content.partition(":")[0]
            if text not in seen and len(seen) < MOST_FILES:
                column = max(line.text.find(text), 0) + 1
                span = Span(file=file.page.text.name, line=line.number, column=column)
                yield Ref(text=text, span=span)
            seen.add(text)


def _scope(file: File) -> Scope:
    """The files that its fields and its work streams list, else what its text says it writes."""
    record = file.record
    fields = record.entries("files") + record.entries("test_files") if record else ()
    streams = following_files(file.analysis.lines, _FILES) if file.analysis else ()
    return scope_of(write=[*map(text_of, fields), *streams], prose=file.front.lines)


def _body(file: File) -> str:
    if file.analysis is None:
        return file.front.body
    return f"{file.front.body}\n\nIts work streams: `{file.analysis.text.name}`".strip()


def _estimate(record: Record) -> float | None:
    try:
        hours = float(record.line("estimated_hours", "hours"))
    except ValueError:
        return time_of(record.line("estimate", "estimated_effort", "estimation", "effort"))
    return hours * 3600 if 0 < hours < 10**6 else None


def _placeholder(record: Record, findings: list[Finding]) -> None:
    """`github: [Will be updated …]` is what a template leaves; as YAML it is a list."""
    node = record.get("github", "github_issue")
    if node is not None and isinstance(node.value, list):
        findings.append(
            Finding(
                code="PLACEHOLDER_LEFT",
                severity=Severity.INFO,
                message="the issue's address is still the template's",
                span=record.span(node),
                hint="nothing has to be done before the epic is synchronised",
            )
        )


def _locks(files: Sequence[File], names: _Names, findings: list[Finding]) -> dict[str, list[str]]:
    """By task, a key for each pair that is in conflict: both claim it, so they take turns."""
    keys: dict[str, list[str]] = {}
    for file in files:
        for text, span in (file.record.names("conflicts_with") if file.record else None) or ():
            other = names.find(text, file, span)
            if other is None:
                findings.append(unknown(text, span))
            elif other != file.id:
                low, high = sorted((file.id, other), key=lambda each: (len(each), each))
                for each in (low, high):
                    own = keys.setdefault(each, [])
                    if (key := f"ccpm:{low}-{high}") not in own:
                        own.append(key)
    return keys


def _context(source: PlanSource, epic: Epic, findings: list[Finding]) -> Iterator[str]:
    """The epic's own text, and the requirements that it names."""
    if epic.epic is None:
        findings.append(_missing(f"there is no {EPIC} beside it", Span(file=source.name)))
        return
    yield epic.epic.page.text.name
    record = epic.epic.record
    node = record.get("prd", "prd_link") if record else None
    if record is None or node is None:
        return
    name = text_of(node)
    for folder in (source.root, epic.folder):
        path = Path(os.path.normpath(folder / name))
        if holds(source, path):
            yield named(source, path)
            return
    findings.append(_missing(f"there is no {name}, which the epic names", record.span(node)))


def _missing(message: str, span: Span) -> Finding:
    return Finding(
        code="MISSING_CONTEXT",
        severity=Severity.WARNING,
        message=f"{message}: agents work without it",
        span=span,
        hint="add it",
    )


@dataclass(slots=True, kw_only=True)
class _Names:
    """Whom a name means: files are renamed to issue numbers, and their old names stay in use.

    A file's own number counts first, then the number in its fields, then its issue's. A folder
    of tasks below the epic counts by itself. A name that is no number is an id in their fields.
    """

    files: Sequence[File]
    findings: list[Finding]
    known: tuple[dict[tuple[str, str], str], ...] = field(init=False)
    called: dict[tuple[str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.known = ({}, {}, {})
        for file in self.files:
            record = file.record
            own = _number(record.line("task_id", "task", "id")) if record else None
            for name in (
                record.entries("id", "task_id") + record.entries("beads_id") if record else ()
            ):
                self.called.setdefault((file.group, line_of(name).lower()), file.id)
            issue = _ISSUE_URL.fullmatch(record.line(*_ISSUE)) if record else None
            for names, number in zip(
                self.known, (file.number, own, issue[1] if issue else None), strict=True
            ):
                if number:
                    names.setdefault((file.group, normal(number)), file.id)

    def group(self, file: File) -> str | None:
        """The task that a numbered folder of tasks belongs to."""
        return self.known[0].get(("", normal(file.group))) if file.group else None

    def ref(self, text: str, span: Span, file: File) -> Ref:
        """A reference to the task that a name means; a range is read by the ids in it."""
        found = self.find(text, file, span)
        if found is None and _RANGE.fullmatch(text):
            return Ref(text=text, span=span)
        own = f"{file.group}/{text}" if file.group else text
        return Ref(text=found or own, span=span, exact=True)

    def find(self, text: str, file: File, span: Span) -> str | None:
        """The id of the task that a name means, from a file's point of view."""
        number = None if _RANGE.fullmatch(text) else _number(text)
        if number is None:
            return self.called.get((file.group, text.lower()))
        key = (file.group, normal(number))
        found = list(dict.fromkeys(names[key] for names in self.known if key in names))
        if len(found) > 1:
            self.findings.append(
                Finding(
                    code="AMBIGUOUS_REFERENCE",
                    severity=Severity.WARNING,
                    message=f'"{text}" may mean {" or ".join(found)}: {found[0]} is taken',
                    span=span,
                    hint="name tasks by the numbers that their files have now",
                )
            )
        return found[0] if found else None


def _number(text: str) -> str | None:
    """The number in `2`, `"#002"`, `Task 2`, `002-model` or `002.md`; None where there is none."""
    match = _NAMED.match(text.rpartition("/")[2].strip())
    return match[1] if match else None
