"""From an outline to who needs whom.

The strongest source wins: what an item says of itself (and "needs", "blocks") > its track's
heading and order > its group > the order of phases. A weaker order that would close a circle
with a stronger one gives way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import pairwise

from plait.core.finding import Finding, Severity
from plait.core.plan import PackageKind, Provenance, Span
from plait.plans.circles import circling
from plait.plans.family import number_of
from plait.plans.fields import Words
from plait.plans.lookup import HINTS, look_up
from plait.plans.needs import MAX_EDGES, TooManyEdges
from plait.plans.phrases import Noun
from plait.plans.references import Hit, References
from plait.plans.specflow.items import Item
from plait.plans.specflow.layout import Outline
from plait.plans.specflow.members import Members, members_of


class Strength(IntEnum):
    """How much an edge's source weighs."""

    PHASE = 1
    GROUP = 2
    TRACK = 3
    EXPLICIT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """An item needs the item `id`, as said at a line and column."""

    id: str
    provenance: Provenance
    strength: Strength
    note: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """What each item needs, in the items' order, and by id the gates of rework and guarded."""

    members: Members
    needs: tuple[tuple[Need, ...], ...]
    reworks: dict[str, tuple[str, ...]]
    guards: dict[str, tuple[str, ...]]
    phased: bool
    findings: tuple[Finding, ...]


def weave(outline: Outline, file: str) -> Web:
    """Derive what every item needs.

    Args:
        outline: The task list.
        file: How findings call it.

    Raises:
        TooManyEdges: There are more than `MAX_EDGES`.
    """
    members = members_of(outline, file)
    loom = _Loom(outline=outline, file=file, members=members, findings=list(members.findings))
    loom.rework()
    loom.explicit()
    loom.blocks()
    loom.bullets()
    loom.tracks()
    loom.gates()
    by_phase = loom.phases()
    loom.relax()
    ordered = any(i.needs is not None for i in outline.items) or members.placed or outline.blocks
    return Web(
        members=members,
        needs=tuple(tuple(needs.values()) for needs in loom.needs),
        reworks=loom.reworks,
        guards=loom.guards(),
        phased=by_phase and not (ordered or members.sections),
        findings=tuple(loom.findings),
    )


@dataclass(slots=True)
class _Loom:
    outline: Outline
    file: str
    members: Members
    findings: list[Finding]
    needs: list[dict[str, Need]] = field(init=False)
    index: dict[str, int] = field(init=False)  # of an id: its (first) item
    reworks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    budget: int = 2 * MAX_EDGES  # steps; an edge takes two

    def __post_init__(self) -> None:
        self.needs = [{} for _ in self.items]
        self.index = {}
        for at, item in enumerate(self.items):
            self.index.setdefault(item.id, at)

    @property
    def items(self) -> tuple[Item, ...]:
        return self.outline.items

    def rework(self) -> None:
        """Which gates' failure calls each conditional rework: those it names, else its track's."""
        for at, item in enumerate(self.items):
            if item.kind is not PackageKind.FIX:
                continue
            named = [hit.id for w in item.needs or () for hit in self._look(w, at).hits]
            gates = [name for name in named if self._item(name).judges]
            own = [f"{kind}-{item.letter}" for kind in ("CR", "PR")]
            own += [name.replace("-", "") for name in own]
            self.reworks[item.id] = tuple(gates or (n for n in own if n in self.index))

    def explicit(self) -> None:
        """What items say of themselves."""
        for at, item in enumerate(self.items):
            for words in item.needs or ():
                silent = item.kind is PackageKind.FIX  # read once already, for its gates
                found = self._look(words, at, quiet=silent)
                if not found.hits and not found.null and not found.unknown and not silent:
                    self._tell("UNREAD_DEPENDENCY", f'"{words.text}" names no task', words)
                for hit in found.hits:
                    self._explicit(at, item, hit, words)

    def _explicit(self, at: int, item: Item, hit: Hit, words: Words) -> None:
        other = self._item(hit.id)
        if item.kind is PackageKind.FIX and hit.id in self.reworks[item.id]:
            return  # its gates' failure calls it: that is no order
        if other.kind is PackageKind.FIX:
            self._spare_rework(item, other, hit, words)
            return
        same = self.members.tracks.get(hit.id) == self.members.tracks.get(item.id)
        if item.judges and other.judges and hit.noun is Noun.TRACK and same:
            return  # a gate that needs "Track A" needs its tasks, not itself and its successor
        self._need(at, hit.id, _said(hit), Strength.EXPLICIT, words)

    def _spare_rework(self, item: Item, other: Item, hit: Hit, words: Words) -> None:
        if item.id in self.reworks[other.id]:
            self._tell(
                "GATE_NEEDS_OWN_REWORK",
                f"{item.id} needs {other.id}, which only its failure calls: not taken as an order",
                words,
            )
        elif hit.noun is not Noun.ALL:
            self._tell(
                "REWORK_NOT_AWAITED",
                f"{item.id} needs {other.id}, which is skipped unless a gate fails: not awaited",
                words,
            )

    def blocks(self) -> None:
        """What a needed task says: "Task 2 (blocks 4-6)"."""
        for block in self.outline.blocks:
            blockers = self._look(block.tasks).hits
            blocked = self._look(block.blocks)
            note = f"{block.tasks.text} (blocks {block.blocks.text})"
            for blocker in blockers:
                for hit in blocked.hits:
                    self._spend()
                    at = self.index[hit.id]
                    after = at > self.index[blocker.id]  # "blocks all": all that follow
                    if hit.noun is Noun.ALL and not (after and _works(self.items[at])):
                        continue
                    self._need(
                        at, blocker.id, _said(hit), Strength.EXPLICIT, block.blocks, note=note
                    )

    def bullets(self) -> None:
        """Conditions of the groups' bullets, and of the groups for bullets without their own."""
        for placed in self.members.placed:
            entry = placed.entry
            tasks = [self.index[name] for name in placed.ids]
            words, strength = entry.needs, Strength.EXPLICIT
            if words is None and not entry.free and entry.group:
                words, strength = self.outline.groups.get(entry.group), Strength.GROUP
                tasks = [at for at in tasks if self._bound_by_group(at)]
            if words is None or not tasks:
                continue
            for hit in self._look(words, min(tasks)).hits:
                wave = strength is Strength.GROUP or hit.noun is Noun.GROUP
                provenance = Provenance.WAVE if wave else _said(hit)
                for at in tasks:
                    if _works(self._item(hit.id)) or self._item(hit.id).judges:
                        self._need(at, hit.id, provenance, strength, words)

    def _bound_by_group(self, at: int) -> bool:
        item = self.items[at]
        in_section = self.members.sections and item.id in self.members.tracks
        return item.needs is None and not in_section and _works(item)

    def tracks(self) -> None:
        """What a track's heading asks of its tasks, and their order within it."""
        for track in self.outline.tracks:
            chain = [self.index[name] for name in self.members.chains.get(track.name, ())]
            for words in track.needs if chain else ():
                for hit in self._look(words, chain[0]).hits:
                    if self._item(hit.id).kind is PackageKind.FIX:
                        self._spare_rework(self.items[chain[0]], self._item(hit.id), hit, words)
                        continue
                    for at in chain:
                        self._need(at, hit.id, Provenance.TRACK, Strength.TRACK, words)
        for name, members in self.members.chains.items():
            for first, then in pairwise(members):
                at = self.index[then]
                if self.items[at].needs is None:
                    self._order(at, first, f"order of track {name}", Strength.TRACK)

    def gates(self) -> None:
        """A gate that says nothing judges its track, a product review after the code review."""
        for at, item in enumerate(self.items):
            if not item.judges or item.needs is not None:
                continue
            track = self.members.tracks.get(item.id)
            review = f"CR-{item.letter}"
            if item.id.startswith("PR") and review in self.index:
                self._order(at, review, "product review after code review", Strength.TRACK)
            elif track and item.letter == track:
                for name in self.members.chains.get(track, ()):
                    self._order(at, name, f"review of track {track}", Strength.TRACK)
            else:
                for other in self.items[:at]:
                    self._spend()
                    if _works(other) or other.judges:
                        self._order(at, other.id, "review of what stands before", Strength.TRACK)

    def phases(self) -> bool:
        """The order of phases, for tasks that nothing else orders; whether any is so ordered."""
        placed = {name for p in self.members.placed for name in p.ids}
        phases: dict[str, list[str]] = {}
        for item in self.items:
            if item.phase is not None and item.kind is not PackageKind.FIX:
                phases.setdefault(item.phase, []).append(item.id)
        before = self._before(phases)
        applied = False
        for at, item in enumerate(self.items):
            free = item.needs is None and _works(item)
            if not free or item.id in placed or item.id in self.members.tracks:
                continue
            for previous, words in before.get(item.phase or "", ()):
                for name in phases[previous]:
                    if words is None:
                        self._order(at, name, f"{item.phase} follows", Strength.PHASE)
                    else:
                        self._need(at, name, Provenance.PHASE, Strength.PHASE, words)
                    applied = True
        return applied

    def _before(
        self, phases: Mapping[str, Sequence[str]]
    ) -> dict[str, list[tuple[str, Words | None]]]:
        """The phases that each one follows: as a drawing says, else the one before it."""
        numbers = {number: name for name in phases if (number := number_of(name))}
        before: dict[str, list[tuple[str, Words | None]]] = {
            name: [(previous, None)] for previous, name in pairwise(phases)
        }
        for number, drawn in self.outline.flow.items():
            if number in numbers:
                before[numbers[number]] = [
                    (numbers[other], words) for other, words in drawn if other in numbers
                ]
        return before

    def relax(self) -> None:
        """Let weaker orders give way, weakest first, while there is a circle."""
        for strength in (Strength.PHASE, Strength.GROUP, Strength.TRACK):
            circle = circling({i.id: self.needs[self.index[i.id]] for i in self.items})
            if not circle:
                return
            for at, needs in enumerate(self.needs):
                name = self.items[at].id
                for need in list(needs.values()) if name in circle else ():
                    if need.strength is strength and need.id in circle:
                        del needs[need.id]
                        self._tell(
                            "WEAKER_ORDER_DROPPED",
                            f"{name} would follow {need.id} ({need.note}), "
                            "but a stronger dependency says otherwise",
                            Words(text="", line=need.line, column=need.column),
                        )

    def guards(self) -> dict[str, tuple[str, ...]]:
        """The tasks that each gate judges: those it needs, and those of gates that it needs."""
        judged: dict[str, tuple[str, ...]] = {}
        for item in self.items:
            if not item.judges:
                continue
            tasks: dict[str, None] = {}
            seen, waiting = {item.id}, [item.id]
            while waiting:
                for name in self.needs[self.index[waiting.pop()]]:
                    self._spend()
                    if self._item(name).judges and name not in seen:
                        seen.add(name)
                        waiting.append(name)
                    elif not self._item(name).judges:
                        tasks[name] = None
            judged[item.id] = tuple(sorted(tasks, key=self.index.__getitem__))
        return judged

    def _item(self, name: str) -> Item:
        return self.items[self.index[name]]

    def _look(self, words: Words, before: int | None = None, *, quiet: bool = False) -> References:
        findings: list[Finding] = [] if quiet else self.findings
        span = words.span(self.file)
        found = look_up(words.text, span, self.members.names, findings, before=before)
        self._spend(len(found.hits))
        return found

    def _order(self, at: int, name: str, note: str, strength: Strength) -> None:
        provenance = Provenance.PHASE if strength is Strength.PHASE else Provenance.TRACK
        words = Words(text=note, line=self.items[at].head.number, column=1)
        self._need(at, name, provenance, strength, words)

    def _need(
        self,
        at: int,
        name: str,
        provenance: Provenance,
        strength: Strength,
        words: Words,
        *,
        note: str = "",
    ) -> None:
        if self.items[at].id == name:
            if strength is Strength.EXPLICIT:
                self._tell("SELF_DEPENDENCY", f"{name} names itself", words, Severity.WARNING)
            return
        self._spend()
        known = self.needs[at].get(name)
        if known is None or known.strength < strength:
            self.needs[at][name] = Need(
                id=name,
                provenance=provenance,
                strength=strength,
                note=note or words.text,
                line=words.line,
                column=words.column,
            )

    def _spend(self, steps: int = 1) -> None:
        """Keep the work on a list that multiplies out of hand bounded."""
        self.budget -= steps
        if self.budget < 0:
            raise TooManyEdges

    def _tell(
        self, code: str, message: str, words: Words, severity: Severity = Severity.INFO
    ) -> None:
        span = Span(file=self.file, line=words.line, column=words.column)
        self.findings.append(
            Finding(code=code, severity=severity, message=message, span=span, hint=HINTS[code])
        )


def _works(item: Item) -> bool:
    return item.kind is PackageKind.IMPLEMENT


def _said(hit: Hit) -> Provenance:
    return Provenance.RANGE if hit.ranged else Provenance.EXPLICIT
