"""From a task list to a Plan: ids, references, orders, parents, contradictions; once for all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from plait.core.finding import Finding, Severity
from plait.core.plan import (
    Document,
    Edge,
    PackageId,
    PackageKind,
    Plan,
    SourceStatus,
    Whole,
    WorkPackage,
    can_be_a_ref,
    digest_of,
)
from plait.errors import PlaitError, UsageError
from plait.plans.family import Family, Key, distinct, family_of, key_of
from plait.plans.needs import Needs, TooManyEdges, needs_of
from plait.plans.places import slug
from plait.plans.refusals import refused
from plait.plans.tasks import MAX_TASKS, State, Task, TaskList, TooManyTasks
from plait.ports import Loaded

_STATUS = {
    State.OPEN: SourceStatus.PENDING,
    State.ACTIVE: SourceStatus.PENDING,
    State.BLOCKED: SourceStatus.PENDING,
    State.DONE: SourceStatus.DONE,
    State.SKIPPED: SourceStatus.SKIPPED,
}
_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")


def lower(tasks: TaskList, *, format_name: str, findings: list[Finding]) -> Loaded:
    """Resolve what tasks need, settle contradictions, and make the packages.

    Args:
        tasks: What a format read.
        format_name: The format's name.
        findings: What it told already; what is found here is added.

    Returns:
        The plan and all findings. There is no plan without a task (`NO_TASKS`), with more than
        `MAX_TASKS` (`PLAN_TOO_LARGE`) or more than `MAX_EDGES` dependencies (`PLAN_TOO_DENSE`).
    """
    file = tasks.files[0].path if tasks.files else ""
    if not tasks.tasks:
        hint = f"write tasks as {format_name} does, or name the file that holds them"
        error = UsageError("nothing in it is a task", code="NO_TASKS", hint=hint)
        return _nothing(findings, error, file)
    if len(tasks.tasks) > MAX_TASKS:
        return _nothing(findings, TooManyTasks(), file)
    tasks = replace(tasks, tasks=distinct(tasks.tasks, findings))
    family = family_of(tasks.tasks, findings)
    try:
        needs = needs_of(tasks, family, findings)
    except TooManyEdges as error:
        return _nothing(findings, error, file)
    findings.extend(finding for task in family.leaves for finding in _told(task))
    findings.extend(_left_out(family, needs))
    ids = _ids(family)
    plan = Plan(
        id=tasks.id,
        title=tasks.title or tasks.id,
        format=format_name,
        feature=tasks.feature,
        branch=tasks.branch,
        digest=digest_of(tasks.files),
        files=tasks.files,
        packages=tuple(_package(task, ids, needs, family) for task in family.leaves),
        context=tasks.context,
        contracts=tasks.contracts,
        phased=needs.phased,
        approvals=tasks.approvals,
        max_agents=tasks.max_agents,
        wholes=tuple(_wholes(family, ids)),
        qa_results=tasks.qa_results,
    )
    return Loaded(plan=plan, findings=tuple(dict.fromkeys(findings)))


def _nothing(findings: Sequence[Finding], error: PlaitError, file: str) -> Loaded:
    return Loaded(plan=None, findings=tuple(dict.fromkeys((*findings, refused(error, file)))))


def _package(task: Task, ids: Mapping[Key, PackageId], needs: Needs, family: Family) -> WorkPackage:
    key = key_of(task)
    above = family.parents[key]
    return WorkPackage(
        id=ids[key],
        source_id=task.id,
        title=task.title or task.id,
        description=task.body,
        kind=task.kind,
        status=_status(task),
        phase=_label(task.module, task.phase),
        track=_label(task.module, task.track),
        group=_label(task.module, task.group),
        parent=_label(task.module, above[0][1]) if above else None,
        parallel=task.parallel,
        optional=task.optional,
        needs=tuple(
            Edge(id=ids[need.id], provenance=need.provenance, note=need.note, span=need.span)
            for need in needs.of[key]
        ),
        scope=task.scope,
        locks=task.locks,
        checks=task.checks,
        estimate_s=task.estimate_s,
        priority=task.priority,
        role=task.role,
        requirements=task.requirements,
        guards=tuple(ids[each] for each in needs.guards.get(key, ())),
        reworks=tuple(
            ids[task.module, name] for name in task.reworks if (task.module, name) in ids
        ),
        markers=task.markers,
        documents=(Document(path=task.document, task=task.id, title=task.title),)
        if task.document
        else (),
        span=task.span,
    )


def _status(task: Task) -> SourceStatus:
    """Conditional work is skipped unless it is done: only a gate's failure calls it."""
    if task.kind is PackageKind.FIX and task.reworks and task.state is not State.DONE:
        return SourceStatus.SKIPPED
    return _STATUS[task.state]


def _label(module: str | None, name: str | None) -> str | None:
    return f"{slug(module)}/{name}" if module and name else name


def _ids(family: Family) -> dict[Key, PackageId]:
    """The source's id where it is unique in the plan, else qualified by its module."""
    plain = {key_of(task): _plain(task.id) for task in family.leaves}
    uses = Counter(plain.values())
    made: dict[Key, PackageId] = {}
    taken: set[str] = set()
    counts: Counter[str] = Counter()
    for key, name in plain.items():
        shared = uses[name] > 1 and key[0] is not None
        module = slug(key[0] or "")
        own = f"{module}{'-' if module in uses else '/'}{name}" if shared else name
        unique = own
        while unique in taken:
            counts[own] += 1
            unique = f"{own}-{counts[own] + 1}"
        taken.add(unique)
        made[key] = PackageId(unique)
    return made


def _plain(name: str) -> str:
    """An id in the characters that ids may have."""
    return name if _ID.fullmatch(name) and can_be_a_ref(name) else slug(name)


def _wholes(family: Family, ids: Mapping[Key, PackageId]) -> Iterator[Whole]:
    for key, parts in family.parts.items():
        whole = family.tasks[key]
        yield Whole(
            source_id=whole.id,
            title=whole.title,
            parts=tuple(ids[part] for part in parts),
            markers=() if whole.state is State.DONE else whole.markers,
        )


def _told(task: Task) -> Iterator[Finding]:
    reason = f": {task.reason}" if task.reason else ""
    if task.state is State.ACTIVE:
        yield Finding(
            code="ACTIVE_IN_SOURCE",
            severity=Severity.INFO,
            message=f"{task.id} is marked as in progress{reason}: it will run from the start",
            span=task.span,
            hint="see that nobody else is at it",
        )
    elif task.state is State.BLOCKED:
        yield Finding(
            code="BLOCKED_IN_SOURCE",
            severity=Severity.WARNING,
            message=f"{task.id} is marked as blocked{reason}: it will run once what it needs has "
            "landed",
            span=task.span,
            hint="mark it as skipped if it must not run",
        )


def _left_out(family: Family, needs: Needs) -> Iterator[Finding]:
    """What starts although something it needs is left out."""
    for task in family.leaves:
        if task.state in {State.DONE, State.SKIPPED}:
            continue
        for need in needs.of[key_of(task)]:
            other = family.tasks[need.id]
            if other.state is State.SKIPPED and not other.reworks:
                yield Finding(
                    code="NEEDS_SKIPPED",
                    severity=Severity.WARNING,
                    message=f"{task.id} needs {other.id}, which the plan leaves out"
                    f"{f' ({other.reason})' if other.reason else ''}: it starts without it",
                    span=need.span,
                    hint="take the dependency out, or mark it as open",
                )
