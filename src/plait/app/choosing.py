"""What the owner of a run chose: its limits, its agents, its name."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from plait.config import Settings
from plait.core.event import RunId
from plait.core.plan import PackageId
from plait.core.schedule import GatePolicy, Limits, UnknownScope
from plait.errors import EnvironmentLack, UsageError
from plait.ports import Agent


def new_run_id(now: float) -> RunId:
    """A name that sorts by time and cannot collide in practice."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    return RunId(f"{stamp}-{secrets.token_hex(2)}")


def limits_of(settings: Settings, *, max_agents: int, fail_fast: bool, stop_on: str) -> Limits:
    """What core decides by."""
    return Limits(
        max_agents=max_agents,
        fail_fast=fail_fast,
        stop_on_critical=stop_on == "critical",
        unknown_scope=UnknownScope(settings.unknown_scope),
        gates=GatePolicy(settings.gate_policy),
    )


def agent_chooser(names: Sequence[str]) -> Callable[[PackageId], Agent]:
    """Which agent works on a package: `PATTERN=NAME` entries in order, else the plain `NAME`.

    Raises:
        UsageError: `NO_AGENT`, `UNKNOWN_AGENT`.
        EnvironmentLack: An agent's program is missing.
    """
    from plait import agents

    chosen: list[tuple[str, Agent]] = []
    fallback: Agent | None = None
    for name in names:
        pattern, separator, agent_name = _split_agent(name)
        agent = agents.find(agent_name)
        lack = agent.probe()
        if lack:
            raise EnvironmentLack(lack, code="AGENT_MISSING", hint="`plait doctor` tells more")
        if separator:
            chosen.append((pattern, agent))
        else:
            fallback = agent

    def choose(package: PackageId) -> Agent:
        for pattern, agent in chosen:
            if fnmatchcase(package, pattern):
                return agent
        if fallback is None:
            raise UsageError(
                f"no agent is named for package {package}",
                code="NO_AGENT",
                hint='name one: --agent NAME, or --agent "command:SHELL"',
            )
        return fallback

    return choose


def _split_agent(name: str) -> tuple[str, str, str]:
    """`api-*=claude` is a pattern; the `=` in `command:X=1 make` is not."""
    head, separator, tail = name.partition("=")
    if separator and ":" not in head and " " not in head:
        return head, separator, tail
    return "", "", name
