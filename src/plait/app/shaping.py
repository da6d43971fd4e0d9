"""Compute what the faces show of a plan's graph."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from plait.app.project import find_root, has_store, look, open_project
from plait.config import Settings
from plait.core import graph as graphs
from plait.core.advice import advise, hubs
from plait.core.forecast import Past, forecast, past_of, times_of
from plait.core.plan import PackageId, Plan, SourceStatus
from plait.core.schedule import UnknownScope, compile_plan
from plait.faces.shape import Shape


def shape_of(
    plan: Plan,
    *,
    agents: int,
    policy: UnknownScope = UnknownScope.DECLARED,
    past: Past | None = None,
) -> Shape:
    """Waves, critical path, width and depth, the forecast, and what would make it faster.

    Args:
        plan: The arranged plan.
        agents: The number of agents that was asked about.
        policy: What packages of unknown scope may run beside.
        past: What packages took before in this repository.
    """
    graph = graphs.build(plan)
    times = times_of(plan, past)
    expected = forecast(plan, graph, times, policy, agents=agents)
    return Shape(
        waves=graphs.waves(graph),
        critical_path=graphs.critical_path(graph, times.seconds),
        width=graphs.width(graph),
        depth=graphs.depth(graph),
        agents=agents,
        times=times,
        forecast=expected,
        hubs=hubs(plan),
        advice=advise(plan, graph, times, expected, agents=agents, policy=policy),
        redundant=graphs.transitive_edges(graph),
    )


def part_of(plan: Plan, packages: Iterable[PackageId]) -> Plan:
    """The plan with only these packages."""
    chosen = frozenset(packages)
    return replace(plan, packages=tuple(each for each in plan.packages if each.id in chosen))


def conflicts_of(plan: Plan, package: PackageId) -> dict[PackageId, str]:
    """Packages that must not run beside one, and why; those ordered by an edge are left out."""
    compiled = compile_plan(plan)
    ordered = {
        *graphs.closure(compiled.graph, [package], upwards=True),
        *graphs.closure(compiled.graph, [package], upwards=False),
    }
    found = {
        other.id: compiled.conflict(package, other.id, UnknownScope.DECLARED)
        for other in plan.packages
        if other.id not in ordered
        and other.id != package
        and other.runs_agent
        and other.status is SourceStatus.PENDING
    }
    return {other: why for other, why in found.items() if why}


def shape_at(plan: Plan, start: Path, agents: int | None) -> Shape:
    """The plan's shape by the settings and the earlier runs of the repository, if there is one.

    Args:
        plan: The arranged plan.
        start: A folder.
        agents: The number of agents to ask about; by default what a run would take.

    Raises:
        PlaitError: `BAD_CONFIG`, or the store cannot be read.
    """
    if find_root(start) is None:
        return shape_of(plan, agents=agents or max_agents(plan, Settings()))
    project = open_project(start)
    past = None
    if has_store(project):
        with look(project) as rows:
            past = past_of(plan.id, [(d.plan, d.package, d.seconds) for d in rows.durations()])
    return shape_of(
        plan,
        agents=agents or max_agents(plan, project.settings),
        policy=UnknownScope(project.settings.unknown_scope),
        past=past,
    )


def max_agents(plan: Plan, settings: Settings) -> int:
    """The limit of a run: the plan's own replaces the default, not what somebody has set."""
    if settings.origin("max_agents") == "default" and plan.max_agents:
        return plan.max_agents
    return settings.max_agents
