"""Which phases a phase follows: those it names itself, else all that nothing follows yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from plait.core.plan import Provenance, Span
from plait.plans.tasks import Order


def predecessors(phases: Sequence[int], said: Mapping[int, Collection[int]]) -> dict[int, set[int]]:
    """The phases that each phase waits for.

    Args:
        phases: The phases in their order, by number.
        said: Of those that state what they follow, the numbers they name; empty for none.
    """
    found: dict[int, set[int]] = {}
    ends: set[int] = set()
    for phase in phases:
        named = said.get(phase)
        found[phase] = set(ends) if named is None else set(named) - {phase}
        ends = (ends - found[phase]) | {phase}
    return found


def following(
    then: Sequence[str], first: Iterable[Sequence[str]], *, note: str, span: Span
) -> list[Order]:
    """The orders by which the tasks of a phase, or some of them, come after those of others.

    A task's own words on what it needs do not free it from them: a phase is a barrier.
    """
    return [
        Order(
            first=tuple(ids),
            then=tuple(then),
            provenance=Provenance.PHASE,
            note=note,
            span=span,
            relaxable=False,
        )
        for ids in first
        if ids and then
    ]
