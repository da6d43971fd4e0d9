"""Which agents this machine has: by the adapters' entry points, each asked for its program."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from plait.core.profile import AgentProfile
from plait.errors import PlaitError
from plait.ports import Agent


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentHere:
    """An agent that Plait can drive, and what this machine has of it.

    `program` is empty if it is not there. `oldest` is the oldest version that its adapter is
    known to understand, `outdated` says why this one is too old. `keys` are the variables that may
    hold its provider's key, `has_key` whether one of them is set; `log_in` says how to. `can`
    counts what its program can do unattended.
    """

    name: str
    program: str
    version: str = ""
    oldest: str = ""
    keys: Sequence[str] = ()
    can: int = 0
    outdated: str = ""
    log_in: str = ""

    @property
    def has_key(self) -> bool:
        """Whether a variable with a key is set, or none is needed."""
        return not self.keys or any(os.environ.get(each) for each in self.keys)

    @property
    def told(self) -> str:
        """Name, version and place, in words."""
        if not self.program:
            return f"{self.name} is not installed"
        number = re.search(r"\d+(?:\.\d+)+(?:[-+]\w\S*)?", self.version)
        return f"{self.name} {number[0] if number else '(version unknown)'} ({self.program})"


def agents_here() -> list[AgentHere]:
    """All agents with a program of their own: those that are there, have a key, can most first."""
    from plait import agents

    with ThreadPoolExecutor(max_workers=4) as pool:  # each starts a program, and waits for it
        looked = list(pool.map(_look, sorted(agents.names())))
    found = [each for each in looked if each is not None]
    return sorted(
        found,
        key=lambda each: (
            not each.program,
            bool(each.outdated),
            not each.has_key,
            -each.can,
            each.name,
        ),
    )


def looked_at(name: str, agent: Agent, profile: AgentProfile | None = None) -> AgentHere | None:
    """What this machine has of an agent; None if it has no program of its own."""
    from plait.agents.vendor import VendorAgent

    if not isinstance(agent, VendorAgent):
        return None
    program = agent.found(profile)
    can, version = agent.can, agent.version(profile) if program else ""
    return AgentHere(
        name=name,
        program=program or "",
        version=version.partition("\n")[0],
        oldest=agent.oldest,
        keys=tuple(agent.keys),
        can=sum((can.resume, can.turn_cap, can.tells_cost, 2 * can.hooks, can.mcp)),
        outdated=agent.outdated(version) or "",
        log_in=agent.log_in,
    )


def _look(name: str) -> AgentHere | None:
    from plait import agents

    try:
        return looked_at(name, agents.find(name))
    except PlaitError:  # it needs an argument, or cannot be loaded: doctor tells
        return None
