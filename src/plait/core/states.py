"""The packages of a run by id, in the plan's order: a mapping of which every version is kept.

A run is folded event by event, and each event changes one package. Copying the whole mapping
would cost ten thousand entries an event in a plan of ten thousand packages. This one is a tree
of tuples, 32 wide: a change copies one path of it and shares the rest, and what differs between
two versions is found by walking only where they do.
(P. Bagwell, "Ideal Hash Trees", 2001; here over positions instead of hashes.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from plait.core.evolve import replace
from plait.core.package import PackageState, PackageStatus
from plait.core.plan import PackageId

_BITS = 5
_WIDE = 1 << _BITS
_MASK = _WIDE - 1

Node = tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class States(Mapping[PackageId, PackageState]):
    """Immutable; `changed` gives a new version, `differing` what sets two versions apart.

    `places` are the positions of the ids in the plan, `root` the tree with so many `levels`
    below it. How many stand at each status (`counts`), and the positions of those at one of the
    `few` statuses, is kept along: these are asked for after every event. Made by `states_of`.
    """

    places: Mapping[PackageId, int] = field(default_factory=dict)
    root: Node = ()
    levels: int = 0
    counts: Mapping[PackageStatus, int] = field(default_factory=dict)
    few: Mapping[PackageStatus, tuple[int, ...]] = field(default_factory=dict)

    def __getitem__(self, package: PackageId) -> PackageState:
        """The package's state. Raises KeyError."""
        return self._at(self.places[package])

    def __iter__(self) -> Iterator[PackageId]:
        """The ids, in the plan's order."""
        return iter(self.places)

    def __len__(self) -> int:
        """How many packages there are."""
        return len(self.places)

    def changed(self, state: PackageState) -> States:
        """The version in which that package stands so.

        Raises:
            KeyError: There is no package of that id.
        """
        place = self.places[state.id]
        before = self._at(place).status
        root = _put(self.root, self.levels, place, state)
        if before is state.status:
            return replace(self, root=root)
        counts = {**self.counts, before: self.counts[before] - 1}
        counts[state.status] = counts.get(state.status, 0) + 1
        few = self.few
        if before in few:
            few = {**few, before: tuple(each for each in few[before] if each != place)}
        if state.status in few:
            few = {**few, state.status: tuple(sorted((*few[state.status], place)))}
        return replace(self, root=root, counts=counts, few=few)

    def count(self, *statuses: PackageStatus) -> int:
        """How many packages stand at one of these."""
        return sum(self.counts.get(status, 0) for status in statuses)

    def at(self, *statuses: PackageStatus) -> tuple[PackageState, ...]:
        """The packages that stand at one of these, in the plan's order."""
        if not self.count(*statuses):
            return ()
        if all(status in self.few for status in statuses):
            places = sorted(place for status in statuses for place in self.few[status])
            return tuple(map(self._at, places))
        return tuple(state for state in self.values() if state.status in statuses)

    def differing(self, other: States | None) -> Iterator[PackageState]:
        """The states of this version that are not those of the other one, in the plan's order."""
        known = other.root if other is not None and other.places is self.places else ()
        yield from _differing(self.root, known, self.levels)

    def _at(self, place: int) -> PackageState:
        node = self.root
        for level in range(self.levels, 0, -1):
            node = node[place >> _BITS * level & _MASK]
        state: PackageState = node[place & _MASK]
        return state


def states_of(states: Iterable[PackageState], *, few: Iterable[PackageStatus] = ()) -> States:
    """All packages, in their order.

    Args:
        states: The packages, each id once.
        few: Statuses that only few packages have at a time.
    """
    leaves = list(states)
    counts: dict[PackageStatus, int] = {}
    found: dict[PackageStatus, list[int]] = {status: [] for status in few}
    for place, state in enumerate(leaves):
        counts[state.status] = counts.get(state.status, 0) + 1
        if state.status in found:
            found[state.status].append(place)
    row: list[Any] = leaves
    levels = 0
    while len(row) > _WIDE:
        row = [tuple(row[at : at + _WIDE]) for at in range(0, len(row), _WIDE)]
        levels += 1
    return States(
        places={state.id: place for place, state in enumerate(leaves)},
        root=tuple(row),
        levels=levels,
        counts=counts,
        few={status: tuple(places) for status, places in found.items()},
    )


def _put(node: Node, level: int, place: int, state: PackageState) -> Node:
    at = place >> _BITS * level & _MASK
    inner = state if level == 0 else _put(node[at], level - 1, place, state)
    return (*node[:at], inner, *node[at + 1 :])


def _differing(node: Node, other: Node, level: int) -> Iterator[PackageState]:
    if node is other:
        return
    for at, inner in enumerate(node):
        old = other[at] if at < len(other) else None
        if inner is old:
            continue
        if level == 0:
            yield inner
        else:
            yield from _differing(inner, old or (), level - 1)
