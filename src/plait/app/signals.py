"""What a person stops Plait with, and how it ends then."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable

import anyio


async def until_signal(work: Callable[[], Awaitable[None]]) -> int | None:
    """Run `work`; on SIGINT or SIGTERM cancel it, wait until it has put everything away."""
    caught: list[int] = []

    async def listen(scope: anyio.CancelScope) -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async for number in signals:
                caught.append(number)
                scope.cancel()

    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as scope:
            tasks.start_soon(listen, scope)
            await work()
        tasks.cancel_scope.cancel()
    return caught[0] if caught else None
