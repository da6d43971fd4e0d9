"""MCP on stdin and stdout for an agent whose tool knows nothing else, from a service elsewhere."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx2
import mcp_types as types
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server import Server
from mcp.shared.exceptions import MCPError

from plait.errors import EnvironmentLack, UsageError
from plait.service.mcp.binding import Context
from plait.service.mcp.piped import over_pipes

_FAILED = (httpx2.HTTPError, MCPError, OSError, TimeoutError)
TIMEOUT_S = 90.0  # for one answer: longer than the longest wait for work
_OWN = (
    "You are registered already, and Plait is told that you live as long as this connection "
    "stands: leave out what follows of both."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Far:
    """A service elsewhere, as one client of its sees it; what it is asked it answers itself.

    Args:
        url: The service's address.
        token: Who asks; empty: no token.
        agent: What to call the agent; empty: nothing.
        run: The only run that it is to have to do with; empty: any.
    """

    url: str
    token: str = ""
    agent: str = ""
    run: str = ""


async def serve(far: Far, *, version: str) -> int | None:
    """Serve until stdin ends, or a signal comes: its number, or None.

    Raises:
        EnvironmentLack: `NOT_CONNECTED`.
        UsageError: `NOT_REGISTERED`, the service refuses the session.
    """
    headers = {"Authorization": f"Bearer {far.token}"} if far.token else {}
    async with AsyncExitStack() as stack:
        http = httpx2.AsyncClient(headers=headers, timeout=TIMEOUT_S, trust_env=False)
        await stack.enter_async_context(http)
        address = f"{far.url.rstrip('/')}/mcp"
        # A session of MCP, which the service binds ours to and keeps alive while it is open.
        client = Client(streamable_http_client(address, http_client=http), mode="legacy")
        try:
            await stack.enter_async_context(client)
        except BaseExceptionGroup as group:
            raise _not_connected(far, group) from None
        except _FAILED as error:
            raise _not_connected(far, error) from None
        asked = {"agent": far.agent or None, "run": far.run, "kind": "relayed"}
        answer = await client.call_tool("register_session", asked)
        if answer.is_error:
            text = " ".join(each.text for each in answer.content if each.type == "text")
            raise UsageError(f"{far.url} registers no session: {text}", code="NOT_REGISTERED")

        async def leave() -> None:
            """The session ends as the client goes, which deletes that of MCP."""

        return await over_pipes(_server(client, version=version), leave=leave)


def _server(client: Client, *, version: str) -> Server[Any]:
    async def tools(_ctx: Context, _params: object) -> types.ListToolsResult:
        return await client.list_tools()

    async def call(_ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        return await client.call_tool(params.name, params.arguments)

    async def resources(_ctx: Context, _params: object) -> types.ListResourcesResult:
        return await client.list_resources()

    async def read(
        _ctx: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        return await client.read_resource(str(params.uri))

    async def prompts(_ctx: Context, _params: object) -> types.ListPromptsResult:
        return await client.list_prompts()

    async def prompt(_ctx: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        return await client.get_prompt(params.name, params.arguments)

    return Server(
        "plait",
        version=version,
        instructions=f"{_OWN}\n\n{client.instructions or ''}",
        on_list_tools=tools,
        on_call_tool=call,
        on_list_resources=resources,
        on_read_resource=read,
        on_list_prompts=prompts,
        on_get_prompt=prompt,
    )


def _not_connected(far: Far, error: BaseException) -> EnvironmentLack:
    found = error
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    if not isinstance(found, _FAILED):
        raise found
    return EnvironmentLack(
        f"{far.url} does not answer as a service of Plait's: {str(found) or type(found).__name__}",
        code="NOT_CONNECTED",
        hint="see that `plait serve` runs there, and whether it needs a token (--token-env)",
    )
