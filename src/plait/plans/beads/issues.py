"""The issues of a beads file: what blocks them, what they are part of, and what is no work."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from plait.core.finding import Finding, Severity
from plait.core.plan import PackageKind, SourceFile, Span
from plait.plans import json_source
from plait.plans.places import holds, named
from plait.plans.records import (
    Record,
    body_of,
    line_of,
    nameless,
    priority_of,
    scope_of,
    state_of,
)
from plait.plans.tasks import MAX_TASKS, Ref, State, Task, TaskList
from plait.plans.text import read
from plait.plans.yaml_source import MOST_FINDINGS, Document
from plait.ports import PlanSource

_STATES = {
    **dict.fromkeys(("open", "todo", "ready"), State.OPEN),
    **dict.fromkeys(("in-progress", "hooked", "review", "in-review"), State.ACTIVE),
    **dict.fromkeys(("closed", "done", "completed", "resolved"), State.DONE),
    **dict.fromkeys(("deferred", "pinned", "tombstone", "cancelled", "wontfix"), State.SKIPPED),
    "blocked": State.BLOCKED,
}
_DELETED = "tombstone"
_REASONS = {
    "pinned": "a pinned note",
    _DELETED: "deleted",
}
_BLOCKING = frozenset({"", "blocks", "blocked-by", "waits-for"})
_CONDITIONAL = "conditional-blocks"
_PARENT = "parent-child"
_TYPES = ("issue_type", "issueType", "type")
_NO_WORK = frozenset(
    {"agent", "config", "convoy", "event", "memory", "merge-request", "message", "rig", "role"}
    | {"slot"}
)
_NEEDS = ("blocked_by", "blockedBy", "depends_on", "dependsOn")
_PARENTS = ("parent", "parent_id", "parentId")
_SHOWN = 5


@dataclass(slots=True, kw_only=True)
class _Links:
    """What is said of an issue by itself and by others."""

    needs: dict[str, Ref] = field(default_factory=dict)
    parents: dict[str, Span] = field(default_factory=dict)
    failures: dict[str, None] = field(default_factory=dict)  # it runs only if one of these fails
    deleted: bool = False

    def leave(self, names: Collection[str]) -> None:
        """Say nothing of these issues."""
        for said in (self.needs, self.parents, self.failures):
            for name in [each for each in said if each in names]:
                del said[name]


def issues_of(source: PlanSource, findings: list[Finding]) -> TaskList:
    """Read the file, and beside a backup the file of its dependencies.

    Raises:
        UsageError: `PLAN_UNREADABLE`, `PLAN_TOO_LARGE`.
    """
    document, file = _read(source, findings)
    files = [file]
    issues = _issues(_records(document), findings)
    links: dict[str, _Links] = {
        name: _Links(deleted=issue.line("status").lower() == _DELETED)
        for name, issue in issues.items()
    }
    for name, issue in issues.items():
        _own_links(name, issue, links)
    if source.path.parent.name == "backup":
        _backed_up(source, files, links, findings)
    deleted = {name for name, own in links.items() if own.deleted}
    for own in links.values():  # what is deleted blocks nobody, and has no parts
        own.leave(deleted)
    tasks = tuple(_task(name, issue, links, findings) for name, issue in issues.items())
    feature = "seeds" if source.path.parent.name == ".seeds" else "beads"
    return TaskList(
        id=feature,
        title="Issues",
        feature=feature,
        branch=f"feat/{feature}",
        tasks=tasks,
        files=tuple(files),
    )


def _read(
    source: PlanSource, findings: list[Finding], beside: str = ""
) -> tuple[Document, SourceFile]:
    path = source.path.parent / beside if beside else source.path
    text = read(path, named(source, path) if beside else source.name)
    findings.extend(text.findings)
    document = json_source.parse_lines(text)
    findings.extend(document.findings)
    return document, text.file


def _records(document: Document) -> Iterator[Record]:
    root = None if document.root is None else document.root.value
    for node in root if isinstance(root, list) else ():
        yield Record(node=node, document=document)


def _issues(records: Iterable[Record], findings: list[Finding]) -> dict[str, Record]:
    """The issues by id; of several lines of one id the last counts, as in a log.

    Of too many issues only so many are read as tell it.
    """
    found: dict[str, Record] = {}
    others: list[Record] = []
    unnamed: list[Record] = []
    repeated: list[Finding] = []
    for record in records:
        name = record.line("id")
        if record.line("_type") not in {"", "issue"} or not _is_work(record):
            others.append(record)
            continue
        if not name:
            unnamed.append(record)
            continue
        if name in found and len(repeated) < MOST_FINDINGS:
            repeated.append(_repeated(name, record, found[name]))
        found[name] = record
        if len(found) > MAX_TASKS:
            break
    findings += [*repeated, *nameless(unnamed), *_no_work(others)]
    return found


def _repeated(name: str, record: Record, first: Record) -> Finding:
    return _finding(
        "DUPLICATE_ID",
        f"{name} stands in the file more than once, also at line {first.span().line}: "
        "the last one is read",
        record,
        "keep one line for each issue",
        Severity.WARNING,
    )


def _no_work(records: Sequence[Record]) -> Iterator[Finding]:
    if records:
        kinds = list(dict.fromkeys(each.line("_type", *_TYPES) or "template" for each in records))
        yield _finding(
            "NO_WORK",
            f"no work, and left out: {len(records)} lines ({', '.join(kinds[:_SHOWN])})",
            records[0],
            "nothing has to be done",
            Severity.INFO,
        )


def _is_work(record: Record) -> bool:
    """Agents, messages and the like are kept as issues, but nobody works on them."""
    template = record.line("is_template", "isTemplate")
    return record.line(*_TYPES).lower() not in _NO_WORK and template not in {"1", "true"}


def _own_links(name: str, issue: Record, links: dict[str, _Links]) -> None:
    """What a line says: typed dependencies, flat lists, a parent, and whom it blocks."""
    own = links[name]
    for dependency in issue.records("dependencies"):
        _link(dependency, links, name)
    plain = [node for node in issue.entries("dependencies") if not isinstance(node.value, dict)]
    for node in plain:
        _need(own, line_of(node), issue.span(node))
    for key in _NEEDS:
        for record in issue.records(key):
            _need(own, record.line("id", "depends_on_id"), record.span())
        for each, span in _plain_names(issue, key):
            _need(own, each, span)
    for each, span in _plain_names(issue, "blocks"):
        if each in links:
            _need(links[each], name, span)
    parent = issue.get(*_PARENTS)
    if parent is not None:
        own.parents.setdefault(line_of(parent), issue.span(parent))


def _plain_names(issue: Record, key: str) -> Sequence[tuple[str, Span]]:
    return [
        (name, issue.span(node))
        for node in issue.entries(key)
        if not isinstance(node.value, dict | list) and (name := line_of(node))
    ]


def _link(dependency: Record, links: dict[str, _Links], owner: str = "") -> None:
    """A dependency with a type; what does not block is passed over."""
    own = links.get(dependency.line("issue_id", "issueId") or owner)
    other = dependency.line("depends_on_id", "dependsOnId", "depends_on", "id")
    kind = dependency.line("type", "dependency_type").lower().replace("_", "-")
    if own is None or not other:
        return
    if kind == _PARENT:
        own.parents.setdefault(other, dependency.span())
    elif kind == _CONDITIONAL:
        own.failures[other] = None
    elif kind in _BLOCKING:
        _need(own, other, dependency.span())


def _need(own: _Links, other: str, span: Span) -> None:
    if other:
        own.needs.setdefault(other, Ref(text=other, span=span, exact=True, loose=True))


def _backed_up(
    source: PlanSource,
    files: list[SourceFile],
    links: dict[str, _Links],
    findings: list[Finding],
) -> None:
    """A backup keeps dependencies in a file of their own; without it no order is known."""
    beside = "dependencies.jsonl"
    if holds(source, source.path.parent / beside):
        document, file = _read(source, findings, beside)
        files.append(file)
        for dependency in _records(document):
            _link(dependency, links)
    elif not any(each.needs or each.parents for each in links.values()):
        findings.append(
            Finding(
                code="NO_DEPENDENCIES",
                severity=Severity.WARNING,
                message=f"a backup has its dependencies in {beside}, which is not there: "
                "no issue waits for another",
                span=Span(file=source.name),
                hint="name .beads/issues.jsonl, or put that file beside the backup",
            )
        )


def _task(name: str, issue: Record, links: dict[str, _Links], findings: list[Finding]) -> Task:
    own = links[name]
    state = state_of(issue, _STATES, findings, "status")
    status = issue.line("status").lower()
    kind = PackageKind.GATE if issue.line(*_TYPES).lower() == "gate" else PackageKind.IMPLEMENT
    design, description = issue.text("design"), issue.text("description")
    return Task(
        id=name,
        title=issue.line("title") or name,
        span=issue.span(),
        kind=PackageKind.FIX if own.failures else kind,
        reworks=tuple(own.failures),
        state=state,
        reason=_reason(issue, status, state),
        parent=_parent(name, issue, own, links, findings),
        needs=tuple(own.needs.values()) or None,
        scope=scope_of(write=(), prose=f"{description}\n{design}"),
        body=body_of(
            (
                ("", description),
                ("Design", design),
                ("Acceptance criteria", issue.text("acceptance_criteria", "acceptanceCriteria")),
                ("Notes", issue.text("notes")),
            )
        ),
        priority=priority_of(issue, "priority"),
        estimate_s=_seconds(issue.line("estimated_minutes", "estimatedMinutes")),
    )


def _reason(issue: Record, status: str, state: State) -> str:
    if state is not State.SKIPPED:
        return ""
    until = issue.line("defer_until", "deferUntil")
    return f"{status} until {until}" if until else _REASONS.get(status, status)


def _parent(
    name: str, issue: Record, own: _Links, links: dict[str, _Links], findings: list[Finding]
) -> str | None:
    """The issue that it is a part of: as it says, else by its id (`x-1.2` of `x-1`)."""
    known = [each for each in own.parents if each in links and each != name]
    if len(known) > 1:
        findings.append(
            _finding(
                "SEVERAL_PARENTS",
                f"{name} is a part of {', '.join(known[:_SHOWN])}: the first counts",
                issue,
                "keep one parent",
                Severity.INFO,
            )
        )
    above, _, number = name.rpartition(".")
    if not known and number.isdigit() and above in links and not links[above].deleted:
        return above
    return known[0] if known else None


def _seconds(minutes: str) -> float | None:
    try:
        seconds = float(minutes) * 60
    except ValueError:
        return None
    return seconds if 0 < seconds < math.inf else None


def _finding(code: str, message: str, record: Record, hint: str, severity: Severity) -> Finding:
    return Finding(code=code, severity=severity, message=message, span=record.span(), hint=hint)
