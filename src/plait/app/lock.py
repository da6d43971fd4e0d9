"""One orchestrator per checkout: a lock that the system lets go with its holder.

The file says who holds it, in lines: the process id, and a number that the file keeps for good.
With the file's own number on the disk it names the place: whoever holds the lock knows that all
earlier orchestrators of that place have ended. A copy of the folder is another place.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plait.core.lease import Holder
from plait.errors import UsageError

_NAME = "orchestrator.lock"
LOOKS, LOOK_S = 10, 0.02


def holder(state: Path) -> str | None:
    """The process id of the living orchestrator, `unknown` if it has not said it, or None."""
    try:
        descriptor = os.open(state / _NAME, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(descriptor)[0] or "unknown"
    finally:
        os.close(descriptor)
    return None


@contextmanager
def hold(state: Path) -> Iterator[Holder]:
    """Hold the orchestrator's lock; by what name it may claim runs.

    Raises:
        UsageError: `RUN_HELD`, a living orchestrator holds it; the message has its process id.
    """
    path = state / _NAME
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        if not _taken(descriptor):
            pid = _read(descriptor)[0] or "unknown"
            raise UsageError(
                f"a run goes on in this repository, in process {pid}",
                code="RUN_HELD",
                hint=f"watch it with `plait status`, or stop it with `kill {pid}`",
            )
        number = _read(descriptor)[1] or os.urandom(4).hex()
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n{number}\n".encode(), 0)
        yield Holder(
            host=socket.gethostname().replace(" ", "-") or "localhost",
            pid=os.getpid(),
            place=f"{number}-{os.fstat(descriptor).st_ino}",
            nonce=os.urandom(4).hex(),
        )
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    """Whether the lock is ours now; who only looks at it has it for a moment."""
    for _ in range(LOOKS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOOK_S)
        else:
            return True
    return False


def _read(descriptor: int) -> tuple[str, str]:
    """The process id and the file's number, as far as they are there."""
    pid, _, number = os.pread(descriptor, 256, 0).decode("ascii", "replace").partition("\n")
    return pid.strip(), number.strip()
