"""Claims that end before their work is done: back to the queue, on to those that need it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from plait.core.audit import Fact
from plait.core.coordination import OVER, Session, SessionState, Task, TaskState
from plait.ports.coordination import CoordinationRows


@dataclass(frozen=True, slots=True, kw_only=True)
class LetGo:
    """What a session held that is over: locks, and tasks by name."""

    locks: int
    tasks: tuple[str, ...]


def let_go(rows: CoordinationRows, session: Session, state: SessionState, *, reason: str) -> LetGo:
    """End a session: its locks are free, its claims go back."""
    held = [each.token for each in rows.locks(session=session.id)]
    rows.drop_locks(held)
    rows.drop_port_leases(session.id)
    rows.unwant(session.id)
    claims = rows.tasks(session=session.id, states=(TaskState.CLAIMED,))
    for task in claims:
        give_back(rows, task, reason=reason)
    rows.write_session(replace(session, state=state, until=min(session.until, rows.now)))
    kind = f"session_{state.value}"
    told = {"session": session.id, "tasks": [each.id for each in claims], "locks": len(held)}
    rows.record([Fact(kind=kind, who=session.agent, run=session.run, data=told)])
    return LetGo(locks=len(held), tasks=tuple(each.id for each in claims))


def reap(rows: CoordinationRows) -> None:
    """End the sessions that were not heard of in time, and the claims whose time is over."""
    for session in rows.silent():
        let_go(rows, session, SessionState.LOST, reason="its session was not heard of")
    for task in rows.lapsed():
        give_back(rows, task, reason="its claim was not renewed in time")


def give_back(rows: CoordinationRows, task: Task, *, reason: str) -> None:
    """End a claim whose work is not done.

    A task is open again, unless it was claimed often enough. An attempt at a package is lost:
    what its worker may still write stays in that worktree, and Plait begins anew in another.
    """
    if task.is_offer:
        _end(rows, task, TaskState.LOST, reason)
    elif task.claims >= task.most_claims:
        tried = f"it was claimed {task.claims} times, and never completed: {reason}"
        fail(rows, task, TaskState.FAILED, tried)
    else:
        _end(rows, task, TaskState.OPEN, reason)


def withdraw(rows: CoordinationRows, name: str, reason: str) -> Task | None:
    """Cancel a task that Plait offered, whether or not somebody has claimed it; None: it is over.

    Whoever has claimed it hears of it with the next heartbeat.
    """
    task = rows.task(name)
    if task is None or task.state in OVER:
        return None
    _end(rows, task, TaskState.CANCELLED, reason)
    return rows.task(name)


def fail(rows: CoordinationRows, task: Task, state: TaskState, reason: str) -> tuple[str, ...]:
    """End a task without success, and all that waits for it; the names of those."""
    _end(rows, task, state, reason)
    ended: list[str] = []
    row = [task]
    while row:
        failed = row.pop()
        for each in rows.dependents(failed.id):
            why = f"it needs {failed.id}, which was not completed"
            _end(rows, each, TaskState.CANCELLED, why)
            ended.append(each.id)
            row.append(each)
    return tuple(ended)


def set_free(rows: CoordinationRows, task: Task) -> tuple[str, ...]:
    """Open the tasks that waited for this one alone; their names."""
    opened: list[str] = []
    for each in rows.dependents(task.id):
        needs = [rows.task(need) for need in each.needs if need != task.id]
        if all(need is not None and need.state is TaskState.COMPLETED for need in needs):
            rows.write_task(replace(each, state=TaskState.OPEN, updated_at=rows.now))
            opened.append(each.id)
    return tuple(opened)


def is_over(task: Task) -> bool:
    """Whether nothing more can come of a task."""
    return task.state in OVER


def _end(rows: CoordinationRows, task: Task, state: TaskState, reason: str) -> None:
    session = "" if state is TaskState.OPEN else task.session
    rows.write_task(
        replace(task, state=state, reason=reason, session=session, until=0.0, updated_at=rows.now)
    )
