"""The order of a Kiro list's tasks: its waves where it has some, else the list's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush

from plait.core.finding import Finding, Severity
from plait.core.plan import PackageKind, Provenance, Span
from plait.plans.fields import Words
from plait.plans.kiro.graph import Graph, Wave
from plait.plans.page import span_of
from plait.plans.references import Key, key_of
from plait.plans.sequence import Front, Node, Walk, Why, forest, in_order, node_of
from plait.plans.tasks import Order, Task

_PREFIX = re.compile(r"^(?:task|t)[ \t_-]{0,3}(?=[0-9])", re.IGNORECASE)
_START = -1
_LONGER = 5  # tasks; of a few, all may have it by chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """The tasks with their waves, and the orders."""

    tasks: tuple[Task, ...]
    orders: tuple[Order, ...]


def ordered(
    tasks: Sequence[Task], graph: Graph | None, file: str, findings: list[Finding]
) -> Ordered:
    """Order a list.

    Waves are barriers; a wave that names a whole means its parts, in the list's order. What no
    wave names (checkpoints, mostly) keeps its place in the list: it comes after the waves of all
    that stands before it, and before the wave behind these. `_Depends:_` adds to the order and
    sets no task free of it: the format wants it for what the order does not tell. Only where
    all tasks of a longer list have it, it stands for the order.

    Args:
        tasks: With unique ids, parts behind their wholes.
        graph: The section that tells the waves.
        file: The list's name.
        findings: Takes what cannot be made use of.

    Raises:
        TooManyEdges: The orders multiply to more than a plan can have.
    """
    if graph is None:
        return Ordered(tasks=tuple(tasks), orders=in_order(tasks, relaxable=_complete(tasks)))
    steps = _Lookup(tasks=tasks, graph=graph, file=file, findings=findings).steps()
    if not steps:
        findings.append(
            Finding(
                code="WAVES_UNREADABLE",
                severity=Severity.WARNING,
                message="its dependency graph tells no waves that can be read: the list's order "
                "holds",
                span=span_of(graph.line, file),
                hint='write {"waves": [{"id": 0, "tasks": ["1.1"]}]} in a fence below the heading',
            )
        )
        return Ordered(tasks=tuple(tasks), orders=in_order(tasks, relaxable=False))
    walk = Walk(relaxable=False)
    _Waves(tasks=tasks, steps=steps, walk=walk).run()
    marked = tasks if graph.arrows else [*_marked(tasks, steps)]
    return Ordered(tasks=tuple(marked), orders=tuple(walk.orders))


def _complete(tasks: Sequence[Task]) -> bool:
    """Whether every task but the first says what it needs: then the list's order adds nothing."""
    wholes = {task.parent for task in tasks}
    leaves = [task for task in tasks if task.id not in wholes and not _checks(task)]
    return len(leaves) >= _LONGER and all(task.needs is not None for task in leaves[1:])


def _checks(task: Task) -> bool:
    return task.kind is PackageKind.CHECKPOINT


def _marked(tasks: Sequence[Task], steps: Sequence[_Step]) -> Iterator[Task]:
    """The tasks with their wave's name; those of one wave may run side by side."""
    wave = {name: step for step in steps for name in step.members}
    for task in tasks:
        step = wave.get(task.id)
        if step is None:
            yield task
        else:
            parallel = task.parallel or len(step.nodes) > 1
            yield replace(task, group=f"Wave {step.name}", parallel=parallel)


@dataclass(slots=True)
class _Step:
    """A wave, looked up: the tasks it names, all that belongs to them, and what it waits for."""

    name: str
    nodes: list[Task] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    needs: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Lookup:
    """Makes steps of a graph's waves."""

    tasks: Sequence[Task]
    graph: Graph
    file: str
    findings: list[Finding]

    def steps(self) -> list[_Step]:
        """Those that name tasks, each behind all that it waits for."""
        waves = self.graph.waves
        by_key: dict[Key, Task] = {}
        parts: dict[str, list[str]] = {}
        for task in self.tasks:
            by_key.setdefault(key_of(task.id), task)
            if task.parent is not None:
                parts.setdefault(task.parent, []).append(task.id)
        named = [self._named(wave, by_key) for wave in waves]
        own = {task.id for members in named for task, _ in members}
        taken: set[str] = set()
        steps = [_Step(name=wave.name or str(at)) for at, wave in enumerate(waves, start=1)]
        for step, members in zip(steps, named, strict=True):
            for task, words in members:
                if task.id in taken:
                    message = f"{task.id} stands in several waves: the first counts"
                    self._tell("WAVES_DISAGREE", message, words.span(self.file))
                    continue
                taken.add(task.id)
                step.nodes.append(task)
                step.members += _inside(task.id, parts, own)
        return _kept(steps, self._before(steps))

    def _named(self, wave: Wave, by_key: Mapping[Key, Task]) -> list[tuple[Task, Words]]:
        found = []
        for words in wave.tasks:
            name = words.text.strip("* ").replace("_", ".")
            task = by_key.get(key_of(name)) or by_key.get(key_of(_PREFIX.sub("", name)))
            if task is not None:
                found.append((task, words))
                continue
            message = f"the graph names {words.text[:80]!r}, and there is no such task: not ordered"
            self._tell("UNKNOWN_REFERENCE", message, words.span(self.file))
        return found

    def _before(self, steps: Sequence[_Step]) -> list[list[int]]:
        """What each waits for, without circles."""
        index = {step.name: at for at, step in reversed(list(enumerate(steps)))}
        before: list[list[int]] = []
        for at, (step, wave) in enumerate(zip(steps, self.graph.waves, strict=True)):
            if wave.needs is None:
                before.append([at - 1] if at else [])
                continue
            before.append([index[name] for name in wave.needs if name in index])
            for name in wave.needs:
                if name not in index:
                    message = f"wave {step.name[:80]} waits for {name[:80]!r}, and there is none"
                    self._tell("UNKNOWN_REFERENCE", message, span_of(self.graph.line, self.file))
        if _topological(before) is not None:
            return before
        message = "its waves wait for one another: taken one after another"
        self._tell("WAVES_DISAGREE", message, span_of(self.graph.line, self.file))
        return [[at - 1] if at else [] for at in range(len(steps))]

    def _tell(self, code: str, message: str, span: Span) -> None:
        self.findings.append(
            Finding(
                code=code,
                severity=Severity.WARNING,
                message=message,
                span=span,
                hint="bring the graph into line with the list",
            )
        )


def _inside(name: str, parts: Mapping[str, Sequence[str]], others: set[str]) -> Iterator[str]:
    """A task and its parts, but those that a wave names themselves."""
    waiting = [name]
    while waiting:
        here = waiting.pop()
        yield here
        waiting += [part for part in parts.get(here, ()) if part not in others]


def _kept(steps: Sequence[_Step], before: Sequence[Sequence[int]]) -> list[_Step]:
    """The steps that name tasks, sorted; what waits for an empty one waits for what that does."""
    kept: list[_Step] = []
    place: dict[int, list[int]] = {}
    for at in _topological(before) or ():
        needs = list(dict.fromkeys(new for old in before[at] for new in place[old]))
        place[at] = needs
        if steps[at].nodes:
            steps[at].needs = needs
            place[at] = [len(kept)]
            kept.append(steps[at])
    return kept


def _topological(before: Sequence[Sequence[int]]) -> list[int] | None:
    """The first order in which each stands behind what it waits for; None if there is none."""
    waiting = [len(set(needs)) for needs in before]
    after: dict[int, list[int]] = {}
    for at, needs in enumerate(before):
        for need in set(needs):
            after.setdefault(need, []).append(at)
    ready = [at for at, count in enumerate(waiting) if not count]
    order: list[int] = []
    while ready:
        order.append(heappop(ready))
        for follower in after.get(order[-1], ()):
            waiting[follower] -= 1
            if not waiting[follower]:
                heappush(ready, follower)
    return order if len(order) == len(before) else None


@dataclass(slots=True)
class _Waves:
    """Walks the waves, and between them what no wave names."""

    tasks: Sequence[Task]
    steps: Sequence[_Step]
    walk: Walk

    def run(self) -> None:
        parts = forest(self.tasks)
        absent = self._absent(parts)
        start = self._alone(absent.get(_START, ()), Front())
        ends = {_START: start}  # what no later wave waits for
        fronts: list[Front] = []
        for at, step in enumerate(self.steps):
            before = self.walk.merged([fronts[need] for need in step.needs] or [start])
            for need in step.needs or [_START]:
                ends.pop(need, None)
            members = frozenset(step.members)
            nodes = [_only(node_of(task, parts), members) for task in step.nodes]
            why = Why(provenance=Provenance.WAVE, note=f"wave {step.name}")
            front = self.walk.beside(nodes, before, why)
            ends[at] = front
            if at in absent:
                front = self._alone(absent[at], self.walk.merged(list(ends.values())))
                ends = {at: front}
            fronts.append(front)

    def _alone(self, tasks: Sequence[Task], front: Front) -> Front:
        return self.walk.sequence([Node(task=task) for task in tasks], front)

    def _absent(self, parts: Mapping[str | None, object]) -> dict[int, list[Task]]:
        """What no wave names, by the last wave of all that stands before it in the list."""
        wave = {name: at for at, step in enumerate(self.steps) for name in step.members}
        found: dict[int, list[Task]] = {}
        last = _START
        for task in self.tasks:
            if task.id in wave:
                last = max(last, wave[task.id])
            elif task.id not in parts:
                found.setdefault(last, []).append(task)
        return found


def _only(node: Node, members: frozenset[str]) -> Node:
    """A whole with the parts that its wave means."""
    parts = (
        _only(part, members) for part in node.parts if part.task is None or part.task.id in members
    )
    return replace(node, parts=tuple(parts))
