"""Which departures from the plan a package must know of before it starts."""

from __future__ import annotations

from fnmatch import fnmatchcase

from plait.core import graph as graphs
from plait.core.event import DeviationNoted, Verdict
from plait.core.plan import PackageId, WorkPackage
from plait.core.run import Run
from plait.core.schedule import Compiled

_DROPPED = frozenset({Verdict.REVISE, Verdict.REJECT, Verdict.BLOCKED})


def standing_deviations(run: Run) -> tuple[DeviationNoted, ...]:
    """Those of work that was not rejected, each once."""
    found = {
        (each.package, each.summary, each.affects): each
        for each in run.deviations
        if _stands(run, each)
    }
    return tuple(found.values())


def deviations_for(compiled: Compiled, run: Run, package: WorkPackage) -> tuple[str, ...]:
    """What other packages did differently, as far as it concerns this one."""
    noted = [each for each in standing_deviations(run) if each.package != package.id]
    if not noted:
        return ()
    unnamed = any(not each.affects for each in noted)
    before: frozenset[PackageId] = frozenset()
    if unnamed and package.id in compiled.graph.needs:
        before = graphs.closure(compiled.graph, [package.id], upwards=True)
    return tuple(
        f"{each.package}: {each.summary}"
        for each in noted
        if (each.package in before if not each.affects else _named(package, each.affects))
    )


def _named(package: WorkPackage, names: tuple[str, ...]) -> bool:
    own = {each.casefold() for each in (package.id, package.source_id, *package.tasks)}
    return any(fnmatchcase(each, name.casefold()) for name in names for each in own)


def _stands(run: Run, noted: DeviationNoted) -> bool:
    state = run.packages.get(noted.package)
    attempts = state.attempts if state is not None else ()
    told = [each for each in attempts if (each.number, each.epoch) == (noted.attempt, noted.epoch)]
    return bool(told) and told[-1].outcome not in _DROPPED and not told[-1].interrupted
