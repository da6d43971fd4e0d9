"""A started child that nobody has reaped yet, awaited and ended in the event loop."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from plait.process.family import FAMILY, LINUX, Ending, Family, started_at

if TYPE_CHECKING:
    import subprocess

POLL_S = 0.02  # between two looks, where a pidfd is not to be had


@dataclass(slots=True, kw_only=True)
class Child:
    """A started child that nobody has reaped yet, and how its family is recognised."""

    popen: subprocess.Popen[bytes]
    pidfd: int | None
    family: Family

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
        self.family.since = self.family.since or started_at(self.popen.pid)  # it is unreaped yet
        return await end(self.family, grace_s)

    def end_group(self) -> None:
        """End what an exited leader left in its group, and reap the leader."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.poll()

    def close(self) -> None:
        for descriptor in (self.pidfd, self.family.liveness):
            if descriptor is not None:
                os.close(descriptor)


async def end(family: Family, grace_s: float) -> bool:
    """End a family; True if something outlived SIGKILL."""
    import anyio

    ending = Ending(family, grace_s)
    while (pause_s := await anyio.to_thread.run_sync(ending.step)) is not None:  # noqa: ASYNC110
        await anyio.sleep(pause_s)
    return ending.lingering


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
    child.family.liveness = liveness
    child.family.pipe = f"pipe:[{os.fstat(liveness).st_ino}]"
    child.family.mark = mark.encode()
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
    family = Family(popen.pid, running=lambda: popen.poll() is None)
    return Child(popen=popen, pidfd=os.pidfd_open(popen.pid) if LINUX else None, family=family)


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
