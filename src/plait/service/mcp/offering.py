"""The server: each verb a tool, refusals as answers that a model can read, and how to work."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib import resources
from types import MappingProxyType
from typing import Any

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from plait.engine.coordinator.desk import Desk
from plait.engine.coordinator.fields import Message
from plait.engine.coordinator.refusal import Kind, Refusal
from plait.engine.coordinator.verb import Verb
from plait.errors import PlaitError
from plait.service.handshake import capabilities, in_words
from plait.service.mcp import prompts as prompting, resources as reading
from plait.service.mcp.binding import CREDENTIAL, Binding, Context
from plait.service.mcp.prompts import ARGUMENT, Prompt

_DESTROYS = frozenset({"cancel_work", "force_release_lock", "cleanup_dead_agents", "end_session"})
_AGAIN = frozenset({"heartbeat", "release_lock", "complete_work", "acquire_lock"})


class _Server(Server[Any]):
    """A server whose capabilities have those of the coordinator with them, by class."""

    offered: Mapping[str, Any] = MappingProxyType({})

    def get_capabilities(self, *args: Any, **more: Any) -> types.ServerCapabilities:
        """What the handshake tells, in each version of the protocol."""
        told = super().get_capabilities(*args, **more)
        further = {**(told.experimental or {}), "plait": dict(self.offered)}
        return told.model_copy(update={"experimental": further})


class Offering:
    """What an MCP client is offered.

    Args:
        desk: Carries verbs out.
        binding: Whose session a request belongs to.
        version: Plait's.
        own_session: Whether the connection is a session by itself.
        prompts: Commands.
    """

    def __init__(
        self,
        desk: Desk,
        binding: Binding,
        *,
        version: str,
        own_session: bool,
        prompts: Iterable[Prompt] = (),
    ) -> None:
        self._desk, self._binding = desk, binding
        self._prompts = {each.name: each for each in prompts}
        self._resources = reading.resources(desk.verbs)
        self.server = _Server(
            "plait",
            version=version,
            instructions=_how(desk.verbs, own_session=own_session),
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_read_resource=self._read_resource,
            on_list_prompts=self._list_prompts,
            on_get_prompt=self._get_prompt,
            get_tool_input_schema=self._schema,
        )
        self.server.offered = capabilities(desk.verbs, version=version)

    def _schema(self, name: str) -> Mapping[str, Any] | None:
        verb = self._desk.verbs.get(name)
        return None if verb is None else verb.asks.model_json_schema()

    async def _list_tools(self, ctx: Context, _params: object) -> types.ListToolsResult:
        further = self._binding.asks_credential(ctx)
        tools = [_tool(each, further=further) for each in self._desk.verbs.values()]
        return types.ListToolsResult(tools=tools)

    async def _call_tool(
        self, ctx: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        given = dict(params.arguments or {})
        if params.name not in self._desk.verbs:
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {params.name[:80]!r}")
        try:
            answer = await self._do(ctx, params.name, given)
        except PlaitError as error:
            return types.CallToolResult(content=[_text(_refused(error))], is_error=True)
        told = answer.model_dump(mode="json")
        return types.CallToolResult(
            content=[_text(answer.model_dump_json())], structured_content=told
        )

    async def _do(self, ctx: Context, name: str, given: dict[str, Any]) -> Message:
        credential = ""
        if self._binding.asks_credential(ctx):
            credential = given.pop(CREDENTIAL, "")
            if not isinstance(credential, str):
                raise Refusal("credential: it is a text", code="INVALID_REQUEST", kind=Kind.INVALID)
        caller = await self._binding.caller(ctx, credential)
        try:
            answer = await self._desk.carry_out(caller, name, given)
        except Refusal as refusal:
            await self._binding.refused(ctx, caller, refusal)
            raise
        await self._binding.answered(ctx, caller, name, answer)
        return answer

    async def _list_resources(self, _ctx: Context, _params: object) -> types.ListResourcesResult:
        return types.ListResourcesResult(
            resources=[reading.listed(at, verb) for at, verb in self._resources.items()]
        )

    async def _read_resource(
        self, ctx: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        address = str(params.uri)
        verb = self._resources.get(address)
        if verb is None:
            raise MCPError(types.INVALID_PARAMS, f"there is no resource {address[:80]!r}")
        try:
            answer = await self._do(ctx, verb.name, {})
        except PlaitError as error:
            raise MCPError(types.INVALID_PARAMS, _refused(error)) from None
        contents = types.TextResourceContents(
            uri=address, mime_type="application/json", text=answer.model_dump_json()
        )
        return types.ReadResourceResult(contents=[contents])

    async def _list_prompts(self, _ctx: Context, _params: object) -> types.ListPromptsResult:
        return types.ListPromptsResult(
            prompts=[prompting.listed(each) for each in self._prompts.values()]
        )

    async def _get_prompt(
        self, _ctx: Context, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        prompt = self._prompts.get(params.name)
        if prompt is None:
            raise MCPError(types.INVALID_PARAMS, f"there is no prompt {params.name[:80]!r}")
        return prompting.told(prompt, (params.arguments or {}).get(ARGUMENT, ""))


def _how(verbs: Mapping[str, Verb[Any, Any]], *, own_session: bool) -> str:
    """How a worker works, and what it can count on."""
    text = resources.files("plait.prompts").joinpath("joining.md").read_text(encoding="utf-8")
    return text.format(
        session="You are registered already; discover_agents shows who else is here."
        if own_session
        else "register_session: its answer has the credential by which you are known. Where tools "
        "ask for a credential, name it with each call.",
        alive="Plait is told that you live as long as this connection stands."
        if own_session
        else "Call heartbeat at least every 30 seconds.",
        offered=in_words(verbs),
    )


def _tool(verb: Verb[Any, Any], *, further: bool) -> types.Tool:
    schema = verb.asks.model_json_schema()
    schema.setdefault("properties", {})
    if further:
        told = {
            "type": "string",
            "default": "",
            "description": "Of your session, as register_session answered; without: none",
        }
        schema = {**schema, "properties": {**schema["properties"], CREDENTIAL: told}}
    return types.Tool(
        name=verb.name,
        description=verb.description,
        input_schema=schema,
        output_schema=verb.answers.model_json_schema(mode="serialization"),
        annotations=types.ToolAnnotations(
            read_only_hint=not verb.writes,
            destructive_hint=verb.name in _DESTROYS,
            idempotent_hint=not verb.writes or verb.name in _AGAIN,
            open_world_hint=False,
        ),
    )


def _text(text: str) -> types.TextContent:
    return types.TextContent(type="text", text=text)


def _refused(error: PlaitError) -> str:
    """A refusal, for a model that reads and for a program alike."""
    told: dict[str, Any] = {"code": error.code, "reason": error.message, "hint": error.hint}
    if isinstance(error, Refusal) and error.data:
        told |= error.data
    return json.dumps(told, ensure_ascii=False)
