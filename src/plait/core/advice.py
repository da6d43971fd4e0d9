"""Advice: what would make a plan faster, with the names of the packages it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from plait.core import graph as graphs
from plait.core.forecast import Forecast, Times, forecast
from plait.core.graph import Graph
from plait.core.plan import (
    Confidence,
    PackageId,
    Plan,
    Provenance,
    SourceStatus,
    WorkPackage,
)
from plait.core.schedule import UnknownScope
from plait.core.serialise import NOTE

LARGE = 0.4  # the part of the critical path from which a package is worth splitting
WORTH = 0.05  # the part of the makespan that must be gained
_HUB = 3  # packages that write a path
_MOST = 5
_LARGEST_PLAN = 2000  # packages up to which what-if runs are played


class AdviceKind(StrEnum):
    """What a piece of advice is about."""

    SPLIT = "split"  # one package is most of the critical path
    SHARED_FILE = "shared_file"  # packages wait for one another only because of a path
    UNKNOWN_SCOPE = "unknown_scope"  # packages run alone because nobody knows what they write


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What could be done, and how many seconds of the makespan it would gain."""

    kind: AdviceKind
    packages: tuple[PackageId, ...]
    message: str
    gain_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """A path that many packages write."""

    path: str
    packages: tuple[PackageId, ...]


def hubs(plan: Plan) -> tuple[Hub, ...]:
    """The paths that at least three packages to run name as theirs, the busiest first."""
    writers: dict[str, list[PackageId]] = {}
    for package in plan.packages:
        if _runs(package):
            for glob in dict.fromkeys(package.scope.write):
                writers.setdefault(glob, []).append(package.id)
    found = [(path, names) for path, names in writers.items() if len(names) >= _HUB]
    found.sort(key=lambda entry: -len(entry[1]))
    return tuple(Hub(path=path, packages=tuple(names)) for path, names in found[:_MOST])


def advise(
    plan: Plan, graph: Graph, times: Times, expected: Forecast, *, agents: int, policy: UnknownScope
) -> tuple[Advice, ...]:
    """What to do about a plan, the most rewarding first.

    Args:
        plan: The arranged plan.
        graph: Its graph.
        times: What each package takes.
        expected: Its forecast.
        agents: With so many agents.
        policy: What packages of unknown scope may run beside.
    """
    now = expected.row(agents).makespan_s
    found: list[Advice] = []
    if len(plan.packages) <= _LARGEST_PLAN:
        found += _splits(plan, graph, times, now, agents=agents, policy=policy)
        found += _shared(plan, times, now, agents=agents, policy=policy)
        found += _unknown(plan, graph, times, now, agents=agents, policy=policy)
    return tuple(sorted(found, key=lambda each: -each.gain_s))


def _splits(
    plan: Plan, graph: Graph, times: Times, now: float, *, agents: int, policy: UnknownScope
) -> Iterator[Advice]:
    """Packages of the critical path that are large, and whose halves would make it shorter."""
    path = graphs.critical_path(graph, times.seconds)
    length = sum(times.seconds[each] for each in path)
    if sum(1 for each in times.seconds.values() if each) < 2:  # noqa: PLR2004 - nothing beside it
        return
    tasks = {package.id: len(package.tasks) for package in plan.packages}
    for package in path:
        took = times.seconds[package]
        if package not in times.known or took < LARGE * length:
            continue
        halved = replace(times, seconds={**times.seconds, package: took / 2})
        gain = now - forecast(plan, graph, halved, policy, only=agents).rows[-1].makespan_s
        if gain >= WORTH * now:
            joined = f" (it is {tasks[package]} tasks)" if tasks[package] > 1 else ""
            share = round(100 * took / length)
            yield Advice(
                kind=AdviceKind.SPLIT,
                packages=(package,),
                message=f"split {package}: it is {share} % of the critical path{joined}",
                gain_s=gain,
            )


def _shared(
    plan: Plan, times: Times, now: float, *, agents: int, policy: UnknownScope
) -> Iterator[Advice]:
    by_path: dict[str, dict[PackageId, None]] = {}
    for package in plan.packages:
        for edge in package.needs:
            if edge.provenance is Provenance.SCOPE and edge.note.startswith(NOTE):
                members = by_path.setdefault(edge.note.removeprefix(NOTE), {})
                members[edge.id] = members[package.id] = None
    places = {package.id: place for place, package in enumerate(plan.packages)}
    for path, members in sorted(by_path.items(), key=lambda entry: -len(entry[1]))[:_MOST]:
        names = sorted(members, key=places.__getitem__)
        gain = now - _without(plan, path, times, agents=agents, policy=policy)
        told = f"{_named(names)} are parallel in the plan and {_all(names)} write {path}"
        yield Advice(
            kind=AdviceKind.SHARED_FILE,
            packages=tuple(names),
            message=f"{told}: they run one after another",
            gain_s=max(gain, 0.0),
        )


def _without(plan: Plan, path: str, times: Times, *, agents: int, policy: UnknownScope) -> float:
    """The makespan if nobody had to wait because of that path."""
    freed = replace(
        plan,
        packages=tuple(
            replace(
                package,
                needs=tuple(
                    edge
                    for edge in package.needs
                    if edge.provenance is not Provenance.SCOPE or edge.note != f"{NOTE}{path}"
                ),
            )
            for package in plan.packages
        ),
    )
    return forecast(freed, graphs.build(freed), times, policy, only=agents).rows[-1].makespan_s


def _unknown(
    plan: Plan, graph: Graph, times: Times, now: float, *, agents: int, policy: UnknownScope
) -> Iterator[Advice]:
    unknown = [
        package.id
        for package in plan.packages
        if _runs(package) and package.scope.confidence is Confidence.UNKNOWN
    ]
    if len(unknown) < 2 or policy is UnknownScope.SHARED:  # noqa: PLR2004 - one waits for none
        return
    free = forecast(plan, graph, times, UnknownScope.SHARED, only=agents).rows[-1].makespan_s
    if now - free >= WORTH * now:
        yield Advice(
            kind=AdviceKind.UNKNOWN_SCOPE,
            packages=tuple(unknown),
            message=f"name the files of {_named(unknown)}: nobody knows what they write, "
            "so they run beside nothing else",
            gain_s=now - free,
        )


def _runs(package: WorkPackage) -> bool:
    return package.runs_agent and package.status is SourceStatus.PENDING


def _named(names: Sequence[str]) -> str:
    if len(names) > _MOST:
        return f"{', '.join(names[:_MOST])} and {len(names) - _MOST} more"
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _all(names: Sequence[str]) -> str:
    return "both" if len(names) == 2 else "all"  # noqa: PLR2004
