"""A task-master file: which tag is meant, and its tasks with their subtasks."""

from __future__ import annotations

from pathlib import Path

from plait.core.finding import Finding, Severity
from plait.core.plan import SourceFile, Span
from plait.errors import PlaitError
from plait.plans import json_source
from plait.plans.places import holds, named, slug
from plait.plans.records import Record, body_of, line_of, nameless, priority_of, scope_of, state_of
from plait.plans.tasks import MAX_TASKS, Ref, State, Task, TaskList
from plait.plans.text import read
from plait.plans.yaml_source import Document, Node
from plait.ports import PlanSource

_MAIN = "master"
_SHOWN = 5
_STATES = {
    **dict.fromkeys(("pending", "open", "todo", "to-do", "not-started", "backlog"), State.OPEN),
    **dict.fromkeys(("done", "completed", "complete", "closed", "finished"), State.DONE),
    **dict.fromkeys(("in-progress", "active", "started", "review", "in-review"), State.ACTIVE),
    "blocked": State.BLOCKED,
    **dict.fromkeys(("cancelled", "canceled", "deferred"), State.SKIPPED),
}
_READ_ONLY = frozenset({"reference", "read"})


def tasks_of(source: PlanSource, findings: list[Finding]) -> TaskList | None:
    """Read the file; None where it cannot be read, or holds no tag that is meant.

    Raises:
        UsageError: `PLAN_UNREADABLE`, `PLAN_TOO_LARGE`.
    """
    text = read(source.path, source.name)
    findings.extend(text.findings)
    document = json_source.parse(text)
    findings.extend(document.findings)
    if document.root is None:
        return None
    files = [text.file]
    holder = _meant(source, document, files, findings)
    if holder is None:
        return None
    tag, node = holder
    name = "taskmaster" if tag == _MAIN else slug(tag)
    return TaskList(
        id=name,
        title="Tasks" if tag == _MAIN else f"Tasks of {tag}",
        feature=name,
        branch=f"feat/{name}",
        tasks=tuple(_tasks(Record(node=node, document=document), findings)),
        files=tuple(files),
    )


def _holds_tasks(node: Node | None) -> bool:
    value = None if node is None else node.value
    return isinstance(value, dict) and "tasks" in value and isinstance(value["tasks"].value, list)


def _meant(
    source: PlanSource, document: Document, files: list[SourceFile], findings: list[Finding]
) -> tuple[str, Node] | None:
    """The tag to read: the current one, else `master`, else the only one; none in old files.

    What names the current tag is a part of the plan where there are several: another tag is
    another plan, and needs another approval.
    """
    root = document.root
    if root is None or _holds_tasks(root):
        return None if root is None else (_MAIN, root)
    tags = {
        name: node
        for name in sorted(document.fields(()))
        if (node := document.node((name,))) is not None and _holds_tasks(node)
    }
    if not tags:
        hint = 'it should be {"master": {"tasks": [..]}}'
        findings.append(_error("NO_TASKS", "there is no list of tasks", document.span(()), hint))
        return None
    if len(tags) == 1:
        return next(iter(tags.items()))
    tag, span = _current(source, files, findings) or (_MAIN, document.span(()))
    shown = ", ".join(list(tags)[:_SHOWN]) + (", .." if len(tags) > _SHOWN else "")
    if tag not in tags:
        hint = 'write {"currentTag": ".."} into .taskmaster/state.json'
        message = f"the tag to read would be {tag!r}, but the tags here are {shown}"
        findings.append(_error("UNKNOWN_TAG", message, span, hint))
        return None
    findings.append(
        Finding(
            code="OTHER_TAGS",
            severity=Severity.INFO,
            message=f"only the tag {tag!r} is read; the tags here are {shown}",
            span=document.span((tag,), key=True),
            hint="switch the current tag to run another one",
        )
    )
    return tag, tags[tag]


def _current(
    source: PlanSource, files: list[SourceFile], findings: list[Finding]
) -> tuple[str, Span] | None:
    """The current tag by `state.json`, and where it stands."""
    path = _state_file(source.path)
    if not holds(source, path):
        return None
    try:
        text = read(path, named(source, path))
    except PlaitError as error:
        span = Span(file=named(source, path))
        findings.append(_error(error.code, error.message, span, "make it readable"))
        return None
    document = json_source.parse(text)
    findings.extend(document.findings)
    files.append(text.file)
    tag = document.text(("currentTag",))
    return (tag, document.span(("currentTag",))) if tag else None


def _state_file(path: Path) -> Path:
    """Beside the folder `tasks` in `.taskmaster`, or in the project's `.taskmaster`."""
    above = path.parent.parent
    return (above if above.name == ".taskmaster" else above / ".taskmaster") / "state.json"


def _tasks(tag: Record, findings: list[Finding]) -> list[Task]:
    """The tag's tasks, each before its subtasks; of too many only so many as tell it."""
    tasks: list[Task] = []
    unnamed: list[Record] = []
    waiting: list[tuple[Node, Task | None]] = [(node, None) for node in tag.entries("tasks")]
    waiting.reverse()
    while waiting and len(tasks) <= MAX_TASKS:
        node, parent = waiting.pop()
        record = Record(node=node, document=tag.document)
        if not record.line("id"):
            unnamed.append(record)
            continue
        tasks.append(_task(record, parent, findings))
        waiting += [(each, tasks[-1]) for each in reversed(record.entries("subtasks"))]
    findings.extend(nameless(unnamed))
    return tasks


def _qualified(own: str, parent: str | None) -> str:
    """A subtask's id is its own number, rarely with its parent's before it."""
    return own if parent is None or own.startswith(f"{parent}.") else f"{parent}.{own}"


def _task(record: Record, parent: Task | None, findings: list[Finding]) -> Task:
    above = None if parent is None else parent.id
    name = _qualified(record.line("id"), above)
    state = state_of(record, _STATES, findings, "status")
    status = record.line("status").lower()
    details = record.text("details")
    files = list(record.records("relevantFiles"))
    listed = [node for node in record.entries("relevantFiles") if not isinstance(node.value, dict)]
    reading = [each for each in files if each.line("action").lower() in _READ_ONLY]
    return Task(
        id=name,
        title=record.line("title", "name") or name,
        span=record.span(),
        state=state,
        reason=status if state is State.SKIPPED else "",
        parent=above,
        needs=_needs(record, above),
        scope=scope_of(
            write=[
                *(each.line("path") for each in files if each not in reading),
                *map(line_of, listed),
            ],
            read=[each.line("path") for each in reading],
            prose=details,
        ),
        body=body_of(
            (
                ("", record.text("description")),
                ("Details", details),
                ("How to test", record.text("testStrategy")),
            )
        ),
        priority=priority_of(record, "priority", usual=parent.priority if parent else None),
    )


def _needs(record: Record, parent: str | None) -> tuple[Ref, ...] | None:
    """What it depends on; of a subtask, a number without a point is a sibling's."""
    names = record.names("dependencies")
    if names is None:
        return None
    return tuple(
        Ref(
            text=name if parent is None or "." in name else f"{parent}.{name}",
            span=span,
            exact=True,
        )
        for name, span in names
    )


def _error(code: str, message: str, span: Span, hint: str) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, message=message, span=span, hint=hint)
