"""The orders that a list in task groups implies: within a group, from group to group, by phases.

Orders name only the ends: what a unit ends with comes before what the next one begins with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from plait.core.plan import Provenance
from plait.plans.tasks import Order, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a task stands.

    `unit` is the id of what runs one after another: its group, what it is a part of, or itself;
    `alone` says that it has no group. `whole` is the id of that which it is a part of and which
    says what it needs. `parallel` is the word of its phase, `beside` are ids of those that its
    unit runs beside.
    """

    task: Task
    unit: str
    whole: str | None
    alone: bool
    phase: str | None
    parallel: bool
    beside: frozenset[str]

    @property
    def bound(self) -> bool:
        """Whether nothing says what it needs, so that the list's order does."""
        return self.task.needs is None and self.whole is None

    def follows(self, other: Place) -> bool:
        """Whether it comes after the one before it in its unit."""
        return self.task.needs is None and self.whole in {None, other.whole}


def orders_of(places: Sequence[Place]) -> Iterator[Order]:
    """All orders of a list, phase by phase."""
    before: list[Place] = []
    for _, members in groupby(places, key=lambda place: place.phase):
        phase = list(members)
        orders, begins, ends = _phase(phase)
        if before and begins:
            note = f"{phase[0].phase or 'the rest'} follows"
            yield _order(before, begins, Provenance.PHASE, note)
        yield from orders
        before = ends


def _phase(places: Sequence[Place]) -> tuple[list[Order], list[Place], list[Place]]:
    """A phase's orders, and the tasks that begin and end it."""
    units: dict[str, list[Place]] = {}
    for place in places:
        units.setdefault(place.unit, []).append(place)
    steps: list[list[list[Place]]] = []
    for unit in units.values():
        if steps and (unit[0].parallel or all(_beside(unit, other) for other in steps[-1])):
            steps[-1].append(unit)
        else:
            steps.append([unit])
    orders: list[Order] = []
    for unit in units.values():
        for first, then in pairwise(unit):
            if then.follows(first):
                note = f"order of {first.task.group or 'the list'}"
                orders.append(_order([first], [then], Provenance.TRACK, note))
    for ahead, behind in pairwise(steps):
        ends = [place for unit in ahead for place in _ends(unit)]
        begins = [place for unit in behind for place in _begins(unit)]
        alone = ahead[0][0].alone and behind[0][0].alone
        source = Provenance.TRACK if alone else Provenance.WAVE
        note = "order of the list" if alone else "order of the groups"
        if ends and begins:
            orders.append(_order(ends, begins, source, note))
    after = {name for order in orders for name in order.first}
    led = {name for order in orders for name in order.then}
    begins = [place for place in places if place.bound and place.task.id not in led]
    ends = [place for place in places if place.task.id not in after]
    return orders, begins, ends


def _beside(unit: Sequence[Place], other: Sequence[Place]) -> bool:
    """Whether one of two units says that it runs beside the other."""
    return any(
        not here[0].beside.isdisjoint({place.task.id for place in there} | {there[0].unit})
        for here, there in ((unit, other), (other, unit))
    )


def _begins(unit: Sequence[Place]) -> list[Place]:
    """Those that nothing in the unit leads to."""
    return [unit[0]] if unit[0].bound else []


def _ends(unit: Sequence[Place]) -> list[Place]:
    """Those that nothing in the unit follows."""
    return [
        place
        for at, place in enumerate(unit)
        if at + 1 == len(unit) or not unit[at + 1].follows(place)
    ]


def _order(
    first: Sequence[Place], then: Sequence[Place], provenance: Provenance, note: str
) -> Order:
    return Order(
        first=tuple(place.task.id for place in first),
        then=tuple(place.task.id for place in then),
        provenance=provenance,
        note=note,
        span=then[0].task.span,
    )
