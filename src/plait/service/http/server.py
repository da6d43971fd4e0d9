"""Serving: uvicorn, with what it leaves open: slow heads, slow readers, too many connections."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from plait.errors import EnvironmentLack, ExitCode
from plait.service.http.problem import MEDIA, problem

HEAD_S = 10.0  # from a request's first byte, or a connection's begin, to the end of its head
TAKE_S = 60.0  # within which a client takes what was sent to it
MOST_CONNECTIONS = 4000
SPARE = 200  # descriptors for all else
IDLE_S = 30  # between two requests of one connection
LONGEST_HEAD = 32_768  # bytes


class Protocol(H11Protocol):
    """One connection: its heads come in time, its answers are taken, or it is ended."""

    most = MOST_CONNECTIONS
    _head: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            self._refuse(503, "TOO_MANY_CONNECTIONS", "too many connections are open")
            return
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Read; while a head is not whole, time runs."""
        super().data_received(data)
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            self._forget_head()
        elif self._head is None and not self.transport.is_closing():
            self._expect_head()

    def on_response_complete(self) -> None:
        """Wait for the next request, which may have begun already."""
        self._forget_head()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Wait for the client to take what was sent, for a while."""
        super().pause_writing()
        if self._taking is None:
            self._taking = self.loop.call_later(TAKE_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._forget_head()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._refuse(400, "MALFORMED", msg)

    def _expect_head(self) -> None:
        self._head = self.loop.call_later(HEAD_S, self._late)

    def _forget_head(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _late(self) -> None:
        if not self.transport.is_closing():
            self._refuse(408, "TOO_SLOW", f"no request came within {HEAD_S:.0f} s")

    def _refuse(self, status: int, code: str, detail: str) -> None:
        """Answer before there is a request, and end the connection."""
        self._forget_head()
        told = problem(status, code, detail)
        body = bytes(told.body)
        head = (
            f"HTTP/1.1 {status} {told_phrase(status)}\r\ncontent-type: {MEDIA}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n"
            "x-content-type-options: nosniff\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()


def told_phrase(status: int) -> str:
    """What a status is called."""
    from http import HTTPStatus

    return HTTPStatus(status).phrase


class _Server(uvicorn.Server):
    """Lets streams end by themselves as it stops."""

    def __init__(self, config: uvicorn.Config, *, ready: Callable[[], Any], stop: Any) -> None:
        super().__init__(config)
        self._ready, self._stop = ready, stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stop()
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there, and nowhere else.

    Raises:
        EnvironmentLack: `PORT_TAKEN`, `CANNOT_LISTEN`.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sends what it is given at once: otherwise each answer waits
    # some 40 ms for the client's system to acknowledge its head.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(1024)
    except OSError as error:
        import errno

        found.close()
        if error.errno == errno.EADDRINUSE:
            raise EnvironmentLack(
                f"port {port} of {host} is taken, perhaps by another `plait serve`",
                code="PORT_TAKEN",
                hint="choose another with --port, or --port 0 for a free one",
            ) from None
        raise EnvironmentLack(
            f"cannot listen at {host}, port {port}: {error.strerror or error}",
            code="CANNOT_LISTEN",
            hint="choose an address of this machine, and a port above 1023",
        ) from None
    found.setblocking(False)
    return found


def serve(
    app: ASGIApp, listening: socket.socket, *, ready: Callable[[], Any], stop: Callable[[], Any]
) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        app: What answers.
        listening: Where requests come from.
        ready: Called as soon as requests are answered.
        stop: Called as it ends: streams are to end by themselves.
    """
    logging.getLogger("uvicorn").setLevel(logging.ERROR)  # what clients do wrong they are told
    Protocol.most = _bearable()
    config = uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="on",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=LONGEST_HEAD,
    )
    # A signal that ends uvicorn is handed on to what was there before: the end is an orderly one.
    signal.signal(signal.SIGTERM, _terminated)
    _Server(config, ready=ready, stop=stop).run(sockets=[listening])


def _bearable() -> int:
    """How many connections there can be: each takes a descriptor, of which more are asked for."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + SPARE
    if now != resource.RLIM_INFINITY and now < wanted:
        best = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (best, most))
        now = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if now == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(1, min(MOST_CONNECTIONS, now - SPARE))


def _terminated(_number: int, _frame: object) -> None:
    raise SystemExit(ExitCode.TERMINATED)
