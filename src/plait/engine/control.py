"""Carry out what people ask of a run, in the loop that decides it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import anyio
from anyio import to_thread

from plait.core import widening
from plait.core.control import Order, Refusal, carried_out, from_data
from plait.core.plan import PackageId
from plait.core.roster import EXTERNAL
from plait.engine.context import Context, Ended
from plait.engine.queue import MergeQueue
from plait.engine.widening import grant_waiting, widen
from plait.errors import LeaseHeld
from plait.ports import Request

POLL_S = 0.2  # a look costs a third of a millisecond


@dataclass(slots=True)
class Work:
    """A task under way for a package: how to end it, and when it has."""

    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    over: anyio.Event = field(default_factory=anyio.Event)
    provider: str = ""  # who works on it, if the loop said so


@dataclass(slots=True)
class UnderWay:
    """What the loop has started and is not over: attempts, and what stands in the queue.

    `waiting` could not be claimed: somebody outside the run holds them, or what they need.
    `groundless` need candidates that cannot be merged.
    """

    queue: MergeQueue | None = None
    attempts: dict[PackageId, Work] = field(default_factory=dict)
    waiting: set[PackageId] = field(default_factory=set)
    groundless: set[PackageId] = field(default_factory=set)

    @property
    def starting(self) -> frozenset[PackageId]:
        """Packages with an attempt under way."""
        return frozenset(self.attempts)

    @property
    def lent(self) -> frozenset[PackageId]:
        """Packages whose attempt is one for a worker from elsewhere."""
        return frozenset(name for name, work in self.attempts.items() if work.provider == EXTERNAL)

    @contextmanager
    def attempt(self, package: PackageId) -> Iterator[Work]:
        """An attempt's whole time; `end` cuts it short."""
        work = self.attempts.setdefault(package, Work())
        try:
            with work.scope:
                yield work
        finally:
            del self.attempts[package]
            work.over.set()

    @property
    def landing(self) -> frozenset[PackageId]:
        """Packages whose merge results stand in the row."""
        return self.queue.packages if self.queue else frozenset()

    async def end(self, packages: frozenset[PackageId]) -> None:
        """Cut short what is under way for these, and wait until it is put away."""
        works = [work for package, work in self.attempts.items() if package in packages]
        for work in works:
            work.scope.cancel()
        if self.queue is not None:
            await self.queue.withdraw(packages)
        for work in works:
            await work.over.wait()


async def listen(context: Context) -> None:
    """Wake the loop whenever there are requests, or workers from elsewhere; never returns."""
    while True:
        news = await context.outside.look(lambda: context.journal.run) or await _open(context)
        if news or widening.asked_again(context.journal.run):
            context.journal.wake()
        await anyio.sleep(POLL_S)


async def carry_out(context: Context, under_way: UnderWay) -> bool:
    """Carry out all requests there are, in their order; whether there were any."""
    found = await _open(context)
    for request in found:
        await _carry_out(context, under_way, request)
    await grant_waiting(context)
    return bool(found)


async def _open(context: Context) -> Sequence[Request]:
    return await to_thread.run_sync(context.requests)


async def _carry_out(context: Context, under_way: UnderWay, request: Request) -> None:
    if request.kind == widening.KIND:
        await widen(context, request)
        return
    order = _ordered(context, under_way, request)
    told = _answer(order)
    if isinstance(order, Order) and order.ends:
        ended = Ended(code="STOPPED", reason=f"{request.kind.replace('_', ' ')} by {request.who}")
        context.ended.update(dict.fromkeys(order.ends, ended))
        await under_way.end(order.ends)
        for package in order.ends:
            context.ended.pop(package, None)
        order = _ordered(context, under_way, request)
        if isinstance(order, Refusal):  # what cannot be cut short came first: it has landed
            told = _answer(order)
    if isinstance(order, Order) and order.claims:
        refused = await _claim(context, order.claims)
        order = refused or _ordered(context, under_way, request)
        told = _answer(order)
    events = order.events if isinstance(order, Order) else ()
    await context.journal.record(*events, answers=((request.number, told),))


async def _claim(context: Context, packages: frozenset[PackageId]) -> Refusal | None:
    """Claim packages whose work goes on to the queue; why not, if somebody else has one.

    A lock key that another package holds by now is waited for as after a crash: the candidate
    does not land before it has it.
    """
    holding = context.holding
    for package in packages:
        try:
            lease = await context.journal.claim(
                package, holder=holding.lease.holder, ttl_s=holding.terms.lease_s, keys=()
            )
        except LeaseHeld as held:
            return Refusal(
                code="PACKAGE_HELD",
                message=f"{package} is claimed by {held.holder}",
                hint="answer again once that claim is over",
            )
        holding.wanting[package] = lease.epoch
        await holding.take_keys(package, context.compiled.packages[package].locks.keys)
    return None


def _ordered(context: Context, under_way: UnderWay, request: Request) -> Order | Refusal:
    try:
        wish = from_data(request.kind, request.data)
    except (KeyError, TypeError, ValueError):
        return Refusal(code="UNKNOWN_REQUEST", message=f"this version knows no {request.kind!r}")
    return carried_out(
        context.journal.run,
        context.compiled.graph,
        wish,
        who=request.who,
        starting=under_way.starting,
    )


def _answer(order: Order | Refusal) -> str:
    """What the asker reads, as JSON."""
    if isinstance(order, Order):
        return json.dumps({"told": order.told})
    return json.dumps({"code": order.code, "message": order.message, "hint": order.hint})
