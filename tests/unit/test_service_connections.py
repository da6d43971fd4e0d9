"""One connection of the service: what comes too slowly, is not taken, or is one too many."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from plait.service.http import server
from plait.service.http.server import Protocol

REQUEST = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"


class Wire(asyncio.Transport):
    """What would be sent."""

    def __init__(self) -> None:
        """Open."""
        super().__init__()
        self.sent = b""
        self.ended = ""

    def write(self, data: Any) -> None:
        """Send."""
        self.sent += bytes(data)

    def close(self) -> None:
        """End, when all is sent."""
        self.ended = self.ended or "closed"

    def abort(self) -> None:
        """End at once."""
        self.ended = "aborted"

    def is_closing(self) -> bool:
        """Whether it has ended."""
        return bool(self.ended)

    def pause_reading(self) -> None:
        """Read no more."""

    def resume_reading(self) -> None:
        """Read on."""


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer nothing, with nothing."""
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


def connection(state: ServerState) -> tuple[Protocol, Wire]:
    """A connection that has just begun."""
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    protocol, wire = Protocol(config, state, {}), Wire()
    protocol.connection_made(wire)
    return protocol, wire


def played(story: Callable[[ServerState], Any]) -> None:
    """Play a story on a loop."""
    asyncio.run(story(ServerState()))


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what will come."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("begun", [b"", b"GET / HT", REQUEST])
def test_a_head_that_does_not_come_is_not_waited_for(
    begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the beginning, in the middle of it, and behind another request."""
    monkeypatch.setattr(server, "HEAD_S", 0.05)

    async def story(state: ServerState) -> None:
        protocol, wire = connection(state)
        if begun:
            protocol.data_received(begun)
        if begun == REQUEST:
            await until(lambda: b" 204 " in wire.sent)
            protocol.data_received(b"GET /")
        await until(lambda: bool(wire.ended))
        assert b"HTTP/1.1 408 " in wire.sent
        assert b'"code":"TOO_SLOW"' in wire.sent

    played(story)


def test_requests_in_time_are_answered_on_one_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The time for a head begins with each one anew."""
    monkeypatch.setattr(server, "HEAD_S", 5)

    async def story(state: ServerState) -> None:
        protocol, wire = connection(state)
        for count in range(1, 4):
            protocol.data_received(REQUEST[:5])
            protocol.data_received(REQUEST[5:])
            await until(lambda: wire.sent.count(b"HTTP/1.1 204") == count)  # noqa: B023
        assert not wire.ended
        protocol.connection_lost(None)

    played(story)


def test_a_client_that_takes_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless it takes something in time."""
    monkeypatch.setattr(server, "TAKE_S", 0.05)

    async def story(state: ServerState) -> None:
        protocol, wire = connection(state)
        protocol.pause_writing()
        protocol.resume_writing()
        await asyncio.sleep(0.1)
        assert not wire.ended
        protocol.pause_writing()
        await until(lambda: wire.ended == "aborted")
        protocol.connection_lost(None)

    played(story)


def test_one_connection_too_many_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """And there is room again once another has ended."""
    monkeypatch.setattr(Protocol, "most", 1)

    async def story(state: ServerState) -> None:
        first, held = connection(state)
        _, wire = connection(state)
        assert wire.sent.startswith(b"HTTP/1.1 503 ")
        assert b'"code":"TOO_MANY_CONNECTIONS"' in wire.sent
        assert (wire.ended, held.ended) == ("closed", "")
        state.connections.clear()
        _, wire = connection(state)
        assert not wire.sent
        first.connection_lost(None)

    played(story)
