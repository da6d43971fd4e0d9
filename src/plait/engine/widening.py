"""Agents ask for more scope while they work: looked at by the loop, granted with the plan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial

from anyio import to_thread

from plait.core.codec import decode
from plait.core.event import RunId, ScopeGranted, ScopeQueued
from plait.core.locked import FILE, key_of, met
from plait.core.plan import Confidence, PackageId, Scope
from plait.core.scope import scopes_overlap
from plait.core.widening import Answer, Ruling, Widen, asked_again, granted, ruled
from plait.engine.claimed import SCOPE, write_scope
from plait.engine.context import Context
from plait.ports import Request
from plait.ports.coordination import CoordinationRows

Answers = tuple[tuple[int, str], ...]


async def widen(context: Context, request: Request) -> None:
    """Answer an agent's request for more scope: what it gets is written with the answer."""
    try:
        wish = decode(Widen, request.data)
    except (KeyError, TypeError, ValueError):
        unread = json.dumps({"code": "UNKNOWN_REQUEST", "message": "it cannot be read"})
        await context.journal.record(answers=((request.number, unread),))
        return
    answer = await _ruled(context, wish)
    told = ((request.number, as_json(answer)),)
    match answer.ruling:
        case Ruling.GRANTED:
            await _grant(context, wish, who=request.who, answers=told)
        case Ruling.QUEUED:
            package = PackageId(wish.package)
            queued = ScopeQueued(
                package=package,
                attempt=_number(context, package),
                epoch=wish.epoch,
                paths=answer_paths(answer),
                behind=answer.behind,
                reason=answer.reason,
                who=request.who,
            )
            known = any(
                (each.package, each.epoch, each.paths)
                == (queued.package, queued.epoch, queued.paths)
                for each in asked_again(context.journal.run)
            )
            await context.journal.record(*(() if known else (queued,)), answers=told)
        case Ruling.SPLIT | Ruling.REFUSED:
            await context.journal.record(answers=told)


async def grant_waiting(context: Context) -> None:
    """Grant what was queued and can be had by now, the oldest first."""
    for each in asked_again(context.journal.run):
        wish = Widen(package=each.package, epoch=each.epoch, paths=each.paths)
        if (await _ruled(context, wish)).ruling is Ruling.GRANTED:
            await _grant(context, wish, who=each.who)


def as_json(answer: Answer) -> str:
    """An answer as the asker reads it."""
    return json.dumps(
        {
            "ruling": answer.ruling.value,
            "free": answer.free,
            "waiting": dict(answer.waiting),
            "refused": dict(answer.refused),
            "writable": answer.writable,
        }
    )


def answer_paths(answer: Answer) -> tuple[str, ...]:
    """All paths that were asked for and can be had now or later."""
    return (*answer.free, *answer.waiting)


async def _ruled(context: Context, wish: Widen) -> Answer:
    elsewhere: Mapping[str, str] = {}
    if context.coordination is not None:
        look = partial(_elsewhere, run=context.journal.run.id, wish=wish)
        elsewhere = await to_thread.run_sync(context.coordination.look, look)
    return ruled(context.journal.run, context.compiled.graph, wish, elsewhere)


async def _grant(context: Context, wish: Widen, *, who: str, answers: Answers = ()) -> None:
    package = PackageId(wish.package)
    event = ScopeGranted(
        package=package,
        attempt=_number(context, package),
        epoch=wish.epoch,
        paths=wish.paths,
        who=who,
    )
    await context.journal.revise(lambda plan: granted(plan, event), event, answers=answers)
    # Hooks and clients that ask before each write read it anew each time.
    path, known = (
        context.places.attempt(package, event.attempt) / SCOPE,
        context.plan.package(package),
    )
    await to_thread.run_sync(write_scope, path, known.reach, known.granted)


def _number(context: Context, package: PackageId) -> int:
    return context.journal.run.packages[package].attempts[-1].number


def _elsewhere(rows: CoordinationRows, *, run: RunId, wish: Widen) -> Mapping[str, str]:
    """Who has which of the paths outside the run: sessions by locks, packages of other runs."""
    found: dict[str, str] = {}
    for lock in rows.locks():
        if lock.key.startswith(FILE) and lock.session != wish.session:
            for path in wish.paths:
                if met(key_of(path), lock.key):
                    found.setdefault(path, f"{lock.agent} ({lock.session}) has locked {lock.key}")
    for other, name in rows.packages_at_work():
        if other == run:
            continue
        package = rows.plan(other).package(name)
        if package.scope.confidence is Confidence.UNKNOWN:
            continue
        for path in wish.paths:
            if scopes_overlap(Scope(write=(path,)), package.reach) is not None:
                found.setdefault(path, f"package {name} of run {other} is at work on it")
    return found
