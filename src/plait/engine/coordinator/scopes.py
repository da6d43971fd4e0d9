"""Scope: what sessions say that they will write, and what agents at work ask for beyond theirs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from plait.core.locked import key_of, met
from plait.core.widening import KIND, Ruling, ScopeAsk, covered
from plait.engine.coordinator.fields import Asked, Line, Message, Number, Path, Paths
from plait.engine.coordinator.held import held
from plait.engine.coordinator.locks import Holder, in_the_way
from plait.engine.coordinator.places import below
from plait.engine.coordinator.refusal import Kind, Refusal
from plait.engine.coordinator.verb import Call, Capability, Verb
from plait.engine.coordinator.work import LONGEST_WAIT_S

ASKED = "asked"  # and not answered yet
AGAIN_S = 5.0  # an answer stands for so long; later the same is asked anew
Globs = Annotated[tuple[Path, ...], Field(min_length=1, max_length=32)]


class Announce(Asked):
    """What a session is about to write."""

    paths: Paths = ()
    """Instead of what it announced before; none: nothing any more"""


class Announced(Message):
    """What is known of the paths now."""

    paths: tuple[str, ...]
    """As they were understood"""
    conflicts: tuple[Holder, ...]
    """Who has locked some of them, is at work on them, or has announced them too"""


def announce(call: Call, asked: Announce) -> Announced:
    """Say which paths you are about to write, and hear who else is at them. It locks nothing.

    Others see it in discover_agents, and are told when they announce the same. To keep others
    away, take locks.

    Raises:
        Refusal: `OUTSIDE`.
    """
    rows, session = call.rows, call.session
    call.desk.reap(rows)
    paths = tuple(dict.fromkeys(below(each) for each in asked.paths))
    rows.write_session(replace(session, paths=paths, until=rows.now + session.ttl_s))
    keys = [key_of(each) for each in paths]
    conflicts = in_the_way(call, keys, session.id)
    for other in rows.sessions():
        if other.id == session.id or other.until <= rows.now:
            continue
        conflicts += [
            Holder(
                key=key,
                held=key_of(path),
                session=other.id,
                agent=other.agent,
                run=other.run,
                package="",
                reason="it has announced this",
                free_in_s=None,
            )
            for key in keys
            for path in other.paths
            if met(key, key_of(path))
        ]
    return Announced(paths=paths, conflicts=tuple(conflicts))


class RequestPaths(Asked):
    """What a package is to be allowed beyond its scope."""

    paths: Globs
    """What its agent has to write, as narrow as it can be said"""
    task: Line = ""
    """The task that the session has claimed; or else run, package and epoch"""
    run: Line = ""
    package: Line = ""
    epoch: Number = 0
    """Of the attempt: `PLAIT_EPOCH` in an agent's environment"""
    wait_s: float = Field(default=5.0, ge=0, le=LONGEST_WAIT_S)
    """Seconds to wait for an answer, and for what is queued"""


class Scoped(Message):
    """What came of it."""

    state: str
    """`granted`: write there; `queued`: once others have ended, ask again to hear of it; `split`:
    not so, but some of it could be had alone; `refused`; `asked`: the run has not answered yet"""
    granted: tuple[str, ...]
    """What the package may write now of what was asked for"""
    free: tuple[str, ...]
    """Of `split`: what would be granted, if it were asked for alone"""
    waiting: dict[str, str]
    """What others have for now, each with who"""
    refused: dict[str, str]
    """What it cannot have, each with why"""
    writable: bool
    """Whether what holds the agent lets it write there at once; else in its next attempt"""


def request_paths(call: Call, asked: RequestPaths) -> Scoped:
    """Ask to write paths outside your package's scope, while you work on it.

    It is granted at once if nobody else is at them and no package of the run that is still to
    come, and need not wait for yours, was meant to write them; else it waits until they have
    ended, or is refused with the reason. What is granted binds: a commit that changes these
    paths lands like any other. Several paths are granted together or not at all.

    Raises:
        Refusal: `NO_SUCH_TASK`, `NOT_YOURS`, `NOT_AT_WORK`, `OTHER_RUN`, `OUTSIDE`.
    """
    rows, session = call.rows, call.session
    paths = tuple(sorted(dict.fromkeys(below(each) for each in asked.paths)))
    work = held(call, task=asked.task, run=asked.run, package=asked.package, epoch=asked.epoch)
    run, name, epoch = work.run, work.package, work.epoch
    if not name:
        raise Refusal(
            f"{work.task} is no attempt at a package: it has no scope",
            code="NOT_AT_WORK",
            kind=Kind.INVALID,
            hint="take locks on what you write, or announce it",
        )
    package = rows.plan(run).package(name)
    known = [each for each in rows.scope_asks(run, name, epoch) if each.paths == paths]
    told = _told(rows.answer_of(run, known[0].request)) if known else None
    if all(covered(package, each) for each in paths):
        writable = told is None or bool(told.get("writable", True))
        return _scoped(Ruling.GRANTED, granted=paths, writable=writable)
    if known and told is None:
        return _scoped(ASKED)
    if told is not None and told.get("ruling") == Ruling.QUEUED:
        return _from(told)  # granted it would be in the plan by now
    if told is not None and rows.now - known[0].created_at < AGAIN_S:
        return _from(told)
    data = {"package": name, "epoch": epoch, "paths": list(paths), "session": session.id}
    rows.add_scope_ask(
        ScopeAsk(
            number=rows.next_note(),
            session=session.id,
            run=run,
            package=name,
            epoch=epoch,
            paths=paths,
            request=rows.ask_run(run, KIND, data, who=session.agent),
            created_at=rows.now,
        )
    )
    return _scoped(ASKED)


def _told(answer: str | None) -> Mapping[str, Any] | None:
    if answer is None:
        return None
    told: dict[str, Any] = json.loads(answer)
    return told


def _from(told: Mapping[str, Any]) -> Scoped:
    """The answer of the run; `granted` stands in its plan, and is told from there."""
    if "ruling" not in told:
        return _scoped(Ruling.REFUSED, refused={"": str(told.get("message", ""))})
    ruling = str(told["ruling"])
    free = tuple(told["free"])
    return _scoped(
        ruling,
        granted=free if ruling == Ruling.GRANTED else (),
        free=free if ruling == Ruling.SPLIT else (),
        waiting=told["waiting"],
        refused=told["refused"],
        writable=told["writable"],
    )


def _scoped(
    state: str,
    *,
    granted: tuple[str, ...] = (),
    free: tuple[str, ...] = (),
    waiting: Mapping[str, str] | None = None,
    refused: Mapping[str, str] | None = None,
    writable: bool = True,
) -> Scoped:
    return Scoped(
        state=state,
        granted=granted,
        free=free,
        waiting=dict(waiting or {}),
        refused=dict(refused or {}),
        writable=writable,
    )


def _settled(scoped: Scoped) -> bool:
    return scoped.state not in {ASKED, Ruling.QUEUED}


VERBS = (
    Verb(
        name="announce",
        asks=Announce,
        answers=Announced,
        do=announce,
        capability=Capability.LOCK,
    ),
    Verb(
        name="request_paths",
        asks=RequestPaths,
        answers=Scoped,
        do=request_paths,
        capability=Capability.LOCK,
        settled=_settled,
    ),
)
