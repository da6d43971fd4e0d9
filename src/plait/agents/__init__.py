"""Coding agents, one file each; found by entry point, what ships with Plait included."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points

from plait.errors import EnvironmentLack, UsageError
from plait.ports import Agent

GROUP = "plait.agents"


def find(name: str, further: Iterable[str] = ()) -> Agent:
    """The agent of that name; what stands after the first `:` is its argument.

    Args:
        name: As `--agent` takes it.
        further: Other names that may have been meant.

    Raises:
        UsageError: `UNKNOWN_AGENT`, or the agent refuses its argument.
        EnvironmentLack: `AGENT_BROKEN`, a plug-in cannot be imported.
    """
    kind, _, argument = name.partition(":")
    known = names()
    if kind not in known:
        everyone = sorted({*known, *further})
        close = get_close_matches(kind, everyone, n=1)
        guess = f"did you mean {close[0]!r}? " if close else ""
        raise UsageError(
            f"there is no agent {kind!r}",
            code="UNKNOWN_AGENT",
            hint=f"{guess}agents: {', '.join(everyone)}",
        )
    try:
        factory = known[kind].load()
    except Exception as error:  # a plug-in may fail in any way
        raise EnvironmentLack(
            f"the agent {kind!r} cannot be loaded: {error}",
            code="AGENT_BROKEN",
            hint=f"it comes from {known[kind].value}",
        ) from error
    agent: Agent = factory(argument)
    return agent


def names() -> dict[str, EntryPoint]:
    """The agents there are, by the name `--agent` takes."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}
