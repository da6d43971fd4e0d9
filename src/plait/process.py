"""Spawn a child, time out, end its whole family.

A child leads a session and a process group of its own. What it starts is its family, and the
family never outlives the call: whatever is left after an exit, a timeout or a cancellation gets
SIGTERM, a grace, and SIGKILL. A descendant that left the group (a daemon: double fork and
`setsid`) is recognised by either of two things it inherits: a mark in its environment, and the
write end of a pipe. The leader stays unreaped until its group is dealt with, so its number
cannot come to mean another process.

Children are awaited by a pidfd in the event loop: no child watcher, no thread a child. Where the
system has none (macOS), the exit is polled, and the pipe alone tells of daemons.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    import subprocess

FAMILY = "PLAIT_FAMILY"  # the mark in the environment; nested families append to it
KILL_PATIENCE_S = 2.0  # how long SIGKILL may take before a process counts as lingering
POLL_S = 0.02  # between two looks, where a pidfd is not to be had
_PROC = Path("/proc")
_LINUX = hasattr(os, "pidfd_open") and (_PROC / "self/stat").exists()
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How a child ended.

    `code` is its exit code, negative for a signal, None where it could not be started;
    `timed_out` says that Plait ended it; `lingering` that something it started outlived even
    SIGKILL of its group (it left the group), so its folder must not be reused.
    """

    code: int | None
    duration_s: float
    timed_out: bool = False
    lingering: bool = False
    error: str = ""


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
    child = _spawn(argv, cwd=cwd, env=env, stdin=stdin, stdout=stdout, stderr=stderr)
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
) -> Captured:
    """Run a short child and return what it wrote; its group ends with it.

    Raises:
        OSError: It cannot be started; `filename` names what is missing.
        TimeoutError: It was ended after `timeout_s` seconds.
    """
    import anyio

    with ExitStack() as files:
        source, out, err = (files.enter_context(_scratch(content)) for content in (stdin, b"", b""))
        child = _start(argv, cwd=cwd, env=env, stdin=source, stdout=out, stderr=err)
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
        self._child = _start(
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


@dataclass(slots=True, kw_only=True)
class _Child:
    """A started child that nobody has reaped yet, and how its family is recognised."""

    popen: subprocess.Popen[bytes]
    pidfd: int | None
    liveness: int | None = None
    pipe: str = ""
    mark: bytes = b""
    since: int = 0

    async def leader_exit(self) -> None:
        """Return once the leader has exited; it stays a zombie where a pidfd tells."""
        import anyio

        if self.pidfd is not None:
            await anyio.wait_readable(self.pidfd)
            return
        while self.popen.poll() is None:  # noqa: ASYNC110 - nothing tells of it
            await anyio.sleep(POLL_S)

    async def end_family(self, grace_s: float) -> bool:
        """End whatever is left; True if something outlived SIGKILL."""
        import anyio

        for number, patience_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, KILL_PATIENCE_S)):
            deadline = time.monotonic() + patience_s
            told: set[int] = set()
            pause_s = 0.001
            while True:
                alive = await anyio.to_thread.run_sync(self._survivors)
                # The pipe outlives a look that missed a process between two forks.
                if not alive and _at_end(self.liveness):
                    return False
                if new := alive - told:
                    self._signal(new, number, group=not told)
                    told |= new
                if time.monotonic() >= deadline:
                    break
                await anyio.sleep(pause_s)
                pause_s = min(2 * pause_s, 0.05)
        return True

    def end_group(self) -> None:
        """End what an exited leader left in its group, and reap the leader."""
        self._signal(set(), signal.SIGKILL, group=True)
        self.popen.poll()

    def close(self) -> None:
        for descriptor in (self.pidfd, self.liveness):
            if descriptor is not None:
                os.close(descriptor)

    def _signal(self, pids: set[int], number: signal.Signals, *, group: bool) -> None:
        if group:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.popen.pid, number)
        for pid in pids if _LINUX else ():
            # The number may mean another process by now: pin it, look again.
            with suppress(ProcessLookupError, PermissionError):
                pinned = os.pidfd_open(pid)
                try:
                    if self._belongs(pid) and not (group and os.getpgid(pid) == self.popen.pid):
                        signal.pidfd_send_signal(pinned, number)
                finally:
                    os.close(pinned)

    def _survivors(self) -> set[int]:
        """The family's living members; off Linux the leader stands for all of them."""
        if _LINUX:
            with os.scandir(_PROC) as entries:
                numbers = [int(entry.name) for entry in entries if entry.name.isdigit()]
            return {pid for pid in numbers if self._belongs(pid)}
        alive = self.popen.poll() is None or not _at_end(self.liveness)
        return {self.popen.pid} if alive else set()

    def _belongs(self, pid: int) -> bool:
        facts = _stat(pid)
        if not facts or facts[0] in (b"Z", b"X"):
            return False
        if self.popen.pid in (int(facts[2]), int(facts[3])):  # group, session
            return True
        if not self.mark or int(facts[19]) < self.since:  # older than the leader
            return False
        # This process has the pipe too, to read from.
        return pid != os.getpid() and self._has_inherited(pid)

    def _has_inherited(self, pid: int) -> bool:
        """Whether a process carries the mark or has the pipe open."""
        facts = _PROC / str(pid)
        try:
            marked = self.mark in (facts / "environ").read_bytes()
            return marked or any(
                str(each.readlink()) == self.pipe for each in (facts / "fd").iterdir()
            )
        except OSError:  # gone, or another user's
            return False


def _spawn(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bytes | Path,
    stdout: Path,
    stderr: Path,
) -> _Child | str:
    """Start a child with its files, or say why it cannot be started."""
    mark = os.urandom(8).hex()
    family = ":".join(filter(None, (env.get(FAMILY), mark)))
    with ExitStack() as files:
        source = stdin.open("rb") if isinstance(stdin, Path) else _scratch(stdin)
        files.enter_context(source)
        out, err = (files.enter_context(path.open("ab", buffering=0)) for path in (stdout, stderr))
        liveness, held = os.pipe()
        files.callback(os.close, held)
        try:
            child = _start(
                argv,
                cwd=cwd,
                env={**env, FAMILY: family},
                stdin=source,
                stdout=out,
                stderr=err,
                inherit=(held,),
            )
        except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
            os.close(liveness)
            what = getattr(error, "filename", None) or argv[0]
            return f"{what}: {getattr(error, 'strerror', None) or error}"
    os.set_blocking(liveness, False)
    child.liveness, child.pipe = liveness, f"pipe:[{os.fstat(liveness).st_ino}]"
    child.mark = mark.encode()
    if facts := _stat(child.popen.pid):
        child.since = int(facts[19])
    return child


def _start(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: IO[bytes] | int,
    stdout: IO[bytes] | int,
    stderr: IO[bytes] | int,
    inherit: tuple[int, ...] = (),
) -> _Child:
    import subprocess

    popen = subprocess.Popen(
        argv,
        cwd=cwd,
        env=dict(env),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        bufsize=0,
        pass_fds=inherit,
        start_new_session=True,
    )
    return _Child(popen=popen, pidfd=os.pidfd_open(popen.pid) if _LINUX else None)


def _scratch(content: bytes = b"") -> IO[bytes]:
    """A nameless file with this content, at its start: it neither blocks nor stays behind."""
    import tempfile

    file: IO[bytes]
    if hasattr(os, "memfd_create"):
        file = os.fdopen(os.memfd_create("plait"), "w+b")
    else:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    file.write(content)
    file.seek(0)
    return file


def _stat(pid: int) -> list[bytes]:
    """The fields of /proc/PID/stat after the name: state, parent, group, session and so on."""
    try:
        return (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:  # gone, or no such file system
        return []


def _at_end(liveness: int | None) -> bool:
    """Whether nobody holds the other end of the pipe any more."""
    if liveness is None:
        return True
    try:
        return os.read(liveness, 1) == b""
    except BlockingIOError:
        return False
