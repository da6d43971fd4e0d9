"""Forecast: how long a plan takes with so many agents, and where one more no longer pays."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from plait.core.frontier import Standing, bars, standing_of
from plait.core.graph import Graph, lower_bound, tails
from plait.core.plan import PackageId, Plan, SourceStatus
from plait.core.schedule import DEFAULT_ESTIMATE_S, UnknownScope

MOST_AGENTS = 32
PAYS = 0.05  # the part of the time that one more agent must save


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What packages took before, in seconds: in earlier runs of this plan, and in all runs."""

    own: Mapping[PackageId, float]
    typical_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds of each package, and of how many of those to run they are known from where.

    `known` are those that the source estimates or that ran before; `typical` took the usual
    time of the repository and `assumed` a fixed one, `each_s`.
    """

    seconds: Mapping[PackageId, float]
    estimated: int = 0
    measured: int = 0
    typical: int = 0
    assumed: int = 0
    known: frozenset[PackageId] = frozenset()
    each_s: float = DEFAULT_ESTIMATE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A run with so many agents: how long it takes, and which part of their time they work."""

    agents: int
    makespan_s: float
    busy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What runs with 1 to N agents take, if the times hold.

    `work_s` is the agents' time in all; `bound_s` what no number of agents can beat. Up to
    `pays` agents each one more saves at least `PAYS` of the time; more than `useful` save
    nothing at all.
    """

    rows: tuple[Row, ...]
    work_s: float
    bound_s: float
    pays: int
    useful: int

    def row(self, agents: int) -> Row:
        """The forecast for so many agents; more than there are rows gain nothing."""
        return self.rows[min(agents, len(self.rows)) - 1]


def times_of(plan: Plan, past: Past | None = None) -> Times:
    """What each package is expected to take; gates and what does not run take no time.

    The source's estimate counts first, then what this package took before, then what packages
    took in this repository, then `DEFAULT_ESTIMATE_S` a task.
    """
    seconds: dict[PackageId, float] = {}
    counts = {"estimated": 0, "measured": 0, "typical": 0, "assumed": 0}
    known_ids: set[PackageId] = set()
    typical = past.typical_s if past else None
    for package in plan.packages:
        if not package.runs_agent or package.status is not SourceStatus.PENDING:
            seconds[package.id] = 0.0
            continue
        own = past.own.get(package.id) if past else None
        if package.estimate_s:
            known, source = package.estimate_s, "estimated"
        elif own is not None:
            known, source = own, "measured"
        elif typical is not None:
            known, source = typical, "typical"
        else:
            known, source = DEFAULT_ESTIMATE_S * max(len(package.tasks), 1), "assumed"
        seconds[package.id] = known
        counts[source] += 1
        if source in {"estimated", "measured"}:
            known_ids.add(package.id)
    return Times(
        seconds=seconds,
        known=frozenset(known_ids),
        each_s=typical or DEFAULT_ESTIMATE_S,
        **counts,
    )


def past_of(plan: str, durations: Sequence[tuple[str, PackageId, float]]) -> Past:
    """What earlier runs tell: (plan, package, seconds), the latest first."""
    own: dict[PackageId, float] = {}
    for name, package, seconds in durations:
        if name == plan:
            own.setdefault(package, seconds)
    everything = [seconds for _, _, seconds in durations]
    return Past(own=own, typical_s=median(everything) if everything else None)


def forecast(
    plan: Plan,
    graph: Graph,
    times: Times,
    policy: UnknownScope,
    *,
    agents: int = 1,
    only: int | None = None,
) -> Forecast:
    """Play the run with 1 to N agents, N being as many as can have work at once.

    The critical path goes first among the ready, as in the schedule; landing takes no time.

    Args:
        plan: The arranged plan: packages that write one path are ordered by edges.
        graph: Its graph.
        times: What each package takes.
        policy: What packages of unknown scope may run beside.
        agents: At least so many rows, within `MOST_AGENTS`.
        only: One row, for so many agents.
    """
    game = _Game(
        graph=graph,
        seconds=times.seconds,
        longest=tails(graph, times.seconds),
        classes={package.id: standing_of(package) for package in plan.packages},
        bars=bars(policy),
    )
    work = sum(times.seconds.values())
    working = sum(1 for seconds in times.seconds.values() if seconds)
    shortest = game.play(max(working, 1)) if only is None else 0.0
    rows: list[Row] = []
    for number in range(only or 1, (only or MOST_AGENTS) + 1):
        took = game.play(number)
        busy = work / (took * number) if took else 0.0
        rows.append(Row(agents=number, makespan_s=took, busy=busy))
        if took <= shortest and number >= agents:
            break
    best = min(row.makespan_s for row in rows)
    return Forecast(
        rows=tuple(rows),
        work_s=work,
        bound_s=lower_bound(graph, times.seconds, max(working, 1)),
        pays=_pays(rows),
        useful=next(row.agents for row in rows if row.makespan_s <= best),
    )


def _pays(rows: Sequence[Row]) -> int:
    """The last number of agents from which one or two fewer would cost `PAYS` each."""
    paying = 1
    for row in rows[1:]:
        before = rows[paying - 1].makespan_s
        if before and (before - row.makespan_s) / before >= PAYS * (row.agents - paying):
            paying = row.agents
    return paying


@dataclass(frozen=True, slots=True, kw_only=True)
class _Game:
    """Everything that a play needs, whatever the number of agents."""

    graph: Graph
    seconds: Mapping[PackageId, float]
    longest: Mapping[PackageId, float]
    classes: Mapping[PackageId, Standing]
    bars: Mapping[Standing, frozenset[Standing]]

    def play(self, agents: int) -> float:
        """The makespan with so many agents, seconds."""
        open_needs = {each: len(self.graph.needs[each]) for each in self.graph.ids}
        free = [each for each in self.graph.ids if not open_needs[each]]
        ready: dict[Standing, list[tuple[float, PackageId]]] = {each: [] for each in Standing}
        working: list[tuple[float, PackageId]] = []
        active = dict.fromkeys(Standing, 0)
        now, busy = 0.0, 0
        while True:
            for package in free:  # what takes no time needs no agent
                if self.seconds[package]:
                    heapq.heappush(ready[self.classes[package]], (-self.longest[package], package))
                else:
                    heapq.heappush(working, (now, package))
            while busy < agents:
                allowed = [
                    each
                    for each in Standing
                    if ready[each] and not any(active[other] for other in self.bars[each])
                ]
                if not allowed:
                    break
                chosen = min(allowed, key=lambda each: ready[each][0])
                _, package = heapq.heappop(ready[chosen])
                heapq.heappush(working, (now + self.seconds[package], package))
                active[chosen] += 1
                busy += 1
            if not working:
                return now
            now, done = heapq.heappop(working)
            if self.seconds[done]:
                busy -= 1
                active[self.classes[done]] -= 1
            free = []
            for dependent in self.graph.dependents[done]:
                open_needs[dependent] -= 1
                if not open_needs[dependent]:
                    free.append(dependent)
