"""Spawn a child, time out, end its whole family.

A child leads a session and a process group of its own. What it starts is its family, and the
family never outlives the call: whatever is left after an exit, a timeout or a cancellation gets
SIGTERM, a grace, and SIGKILL. A descendant that left the group (a daemon: double fork and
`setsid`) is recognised by either of two things it inherits: a mark in its environment, and the
write end of a pipe. The leader stays unreaped until its group is dealt with, so its number
cannot come to mean another process.

That holds for children that `run` starts, which end with this process' call. What `keep` starts
outlives this process: a shim supervises it, and `adopt` takes it up again.

Children are awaited by a pidfd in the event loop: no child watcher, no thread a child. Where the
system has none (macOS), the exit is polled, and the pipe alone tells of daemons.
"""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, TypeVarTuple

from plait.process.child import scratch, spawn, start
from plait.process.exit import Exit
from plait.process.family import KILL_PATIENCE_S
from plait.process.keeper import Kept, adopt, end_strays, keep, lives
from plait.process.memory import free_memory
from plait.process.redaction import Redaction
from plait.process.supervision import ALIVE
from plait.process.tenants import is_used

__all__ = [
    "ALIVE",
    "Captured",
    "Dialogue",
    "Exit",
    "Kept",
    "Redaction",
    "adopt",
    "capture",
    "end_strays",
    "free_memory",
    "is_used",
    "keep",
    "lives",
    "run",
    "run_main",
]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """A finished child's exit code (negative for a signal) and all that it wrote."""

    code: int
    out: bytes
    err: bytes


async def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bytes | Path = b"",
    stdout: Path,
    stderr: Path,
    timeout_s: float | None,
    grace_s: float = 5.0,
) -> Exit:
    """Run a child to its end and end all that it started.

    The child writes straight into the two files, which are appended to and may be the same.

    Args:
        argv: The program, looked up in the PATH of `env`, and its arguments.
        cwd: Where it starts.
        env: Its whole environment; `PLAIT_FAMILY` is added.
        stdin: What it reads: bytes, or a file.
        stdout: Where its output goes.
        stderr: Where its errors go.
        timeout_s: Seconds until it is ended; None for no limit.
        grace_s: Seconds between SIGTERM and SIGKILL.

    Raises:
        OSError: One of the files cannot be opened.
    """
    import anyio

    started = time.monotonic()
    child = spawn(argv, cwd=cwd, env=env, stdin=stdin, stdout=stdout, stderr=stderr)
    if isinstance(child, str):
        return Exit(code=None, duration_s=time.monotonic() - started, error=child)
    try:
        with anyio.move_on_after(timeout_s) as limit:
            await child.leader_exit()
        duration_s = time.monotonic() - started
    finally:
        with anyio.CancelScope(shield=True):
            lingering = await child.end_family(grace_s)
            code = child.popen.poll()
            child.close()
    return Exit(
        code=code,
        duration_s=duration_s,
        timed_out=limit.cancelled_caught,
        lingering=lingering,
        error="" if code is not None else f"{argv[0]}: outlived SIGKILL",
    )


async def capture(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bytes = b"",
    timeout_s: float | None = None,
    inherit: tuple[int, ...] = (),
) -> Captured:
    """Run a short child and return what it wrote; its group ends with it.

    Args:
        argv: The program and its arguments.
        cwd: Where it starts.
        env: Its whole environment.
        stdin: What it reads.
        timeout_s: Seconds until it is ended; None for no limit.
        inherit: Descriptors that stay open in it: a lock that lasts as long as it lives.

    Raises:
        OSError: It cannot be started; `filename` names what is missing.
        TimeoutError: It was ended after `timeout_s` seconds.
    """
    import anyio

    with ExitStack() as files:
        source, out, err = (files.enter_context(scratch(content)) for content in (stdin, b"", b""))
        child = start(argv, cwd=cwd, env=env, stdin=source, stdout=out, stderr=err, inherit=inherit)
        try:
            with anyio.fail_after(timeout_s):
                await child.leader_exit()
        except BaseException:
            with anyio.CancelScope(shield=True):
                await child.end_family(KILL_PATIENCE_S)
            raise
        finally:
            child.end_group()
            child.close()
        out.seek(0)
        err.seek(0)
        return Captured(code=child.popen.returncode, out=out.read(), err=err.read())


class Dialogue:
    """A long-lived child that answers requests: one `send`, then `receive` until complete.

    It ends when this process does, however that comes: its input is then at its end.
    """

    def __init__(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        """Start it.

        Raises:
            OSError: It cannot be started.
        """
        import subprocess

        pipe = subprocess.PIPE
        self._child = start(
            argv, cwd=cwd, env=env, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
        )

    def send(self, request: bytes) -> None:
        """Write a request of less than a pipe's 4 KiB. Raises BrokenPipeError if it is gone."""
        stdin = self._child.popen.stdin
        assert stdin is not None  # noqa: S101 - a pipe was asked for
        stdin.write(request)

    async def receive(self) -> bytes:
        """Some bytes of the answer; nothing once the child has closed its output."""
        import anyio

        stdout = self._child.popen.stdout
        assert stdout is not None  # noqa: S101 - a pipe was asked for
        await anyio.wait_readable(stdout)
        return os.read(stdout.fileno(), 1 << 16)

    async def close(self) -> None:
        """End it: what it reads is at its end, so it goes, or it is made to."""
        import anyio

        popen = self._child.popen
        with anyio.CancelScope(shield=True):
            if popen.stdin:
                popen.stdin.close()
            with anyio.move_on_after(KILL_PATIENCE_S):
                await self._child.leader_exit()
            await self._child.end_family(KILL_PATIENCE_S)
            popen.poll()
            if popen.stdout:
                popen.stdout.close()
            self._child.close()


def run_main(main: Callable[[*Ts], Awaitable[T]], *args: *Ts) -> T:
    """Run the program's async main function: anyio on asyncio, never uvloop (it forks slowly)."""
    import anyio

    return anyio.run(main, *args, backend="asyncio", backend_options={"use_uvloop": False})
