"""An MCP server as a child: lines of JSON there and back, none longer than is reasonable.

The server and all that it starts end with the connection, however that ends.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio

from plait.process.child import Child, start
from plait.process.family import FAMILY

LONGEST_LINE = 4 << 20
CHUNK = 1 << 16
GOODBYE_S = 0.5  # for a server to end once its input has
GRACE_S = 0.5


@asynccontextmanager
async def stdio(command: Sequence[str], cwd: str) -> AsyncIterator[Any]:
    """The two streams that the client of MCP takes.

    Raises:
        OSError: The server cannot be started.
    """
    server = _Server(command, cwd)
    try:
        incoming, read = anyio.create_memory_object_stream[Any](0)
        write, outgoing = anyio.create_memory_object_stream[Any](0)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.listen, incoming)
            tasks.start_soon(server.speak, outgoing, incoming)
            yield read, write
            tasks.cancel_scope.cancel()
    finally:
        await server.end()


class _Server:
    def __init__(self, command: Sequence[str], cwd: str) -> None:
        mark = os.urandom(8).hex()
        family = ":".join(filter(None, (os.environ.get(FAMILY), mark)))
        pipe = subprocess.PIPE
        self._child: Child = start(
            command,
            cwd=Path(cwd),
            env={**os.environ, FAMILY: family},
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
        )
        self._child.family.mark = mark.encode()
        stdin, stdout = self._child.popen.stdin, self._child.popen.stdout
        assert stdin is not None  # noqa: S101 - a pipe was asked for
        assert stdout is not None  # noqa: S101 - likewise
        self._stdin, self._stdout = stdin, stdout
        for each in (stdin, stdout):
            os.set_blocking(each.fileno(), False)

    async def listen(self, incoming: Any) -> None:
        """Hand on what the server says; the stream ends with it, or with a line too long."""
        from mcp.shared.message import SessionMessage
        from mcp.types import jsonrpc_message_adapter

        rest = b""
        async with incoming:
            while len(rest) <= LONGEST_LINE:
                await anyio.wait_readable(self._stdout)
                chunk = os.read(self._stdout.fileno(), CHUNK)
                if not chunk:
                    return
                *lines, rest = (rest + chunk).split(b"\n")
                for line in filter(None, map(bytes.strip, lines)):
                    try:
                        message = jsonrpc_message_adapter.validate_json(line, by_name=False)
                    except ValueError:
                        continue  # a log line, perhaps: it answers nothing
                    with suppress(anyio.BrokenResourceError):
                        await incoming.send(SessionMessage(message))

    async def speak(self, outgoing: Any, incoming: Any) -> None:
        """Write what the client says; if the server is gone, the client hears that."""
        async with outgoing:
            try:
                async for each in outgoing:
                    text = each.message.model_dump_json(by_alias=True, exclude_unset=True)
                    await self._write(text.encode() + b"\n")
            except OSError:
                await incoming.aclose()

    async def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            with suppress(BlockingIOError):
                rest = rest[os.write(self._stdin.fileno(), rest[:CHUNK]) :]
                continue
            await anyio.wait_writable(self._stdin)

    async def end(self) -> None:
        """Close its input, wait a little, then make it end."""
        with anyio.CancelScope(shield=True):
            try:
                self._stdin.close()
                self._stdout.close()
                with anyio.move_on_after(GOODBYE_S):
                    await self._child.leader_exit()
                await self._child.end_family(GRACE_S)
                self._child.popen.poll()
            finally:
                self._child.close()
