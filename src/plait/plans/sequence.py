"""The order of a nested list: one after another, the marked-parallel side by side.

Each task waits for what stands directly before it. Where that one is done already, may be left out,
or is free of the list's order by words of its own, whoever follows waits for what stands before
that as well: otherwise a ticked box in the middle of a list would set free all that comes after
it. What the source leaves out is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from plait.core.plan import Provenance
from plait.plans.needs import MAX_EDGES, TooManyEdges
from plait.plans.tasks import Order, State, Task

NOTE = "order of the list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A task without parts, or (`task` is None) the parts of one, in the list's order."""

    task: Task | None = None
    parts: tuple[Node, ...] = ()
    parallel: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """An order's provenance, and how it is told."""

    provenance: Provenance = Provenance.TRACK
    note: str = NOTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What whoever comes next waits for: the last tasks, and those before them that they pass."""

    last: tuple[Task, ...] = ()
    passed: tuple[Task, ...] = ()

    def passing(self) -> tuple[Task, ...]:
        """What is still to be awaited behind a task that holds nobody up."""
        if all(task.state is State.DONE for task in self.last):
            return self.passed
        return self.last + self.passed


def forest(tasks: Sequence[Task]) -> dict[str | None, tuple[Node, ...]]:
    """The parts of each task that has some, by its id; those of the whole list at None.

    Neighbours without a parent whose ids begin alike (1.1, 1.2 below a heading) are one whole.

    Args:
        tasks: In the list's order, with unique ids, parts behind their wholes.
    """
    parts: dict[str, list[Task]] = {}
    for task in tasks:
        if task.parent is not None:
            parts.setdefault(task.parent, []).append(task)
    made: dict[str | None, tuple[Node, ...]] = {}
    for task in reversed(tasks):
        if task.id in parts:
            made[task.id] = tuple(node_of(part, made) for part in parts[task.id])
    roots = [task for task in tasks if task.parent is None]
    wholes = [tuple(node_of(task, made) for task in run) for _, run in groupby(roots, key=_major)]
    made[None] = tuple(run[0] if len(run) == 1 else Node(parts=run) for run in wholes)
    return made


def node_of(task: Task, parts: Mapping[str | None, tuple[Node, ...]]) -> Node:
    """A task, or the whole that it is."""
    if task.id in parts:
        return Node(parts=parts[task.id], parallel=task.parallel)
    return Node(task=task, parallel=task.parallel)


def _major(task: Task) -> str:
    """What a task without a parent has in common with its neighbours."""
    return task.id.rpartition(".")[0] or f"{task.id} alone"


@dataclass(slots=True)
class Walk:
    """Makes the orders of a list."""

    relaxable: bool
    orders: list[Order] = field(default_factory=list)
    budget: int = 2 * MAX_EDGES

    def sequence(self, nodes: Sequence[Node], front: Front, why: Why | None = None) -> Front:
        """Nodes one after another, runs of parallel ones side by side.

        Args:
            nodes: In the list's order.
            front: What stands before them.
            why: Why the first of them follow that; the others follow by the list's order.

        Raises:
            TooManyEdges: There are more than the plan can have.
        """
        for parallel, run in groupby(nodes, key=lambda node: node.parallel):
            members = list(run)
            for step in [members] if parallel else [[node] for node in members]:
                front = self.beside(step, front, why or Why())
                why = None
        return front

    def beside(self, nodes: Iterable[Node], front: Front, why: Why) -> Front:
        """Nodes side by side, each after `front`.

        Raises:
            TooManyEdges: There are more than the plan can have.
        """
        return self.merged([self._one(node, front, why) for node in nodes], before=front)

    def merged(self, fronts: Sequence[Front], *, before: Front | None = None) -> Front:
        """What stands before whoever follows all of these.

        Args:
            fronts: They were side by side.
            before: What stood before them: it need not be awaited once more where any of them
                does.

        Raises:
            TooManyEdges: There are more than the plan can have.
        """
        if len(fronts) == 1:
            return fronts[0]
        behind = before.passing() if before else ()
        self._spend(len(behind) + sum(len(front.last) + len(front.passed) for front in fronts))
        last = {task.id: task for front in fronts for task in front.last}
        passed = {task.id: task for front in fronts for task in front.passed}
        known = {task.id for task in behind}
        if any(known.isdisjoint(task.id for task in front.passed) for front in fronts):
            for name in known:
                passed.pop(name, None)
        return Front(last=tuple(last.values()), passed=tuple(passed.values()))

    def _one(self, node: Node, front: Front, why: Why) -> Front:
        task = node.task
        if task is None:
            return self.sequence(node.parts, front, why)
        if task.state is State.SKIPPED:
            return front
        free = self.relaxable and task.needs is not None
        done = task.state is State.DONE
        if not free:
            self._order(front.last, task, why)
        if free or done:
            return Front(last=(task,), passed=front.passing())
        self._order(tuple(t for t in front.passed if t.state is not State.DONE), task, why)
        if task.optional:  # left out, it holds nobody up; nor do others like it then
            kept = tuple(other for other in front.passing() if not other.optional)
            return Front(last=(task,), passed=kept)
        return Front(last=(task,))

    def _order(self, first: tuple[Task, ...], then: Task, why: Why) -> None:
        if first:
            self._spend(len(first))
            self.orders.append(
                Order(
                    first=tuple(task.id for task in first),
                    then=(then.id,),
                    provenance=why.provenance,
                    note=why.note,
                    span=then.span,
                    module=then.module,
                    relaxable=self.relaxable,
                )
            )

    def _spend(self, steps: int) -> None:
        self.budget -= steps
        if self.budget < 0:
            raise TooManyEdges


def in_order(tasks: Sequence[Task], *, relaxable: bool) -> tuple[Order, ...]:
    """The orders of a whole list.

    Args:
        tasks: With unique ids, parts behind their wholes.
        relaxable: Whether a task's own words on what it needs set it free.

    Raises:
        TooManyEdges: There are more than the plan can have.
    """
    walk = Walk(relaxable=relaxable)
    walk.sequence(forest(tasks)[None], Front())
    return tuple(walk.orders)
