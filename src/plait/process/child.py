"""A started child and its family: how its members are found, and how they are ended."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

FAMILY = "PLAIT_FAMILY"  # the mark in the environment; nested families append to it
KILL_PATIENCE_S = 2.0  # how long SIGKILL may take before a process counts as lingering
POLL_S = 0.02  # between two looks, where a pidfd is not to be had
_PROC = Path("/proc")
_LINUX = hasattr(os, "pidfd_open") and (_PROC / "self/stat").exists()


@dataclass(slots=True, kw_only=True)
class Child:
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


def spawn(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bytes | Path,
    stdout: Path,
    stderr: Path,
) -> Child | str:
    """Start a child with its files, or say why it cannot be started."""
    mark = os.urandom(8).hex()
    family = ":".join(filter(None, (env.get(FAMILY), mark)))
    with ExitStack() as files:
        source = stdin.open("rb") if isinstance(stdin, Path) else scratch(stdin)
        files.enter_context(source)
        out, err = (files.enter_context(path.open("ab", buffering=0)) for path in (stdout, stderr))
        liveness, held = os.pipe()
        files.callback(os.close, held)
        try:
            child = start(
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


def start(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: IO[bytes] | int,
    stdout: IO[bytes] | int,
    stderr: IO[bytes] | int,
    inherit: tuple[int, ...] = (),
) -> Child:
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
    return Child(popen=popen, pidfd=os.pidfd_open(popen.pid) if _LINUX else None)


def scratch(content: bytes = b"") -> IO[bytes]:
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
