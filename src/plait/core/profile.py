"""An agent's profile: which adapter it is, and what the owner has set for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLimits:
    """What one attempt may use up before Plait ends it; None: no limit of that kind.

    `memory` and `output` are in bytes: the resident memory of the agent's whole family, and
    what it writes to its standard output and error.
    """

    turns: int | None = None
    tokens: int | None = None
    cost_usd: float | None = None
    memory: int | None = None
    output: int | None = None


COMMON = AgentLimits(output=1024**3)  # of all agents, if their owner says nothing else


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentProfile:
    """`[agents.NAME]` of plait.toml; of an agent that has no such table, the name alone.

    Args:
        name: As `--agent` names it.
        use: The adapter, with its argument after a colon: `claude`, `command:SHELL`.
        program: The program to run in place of the adapter's own; a name or a path.
        model: As the agent's program takes it; empty: its own choice.
        args: Further arguments for the program.
        env: Names of variables that are handed to it beside those its adapter needs.
        set_env: Variables that are set for it.
        limits: What an attempt of it may use up.
        trust: How far it is trusted, 0 to 4: what it may run in a shell is measured by it; None: as
            agents are by default.
        mcp: MCP servers it is told of, by name: `{"command": …, "args": […]}` or `{"url": …}`.
    """

    name: str
    use: str
    program: str = ""
    model: str = ""
    args: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    set_env: Mapping[str, str] = field(default_factory=dict)
    limits: AgentLimits = field(default_factory=AgentLimits)
    mcp: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    trust: int | None = None


def plain(name: str) -> AgentProfile:
    """The profile of an agent for which nothing is set."""
    return AgentProfile(name=name, use=name)
