"""Where each agent's program looks for a project's commands, and in which form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from plait.app.commands.sources import NAMES, Command, filled
from plait.core.owned import stamped

TYPED = "What the person typed after the command:\n\n```text\n{}\n```"
SAID = (
    "What the person typed after this skill's name, in the message that asked for it, are the "
    "arguments."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One form of commands, which one program reads, or several.

    Args:
        agents: Whose programs read it, as `--agent` names them.
        folder: Where its files lie, below the repository's root.
        ending: How all their paths end.
        file: From a command's name to its path in that folder.
        call: From a command's name to what a person types for it.
        text: The file's text.
        line: After how many of its lines a comment may stand.
    """

    agents: Sequence[str]
    folder: str
    ending: str
    file: Callable[[str], str]
    call: Callable[[str], str]
    text: Callable[[Layout, Command], str]
    line: int

    def path(self, name: str) -> str:
        """A command's file, from the root."""
        return f"{self.folder}/{self.file(name)}"

    def render(self, command: Command, *, version: str) -> str:
        """A command's file, with the line that says that it is Plait's."""
        place = self.path(command.name)
        text = self.text(self, command)
        return stamped(text, place=place, version=version, line=self.line)


def _hyphens(name: str) -> str:
    """As the standard of skills has names: lower-case words with hyphens."""
    return name.replace(":", "-").replace("_", "-")


def _dash(name: str) -> str:
    return name.replace(":", "-")


def _path(name: str) -> str:
    return name.replace(":", "/")


def _body(layout: Layout, command: Command, arguments: str) -> str:
    calls = {name: layout.call(name) for name in NAMES}
    return filled(command.body, {"arguments": arguments}, calls)


def _description(command: Command) -> str:
    if not command.triggers:
        return f"{command.description}. Use it only when the person asks for it by its name."
    said = ", ".join(f'"{each}"' for each in command.triggers)
    return f"{command.description}. Use it when the person asks for it, by its name or by: {said}."


def _front(fields: Mapping[str, str | bool]) -> str:
    rows = [f"{key}: {json.dumps(value)}\n" for key, value in fields.items() if value != ""]
    return "".join(["---\n", *rows, "---\n\n"])


def _markdown(arguments: str) -> Callable[[Layout, Command], str]:
    """Markdown below YAML; who reads it puts what was typed into the place of `arguments`."""

    def text(layout: Layout, command: Command) -> str:
        fields: dict[str, str | bool] = {"description": _description(command)}
        fields["argument-hint"] = command.hint
        if not command.triggers:
            fields["disable-model-invocation"] = True
        return _front(fields) + _body(layout, command, TYPED.format(arguments))

    return text


def _skill(layout: Layout, command: Command) -> str:
    """A skill, by the standard that several programs share."""
    fields: dict[str, str | bool] = {"name": _hyphens(command.name)}
    fields["description"] = _description(command)
    if not command.triggers:
        fields["disable-model-invocation"] = True
    return _front(fields) + _body(layout, command, SAID)


def _toml(layout: Layout, command: Command) -> str:
    body = _body(layout, command, TYPED.format("{{args}}"))
    return f"description = {json.dumps(_description(command))}\nprompt = '''\n{body}'''\n"


LAYOUTS = (
    Layout(
        agents=("claude",),
        folder=".claude/commands",
        ending=".md",
        file=lambda name: f"{_path(name)}.md",
        call=lambda name: f"/{name}",
        text=_markdown("$ARGUMENTS"),
        line=1,
    ),
    Layout(
        agents=("codex", "copilot"),
        folder=".agents/skills",
        ending="/SKILL.md",
        file=lambda name: f"{_hyphens(name)}/SKILL.md",
        call=_hyphens,
        text=_skill,
        line=1,
    ),
    Layout(
        agents=("gemini",),
        folder=".gemini/commands",
        ending=".toml",
        file=lambda name: f"{_path(name)}.toml",
        call=lambda name: f"/{name}",
        text=_toml,
        line=0,
    ),
    Layout(
        agents=("opencode",),
        folder=".opencode/commands",
        ending=".md",
        file=lambda name: f"{_path(name)}.md",
        call=lambda name: f"/{_path(name)}",
        text=_markdown("$ARGUMENTS"),
        line=1,
    ),
    Layout(
        agents=("pi",),
        folder=".pi/prompts",
        ending=".md",
        file=lambda name: f"{_dash(name)}.md",
        call=lambda name: f"/{_dash(name)}",
        text=_markdown("$ARGUMENTS"),
        line=1,
    ),
    Layout(
        agents=("qwen",),
        folder=".qwen/commands",
        ending=".md",
        file=lambda name: f"{_path(name)}.md",
        call=lambda name: f"/{name}",
        text=_markdown("{{args}}"),
        line=1,
    ),
)
AGENTS = tuple(sorted(agent for each in LAYOUTS for agent in each.agents))
PREFIX = {"codex": "$", "copilot": "/"}  # of a skill's name, where a person types it


def typed(layout: Layout, agent: str, name: str) -> str:
    """What a person types in that agent's program."""
    return PREFIX.get(agent, "") + layout.call(name)
