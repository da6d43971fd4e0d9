"""One orchestrator's git at a time: a lock that each git process of it holds as well.

A killed orchestrator does not take its git along: a checkout or a ref's update that was under way
goes on to its end. Whoever came next at once would clean a folder that is being filled, or read a
branch that is about to move. So the lock is handed down, as its descriptor, to every git that
writes; it is free once the last of them has ended, whoever started it. Nothing is guessed from
process ids, and there is no stale lock to break.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from plait.errors import EnvironmentLack

PATIENCE_S = 60.0  # a checkout of a large tree on a slow disk ends in this time
_LOOK_S = 0.02


@asynccontextmanager
async def alone(state: Path, *, patience_s: float = PATIENCE_S) -> AsyncIterator[int]:
    """Wait until no git of an earlier orchestrator is at work; the lock to hand down.

    Args:
        state: Plait's state folder.
        patience_s: How many seconds to wait.

    Raises:
        EnvironmentLack: `GIT_AT_WORK`, it is at work still.
    """
    import anyio

    path = state / "git.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        give_up = anyio.current_time() + patience_s
        while not _taken(descriptor):
            if anyio.current_time() >= give_up:
                raise EnvironmentLack(
                    "a git process that an earlier run started is still at work",
                    code="GIT_AT_WORK",
                    where=str(path),
                    hint="wait until it has ended, or end it (`ps -e | grep git` shows it), "
                    "and call again",
                )
            await anyio.sleep(_LOOK_S)
        yield descriptor
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
