"""One orchestrator per repository: a lock that the system lets go with its holder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plait.errors import UsageError

_NAME = "orchestrator.lock"


def holder(state: Path) -> str | None:
    """The process id of the living orchestrator, `unknown` if it has not said it, or None."""
    try:
        descriptor = os.open(state / _NAME, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
    finally:
        os.close(descriptor)
    return None


@contextmanager
def hold(state: Path) -> Iterator[None]:
    """Hold the orchestrator's lock.

    Raises:
        UsageError: `RUN_HELD`, a living orchestrator holds it; the message has its process id.
    """
    path = state / _NAME
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            raise UsageError(
                f"a run goes on in this repository, in process {pid}",
                code="RUN_HELD",
                hint=f"watch it with `plait status`, or stop it with `kill {pid}`",
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)
