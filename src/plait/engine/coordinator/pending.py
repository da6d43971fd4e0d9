"""The queue as a list: what waits, what is open, who has what."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from plait.core.coordination import TaskState
from plait.engine.coordinator.fields import Asked, Line, Message
from plait.engine.coordinator.tasks import TaskView, view
from plait.engine.coordinator.verb import Call, Capability, Verb

_PENDING = (TaskState.WAITING, TaskState.OPEN, TaskState.CLAIMED)


class ListWork(Asked):
    """Which tasks."""

    run: Line = ""
    """Only of this run"""
    state: (
        Literal["waiting", "open", "claimed", "completed", "failed", "cancelled", "lost"] | None
    ) = None
    """Only those in this state; left out: those of which something can still come"""
    most: int = Field(default=50, ge=1, le=500)
    """At most so many, the first to do first"""


class Listed(Message):
    """Tasks."""

    tasks: tuple[TaskView, ...]
    more: bool
    """Whether there are more than were asked for"""


def list_work(call: Call, asked: ListWork) -> Listed:
    """See the queue: what waits, what is open, who has what."""
    run = call.within(asked.run)
    states = _PENDING if asked.state is None else (TaskState(asked.state),)
    found = call.rows.tasks(run=run or None, states=states, most=asked.most + 1)
    tasks = tuple(
        view(each, call.rows.session(each.session) if each.session else None)
        for each in found[: asked.most]
    )
    return Listed(tasks=tasks, more=len(found) > asked.most)


VERBS = (
    Verb(
        name="list_work",
        asks=ListWork,
        answers=Listed,
        do=list_work,
        capability=Capability.QUEUE_WORK,
        writes=False,
        needs_session=False,
    ),
)
