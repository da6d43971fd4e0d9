"""Which session of Plait's a request of MCP belongs to."""

from __future__ import annotations

from typing import Any, Protocol

from mcp.server import ServerRequestContext

from plait.engine.coordinator.fields import Message
from plait.engine.coordinator.refusal import Refusal
from plait.engine.coordinator.verb import Caller

Context = ServerRequestContext[Any, Any]
CREDENTIAL = "credential"  # the further argument of tools where a connection has no session


class Binding(Protocol):
    """Who asks, and what becomes of the sessions that they register."""

    async def caller(self, ctx: Context, credential: str) -> Caller:
        """Who asks.

        Raises:
            Refusal: Its token, or its session, is not known.
        """

    def asks_credential(self, ctx: Context) -> bool:
        """Whether a request has to say itself which session it belongs to."""

    async def answered(self, ctx: Context, caller: Caller, verb: str, answer: Message) -> None:
        """Take notice of what a verb has answered: a session began, or ended."""

    async def refused(self, ctx: Context, caller: Caller, refusal: Refusal) -> None:
        """Take notice of a refusal: a session may be over."""
