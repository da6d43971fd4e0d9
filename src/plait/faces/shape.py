"""What was computed of a plan's graph, as the faces show it."""

from __future__ import annotations

from dataclasses import dataclass

from plait.core.advice import Advice, Hub
from plait.core.forecast import Forecast, Times
from plait.core.plan import PackageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A plan's graph and its forecast.

    `width` is the most packages in one wave, `depth` how many waves there are; `agents` the
    number that was asked about. `redundant` are edges, as (package, what it needs), that other
    edges already imply.
    """

    waves: tuple[tuple[PackageId, ...], ...]
    critical_path: tuple[PackageId, ...]
    width: int
    depth: int
    agents: int
    times: Times
    forecast: Forecast
    hubs: tuple[Hub, ...] = ()
    advice: tuple[Advice, ...] = ()
    redundant: tuple[tuple[PackageId, PackageId], ...] = ()

    @property
    def makespan_s(self) -> float:
        """What a run with `agents` agents is expected to take."""
        return self.forecast.row(self.agents).makespan_s

    @property
    def is_known(self) -> bool:
        """Whether any time in it is more than an assumption."""
        return self.times.assumed < len(self.times.seconds) and (
            self.times.estimated + self.times.measured + self.times.typical > 0
        )
