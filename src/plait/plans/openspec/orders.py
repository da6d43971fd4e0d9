"""The order that an OpenSpec list implies: group after group, and in a group task after task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from plait.core.plan import Provenance
from plait.plans.openspec.tasks import Item
from plait.plans.tasks import Order, State, Task

_LEFT = frozenset({State.DONE, State.SKIPPED})


def orders_of(items: Sequence[Item], tasks: Mapping[int, Task]) -> Iterator[Order]:
    """Each group after the one before it; in a group, and in a task with parts, one by one.

    Tasks that are marked as parallel run side by side, those that say what they need are free.
    Only the orders that others do not imply are given: with a list's length they grow in
    proportion.

    Args:
        items: The list.
        tasks: The tasks by their line.
    """
    families: dict[int | None, list[Item]] = {}
    for item in items:
        families.setdefault(item.above.head.number if item.above else None, []).append(item)
    for members in families.values():
        row = _Row()
        for _, run in groupby(members, key=_group_line):
            group = [tasks[item.head.number] for item in run]
            for step in _steps(group):
                yield from row.follow(step)


def _group_line(item: Item) -> int:
    return item.group.line if item.group else 0


def _steps(tasks: Sequence[Task]) -> Iterator[list[Task]]:
    """Runs of tasks that are marked as parallel, all others one by one."""
    for parallel, run in groupby(tasks, key=lambda task: task.parallel):
        members = list(run)
        yield from [members] if parallel else [[task] for task in members]


@dataclass(slots=True)
class _Row:
    """Where the next step begins.

    `ends` are the tasks so far that no ordered one follows. `unfinished` are those of them that
    are still to do: a task that was done before its turn holds nobody back.
    """

    ends: list[Task] = field(default_factory=list)
    unfinished: list[Task] = field(default_factory=list)

    def follow(self, step: Sequence[Task]) -> Iterator[Order]:
        bound = [task for task in step if task.needs is None]
        rest = [task for task in step if task.state not in _LEFT]
        waits = any(task.state not in _LEFT for task in bound)
        before = (*self.ends, *self.unfinished) if waits else self.ends
        if bound:
            yield from _order(before, bound)
        self.ends = list(step) if bound else [*self.ends, *step]
        self.unfinished = rest if waits else [*self.unfinished, *rest]


def _order(before: Sequence[Task], then: Sequence[Task]) -> Iterator[Order]:
    """Tasks after others: of an earlier group by the groups' order, of their own by the list's."""
    own = then[0].phase
    for earlier in (True, False):
        first = [task.id for task in before if (task.phase != own) is earlier]
        if first:
            yield Order(
                first=tuple(dict.fromkeys(first)),
                then=tuple(task.id for task in then),
                provenance=Provenance.PHASE if earlier else Provenance.TRACK,
                note=f'the group "{own}" follows' if earlier and own else "order of the list",
                span=then[0].span,
            )
