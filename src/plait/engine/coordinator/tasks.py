"""Tasks: submitted with what they need, looked at, cancelled."""

from __future__ import annotations

import json
import secrets

from pydantic import Field

from plait.core.coordination import OFFER, OVER, Session, Task, TaskState
from plait.core.event import RunId
from plait.engine.coordinator.claims import fail
from plait.engine.coordinator.fields import (
    MOST_DOCUMENT,
    Asked,
    Data,
    Document,
    Line,
    Message,
    Name,
    Names,
)
from plait.engine.coordinator.refusal import Kind, Refusal
from plait.engine.coordinator.verb import Call, Capability, Verb


class SubmitWork(Asked):
    """Work for any session that can do it."""

    type: Name
    """What kind of work: sessions may ask for certain kinds; `package` is Plait's own"""
    title: Line
    input: Document = Field(default_factory=dict)
    """What whoever does it has to know"""
    needs: Names = ()
    """Tasks that must be completed first; one that was not will never be"""
    capabilities: Names = ()
    """What a session must be able to do"""
    trust: int = Field(default=0, ge=0, le=4)
    """The least that a session must be trusted with"""
    priority: int = Field(default=5, ge=1, le=10)
    """The lowest number comes first"""
    run: Line = ""
    """The run that it belongs to; empty: none"""
    most_claims: int = Field(default=3, ge=1, le=100)
    """How often it is given out anew after a session was lost, before it counts as failed"""


class TaskView(Message):
    """A task as everybody may see it."""

    task: str
    type: str
    title: str
    state: str
    run: str
    package: str
    priority: int
    needs: tuple[str, ...]
    session: str
    agent: str
    """Who has claimed it"""
    claims: int
    reason: str
    """Why it failed, was cancelled, or is open again"""
    input: Data
    result: Data | None
    by: str
    created_at: float
    updated_at: float


def submit_work(call: Call, asked: SubmitWork) -> TaskView:
    """Add work to the queue, for any session that can do it, after the tasks that it needs.

    Raises:
        Refusal: `NO_SUCH_TASK`, `NEEDS_FAILED`, `RESERVED_TYPE`, `TOO_LARGE`, `NO_SUCH_RUN`.
    """
    rows, session, run = call.rows, call.session, call.within(asked.run)
    if asked.type == OFFER:
        raise Refusal(
            "tasks of the type package come from runs alone",
            code="RESERVED_TYPE",
            kind=Kind.INVALID,
            hint="choose another type; packages come from a plan: plait run",
        )
    if run and not rows.has_run(RunId(run)):
        raise Refusal(f"there is no run {run}", code="NO_SUCH_RUN", kind=Kind.MISSING)
    small(asked.input, "input")
    waits = False
    for name in dict.fromkeys(asked.needs):
        need = task_of(call, name)
        if need.state in OVER and need.state is not TaskState.COMPLETED:
            raise Refusal(
                f"{name} was not completed, and will not be: {need.reason}",
                code="NEEDS_FAILED",
                kind=Kind.CONFLICT,
                hint="submit that work again first",
            )
        waits = waits or need.state is not TaskState.COMPLETED
    task = Task(
        id=f"t-{secrets.token_hex(6)}",
        type=asked.type,
        title=asked.title,
        number=rows.next_number(),
        state=TaskState.WAITING if waits else TaskState.OPEN,
        input=asked.input,
        run=run,
        needs=tuple(dict.fromkeys(asked.needs)),
        capabilities=asked.capabilities,
        trust=asked.trust,
        priority=asked.priority,
        most_claims=asked.most_claims,
        by=session.id,
        created_at=rows.now,
        updated_at=rows.now,
    )
    rows.add_task(task)
    return view(task, None)


class GetTask(Asked):
    """Which task."""

    task: Name


def get_task(call: Call, asked: GetTask) -> TaskView:
    """See a task: its state, who has it, what came of it.

    Raises:
        Refusal: `NO_SUCH_TASK`, `OTHER_RUN`.
    """
    task = task_of(call, asked.task)
    return view(task, call.rows.session(task.session) if task.session else None)


class CancelWork(Asked):
    """Which task to cancel."""

    task: Name
    reason: Line = ""


class Cancelled(Message):
    """What was cancelled."""

    task: str
    also: tuple[str, ...]
    """Tasks that needed it"""


def cancel_work(call: Call, asked: CancelWork) -> Cancelled:
    """Cancel a task, and all that waits for it; whoever has claimed it hears of it.

    A package is not cancelled here: its attempt is given up and begun anew, unless a person
    cancels the package itself (`plait cancel`).

    Raises:
        Refusal: `NO_SUCH_TASK`, `ALREADY_OVER`.
    """
    task = task_of(call, asked.task)
    if task.state in OVER:
        raise Refusal(
            f"{task.id} is over: it is {task.state}", code="ALREADY_OVER", kind=Kind.CONFLICT
        )
    call.record("work_cancelled", task, reason=asked.reason)
    reason = asked.reason or "it was cancelled"
    also = fail(call.rows, task, TaskState.CANCELLED, reason)
    return Cancelled(task=task.id, also=also)


def view(task: Task, session: Session | None) -> TaskView:
    """A task as everybody may see it."""
    return TaskView(
        task=task.id,
        type=task.type,
        title=task.title,
        state=task.state,
        run=task.run,
        package=task.package,
        priority=task.priority,
        needs=task.needs,
        session=task.session,
        agent=session.agent if session is not None else "",
        claims=task.claims,
        reason=task.reason,
        input={} if task.is_offer else dict(task.input),
        result=None if task.result is None else dict(task.result),
        by=task.by,
        created_at=task.created_at,
        updated_at=task.updated_at,
    )


def task_of(call: Call, name: str) -> Task:
    """The task of that name.

    Raises:
        Refusal: `NO_SUCH_TASK`, `OTHER_RUN`.
    """
    task = call.rows.task(name)
    if task is None:
        raise Refusal(f"there is no task {name!r}", code="NO_SUCH_TASK", kind=Kind.MISSING)
    if task.run:
        call.within(task.run)
    return task


def small(document: Data, name: str) -> None:
    """Refuse a document that is too large to be kept. Raises Refusal `TOO_LARGE`."""
    size = len(json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    if size > MOST_DOCUMENT:
        raise Refusal(
            f"{name} takes {size} bytes; {MOST_DOCUMENT} are the most",
            code="TOO_LARGE",
            kind=Kind.LIMIT,
            hint="put it into a file of the repository, and name that",
        )


VERBS = (
    Verb(
        name="submit_work",
        asks=SubmitWork,
        answers=TaskView,
        do=submit_work,
        capability=Capability.QUEUE_WORK,
    ),
    Verb(
        name="get_task",
        asks=GetTask,
        answers=TaskView,
        do=get_task,
        capability=Capability.QUEUE_WORK,
        writes=False,
        needs_session=False,
    ),
    Verb(
        name="cancel_work",
        asks=CancelWork,
        answers=Cancelled,
        do=cancel_work,
        capability=Capability.QUEUE_WORK,
        needs_session=False,
    ),
)
