"""`python -I -m plait.announce`: an order on the first line, then a call a line; one reply each.

It ends at the end of its input, whatever it is about to do: so it ends with who started it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from plait.announce.order import Order, is_last
from plait.core.announcement import Outcome, Reply, SinkKind
from plait.core.codec import decode, encode
from plait.process.family import adopt_orphans

CHUNK = 1 << 16
Speak = Callable[[Mapping[str, Any]], Awaitable[Reply]]


async def main() -> None:
    """Carry out what comes until no more does."""
    adopt_orphans()  # a server that went to the background is found in the end
    send, receive = anyio.create_memory_object_stream[Mapping[str, Any]](1)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_read, send, tasks.cancel_scope)
            await _serve(receive)
            tasks.cancel_scope.cancel()
    finally:
        os._exit(0)  # a thread that still resolves a name holds nothing


async def _read(send: MemoryObjectSendStream[Mapping[str, Any]], scope: anyio.CancelScope) -> None:
    stdin = sys.stdin.fileno()
    os.set_blocking(stdin, False)
    rest = b""
    while True:
        await anyio.wait_readable(stdin)
        chunk = os.read(stdin, CHUNK)
        if not chunk:
            scope.cancel()
            return
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            await send.send(json.loads(line))


async def _serve(calls: MemoryObjectReceiveStream[Mapping[str, Any]]) -> None:
    told = dict(await calls.receive())
    cwd = told.pop("cwd")
    order = decode(Order, told)
    speak: Speak | None = None
    async with AsyncExitStack() as stack:
        async for call in calls:
            reply = None
            try:
                speak = speak or await _opened(stack, order, cwd)  # the other end has a limit
                with anyio.move_on_after(order.timeout_s):
                    reply = await speak(call)
            except Exception as error:  # noqa: BLE001 - whatever it is, the other end is told
                reply = Reply(outcome=Outcome.FAILED, reason=_words(error))
            if reply is None:
                told_so = f"it did not answer within {order.timeout_s:g} s"
                reply = Reply(outcome=Outcome.FAILED, reason=told_so)
            reply = Reply(
                outcome=reply.outcome, reason=order.hidden(reply.reason)[:500], wait_s=reply.wait_s
            )
            sys.stdout.write(json.dumps(encode(reply)) + "\n")
            sys.stdout.flush()
            if is_last(order, reply):
                return


async def _opened(stack: AsyncExitStack, order: Order, cwd: str) -> Speak:
    if order.kind is SinkKind.WEBHOOK:
        from plait.announce.webhook import Webhook

        return (await stack.enter_async_context(Webhook(order))).tell
    from plait.announce.board import opened

    return await stack.enter_async_context(opened(order, cwd))


def _words(error: BaseException) -> str:
    """What went wrong; of a group of errors the first of them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    text = " ".join(str(error).split())
    return text or type(error).__name__


if __name__ == "__main__":
    anyio.run(main)
