"""The client's side of a session: what the agent tells is printed, what it asks is answered."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import acp
from acp import schema

from plait.agents.acp_policy import Policy, paths

MOST_OUTPUT = 20_000  # characters of a tool's output that are printed
_ALLOW = ("allow_once", "allow_always")
_REJECT = ("reject_once", "reject_always")


def tell(**event: object) -> None:
    """Print one line, at once."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


class Session:
    """What the agent tells and asks. Its words come in pieces: they are put together."""

    def __init__(self, orders: Mapping[str, Any]) -> None:
        self.id = ""
        self.refused: list[str] = []  # why, since something was last done
        self._policy = Policy(
            worktree=orders["worktree"],
            scope=orders["scope"],
            own=tuple(orders["own"]),
            rules=orders["rules"],
        )
        self._calls: dict[str, dict[str, Any]] = {}
        self._told: set[str] = set()
        self._words, self._thought, self._asking = "", False, True

    async def session_update(self, session_id: str, update: Any, **more: Any) -> None:  # noqa: ARG002
        """Print what the agent tells."""
        match update:
            case schema.AgentMessageChunk() | schema.AgentThoughtChunk():
                text = getattr(update.content, "text", "")
                self._say(text, thought=isinstance(update, schema.AgentThoughtChunk))
            case schema.ToolCallStart() | schema.ToolCallProgress():
                self._tool(update.model_dump(by_alias=True, mode="json", exclude_none=True))
            case _:
                pass

    async def request_permission(
        self,
        session_id: str,  # noqa: ARG002
        tool_call: schema.ToolCallUpdate,
        options: list[schema.PermissionOption],
        **more: Any,  # noqa: ARG002
    ) -> schema.RequestPermissionResponse:
        """Answer in the owner's place; one call at a time, never for all that follow."""
        told = tool_call.model_dump(by_alias=True, mode="json", exclude_none=True)
        call = self._known(told)
        reason = self._policy.asked(call)
        if reason:
            self._deny(told.get("toolCallId", ""), _tool_name(call), reason, paths(call))
        wanted = _REJECT if reason else _ALLOW
        for kind in wanted:
            for each in options:
                if each.kind == kind:
                    chosen = schema.AllowedOutcome(outcome="selected", option_id=each.option_id)
                    return schema.RequestPermissionResponse(outcome=chosen)
        return schema.RequestPermissionResponse(outcome=schema.DeniedOutcome(outcome="cancelled"))

    async def read_text_file(
        self,
        session_id: str,  # noqa: ARG002
        path: str,
        line: int | None = None,
        limit: int | None = None,
        **more: Any,  # noqa: ARG002
    ) -> schema.ReadTextFileResponse:
        """A file of the worktree, or some of its lines."""
        try:
            text = self._policy.read(path)
        except OSError as error:
            raise acp.RequestError.invalid_params({"details": str(error)}) from None
        if line is not None or limit is not None:
            begin = max(0, (line or 1) - 1)
            lines = text.splitlines(keepends=True)
            text = "".join(lines[begin:] if limit is None else lines[begin : begin + limit])
        return schema.ReadTextFileResponse(content=text)

    async def write_text_file(
        self,
        session_id: str,  # noqa: ARG002
        path: str,
        content: str,
        **more: Any,  # noqa: ARG002
    ) -> schema.WriteTextFileResponse | None:
        """Write a file within the scope."""
        try:
            self._policy.write(path, content)
        except PermissionError as error:
            self._deny("", "write", str(error), [path])
            raise acp.RequestError.invalid_params({"details": str(error)}) from None
        except OSError as error:
            raise acp.RequestError.internal_error({"details": str(error)}) from None
        return schema.WriteTextFileResponse()

    def flush(self) -> None:
        """Print the words that have come together."""
        if self._words:
            tell(type="said", text=self._words, thought=self._thought)
        self._words = ""

    def _say(self, text: str, *, thought: bool) -> None:
        if thought is not self._thought:
            self.flush()
        self._turn()
        self._words, self._thought = self._words + text, thought

    def _turn(self) -> None:
        """Whatever comes first after a tool's end is of another answer of the model's."""
        if self._asking:
            self._asking = False
            self.flush()
            tell(type="turn")

    def _known(self, update: dict[str, Any]) -> dict[str, Any]:
        """The call with all that was told of it until now."""
        call = self._calls.setdefault(update.get("toolCallId", ""), {})
        call.update(update)
        return call

    def _tool(self, update: dict[str, Any]) -> None:
        name, call = update.get("toolCallId", ""), self._known(update)
        if name not in self._told:
            self._told.add(name)
            self._turn()
            self.flush()
            given = call.get("rawInput")
            shown = given if isinstance(given, dict) else {"title": call.get("title", "")}
            tell(type="called", call=name, tool=_tool_name(call), input=shown, paths=paths(call))
        if update.get("status") in {"completed", "failed"}:
            failed = update["status"] == "failed"
            if not failed:
                self.refused.clear()
            tell(type="ended", call=name, output=_output(call)[:MOST_OUTPUT], failed=failed)
            self._calls.pop(name, None)
            self._asking = True

    def _deny(self, call: str, tool: str, reason: str, named: list[str]) -> None:
        self.flush()
        self.refused.append(reason)
        tell(type="denied", call=call, tool=tool, reason=reason, paths=named)


def _tool_name(call: Mapping[str, Any]) -> str:
    return str(call.get("kind") or "other")


def _output(call: Mapping[str, Any]) -> str:
    parts = [each.get("content") for each in call.get("content", ()) if isinstance(each, dict)]
    texts = [each.get("text", "") for each in parts if isinstance(each, dict)]
    return "\n".join(each for each in texts if isinstance(each, str))
