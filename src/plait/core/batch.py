"""Batching: consecutive small tasks that one agent does better than several, made one package.

An agent that does three small tasks of one track in a row reads the code once instead of three
times, and three landings become one. Nothing may be lost by it: tasks that could run side by
side, or that something else waits for, stay apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from plait.core import graph as graphs
from plait.core.plan import (
    Confidence,
    Edge,
    Locks,
    PackageId,
    PackageKind,
    Plan,
    Scope,
    SourceStatus,
    WorkPackage,
)

SMALL_S = 3600.0
ASSUMED_S = 1800.0
LONGEST_S = 3 * 3600.0
_TITLES = 2

_Unit = tuple[str | None, str | None, str | None, str | None]


class Batching(StrEnum):
    """Which tasks become one package."""

    AUTO = "auto"  # small ones in a row, where nothing is lost by it
    TASK = "task"  # none
    GROUP = "group"  # all of one parent, group or track, as far as no circle comes of it


def batch(plan: Plan, mode: Batching) -> Plan:
    """The plan with batches: a batch has its first task's id and lists its `tasks`.

    With `AUTO` a task joins the one before it if both are of one parent, group and track, it
    needs that one, needs nothing else that the batch does not need from its start, and whatever
    waits for that one waits for it too. Each takes at most `SMALL_S` and all of them at most
    `LONGEST_S`; a task without an estimate counts as `ASSUMED_S`. With `GROUP` size and order
    do not matter. Gates, done tasks and tasks of different checks or roles stay apart.

    Args:
        plan: A plan without dependency cycles; with one it is handed back as it is.
        mode: Which tasks.
    """
    if mode is Batching.TASK or not any(_unit(package) for package in plan.packages):
        return plan
    graph = graphs.build(plan)
    if graphs.find_cycle(graph):
        return plan
    packages = {package.id: package for package in plan.packages}
    if len(packages) != len(plan.packages):
        return plan  # ids that are not unique are an error that others tell
    batcher = _Batcher(
        packages=packages,
        dependents=graph.dependents,
        before=graphs.ancestors(graph),
        bits={each: 1 << place for place, each in enumerate(graph.ids)},
    )
    joins = batcher.follows if mode is Batching.AUTO else batcher.closes_no_circle
    for package in plan.packages:
        unit = _unit(package)
        last = batcher.open.get(unit) if unit else None
        if last is not None and _alike(batcher.batches[last][0], package) and joins(last, package):
            batcher.join(last, package)
        elif unit:
            batcher.begin(unit, package)
    return _merged(plan, [members for members in batcher.batches.values() if len(members) > 1])


@dataclass(slots=True, kw_only=True)
class _Batcher:
    packages: Mapping[PackageId, WorkPackage]
    dependents: Mapping[PackageId, Sequence[PackageId]]
    before: Mapping[PackageId, int]
    bits: Mapping[PackageId, int]
    batches: dict[PackageId, list[WorkPackage]] = field(default_factory=dict)  # by their first
    open: dict[_Unit, PackageId] = field(default_factory=dict)
    of: dict[PackageId, PackageId] = field(default_factory=dict)

    def begin(self, unit: _Unit, package: WorkPackage) -> None:
        """A batch of one, to which others may join."""
        self.batches[package.id] = [package]
        self.of[package.id] = package.id
        self.open[unit] = package.id

    def join(self, first: PackageId, package: WorkPackage) -> None:
        self.batches[first].append(package)
        self.of[package.id] = first

    def follows(self, first: PackageId, package: WorkPackage) -> bool:
        """Whether nothing is lost if it is done right after the batch, by the same agent."""
        members = self.batches[first]
        last = members[-1].id
        if _time(package) > SMALL_S or _time(members[0]) > SMALL_S:
            return False
        if sum(map(_time, members)) + _time(package) > LONGEST_S:
            return False
        inside = {member.id for member in members}
        if last not in {edge.id for edge in package.needs}:
            return False
        early = self.before[first]
        late = [edge.id for edge in package.needs if edge.id not in inside]
        if any(not self._done(each) and not early & self.bits[each] for each in late):
            return False
        own = self.bits[package.id]
        return all(
            waiting == package.id or self.before[waiting] & own for waiting in self.dependents[last]
        )

    def closes_no_circle(self, first: PackageId, package: WorkPackage) -> bool:
        """Whether no way leads from the batch through others back to it, batches being one."""
        inside = {member.id for member in self.batches[first]} | {package.id}
        seen: set[PackageId] = set()
        waiting = [
            edge.id
            for member in inside
            for edge in self.packages[member].needs
            if edge.id not in inside
        ]
        while waiting:
            here = waiting.pop()
            if here in inside:
                return False
            if here in seen:
                continue
            members = self.batches.get(self.of.get(here, here), [self.packages[here]])
            seen.update(member.id for member in members)
            waiting += [edge.id for member in members for edge in member.needs]
        return True

    def _done(self, package: PackageId) -> bool:
        known = self.packages.get(package)
        return known is None or known.status is not SourceStatus.PENDING


def _unit(package: WorkPackage) -> _Unit | None:
    """What a package is a part of; None if it may be in no batch."""
    if package.kind is not PackageKind.IMPLEMENT or package.status is not SourceStatus.PENDING:
        return None
    unit = (package.parent, package.group, package.track, package.phase)
    return unit if any(unit[:3]) else None


def _alike(one: WorkPackage, other: WorkPackage) -> bool:
    """Whether one agent can do both under one set of rules."""
    declared = Confidence.DECLARED
    return (
        one.role == other.role
        and one.checks == other.checks
        and one.tier == other.tier
        and one.optional == other.optional
        and (one.scope.confidence is declared) == (other.scope.confidence is declared)
        and one.scope.deny == other.scope.deny
        and one.scope.read == other.scope.read
    )


def _time(package: WorkPackage) -> float:
    return ASSUMED_S if package.estimate_s is None else package.estimate_s


def _merged(plan: Plan, batches: Sequence[Sequence[WorkPackage]]) -> Plan:
    if not batches:
        return plan
    into = {member.id: members[0].id for members in batches for member in members}
    made = {members[0].id: members for members in batches}
    titles = {whole.source_id: whole.title for whole in plan.wholes}
    packages = []
    for package in plan.packages:
        if into.get(package.id, package.id) != package.id:
            continue
        members = made.get(package.id, (package,))
        whole = package if len(members) == 1 else _one(members, titles)
        packages.append(
            replace(
                whole,
                needs=_needs(members, into),
                guards=_mapped(whole.guards, into),
                reworks=_mapped(whole.reworks, into),
            )
        )
    wholes = tuple(replace(each, parts=_mapped(each.parts, into)) for each in plan.wholes)
    return replace(plan, packages=tuple(packages), wholes=wholes)


def _one(members: Sequence[WorkPackage], titles: Mapping[str, str]) -> WorkPackage:
    """Everything that the members ask for, in one package."""
    first = members[0]
    known = [member.estimate_s for member in members]
    return replace(
        first,
        title=_title(members, titles),
        parallel=all(member.parallel for member in members),
        description="\n\n".join(
            f"## {member.source_id} {member.title}\n\n{member.description}".rstrip()
            for member in members
        ),
        scope=_scope(members),
        locks=Locks(
            files=_union(member.locks.files for member in members),
            keys=_union(member.locks.keys for member in members),
        ),
        timeout_s=sum(member.timeout_s for member in members),
        retry_budget=max(member.retry_budget for member in members),
        priority=min(member.priority for member in members),
        estimate_s=None if None in known else sum(each or 0.0 for each in known),
        requirements=_union(member.requirements for member in members),
        result_keys=_union(member.result_keys for member in members),
        tasks=_union(member.tasks or (member.source_id,) for member in members),
        markers=tuple(marker for member in members for marker in member.markers),
        documents=tuple(each for member in members for each in member.documents),
    )


def _title(members: Sequence[WorkPackage], titles: Mapping[str, str]) -> str:
    """The whole's title if they have one; else theirs, as far as they fit."""
    whole = titles.get(members[0].parent or "")
    if whole:
        return whole
    more = len(members) - _TITLES
    shown = "; ".join(member.title for member in members[:_TITLES])
    return f"{shown} (and {more} more)" if more > 0 else shown


def _scope(members: Sequence[WorkPackage]) -> Scope:
    """All that they may write, as sure as the least sure of them."""
    sure = {member.scope.confidence for member in members}
    least = Confidence.UNKNOWN if Confidence.UNKNOWN in sure else members[0].scope.confidence
    return replace(
        members[0].scope,
        write=_union(member.scope.write for member in members),
        confidence=least,
    )


def _needs(members: Sequence[WorkPackage], into: Mapping[PackageId, PackageId]) -> tuple[Edge, ...]:
    """What the members need from outside, each package once."""
    own = members[0].id
    found: dict[PackageId, Edge] = {}
    for member in members:
        for edge in member.needs:
            target = into.get(edge.id, edge.id)
            # A self-dependency of the source stays to be told; an edge inside a batch goes.
            if target == own and (len(members) > 1 or edge.id != own):
                continue
            found.setdefault(target, edge if target == edge.id else replace(edge, id=target))
    return tuple(found.values())


def _mapped(ids: Iterable[PackageId], into: Mapping[PackageId, PackageId]) -> tuple[PackageId, ...]:
    return tuple(dict.fromkeys(into.get(each, each) for each in ids))


def _union(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for every in lists for each in every))
