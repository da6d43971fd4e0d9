"""What the owner of a run chose: its limits, its agents, its name."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Mapping, Sequence

from plait.config import Settings
from plait.core.event import RunId
from plait.core.profile import AgentProfile, plain
from plait.core.review import ReviewPolicy
from plait.core.roster import Roster, Seat
from plait.core.schedule import GatePolicy, Limits, StartDependents, UnknownScope
from plait.errors import EnvironmentLack, UsageError
from plait.ports import Agent

# What of a profile an adapter reads or does not; limits hold for all agents.
ADAPTERS_OWN = frozenset({"program", "model", "args", "env", "set_env", "mcp", "trust"})


REVIEWER = "reviewer"  # a profile of this name reviews, where nobody else is named


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
        start_dependents=StartDependents(settings.start_dependents),
        roster=roster,
    )


def roster_of(names: Sequence[str], rules: Sequence[Seat] = ()) -> Roster:
    """Who may work on what: `PATTERN=NAME` entries and plain names in order, then the rules."""
    seats = []
    for name in names:
        pattern, _, agent_name = _split_agent(name)
        seats.append(Seat(provider=agent_name, pattern=pattern))
    return Roster(seats=(*seats, *rules))


def review_of(settings: Settings) -> ReviewPolicy:
    """Who reviews: whom the settings name, else the profiles that are called reviewers.

    Raises:
        UsageError: `BAD_CONFIG`, fewer are named than must be heard.
    """
    named = settings.review_agents or tuple(
        each for each in settings.profiles if each == REVIEWER or each.startswith(f"{REVIEWER}-")
    )
    if named and len(set(named)) < settings.review_quorum:
        raise UsageError(
            f"{settings.review_quorum} reviews must count, of {len(set(named))} reviewers",
            code="BAD_CONFIG",
            where=settings.origin("review_quorum"),
            hint="name more agents in [review], or ask for a smaller quorum",
        )
    return ReviewPolicy(
        reviewers=named,
        quorum=settings.review_quorum,
        rounds=settings.review_rounds,
        required=settings.review_required,
    )


def agents_of(
    roster: Roster, settings: Settings, further: Sequence[str] = ()
) -> Mapping[str, Agent]:
    """The agents of a roster, by what `--agent` called them: profiles first, then adapters.

    `further` are agents beside those of the roster: reviewers.

    Raises:
        UsageError: `UNKNOWN_AGENT`, an agent refuses its argument, or its profile (`BAD_AGENT`).
        EnvironmentLack: An agent's program is missing.
    """
    found: dict[str, Agent] = {}
    for name in dict.fromkeys((*(seat.provider for seat in roster.seats), *further)):
        agent = agent_of(name, settings)
        lack = lack_of(agent, settings.profiles.get(name))
        if lack:
            raise EnvironmentLack(lack, code="AGENT_MISSING", hint="`plait doctor` tells more")
        found[name] = agent
    return found


def agent_of(name: str, settings: Settings) -> Agent:
    """The agent of that name, be it a profile's or an adapter's.

    Raises:
        UsageError: As `agents_of`.
        EnvironmentLack: `AGENT_BROKEN`.
    """
    from plait import agents

    profile = settings.profiles.get(name)
    if profile is None:
        return agents.find(name, further=settings.profiles)
    where = settings.origin(f"agents.{name}")
    try:
        agent = agents.find(profile.use)
    except UsageError as error:
        raise UsageError(error.message, code=error.code, hint=error.hint, where=where) from error
    unset = plain(name)
    unread = [
        each
        for each in ADAPTERS_OWN - agent.reads
        if getattr(profile, each) != getattr(unset, each)
    ]
    if unread:
        raise UsageError(
            f"the agent {agent.name} reads no {', '.join(sorted(unread))} in [agents.{name}]",
            code="BAD_AGENT",
            where=where,
            hint=f"it reads: {', '.join(sorted(agent.reads)) or 'nothing'}, and its limits",
        )
    return agent


def lack_of(agent: Agent, profile: AgentProfile | None) -> str | None:
    """Why an agent cannot be used on this machine, or None."""
    if profile is None or not profile.program:
        return agent.probe()
    if shutil.which(profile.program):
        return None
    return f"{profile.name}: there is no program {profile.program}"


def _split_agent(name: str) -> tuple[str, str, str]:
    """`api-*=claude` is a pattern; the `=` in `command:X=1 make` is not."""
    head, separator, tail = name.partition("=")
    if separator and ":" not in head and " " not in head:
        return head, separator, tail
    return "", "", name
