"""MCP on stdin and stdout: one process, one agent, one session, kept alive as long as it lasts."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
from mcp.server import Server
from mcp.server.context import CallNext, HandlerResult
from mcp.server.stdio import stdio_server

from plait.engine.coordinator.desk import Desk
from plait.engine.coordinator.fields import Message
from plait.engine.coordinator.refusal import Refusal
from plait.engine.coordinator.sessions import Heartbeat, Registered, RegisterSession
from plait.engine.coordinator.verb import Caller
from plait.errors import PlaitError
from plait.service.mcp.binding import Context
from plait.service.mcp.lines import standard_input
from plait.service.mcp.offering import Offering
from plait.service.mcp.prompts import Prompt

BEATS = 4  # within the time for which a session may be silent
TTL_S = 60.0
LEAVE_S = 5.0  # within which it ends after a signal
_OVER = frozenset({"SESSION_OVER", "BAD_SESSION"})


@dataclass(slots=True, kw_only=True)
class OwnSession:
    """The session of the one client: registered as it introduces itself, ended as it leaves.

    Args:
        desk: Carries verbs out.
        person: Who asks, without a session.
        agent: What to call it; empty: as it calls itself.
        run: The only run that it is to have to do with; empty: any.
        ttl_s: Seconds for which it may be silent, as when its machine sleeps.
    """

    desk: Desk
    person: Caller
    agent: str = ""
    run: str = ""
    ttl_s: float = TTL_S
    credential: str = ""
    _client: str = ""
    _lock: anyio.Lock = field(default_factory=anyio.Lock)

    async def caller(self, ctx: Context, credential: str) -> Caller:  # noqa: ARG002 - it has its own
        """The client, by its session; one that has none, or none any more, gets one."""
        await self._join(_client(ctx))
        return replace(self.person, credential=self.credential)

    def asks_credential(self, _ctx: Context) -> bool:
        """The connection is the session."""
        return False

    async def answered(self, _ctx: Context, _caller: Caller, verb: str, answer: Message) -> None:
        """Another session took this one's place, or it was ended."""
        if verb == "end_session":
            self.credential = ""
        elif isinstance(answer, Registered) and answer.credential != self.credential:
            old, self.credential = self.credential, answer.credential
            await self._end(old)

    async def refused(self, _ctx: Context, caller: Caller, refusal: Refusal) -> None:
        """The next request gets another session if this one is over."""
        if refusal.code in _OVER and caller.credential == self.credential:
            self.credential = ""

    async def watch(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        """Register as soon as the client has introduced itself."""
        result = await call_next(ctx)
        if ctx.method in {"initialize", "server/discover"} and not self._client:
            await self._join(_client(ctx))
        return result

    async def beat(self) -> None:
        """Say that it lives, until cancelled."""
        while True:
            await anyio.sleep(self.ttl_s / BEATS)
            if not self.credential:
                continue
            try:
                known = replace(self.person, credential=self.credential)
                await self.desk.carry_out(known, "heartbeat", Heartbeat())
            except PlaitError:  # the next request is told, and gets another
                continue

    async def leave(self) -> None:
        """End the session: its locks are free, its claims go back."""
        old, self.credential = self.credential, ""
        await self._end(old)

    async def _join(self, client: str) -> None:
        async with self._lock:
            self._client = client or self._client
            if self.credential:
                return
            asked = RegisterSession(
                agent=self.agent or self._client.partition("/")[0] or None,
                kind=self._client,
                run=self.run,
                ttl_s=self.ttl_s,
            )
            answer = await self.desk.carry_out(self.person, "register_session", asked)
            if isinstance(answer, Registered):
                self.credential = answer.credential

    async def _end(self, credential: str) -> None:
        if not credential:
            return
        known = replace(self.person, credential=credential)
        try:
            await self.desk.carry_out(known, "end_session", {})
        except PlaitError:  # it was over
            return


def _client(ctx: Context) -> str:
    """What the client calls itself, with its version."""
    params: Any = ctx.session.client_params
    if params is not None:
        name, version = params.client_info.name, params.client_info.version
    else:
        told = (ctx.params or {}).get("clientInfo")
        told = told if isinstance(told, dict) else {}
        name, version = told.get("name", ""), told.get("version", "")
    text = f"{name}/{version}" if version else str(name)
    return "".join(each for each in text if each.isprintable())[:200]


async def serve(
    desk: Desk, own: OwnSession, *, version: str, prompts: Iterable[Prompt]
) -> int | None:
    """Serve until stdin ends, or a signal comes: its number, or None."""
    offering = Offering(desk, own, version=version, own_session=True, prompts=prompts)
    offering.server.middleware.append(own.watch)
    return await over_pipes(offering.server, beat=own.beat, leave=own.leave)


async def over_pipes(
    server: Server[Any],
    *,
    leave: Callable[[], Awaitable[None]],
    beat: Callable[[], Coroutine[Any, Any, None]] | None = None,
) -> int | None:
    """Serve until stdin ends, or a signal comes: its number, or None.

    Args:
        server: What answers.
        leave: Called in the end; it may be called twice.
        beat: What goes on beside it.
    """
    caught: list[int] = []

    async def stop(scope: anyio.CancelScope) -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
            async for number in signals:
                caught.append(number)
                # A client that reads nothing holds up a thread that writes to it.
                last = threading.Timer(LEAVE_S, os._exit, [128 + number])
                last.daemon = True
                last.start()
                await leave()
                scope.cancel()
                return

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(stop, group.cancel_scope)
            if beat is not None:
                group.start_soon(beat)
            lines: Any = standard_input()
            async with stdio_server(stdin=lines) as (reading, writing):
                await server.run(reading, writing, server.create_initialization_options())
                group.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await leave()
    return caught[0] if caught else None
