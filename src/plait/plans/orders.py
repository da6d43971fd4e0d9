"""The orders that formats imply: one after another, side by side where marked, phase by phase."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise

from plait.core.plan import Provenance
from plait.plans.tasks import Order, Task


def chain(
    tasks: Sequence[Task],
    *,
    provenance: Provenance = Provenance.TRACK,
    note: str = "order of the list",
    relaxable: bool = True,
) -> Iterator[Order]:
    """Each task after the one before it."""
    yield from barriers(
        [[task] for task in tasks], provenance=provenance, note=note, relaxable=relaxable
    )


def blocks(
    tasks: Iterable[Task],
    *,
    provenance: Provenance = Provenance.TRACK,
    note: str = "order of the list",
    relaxable: bool = True,
) -> Iterator[Order]:
    """Runs of tasks that the source marks as parallel side by side, all others one by one."""
    steps: list[list[Task]] = []
    for parallel, run in groupby(tasks, key=lambda task: task.parallel):
        members = list(run)
        steps += [members] if parallel else [[task] for task in members]
    yield from barriers(steps, provenance=provenance, note=note, relaxable=relaxable)


def barriers(
    steps: Iterable[Sequence[Task]],
    *,
    provenance: Provenance = Provenance.PHASE,
    note: str = "",
    relaxable: bool = True,
) -> Iterator[Order]:
    """Each step after all of the step before it; empty steps are passed over.

    Args:
        steps: The tasks of each phase or wave, of one module.
        provenance: Why.
        note: How an edge's origin is told; of a phase, its own name by default.
        relaxable: Whether a task's own words on what it needs set it free.
    """
    for first, then in pairwise([step for step in steps if step]):
        yield Order(
            first=tuple(task.id for task in first),
            then=tuple(task.id for task in then),
            provenance=provenance,
            note=note or f"{then[0].phase or then[0].group or 'the next phase'} follows",
            span=then[0].span,
            module=then[0].module,
            relaxable=relaxable,
        )
