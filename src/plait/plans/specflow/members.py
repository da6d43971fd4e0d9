"""Which track and group each item of a specflow task list belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from plait.core.finding import Finding, Severity
from plait.core.plan import PackageKind, Span
from plait.plans.lookup import look_up
from plait.plans.needs import MAX_EDGES, TooManyEdges
from plait.plans.phrases import Noun
from plait.plans.references import Names, names_of
from plait.plans.specflow.items import Item
from plait.plans.specflow.layout import Entry, Outline

_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A bullet of the groups, and the ids it names that exist."""

    entry: Entry
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """By id: track and group. `chains` are the tracks' tasks in their order.

    `sections` says that tracks have sections of their own; `placed` are the bullets that hold.
    """

    tracks: Mapping[str, str]
    groups: Mapping[str, str]
    chains: Mapping[str, tuple[str, ...]]
    sections: bool
    placed: tuple[Placed, ...]
    names: Names
    findings: tuple[Finding, ...]


def members_of(outline: Outline, file: str) -> Members:
    """Settle tracks and groups; of contradictory maps of the tracks the most detailed wins.

    That is: the tracks' own sections, else the bullets of the groups, else a summary.

    Raises:
        TooManyEdges: The bullets name more than `MAX_EDGES` tasks.
    """
    ids = [item.id for item in outline.items]
    aliases = {inner: item.id for item in outline.items for inner in item.inner}
    names = names_of(ids, aliases=aliases)
    findings: list[Finding] = []
    everything: list[Placed] = []
    named = 0
    for entry in outline.entries:
        everything.append(_look(entry, names, file, findings))
        named += len(everything[-1].ids)
        if named > MAX_EDGES:
            raise TooManyEdges
    sections = {i.id: i.track for i in outline.items if _is_task(i) and i.track is not None}
    grouped = _map_of(p for p in everything if p.entry.group)
    summary = _map_of(p for p in everything if not p.entry.group)
    tracks = dict(sections or grouped or summary)
    findings.extend(_contradictions(tracks, everything, file))
    placed = tuple(p for p in everything if p.entry.group or not (sections or grouped))
    chains = (
        _chains((i.id, sections[i.id]) for i in outline.items if i.id in sections)
        if sections
        else _chains((n, p.entry.track) for p in placed if p.entry.track for n in p.ids)
    )
    for item in outline.items:
        track = item.letter if item.letter in chains else item.track
        if not _is_task(item) and track:
            tracks[item.id] = track
    groups = {n: p.entry.group for p in reversed(placed) if p.entry.group for n in p.ids}
    return Members(
        tracks=tracks,
        groups=groups,
        chains=chains,
        sections=bool(sections),
        placed=placed,
        names=names_of(ids, _sets(outline.items, tracks, groups), aliases),
        findings=tuple(findings),
    )


def _is_task(item: Item) -> bool:
    return item.kind is PackageKind.IMPLEMENT


def _look(entry: Entry, names: Names, file: str, findings: list[Finding]) -> Placed:
    found = look_up(entry.tasks.text, entry.tasks.span(file), names, findings)
    return Placed(entry=entry, ids=tuple(hit.id for hit in found.hits))


def _map_of(placed: Iterable[Placed]) -> dict[str, str]:
    """Task to track; where one is named twice, the later bullet holds."""
    return {n: p.entry.track for p in placed if p.entry.track for n in p.ids}


def _chains(members: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    chains: dict[str, dict[str, None]] = {}
    for name, track in members:
        chains.setdefault(track, {})[name] = None
    return {track: tuple(names) for track, names in chains.items()}


def _sets(
    items: Sequence[Item], tracks: Mapping[str, str], groups: Mapping[str, str]
) -> dict[Noun, dict[str, list[str]]]:
    """What "Track A", "Group 1" and "Phase 2" stand for: their tasks and gates."""
    sets: dict[Noun, dict[str, list[str]]] = {Noun.TRACK: {}, Noun.GROUP: {}, Noun.PHASE: {}}
    for item in items:
        if item.kind is PackageKind.FIX:
            continue
        for noun, name in (
            (Noun.TRACK, tracks.get(item.id)),
            (Noun.GROUP, groups.get(item.id)),
            (Noun.PHASE, _number_of(item.phase)),
        ):
            if name:
                sets[noun].setdefault(name, []).append(item.id)
    return sets


def _number_of(phase: str | None) -> str | None:
    """The number of a phase that has one: 2 of "Phase 2: Core"."""
    word, _, rest = (phase or "").partition(" ")
    number = rest.split(":")[0].split()[:1]
    return number[0] if word.lower() == "phase" and number else None


def _contradictions(
    tracks: Mapping[str, str], everything: Sequence[Placed], file: str
) -> Iterator[Finding]:
    """One finding if another map puts tasks into other tracks than those that hold."""
    other = [
        (name, placed.entry)
        for placed in everything
        for name in placed.ids
        if placed.entry.track and name in tracks and placed.entry.track != tracks[name]
    ]
    if not other:
        return
    shown = ", ".join(
        f"task {name} in {entry.track}, not {tracks[name]}" for name, entry in other[:_SHOWN]
    )
    more = f" and {len(other) - _SHOWN} more" if len(other) > _SHOWN else ""
    yield Finding(
        code="CONTRADICTORY_TRACKS",
        severity=Severity.WARNING,
        message=f"two maps of the tracks differ; here stands {shown}{more}",
        span=Span(file=file, line=other[0][1].tasks.line, column=other[0][1].tasks.column),
        hint="the more detailed map holds; bring the other into line with it",
    )
