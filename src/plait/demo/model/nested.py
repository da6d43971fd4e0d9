"""Tools within a tool: a program that takes JavaScript, and calls its other tools from there."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from plait.demo.model.heard import Tool

EXEC = "exec"
_DECLARED = re.compile(
    r"declare const tools: \{ (\w+)\((input: string|args: \{.*?\n\})?\)?", re.DOTALL
)
_KEY = re.compile(r"^  (\w+)(\??): *(\w+)", re.MULTILINE)


def host(tools: Sequence[Tool]) -> Tool | None:
    """The tool that takes JavaScript, if one is offered."""
    return next((each for each in tools if each.freeform and each.name == EXEC), None)


def inside(tool: Tool) -> list[Tool]:
    """The tools that can be called from there: its description declares them."""
    return [_tool(name, told) for name, told in _DECLARED.findall(tool.description)]


def script(name: str, arguments: Mapping[str, Any] | str) -> str:
    """The JavaScript that calls one of them, and shows what came of it."""
    return f"text(await tools.{name}({json.dumps(arguments, ensure_ascii=False)}))"


def _tool(name: str, told: str) -> Tool:
    if not told.startswith("args"):
        return Tool(name=name, freeform=True)
    keys = _KEY.findall(told)
    return Tool(
        name=name,
        properties={key: {"type": kind} for key, _, kind in keys},
        required=tuple(key for key, optional, _ in keys if not optional),
    )
