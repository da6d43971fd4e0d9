"""The tasks of Droidz' second version: a JSON list, alone or as an orchestrated session.

A task has a key, a specialist, an estimate, keys that it depends on, and criteria. A session
(`.runs/.coordination/orchestration-<session>.json`) holds them beside worktrees and times, which
belong to the program that wrote it, and are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plait.core.finding import Finding, Severity
from plait.plans import json_source
from plait.plans.orders import blocks
from plait.plans.places import slug
from plait.plans.records import Record, body_of, nameless, priority_of, scope_of, state_of
from plait.plans.tasks import MAX_TASKS, Ref, State, Task, TaskList
from plait.plans.text import read
from plait.ports import PlanSource

_STATES = {
    **dict.fromkeys(("pending", "created", "planning", "ready", "todo", "open"), State.OPEN),
    **dict.fromkeys(("in-progress", "running", "started"), State.ACTIVE),
    **dict.fromkeys(("completed", "complete", "done"), State.DONE),
    **dict.fromkeys(("failed", "error"), State.OPEN),
    "blocked": State.BLOCKED,
    **dict.fromkeys(("cancelled", "canceled", "skipped"), State.SKIPPED),
}
_HOUR = 3600.0
_MINUTE = 60.0


def tasks_of(source: PlanSource, findings: list[Finding]) -> TaskList | None:
    """Read the file; None where it is no JSON, or holds no list of tasks.

    Args:
        source: The file.
        findings: Takes what is found.

    Raises:
        UsageError: `PLAN_UNREADABLE`, `PLAN_TOO_LARGE`.
    """
    text = read(source.path, source.name)
    findings.extend(text.findings)
    document = json_source.parse(text)
    findings.extend(document.findings)
    root = document.root
    if root is None:
        return None
    whole = Record(node=root, document=document)
    listed = root if isinstance(root.value, list) else whole.get("tasks")
    if listed is None or not isinstance(listed.value, list):
        findings.append(
            Finding(
                code="NO_TASKS",
                severity=Severity.ERROR,
                message="there is no list of tasks",
                span=document.span(()),
                hint='it should be {"tasks": [{"key": "A-1", "title": ".."}]}',
            )
        )
        return None
    records = [
        Record(node=node, document=document)
        for node in listed.value[: MAX_TASKS + 1]
        if isinstance(node.value, dict)
    ]
    tasks = tuple(_tasks(records, findings))
    name = slug(source.path.stem)
    return TaskList(
        id=name,
        title=whole.line("title", "feature", "project") or name,
        feature=name,
        branch=f"feat/{name}",
        tasks=tasks,
        files=(text.file,),
        orders=tuple(blocks([task for task in tasks if task.needs is None])),
    )


def _tasks(records: Sequence[Record], findings: list[Finding]) -> Iterator[Task]:
    """Those with a key; without one nothing could need it, nor an event name it."""
    findings.extend(nameless([record for record in records if not _name(record)]))
    for record in records:
        if _name(record):
            yield _task(_name(record), record, findings)


def _name(record: Record) -> str:
    return record.line("key", "id", "identifier")


def _task(name: str, record: Record, findings: list[Finding]) -> Task:
    needed = record.names("dependencies", "dependsOn", "blockedBy")
    description = record.text("description", "details")
    criteria = record.text("acceptanceCriteria", "acceptance_criteria")
    return Task(
        id=name,
        title=record.line("title", "name") or name,
        span=record.span(),
        state=state_of(record, _STATES, findings, "status"),
        parallel=record.text("parallel") == "true",
        needs=None
        if needed is None
        else tuple(Ref(text=each, span=span, exact=True) for each, span in needed),
        scope=scope_of(write=[record.text("files")], prose=description),
        body=body_of((("", description), ("Acceptance criteria", criteria))),
        role=record.line("specialist", "assignedSpecialist") or None,
        estimate_s=_estimate(record),
        priority=priority_of(record, "priority"),
    )


def _estimate(record: Record) -> float | None:
    for field, unit in (("estimatedHours", _HOUR), ("estimatedMinutes", _MINUTE)):
        text = record.line(field)
        try:
            amount = float(text) if text else 0.0
        except ValueError:
            continue
        if 0 < amount < 100_000:  # noqa: PLR2004 - and neither infinite nor no number
            return amount * unit
    return None
