"""What the owner of a run chose: its limits, its agents, its name."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence

from plait.config import Settings
from plait.core.event import RunId
from plait.core.roster import Roster, Seat
from plait.core.schedule import GatePolicy, Limits, UnknownScope
from plait.errors import EnvironmentLack
from plait.ports import Agent, Sandbox


def new_run_id(now: float) -> RunId:
    """A name that sorts by time and cannot collide in practice."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    return RunId(f"{stamp}-{secrets.token_hex(2)}")


def limits_of(
    settings: Settings, roster: Roster, *, max_agents: int, fail_fast: bool, stop_on: str
) -> Limits:
    """What core decides by."""
    return Limits(
        max_agents=max_agents,
        fail_fast=fail_fast,
        stop_on_critical=stop_on == "critical",
        unknown_scope=UnknownScope(settings.unknown_scope),
        gates=GatePolicy(settings.gate_policy),
        roster=roster,
    )


def roster_of(names: Sequence[str]) -> Roster:
    """Who may work on what: `PATTERN=NAME` entries in order, then plain names in order."""
    seats = []
    for name in names:
        pattern, _, agent_name = _split_agent(name)
        seats.append(Seat(provider=agent_name, pattern=pattern))
    return Roster(seats=tuple(seats))


def agents_of(roster: Roster) -> Mapping[str, Agent]:
    """The agents of a roster, by what `--agent` called them.

    Raises:
        UsageError: `UNKNOWN_AGENT`, or an agent refuses its argument.
        EnvironmentLack: An agent's program is missing.
    """
    from plait import agents

    found: dict[str, Agent] = {}
    for name in dict.fromkeys(seat.provider for seat in roster.seats):
        agent = agents.find(name)
        lack = agent.probe()
        if lack:
            raise EnvironmentLack(lack, code="AGENT_MISSING", hint="`plait doctor` tells more")
        found[name] = agent
    return found


def sandboxes_of(agents: Mapping[str, Agent]) -> Mapping[str, Sandbox]:
    """What holds each agent, by what `--agent` called it."""
    from plait.sandbox import NoSandbox

    none = NoSandbox()
    return dict.fromkeys(agents, none)


def _split_agent(name: str) -> tuple[str, str, str]:
    """`api-*=claude` is a pattern; the `=` in `command:X=1 make` is not."""
    head, separator, tail = name.partition("=")
    if separator and ":" not in head and " " not in head:
        return head, separator, tail
    return "", "", name
