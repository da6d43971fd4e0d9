"""What docs/reference/agents.md must say of each agent, made from what its adapter declares."""

from __future__ import annotations

import shlex
import textwrap
from pathlib import Path

from tests.fakes.desks import task_at

from plait import agents
from plait.agents.vendor import EVERYONES, VendorAgent
from plait.core.profile import AgentLimits, AgentProfile
from plait.ports import Agent, AgentTask, Invocation

COMMANDS = {"acp": "PROGRAM ARGUMENTS", "command": "SHELL"}  # what stands after the colon
HEAD = (
    "agent", "program", "oldest version", "goes on with a session", "holds `limits.turns` itself",
    "says what it costs", "hook before each tool", "MCP servers", "files written by Plait",
)  # fmt: skip
LONGEST_VALUE = 200
TURNS, COST = 771771, 551551


def documented() -> dict[str, Agent]:
    """The agents that the page tells of, by the name of their section."""
    found = {}
    for name in sorted(set(agents.names()) - {"external", "scripted"}):
        argument = COMMANDS.get(name, "")
        found[name] = agents.find(f"{name}:{argument}" if argument else name)
    return found


def table() -> str:
    """What each of them can do."""
    rows = [HEAD, ("---",) * len(HEAD)]
    for name, agent in documented().items():
        program, oldest, can = "", "", agent.can
        if isinstance(agent, VendorAgent):
            program = ", ".join(f"`{each}`" for each in agent.programs) if name != "acp" else ""
            oldest = agent.oldest
        able = (
            can.resume, can.turn_cap, can.tells_cost, can.hooks, can.mcp, can.client_writes,
        )  # fmt: skip
        rows.append((f"`{name}`", program, oldest, *("yes" if each else "" for each in able)))
    return "\n".join("|" + "".join(f" {cell} |" if cell else " |" for cell in row) for row in rows)


def block(name: str, agent: Agent, root: Path) -> str:
    """How it is started, with what set, with what written before, and what it is handed.

    A model, a session, limits and further arguments are given; none of the user's variables is.
    """
    limits = AgentLimits(turns=TURNS, cost_usd=COST)
    profile = AgentProfile(
        name=name, use=name, program="/bin/sh", model="MODEL", args=("ARGS",), limits=limits
    )
    task = task_at(root, profile, session="SESSION" if agent.can.resume else "")
    made = agent.invocation(task)
    own = agent.programs[0] if isinstance(agent, VendorAgent) else made.argv[0]
    words = ["python" if name == "acp" else own, *made.argv[1:]]
    wrapped = textwrap.TextWrapper(
        96, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )
    given = wrapped.fill(_plain(shlex.join(words), task))
    return "\n".join([f"```\n{given}\n```", "", *_facts(agent, made, task)])


def _plain(text: str, task: AgentTask) -> str:
    """The text with names in place of the folders and numbers of this task."""
    places = {
        str(task.home): "HOME", str(task.directory): "ATTEMPT", str(task.worktree): "WORKTREE",
        str(TURNS): "TURNS", f"{COST:g}": "COST",
    }  # fmt: skip
    for path, called in places.items():
        text = text.replace(path, called)
    return text


def _facts(agent: Agent, made: Invocation, task: AgentTask) -> list[str]:
    """Its own; what all of them have is told once, in another place."""
    others = {"HOME", "XDG_CONFIG_HOME"}
    handed = [each for each in made.inherit or () if each not in EVERYONES]
    if agent.name == "acp":
        handed = []  # those of the others, together
    facts = {
        "Set for it": [
            f"`{key}`{_value(value)}" for key, value in made.env.items() if key not in others
        ],
        "Written before": [f"`{path}`" for path in made.files if path.name != ".gitconfig"],
        "Keys that it is handed": [f"`{each}`" for each in handed if each in made.secrets],
        "Also handed": [f"`{each}`" for each in handed if each not in made.secrets],
        "Heeds of its table": [f"`{each}`" for each in sorted(agent.reads)],
    }
    return [f"- {what}: {_plain(', '.join(told), task)}." for what, told in facts.items() if told]


def _value(value: str) -> str:
    return "" if len(value) > LONGEST_VALUE or value.startswith(("{", "[")) else f" = `{value}`"
