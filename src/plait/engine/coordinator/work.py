"""Work: submitted with what it needs, claimed by one session at a time, completed once.

A task of the type `package` is an attempt at a package of a run: to complete it says that the
worker believes it is done, and Plait's own checks decide.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from pydantic import Field

from plait.core.coordination import OVER, Demand, Session, Task, TaskState
from plait.engine.coordinator.claims import fail, give_back, set_free
from plait.engine.coordinator.fields import (
    Asked,
    Data,
    Document,
    Line,
    Message,
    Name,
    Names,
    Number,
    Text,
    Ttl,
)
from plait.engine.coordinator.refusal import Kind, Refusal
from plait.engine.coordinator.tasks import small, task_of
from plait.engine.coordinator.verb import Call, Capability, Verb

WANTED_S = 20.0  # a session that asked for work and got none is reckoned with for so long
LONGEST_WAIT_S = 55.0  # below the time after which proxies cut a quiet connection


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
    token: Number | None = None
    """The one that the claim was given with; left out: that of the session's claim now"""
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
    small(asked.result, "result")
    task = task_of(call, asked.task)
    token, result = task.token if asked.token is None else asked.token, _result(asked)
    if task.state in OVER and _is_again(task, session, token, result):
        return Done(task=task.id, state=task.state, opened=(), cancelled=())
    _require_claim(task, session, token, rows.now)
    call.record("work_completed", task, status=asked.status)
    if asked.status == "released":
        give_back(rows, task, reason=asked.summary or "its worker gave it back")
        return Done(task=task.id, state=task_of(call, task.id).state, opened=(), cancelled=())
    done = replace(task, result=result, updated_at=rows.now)
    if task.is_offer or asked.status == "completed":
        rows.write_task(replace(done, state=TaskState.COMPLETED, reason=""))
        opened = () if task.is_offer else set_free(rows, done)
        return Done(task=task.id, state=TaskState.COMPLETED, opened=opened, cancelled=())
    reason = asked.summary or "its worker says that it failed"
    cancelled = fail(rows, done, TaskState.FAILED, reason)
    return Done(task=task.id, state=TaskState.FAILED, opened=(), cancelled=cancelled)


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


def _is_again(task: Task, session: Session, token: int, result: Data) -> bool:
    """Whether it was completed with these very words.

    Raises:
        Refusal: `ALREADY_COMPLETED`, it was, with others.
    """
    if task.session != session.id or task.token != token or task.result is None:
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


def _settled(given: Given) -> bool:
    return given.work is not None


VERBS = (
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
)
