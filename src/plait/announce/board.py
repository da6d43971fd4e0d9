"""A tool of an MCP server, over its standard input and output or over streamable HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from plait import __version__
from plait.announce.order import Order
from plait.announce.stdio import stdio
from plait.core.announcement import Outcome, Reply

if TYPE_CHECKING:
    from mcp.client.client import Client
    from mcp.types import CallToolResult, Tool

EXTRA = 'pip install "plait[mcp]"'
_MOST_PAGES = 20
_MOST_TOLD = 5
_MOST_BYTES = 8 << 20  # of one answer over HTTP
_INVALID_PARAMS = -32602
_Speak = Callable[[Mapping[str, Any]], Awaitable[Reply]]


@asynccontextmanager
async def opened(order: Order, cwd: str) -> AsyncIterator[_Speak]:
    """What tells the server's tool; it says so itself where that is not to be had."""
    try:
        from mcp.client.client import Client
        from mcp.types import Implementation
    except ImportError:
        yield _always(f"the client of MCP is not installed: {EXTRA}")
        return
    transport = _over_http(order) if order.url else stdio(order.command, cwd)
    async with Client(
        transport,
        client_info=Implementation(name="plait", version=__version__),
        read_timeout_seconds=order.timeout_s,
        cache=None,
    ) as client:
        tools = await _tools(client)
        tool = next((each for each in tools if each.name == order.tool), None)
        if tool is None:
            names = ", ".join(each.name for each in tools[:_MOST_TOLD]) or "none"
            yield _always(f"the server has no tool {order.tool} (it has: {names})")
        else:
            yield _teller(client, tool)


def _always(reason: str) -> _Speak:
    async def speak(_call: Mapping[str, Any]) -> Reply:
        return Reply(outcome=Outcome.UNFIT, reason=reason)

    return speak


def _teller(client: Client, tool: Tool) -> _Speak:
    from mcp.shared.exceptions import MCPError

    listed = _takes_a_list(tool)

    async def speak(call: Mapping[str, Any]) -> Reply:
        if call.get("probe"):
            return Reply(outcome=Outcome.ACCEPTED, reason=f"it has the tool {tool.name}")
        arguments = dict(call["body"])
        if listed and "ticket" in arguments:
            arguments["tickets"] = [arguments.pop("ticket")]
        try:
            result = await client.call_tool(tool.name, arguments)
        except MCPError as error:
            refused = error.error.code == _INVALID_PARAMS
            outcome = Outcome.REFUSED if refused else Outcome.FAILED
            return Reply(outcome=outcome, reason=str(error))
        if result.is_error:
            return Reply(outcome=Outcome.REFUSED, reason=_text(result))
        return Reply(outcome=Outcome.ACCEPTED)

    return speak


def _takes_a_list(tool: Tool) -> bool:
    """Whether the tool takes `tickets` instead of a `ticket`."""
    known = tool.input_schema.get("properties")
    return isinstance(known, dict) and "tickets" in known and "ticket" not in known


async def _tools(client: Client) -> list[Tool]:
    found: list[Tool] = []
    cursor = None
    for _ in range(_MOST_PAGES):
        page = await client.list_tools(cursor=cursor)
        found += page.tools
        cursor = page.next_cursor
        if not cursor:
            break
    return found


def _text(result: CallToolResult) -> str:
    texts = [
        text for each in result.content if isinstance(text := getattr(each, "text", None), str)
    ]
    return " ".join(texts)[:300] or "the tool says that it failed"


@asynccontextmanager
async def _over_http(order: Order) -> AsyncIterator[Any]:
    """Streams to a server over HTTP; redirects stay with its host, answers within a size."""
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    class Counted(httpx2.AsyncByteStream):
        """An answer's bytes, up to a number of them."""

        def __init__(self, inner: httpx2.AsyncByteStream) -> None:
            self._inner = inner

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for chunk in self._inner:
                size += len(chunk)
                if size > _MOST_BYTES:
                    raise httpx2.ReadError("the answer is too large")
                yield chunk

        async def aclose(self) -> None:
            await self._inner.aclose()

    async def limited(answer: httpx2.Response) -> None:
        assert isinstance(answer.stream, httpx2.AsyncByteStream)  # noqa: S101 - it is async
        answer.stream = Counted(answer.stream)

    headers = {"User-Agent": f"plait/{__version__}", "Accept-Encoding": "identity"}
    if order.token:
        headers["Authorization"] = f"Bearer {order.token}"
    async with (
        httpx2.AsyncClient(
            headers=headers, timeout=order.timeout_s, event_hooks={"response": [limited]}
        ) as client,
        streamable_http_client(order.url, http_client=client) as streams,
    ):
        yield streams
