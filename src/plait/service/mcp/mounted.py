"""MCP below the HTTP face: streamable HTTP, each connection's session bound to its client."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.types import Message as Sent, Receive, Scope, Send

from plait.engine.coordinator.desk import Desk
from plait.engine.coordinator.fields import Message
from plait.engine.coordinator.refusal import Refusal
from plait.engine.coordinator.sessions import Heartbeat, Registered
from plait.engine.coordinator.verb import Caller
from plait.errors import PlaitError
from plait.service.callers import Callers
from plait.service.mcp.binding import Context
from plait.service.mcp.offering import Offering
from plait.service.mcp.prompts import Prompt

BEAT_S = 20.0
MOST_SESSIONS = 2000  # of MCP
IDLE_S = 3600.0
_ID = "mcp-session-id"
_OVER = frozenset({"SESSION_OVER", "BAD_SESSION"})


@dataclass(slots=True, kw_only=True)
class BoundSessions:
    """The session of Plait's that each session of MCP has registered.

    Clients of the protocol's version without sessions name their credential with each request,
    as the header `Plait-Session` or as an argument.
    """

    callers: Callers
    _known: OrderedDict[str, str] = field(default_factory=OrderedDict)

    async def caller(self, ctx: Context, credential: str) -> Caller:
        """Who asks: by its token, and by what it named or what is bound to its connection."""
        headers = _headers(ctx)
        caller = self.callers(headers)
        bound = credential or caller.credential or self._known.get(headers.get(_ID, ""), "")
        return replace(caller, credential=bound)

    def asks_credential(self, ctx: Context) -> bool:
        """Where a connection has no session of MCP, nothing can be bound to it."""
        return ctx.protocol_version in MODERN_PROTOCOL_VERSIONS or not _headers(ctx).get(_ID)

    async def answered(self, ctx: Context, caller: Caller, verb: str, answer: Message) -> None:
        """Bind what was registered, forget what was ended."""
        name = _headers(ctx).get(_ID, "")
        if not name:
            return
        if isinstance(answer, Registered):
            self._known[name] = answer.credential
            while len(self._known) > MOST_SESSIONS:
                self._known.popitem(last=False)
        elif verb == "end_session" and self.of(name) == caller.credential:
            self.forget(name)

    async def refused(self, ctx: Context, caller: Caller, refusal: Refusal) -> None:
        """Forget a session that is over, so that another can be registered."""
        name = _headers(ctx).get(_ID, "")
        if refusal.code in _OVER and self.of(name) == caller.credential:
            self.forget(name)

    def of(self, name: str) -> str:
        """The credential that is bound to a session of MCP; empty: none."""
        return self._known.get(name, "")

    def forget(self, name: str) -> str:
        """Take it out."""
        return self._known.pop(name, "")


class Mounted:
    """The application at `/mcp`."""

    def __init__(
        self, desk: Desk, callers: Callers, *, version: str, prompts: Iterable[Prompt] = ()
    ) -> None:
        self._desk, self._callers = desk, callers
        self._bound = BoundSessions(callers=callers)
        offering = Offering(desk, self._bound, version=version, own_session=False, prompts=prompts)
        self._inner = StreamableHTTPSessionManager(
            offering.server,
            max_request_body_size=1_000_000,
            max_sessions=MOST_SESSIONS,
            session_idle_timeout=IDLE_S,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Be there, as long as it is served."""
        async with self._inner.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request.

        Raises:
            Refusal: `NO_TOKEN`, `BAD_TOKEN`, `TOO_OFTEN`.
        """
        headers = Headers(scope=scope)
        caller = self._callers(headers)
        if caller.agent:  # a session of MCP is its own; to others there is none of that number
            known = AccessToken(token="", client_id=caller.agent, scopes=[])
            scope = {**scope, "user": AuthenticatedUser(known)}
        name = headers.get(_ID, "")
        if scope["method"] == "GET" and name:
            async with anyio.create_task_group() as group:
                group.start_soon(self._beat, caller, name)
                await self._inner.handle_request(scope, receive, send)
                group.cancel_scope.cancel()
            return
        statuses: list[int] = []

        async def sent(message: Sent) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            await send(message)

        await self._inner.handle_request(scope, receive, sent)
        if scope["method"] == "DELETE" and name and statuses == [200]:
            await self._say("end_session", caller, self._bound.forget(name))

    async def _beat(self, caller: Caller, name: str) -> None:
        """A client that listens lives, also while its agent is at work and says nothing."""
        while True:
            await anyio.sleep(BEAT_S)
            await self._say("heartbeat", caller, self._bound.of(name))

    async def _say(self, verb: str, caller: Caller, credential: str) -> None:
        if not credential:
            return
        asked: Any = Heartbeat() if verb == "heartbeat" else {}
        try:
            await self._desk.carry_out(replace(caller, credential=credential), verb, asked)
        except PlaitError:  # its next request is told
            return


def _headers(ctx: Context) -> Mapping[str, str]:
    request: Any = ctx.request
    return {} if request is None else request.headers
