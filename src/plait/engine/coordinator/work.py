"""Work: submitted with what it needs, claimed by one session at a time, completed once.

A task of the type `package` is an attempt at a package of a run: to complete it says that the
worker believes it is done, and Plait's own checks decide.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from typing import Literal

from pydantic import Field

from plait.core.coordination import OFFER, OVER, Demand, Session, Task, TaskState
from plait.core.event import RunId
from plait.engine.coordinator.claims import fail, give_back, set_free
from plait.engine.coordinator.fields import (
    MOST_DOCUMENT,
    Asked,
    Data,
    Document,
    Line,
    Message,
    Name,
    Names,
    Text,
    Ttl,
)
from plait.engine.coordinator.refusal import Kind, Refusal
from plait.engine.coordinator.verb import Call, Capability, Verb

WANTED_S = 20.0  # a session that asked for work and got none is reckoned with for so long
LONGEST_WAIT_S = 55.0  # below the time after which proxies cut a quiet connection


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
    _small(asked.input, "input")
    waits = False
    for name in dict.fromkeys(asked.needs):
        need = _task(call, name)
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
    return view(task, session)


class GetWork(Asked):
    """What work is wanted."""

    types: Names = ()
    """Only tasks of these types; `package` for packages of runs; none: any"""
    run: Line = ""
    """Only of this run"""
    wait_s: float = Field(default=0.0, ge=0, le=LONGEST_WAIT_S)
    """Seconds to wait for work, if there is none now"""
    ttl_s: Ttl | None = None
    """Seconds that the claim lasts; left out: as long as the session, which heartbeats renew"""


class Work(Message):
    """A task that is the caller's now."""

    task: str
    token: int
    """To be named with the completion: a later claim has a higher one"""
    until: float
    """Unix time until which the claim lasts if no heartbeat renews it"""
    type: str
    title: str
    run: str
    package: str
    input: Data
    """Of a package: its envelope, with brief, scope, checks, context and workspace"""


class Given(Message):
    """Work, or why there is none."""

    work: Work | None
    reason: str
    """Why there is none now; empty if there is"""


def get_work(call: Call, asked: GetWork) -> Given:
    """Claim the next task that you can do. Nobody else has it while your claim lasts.

    Of a package of a run you get everything that an agent needs: brief, scope, checks and a
    workspace. Say heartbeat while you work, then complete_work. If there is nothing now, the
    answer says so; runs make work ready for those who wait.
    """
    rows, session, run = call.rows, call.session, call.within(asked.run)
    call.desk.reap(rows)
    able = set(session.capabilities)
    found = next(
        (
            each
            for each in rows.claimable(run=run, types=asked.types, trust=session.trust)
            if able.issuperset(each.capabilities)
        ),
        None,
    )
    if found is None:
        rows.want(
            Demand(
                session=session.id,
                trust=session.trust,
                until=rows.now + max(WANTED_S, asked.wait_s),
                run=run,
                types=asked.types,
                capabilities=session.capabilities,
            )
        )
        return Given(work=None, reason="there is no task that this session can do now")
    ttl = session.ttl_s if asked.ttl_s is None else asked.ttl_s
    task = replace(
        found,
        state=TaskState.CLAIMED,
        session=session.id,
        token=found.token + 1,
        claims=found.claims + 1,
        until=rows.now + ttl,
        reason="",
        updated_at=rows.now,
    )
    rows.write_task(task)
    rows.unwant(session.id)
    call.record("work_claimed", task)
    return Given(
        work=Work(
            task=task.id,
            token=task.token,
            until=task.until,
            type=task.type,
            title=task.title,
            run=task.run,
            package=task.package,
            input=dict(task.input),
        ),
        reason="",
    )


class CompleteWork(Asked):
    """What came of a task."""

    task: Name
    token: int
    """The one that the claim was given with"""
    status: Literal["completed", "failed", "blocked", "released"] = "completed"
    """`blocked`: a person must decide, `summary` says what; `released`: given back undone"""
    summary: Text = ""
    result: Document = Field(default_factory=dict)
    """What others may use; of a package what a result file may hold: it decides nothing"""
    commit: Line = ""
    """Of a package whose commit was pushed to the envelope's ref: its full object id"""


class Done(Message):
    """That a completion was taken."""

    task: str
    state: str
    """`completed` of a package: Plait checks and lands it now; see get_task"""
    opened: tuple[str, ...]
    """Tasks that waited for this one alone"""
    cancelled: tuple[str, ...]
    """Tasks that will never be done, since this one failed"""


def complete_work(call: Call, asked: CompleteWork) -> Done:
    """Say what came of a task of yours. Of a package it decides nothing: Plait checks and lands.

    The same completion again is answered as the first time; one that is late, or another's, is
    refused, and changes nothing.

    Raises:
        Refusal: `NO_SUCH_TASK`, `NOT_YOURS`, `STALE_CLAIM`, `ALREADY_COMPLETED`, `TOO_LARGE`.
    """
    rows, session = call.rows, call.session
    _small(asked.result, "result")
    task = _task(call, asked.task)
    result = _result(asked)
    if task.state in OVER and _is_again(task, session, asked, result):
        return Done(task=task.id, state=task.state, opened=(), cancelled=())
    _require_claim(task, session, asked.token, rows.now)
    call.record("work_completed", task, status=asked.status)
    if asked.status == "released":
        give_back(rows, task, reason=asked.summary or "its worker gave it back")
        return Done(task=task.id, state=_task(call, task.id).state, opened=(), cancelled=())
    done = replace(task, result=result, updated_at=rows.now)
    if task.is_offer or asked.status == "completed":
        rows.write_task(replace(done, state=TaskState.COMPLETED, reason=""))
        opened = () if task.is_offer else set_free(rows, done)
        return Done(task=task.id, state=TaskState.COMPLETED, opened=opened, cancelled=())
    reason = asked.summary or "its worker says that it failed"
    cancelled = fail(rows, done, TaskState.FAILED, reason)
    return Done(task=task.id, state=TaskState.FAILED, opened=(), cancelled=cancelled)


class GetTask(Asked):
    """Which task."""

    task: Name


def get_task(call: Call, asked: GetTask) -> TaskView:
    """See a task: its state, who has it, what came of it.

    Raises:
        Refusal: `NO_SUCH_TASK`, `OTHER_RUN`.
    """
    task = _task(call, asked.task)
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
    task = _task(call, asked.task)
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


def _task(call: Call, name: str) -> Task:
    task = call.rows.task(name)
    if task is None:
        raise Refusal(f"there is no task {name!r}", code="NO_SUCH_TASK", kind=Kind.MISSING)
    if task.run:
        call.within(task.run)
    return task


def _require_claim(task: Task, session: Session, token: int, now: float) -> None:
    if task.session and task.session != session.id and token >= task.token:
        raise Refusal(
            f"{task.id} was claimed by another session",
            code="NOT_YOURS",
            kind=Kind.FORBIDDEN,
        )
    if task.session != session.id or token != task.token or task.state is not TaskState.CLAIMED:
        told = f": {task.reason}" if task.reason else ""
        raise Refusal(
            f"the claim with token {token} on {task.id} is over: it is {task.state} now{told}",
            code="STALE_CLAIM",
            kind=Kind.CONFLICT,
            hint="nothing was changed; what is in your worktree is kept; call get_work again",
            data={"state": task.state, "token": task.token},
        )
    if task.until <= now:
        raise Refusal(
            f"the claim on {task.id} ran out {now - task.until:.0f} s ago",
            code="STALE_CLAIM",
            kind=Kind.CONFLICT,
            hint="nothing was changed; say heartbeat more often; call get_work again",
            data={"state": task.state, "token": task.token},
        )


def _is_again(task: Task, session: Session, asked: CompleteWork, result: Data) -> bool:
    """Whether it was completed with these very words.

    Raises:
        Refusal: `ALREADY_COMPLETED`, it was, with others.
    """
    if task.session != session.id or task.token != asked.token or task.result is None:
        return False
    if task.result != result:
        raise Refusal(
            f"{task.id} was completed already, with another result",
            code="ALREADY_COMPLETED",
            kind=Kind.CONFLICT,
            hint="a result is not changed any more: submit new work",
        )
    return True


def _result(asked: CompleteWork) -> Data:
    told: Data = {"status": asked.status, "summary": asked.summary, **asked.result}
    told |= {"status": asked.status}
    return {**told, "commit": asked.commit} if asked.commit else told


def _small(document: Data, name: str) -> None:
    size = len(json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    if size > MOST_DOCUMENT:
        raise Refusal(
            f"{name} takes {size} bytes; {MOST_DOCUMENT} are the most",
            code="TOO_LARGE",
            kind=Kind.LIMIT,
            hint="put it into a file of the repository, and name that",
        )


def _settled(given: Given) -> bool:
    return given.work is not None


VERBS = (
    Verb(
        name="submit_work",
        asks=SubmitWork,
        answers=TaskView,
        do=submit_work,
        capability=Capability.QUEUE_WORK,
    ),
    Verb(
        name="get_work",
        asks=GetWork,
        answers=Given,
        do=get_work,
        capability=Capability.QUEUE_WORK,
        settled=_settled,
    ),
    Verb(
        name="complete_work",
        asks=CompleteWork,
        answers=Done,
        do=complete_work,
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
