"""The commands that Plait gives to agents' own programs: one neutral text each, in the package."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

NAMES = (
    "parallel-plan-feature",
    "parallel-implement-feature",
    "orchestrate-implementation",
    "parallel-implementation",
    "spec:parallel_execute",
)
_PLACE = re.compile(r"\{\{(?P<what>[a-z]+)(?::(?P<name>[\w:-]+))?\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command for a person who sits in an agent's program.

    Args:
        name: What follows the slash; `:` sets a name apart that several commands share.
        description: One line.
        triggers: Words by which the person may mean it without its name; none: only its name.
        hint: Its arguments, in short.
        body: What the agent is told, as Markdown; `{{arguments}}` and `{{call:NAME}}` are left
            to those who render it.
    """

    name: str
    description: str
    triggers: Sequence[str]
    hint: str
    body: str


@cache
def commands() -> tuple[Command, ...]:
    """All of them."""
    return tuple(_command(name) for name in NAMES)


def _command(name: str) -> Command:
    import yaml

    _, head, body = _text(*name.split(":")).split("---\n", 2)
    told: dict[str, Any] = yaml.safe_load(head)
    values = {
        "plan": told["plan"],
        "run": told["run"],
        "options": _options(told.get("options", ())),
    }
    return Command(
        name=told["name"],
        description=told["description"],
        triggers=tuple(told.get("triggers", ())),
        hint=told["hint"],
        body=filled(body.strip("\n"), values) + "\n",
    )


def filled(text: str, values: Mapping[str, str], calls: Mapping[str, str] | None = None) -> str:
    """A text with its parts and its values in their places; what is not known yet stays."""

    def put(found: re.Match[str]) -> str:
        what, name = found["what"], found["name"]
        if what == "part":
            return filled(_text("parts", name).strip("\n"), values, calls)
        if what == "call" and calls is not None:
            return calls[name]
        return values.get(what, found[0])

    return _PLACE.sub(put, text)


def _options(rows: Sequence[Mapping[str, str]]) -> str:
    lines = [f"| `{each['option']}` | {each['meaning']} | `{each['call']}` |" for each in rows]
    return "\n".join(["| option | meaning | how to call Plait |", "|---|---|---|", *lines])


def _text(*parts: str) -> str:
    folder = resources.files("plait.prompts").joinpath("commands", *parts[:-1])
    return folder.joinpath(f"{parts[-1]}.md").read_text(encoding="utf-8")
