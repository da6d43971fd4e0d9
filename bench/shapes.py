"""The shapes of plans: who needs whom. Of real plans where there are any, else composed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.fakes.corpus import CORPUS, real_files

from bench.plans import layered_jobs
from plait.app.loading import load_plan
from plait.core.graph import build
from plait.core.plan import PackageId, Plan
from plait.errors import PlaitError

LEAST = 8  # packages
COMPOSED = ((8, 1), (12, 2), (16, 3), (20, 4), (30, 5), (40, 6))  # packages, seed

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """`needs` are places in the list; what is needed stands before whoever needs it."""

    name: str
    needs: tuple[tuple[int, ...], ...]

    @property
    def waves(self) -> tuple[int, ...]:
        """The wave that each package is in: one after the last of what it needs."""
        found: list[int] = []
        for needs in self.needs:
            found.append(1 + max((found[each] for each in needs), default=-1))
        return tuple(found)

    def barred(self) -> Shape:
        """The same in phases, each a barrier: who is in a wave needs all of the one before."""
        waves = self.waves
        places: dict[int, list[int]] = {}
        for place, wave in enumerate(waves):
            places.setdefault(wave, []).append(place)
        order = [place for wave in sorted(places) for place in places[wave]]
        if order != list(range(len(waves))):
            raise ValueError("a shape has its packages in the order of their waves")
        needs = tuple(tuple(places.get(wave - 1, ())) for wave in waves)
        return Shape(name=f"{self.name}, in phases", needs=needs)


def shapes() -> list[Shape]:
    """Different ones, each with somebody who needs somebody."""
    found = {each.needs: each for each in _real() if any(each.needs)}
    return list(found.values()) or [_composed(*each) for each in COMPOSED]


def _real() -> Iterator[Shape]:
    with tempfile.TemporaryDirectory() as folder:
        for group in sorted(table.parent.name for table in CORPUS.glob("*/SOURCES.tsv")):
            files = real_files(group)
            for real in files:
                real.below(Path(folder))
            for real in files:
                root = real.root(Path(folder))
                (root / ".git").mkdir(exist_ok=True)
                try:
                    plan = load_plan(real.path, start=root).plan
                    shape = None if plan is None else _shape(f"{group}: {real.repository}", plan)
                except (PlaitError, ValueError):
                    continue  # it is no plan, or one that goes in circles
                if shape is not None and len(shape.needs) >= LEAST:
                    yield shape


def _shape(name: str, plan: Plan) -> Shape:
    """Without gates and what is done: what they stand between follows one another all the same."""
    graph = build(plan)
    works = {each.id for each in plan.packages if each.kind.has_agent}
    needs = {each: _behind(graph.needs, each, works) for each in works}
    return _in_waves(name, [each.id for each in plan.packages if each.id in works], needs)


def _behind(
    needs: Mapping[PackageId, Sequence[PackageId]], package: PackageId, works: set[PackageId]
) -> set[PackageId]:
    found: set[PackageId] = set()
    left, seen = list(needs[package]), set[PackageId]()
    while left:
        each = left.pop()
        if each in works:
            found.add(each)
        elif each not in seen:
            seen.add(each)
            left += needs[each]
    return found


def _in_waves(name: str, packages: Sequence[T], needs: Mapping[T, set[T]]) -> Shape:
    waves: dict[T, int] = {}
    while len(waves) < len(packages):
        ready = [
            each for each in packages if each not in waves and needs[each].issubset(waves.keys())
        ]
        wave = max(waves.values(), default=-1) + 1
        waves.update(dict.fromkeys(ready, wave))
        if not ready:
            raise ValueError("packages need one another")
    place = {each: number for number, each in enumerate(waves)}
    return Shape(
        name=name,
        needs=tuple(tuple(sorted(place[need] for need in needs[each])) for each in waves),
    )


def _composed(packages: int, seed: int) -> Shape:
    jobs = layered_jobs(seed, packages=packages, mean_s=1.0)
    needs = {place: set(job.needs) for place, job in enumerate(jobs)}
    return _in_waves(f"composed: {packages} packages", range(packages), needs)
