"""Prompts: the commands that people give to agents, offered by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mcp_types as types

ARGUMENT = "arguments"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A command.

    Args:
        name: Its name, without the slash.
        description: In one line.
        hint: What its argument is.
        text: What the agent is told, with the argument in its place.
    """

    name: str
    description: str
    hint: str
    text: Callable[[str], str]


def listed(prompt: Prompt) -> types.Prompt:
    """A prompt as clients list it."""
    argument = types.PromptArgument(name=ARGUMENT, description=prompt.hint, required=False)
    return types.Prompt(name=prompt.name, description=prompt.description, arguments=[argument])


def told(prompt: Prompt, argument: str) -> types.GetPromptResult:
    """What a prompt tells."""
    text = types.TextContent(type="text", text=prompt.text(argument))
    return types.GetPromptResult(
        description=prompt.description,
        messages=[types.PromptMessage(role="user", content=text)],
    )
