"""The sink as the engine sees it: one child that is told calls and answers a line to each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import anyio

from plait.announce.order import Order, is_last
from plait.core.announcement import Call, Outcome, Reply, SinkKind
from plait.core.codec import decode, encode
from plait.process.child import Child, start
from plait.process.family import FAMILY

PROGRAM = (sys.executable, "-I", "-m", "plait.announce")
START_S = 30.0  # for the child, and for a server that it starts, to be there
SPARE_S = 2.0  # beyond what the child itself allows a call
LONGEST_LINE = 1 << 16
CHUNK = 1 << 16
GOODBYE_S = 2.0  # for the child to end its server in order
GRACE_S = 1.0


class Speaker:
    """A `Sink`. Its child is started with the first call, and anew after each failure of it."""

    def __init__(self, order: Order, *, environ: Mapping[str, str], cwd: Path) -> None:
        """Begin nothing yet.

        Args:
            order: Whom to speak to.
            environ: The child's whole environment, and that of the server which it starts.
            cwd: Where the server is started.
        """
        self._order = order
        self._environ = environ
        self._cwd = cwd
        self._child: Child | None = None
        self._rest = b""

    @property
    def name(self) -> str:
        """As its owner calls it."""
        return self._order.name

    @property
    def kind(self) -> SinkKind:
        """What it is spoken to with."""
        return self._order.kind

    async def tell(self, call: Call) -> Reply:
        """Tell it one thing."""
        return await self._ask({"key": call.key, "body": call.body})

    async def probe(self) -> Reply:
        """Whether it can be spoken to: an MCP server is asked for its tools, a webhook nothing."""
        return await self._ask({"probe": True})

    async def close(self) -> None:
        """End the child, and what it started, in order or without."""
        child, self._child, self._rest = self._child, None, b""
        if child is None:
            return
        with anyio.CancelScope(shield=True):
            try:
                for pipe in (child.popen.stdin, child.popen.stdout):
                    if pipe is not None:  # at the end of its input it goes
                        pipe.close()
                with anyio.move_on_after(GOODBYE_S):
                    await child.leader_exit()
                await child.end_family(GRACE_S)
                child.popen.poll()
            finally:
                child.close()

    async def _ask(self, request: Mapping[str, object]) -> Reply:
        limit_s = self._order.timeout_s + SPARE_S + (START_S if self._child is None else 0.0)
        reply, told = None, f"there was no answer within {limit_s:.0f} s"
        try:
            with anyio.move_on_after(limit_s):
                reply = await self._said(request)
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            told = self._order.hidden(str(error) or type(error).__name__)
        finally:
            if reply is None or is_last(self._order, reply):
                await self.close()
        return reply or Reply(outcome=Outcome.FAILED, reason=told)

    async def _said(self, request: Mapping[str, object]) -> Reply:
        if self._child is None:
            self._child = self._started()
            await self._write(self._child, {"cwd": str(self._cwd), **encode(self._order)})
        await self._write(self._child, request)
        return decode(Reply, json.loads(await self._line(self._child)))

    def _started(self) -> Child:
        mark = os.urandom(8).hex()
        family = ":".join(filter(None, (self._environ.get(FAMILY), mark)))
        child = start(
            PROGRAM,
            cwd=self._cwd,
            env={**self._environ, FAMILY: family},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        child.family.mark = mark.encode()
        for pipe in (child.popen.stdin, child.popen.stdout):
            assert pipe is not None  # noqa: S101 - pipes were asked for
            os.set_blocking(pipe.fileno(), False)
        return child

    async def _write(self, child: Child, value: object) -> None:
        stdin = child.popen.stdin
        assert stdin is not None  # noqa: S101 - a pipe was asked for
        rest = memoryview(json.dumps(value).encode() + b"\n")
        while rest:
            with suppress(BlockingIOError):
                rest = rest[os.write(stdin.fileno(), rest[:CHUNK]) :]
                continue
            await anyio.wait_writable(stdin)

    async def _line(self, child: Child) -> bytes:
        stdout = child.popen.stdout
        assert stdout is not None  # noqa: S101 - a pipe was asked for
        while b"\n" not in self._rest:
            if len(self._rest) > LONGEST_LINE:
                raise ValueError("what speaks to it answered too much")
            await anyio.wait_readable(stdout)
            chunk = os.read(stdout.fileno(), CHUNK)
            if not chunk:
                raise EOFError("what speaks to it ended")
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        return line
