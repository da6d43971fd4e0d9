"""What stands before every request: its name, its size, its pace, its rate; and how it is logged.

Plain ASGI: nothing is held back on its way, and a stream stays one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plait.engine.coordinator.refusal import Kind, Refusal
from plait.service.callers import too_often
from plait.service.http.hosts import Hosts
from plait.service.http.problem import of_error
from plait.service.rate import Rate

MOST_BODY = 1_000_000  # bytes
BODY_S = 20.0  # within which a body has come
_HEADERS = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
_CSP = "default-src 'none'; frame-ancestors 'none'"


@dataclass(slots=True, kw_only=True)
class Shield:
    """Refuses what no request of a client of Plait's is like, before anything is done for it.

    Args:
        app: What it stands before.
        hosts: Names of the service.
        rate: How often one address may ask.
        log: Takes a line for each request; None: nobody.
        body_s: Seconds within which a body has come.
    """

    app: ASGIApp
    hosts: Hosts
    rate: Rate
    log: Callable[[str], None] | None = None
    body_s: float = BODY_S

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.monotonic()
        sent = _Sent(send=send)
        try:
            self._look(scope)
            await self.app(scope, _Read(receive, within_s=self.body_s), sent)
        except Refusal as refusal:
            if sent.status:
                raise
            await of_error(refusal)(scope, receive, sent)
        finally:
            if self.log is not None:
                # The address without what stands behind `?`, and no header: no secret is in it.
                path = scope["path"].encode("unicode_escape").decode("ascii")[:500]
                took = (time.monotonic() - began) * 1000
                self.log(f"{scope['method'][:20]} {path} {sent.status or '-'} {took:.0f} ms")

    def _look(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if len(headers.getlist("host")) != 1 or not self.hosts.allows_host(host):
            raise Refusal(
                "this service is not called by that name",
                code="BAD_HOST",
                kind=Kind.FORBIDDEN,
                hint="call it by localhost or its address, or name it in `[serve] hosts`",
            )
        if origin is not None and not self.hosts.allows_origin(origin, host):
            raise Refusal(
                "pages of other sites may not ask here", code="BAD_ORIGIN", kind=Kind.FORBIDDEN
            )
        length = headers.get("content-length", "")
        if length.isascii() and length.isdecimal() and int(length[:20]) > MOST_BODY:
            raise too_large()
        client = scope.get("client")
        wait = self.rate.wait_s(client[0] if client else "")
        if wait:
            raise too_often(wait)


@dataclass(slots=True)
class _Read:
    """The request's body, as long as it is small and comes in time."""

    receive: Receive
    within_s: float
    size: int = 0
    until: float | None = None
    over: bool = False

    async def __call__(self) -> Message:
        if self.over:  # nothing more is to come but the client's leaving
            return await self.receive()
        self.until = self.until or time.monotonic() + self.within_s
        try:
            with anyio.fail_after(max(0.0, self.until - time.monotonic())):
                message = await self.receive()
        except TimeoutError:
            raise Refusal(
                f"the body did not come within {self.within_s:.0f} s",
                code="TOO_SLOW",
                kind=Kind.LIMIT,
            ) from None
        self.size += len(message.get("body", b""))
        if self.size > MOST_BODY:
            raise too_large()
        self.over = not message.get("more_body", False)
        return message


@dataclass(slots=True)
class _Sent:
    """The answer on its way, with the headers that all have."""

    send: Send
    status: int = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("content-security-policy", _CSP)
        await self.send(message)


def too_large() -> Refusal:
    """The refusal of a body that is too large."""
    return Refusal(
        f"a request has at most {MOST_BODY} bytes",
        code="TOO_LARGE",
        kind=Kind.LIMIT,
        hint="put what is large into a file of the repository, and name that",
    )
