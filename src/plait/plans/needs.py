"""Who needs whom in a task list: what tasks say, what the format implies, and who gives way.

The strongest source wins: what a task says of itself > a track's or group's order > execution
waves > the order of phases. A weaker order that would close a circle is dropped, and told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from plait.core.finding import Finding, Severity
from plait.core.plan import PackageKind, Provenance, Span
from plait.errors import UsageError
from plait.plans.circles import circling
from plait.plans.family import Family, Key, key_of, number_of
from plait.plans.lookup import HINTS, look_up, unknown
from plait.plans.phrases import Noun
from plait.plans.references import Names, names_of
from plait.plans.tasks import Order, Ref, Task, TaskList

MAX_EDGES = 200_000
_STRENGTH = {
    Provenance.INFERRED: 0,
    Provenance.PHASE: 1,
    Provenance.WAVE: 2,
    Provenance.TRACK: 3,
    Provenance.RANGE: 4,
    Provenance.EXPLICIT: 4,
    Provenance.SCOPE: 4,
    Provenance.LOCK: 4,
}
_JUDGING = frozenset({PackageKind.GATE, PackageKind.CHECKPOINT})


class TooManyEdges(UsageError):  # noqa: N818 - told as a finding: the plan's size
    """The names and orders in a list multiply to more than `MAX_EDGES`."""

    def __init__(self) -> None:
        super().__init__(
            f"the list's orders multiply to more than {MAX_EDGES} dependencies",
            code="PLAN_TOO_DENSE",
            hint="divide the list, or put a checkpoint between its large groups",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A task needs the task `key`, for that reason, as said at a place."""

    id: Key
    provenance: Provenance
    note: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What each leaf needs, and what each gate judges; `explicit` says that tasks say so."""

    of: Mapping[Key, tuple[Need, ...]]
    guards: Mapping[Key, tuple[Key, ...]]
    phased: bool


def needs_of(tasks: TaskList, family: Family, findings: list[Finding]) -> Needs:
    """Derive what every task needs.

    Raises:
        TooManyEdges: There are more than `MAX_EDGES`.
    """
    web = _Web(family=family, findings=findings)
    web.said(tasks)
    phased = web.implied(tasks.orders)
    web.relax()
    spoken = any(task.needs is not None for task in tasks.tasks)
    return Needs(
        of={key: tuple(found.values()) for key, found in web.needs.items()},
        guards=web.guards(),
        phased=web.strict or (phased and not spoken),
    )


@dataclass(slots=True)
class _Web:
    family: Family
    findings: list[Finding]
    needs: dict[Key, dict[Key, Need]] = field(init=False)
    budget: int = 2 * MAX_EDGES  # steps; an edge takes two
    strict: bool = False  # phases bind the tasks that state what they need, too
    reworks: dict[Key, frozenset[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.needs = {key_of(task): {} for task in self.family.leaves}
        self.reworks = {
            key_of(task): frozenset(task.reworks)
            for task in self.family.leaves
            if task.kind is PackageKind.FIX
        }

    # -- what tasks say ------------------------------------------------------------------------

    def said(self, tasks: TaskList) -> None:
        """What each task, or one that it is part of, says that it needs."""
        by_module: dict[str | None, list[Task]] = {}
        for task in tasks.tasks:
            by_module.setdefault(task.module, []).append(task)
        for module, members in by_module.items():
            names = _names(members, tasks)
            for at, task in enumerate(members):
                for ref in task.needs or ():
                    for target, provenance in self._targets(ref, names, module, at):
                        self._bind(task, target, provenance, ref)

    def _targets(
        self, ref: Ref, names: Names, module: str | None, at: int
    ) -> Iterator[tuple[Key, Provenance]]:
        if ref.exact:
            key = self._exact(ref.text, module)
            if key is None and not ref.loose:
                self.findings.append(unknown(ref.text, ref.span))
            elif key is not None:
                yield key, ref.provenance or Provenance.EXPLICIT
            return
        told: list[Finding] = []
        found = look_up(ref.text, ref.span, names, told, before=at)
        self._spend(len(found.hits))
        if not ref.loose:
            self.findings.extend(told)
            if not found.hits and not found.null and not found.unknown:
                self._tell("UNREAD_DEPENDENCY", f'"{ref.text}" names no task', ref.span)
        for hit in found.hits:
            said = Provenance.RANGE if hit.ranged else Provenance.EXPLICIT
            yield (module, hit.id), ref.provenance or said

    def _exact(self, text: str, module: str | None) -> Key | None:
        """The task of that id: in the same module, or qualified by its module."""
        if (module, text) in self.family.tasks:
            return module, text
        other, _, name = text.partition("/")
        return (other, name) if (other, name) in self.family.tasks else None

    def _bind(self, task: Task, target: Key, provenance: Provenance, ref: Ref) -> None:
        own = key_of(task)
        if target == own:
            self._tell("SELF_DEPENDENCY", f"{task.id} names itself", ref.span, Severity.WARNING)
            return
        inside = target in self.family.parents[own] or own in self.family.parents[target]
        if inside:
            return  # a part comes before its whole is done, and the whole is its parts
        for then in self.family.expand(own):
            for first in self.family.expand(target):
                need = Need(id=first, provenance=provenance, note=ref.text, span=ref.span)
                self._need(then, need, ref)

    def _need(self, then: Key, need: Need, ref: Ref | None) -> None:
        one, other = self.family.tasks[then], self.family.tasks[need.id]
        self._spend()
        if then == need.id or other.id in self.reworks.get(then, ()):
            return  # a gate's failure calls its rework: that is no order
        if other.kind is PackageKind.FIX and other.reworks:
            if ref is not None:
                self._tell(
                    "GATE_NEEDS_OWN_REWORK" if one.id in other.reworks else "REWORK_NOT_AWAITED",
                    f"{one.id} needs {other.id}, which is skipped unless a gate fails: not awaited",
                    ref.span,
                )
            return
        known = self.needs[then].get(need.id)
        if known is None or _STRENGTH[known.provenance] < _STRENGTH[need.provenance]:
            self.needs[then][need.id] = need

    # -- what the format implies ---------------------------------------------------------------

    def implied(self, orders: Sequence[Order]) -> bool:
        """Add the orders; whether phases are among those that bind."""
        phased = False
        for order in orders:
            firsts = [leaf for name in order.first for leaf in self._leaves(order.module, name)]
            for name in order.then:
                for then in self._leaves(order.module, name):
                    free = self._free(then) if order.relaxable else None
                    for first in firsts:
                        self._spend()
                        if free is not None and first not in free:
                            continue
                        if order.provenance is Provenance.PHASE:
                            phased = True
                            self.strict = self.strict or not order.relaxable
                        need = Need(
                            id=first,
                            provenance=order.provenance,
                            note=order.note,
                            span=order.span,
                        )
                        self._need(then, need, None)
        return phased

    def _leaves(self, module: str | None, name: str) -> tuple[Key, ...]:
        key = (module, name)
        return self.family.expand(key) if key in self.family.tasks else ()

    def _free(self, leaf: Key) -> frozenset[Key] | None:
        """If it or its whole says what it needs: the only tasks that an order binds it to.

        Its own words free it from everything; those of a whole only from what lies outside.
        """
        if self.family.tasks[leaf].needs is not None:
            return frozenset()
        for above in self.family.parents[leaf]:
            if self.family.tasks[above].needs is not None:
                return frozenset(self.family.parts[above])
        return None

    # -- who gives way -------------------------------------------------------------------------

    def relax(self) -> None:
        """Where orders go in a circle, take the stronger first and drop what would close it."""
        circle = circling(self.needs)
        if not circle:
            return
        inner = [
            (then, need)
            for then in self.needs
            if then in circle
            for need in self.needs[then].values()
            if need.id in circle
        ]
        inner.sort(key=lambda pair: -_STRENGTH[pair[1].provenance])
        kept: dict[Key, list[Key]] = {}
        for then, need in inner:
            weak = _STRENGTH[need.provenance] < _STRENGTH[Provenance.EXPLICIT]
            if weak and self._reaches(kept, need.id, then):
                del self.needs[then][need.id]
                self._tell(
                    "WEAKER_ORDER_DROPPED",
                    f"{then[1]} would follow {need.id[1]} ({need.note}), "
                    "but a stronger dependency says otherwise",
                    need.span,
                )
            else:
                kept.setdefault(then, []).append(need.id)

    def _reaches(self, kept: Mapping[Key, Sequence[Key]], start: Key, goal: Key) -> bool:
        """Whether `start` needs `goal`, by what is kept so far."""
        seen, waiting = {start}, [start]
        while waiting:
            here = waiting.pop()
            if here == goal:
                return True
            for key in kept.get(here, ()):
                self._spend()
                if key not in seen:
                    seen.add(key)
                    waiting.append(key)
        return False

    # -- gates ---------------------------------------------------------------------------------

    def guards(self) -> dict[Key, tuple[Key, ...]]:
        """The tasks that each gate judges: all that it needs, if through others, up to gates."""
        order = {key: at for at, key in enumerate(self.needs)}
        judged: dict[Key, tuple[Key, ...]] = {}
        for gate in self.needs:
            if self.family.tasks[gate].kind not in _JUDGING:
                continue
            seen, waiting = {gate}, [gate]
            while waiting:
                for key in self.needs[waiting.pop()]:
                    self._spend()
                    if key not in seen:
                        seen.add(key)
                        if self.family.tasks[key].kind not in _JUDGING:
                            waiting.append(key)
            tasks = [key for key in seen if self.family.tasks[key].kind not in _JUDGING]
            judged[gate] = tuple(sorted(tasks, key=order.__getitem__))
        return judged

    def _spend(self, steps: int = 1) -> None:
        """Keep the work on a list that multiplies out of hand bounded."""
        self.budget -= steps
        if self.budget < 0:
            raise TooManyEdges

    def _tell(
        self, code: str, message: str, span: Span, severity: Severity = Severity.INFO
    ) -> None:
        self.findings.append(
            Finding(code=code, severity=severity, message=message, span=span, hint=HINTS[code])
        )


def _names(members: Sequence[Task], tasks: TaskList) -> Names:
    """What phrases may name: the tasks, and sets of them by track, group and phase."""
    sets: dict[Noun, dict[str, list[str]]] = {Noun.TRACK: {}, Noun.GROUP: {}, Noun.PHASE: {}}
    for task in members:
        if task.kind is PackageKind.FIX:
            continue
        for noun, label in (
            (Noun.TRACK, task.track),
            (Noun.GROUP, task.group),
            (Noun.PHASE, task.phase),
        ):
            for name in dict.fromkeys((label, number_of(label)) if label else ()):
                if name:
                    sets[noun].setdefault(name, []).append(task.id)
    for noun, named in tasks.sets.items():
        for name, ids in named.items():
            sets.setdefault(noun, {}).setdefault(name, []).extend(ids)
    return names_of([task.id for task in members], sets, tasks.aliases)
