"""From a woven specflow list to work packages: status, scope, markers, labels."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from textwrap import dedent

from plait.core.finding import Finding, Severity
from plait.core.plan import (
    Confidence,
    Edge,
    PackageId,
    PackageKind,
    Scope,
    SourceStatus,
    Span,
    WorkPackage,
)
from plait.plans.fields import listed_files, speaks
from plait.plans.page import marker_of, span_of, state_of
from plait.plans.paths import written
from plait.plans.specflow.edges import Need, Web
from plait.plans.specflow.items import KEYS, Item
from plait.plans.specflow.layout import Outline
from plait.plans.specflow.verdicts import Verdict, key_of_gate
from plait.plans.tasks import State
from plait.plans.text import SourceText

_REFUSED = re.compile(
    r"\b(?:requires? changes|changes (?:requested|required)|not approved)\b"
    r"|^\W*(?:rejected|failed)\b",
    re.IGNORECASE,
)
_APPROVED = re.compile(r"\bapproved\b", re.IGNORECASE)
_MARKS = {" ": State.OPEN, "x": State.DONE, "X": State.DONE}


def packages_of(
    outline: Outline,
    web: Web,
    text: SourceText,
    *,
    module: str | None,
    shared: Collection[str],
    verdicts: Mapping[str, Verdict],
    findings: list[Finding],
) -> list[WorkPackage]:
    """The packages of one task list, in its order.

    Args:
        outline: The list.
        web: Who needs whom in it.
        text: Its source, for the markers' byte offsets.
        module: The module it belongs to, where the feature has several.
        shared: Ids that several modules use: these are qualified.
        verdicts: What the files of reviews say, by gate.
        findings: Takes what is to be told of single items.
    """
    agents = {track.name: track.agent for track in outline.tracks}

    def known(name: str) -> PackageId:
        return PackageId(f"{module}/{name}" if module and name in shared else name)

    def label(name: str | None) -> str | None:
        return f"{module}/{name}" if module and name else name

    packages = []
    for item, needs in zip(outline.items, web.needs, strict=True):
        verdict = _verdict(item, verdicts, text.name)
        findings.extend(_told(item, text.name, verdict))
        track, group = web.members.tracks.get(item.id), web.members.groups.get(item.id)
        works = item.kind is PackageKind.IMPLEMENT
        packages.append(
            WorkPackage(
                id=known(item.id),
                source_id=item.id,
                title=item.title,
                description=dedent("\n".join(line.text for line in item.body)).strip("\n"),
                kind=item.kind,
                status=_status(item, verdict),
                phase=label(item.phase),
                track=label(track),
                group=label(group),
                parallel=works and (track is not None or group is not None),
                needs=tuple(_edge(need, known(need.id), text.name) for need in needs),
                scope=_scope(item),
                estimate_s=item.estimate_s,
                role=item.agent or (None if item.judges else agents.get(track or "")),
                requirements=item.requirements,
                guards=tuple(known(name) for name in web.guards.get(item.id, ())),
                reworks=tuple(known(name) for name in web.reworks.get(item.id, ())),
                tasks=(item.id, *item.inner) if item.inner else (),
                markers=tuple(m for box in item.boxes if (m := marker_of(box, text))),
                span=span_of(item.head, text.name),
            )
        )
    return packages


def _verdict(item: Item, verdicts: Mapping[str, Verdict], file: str) -> Verdict | None:
    """What is written of a gate: in its review's own file, else in the list."""
    found = verdicts.get(key_of_gate(item.id)) if item.judges else None
    return found or ((file, item.status) if item.status is not None else None)


def _edge(need: Need, target: PackageId, file: str) -> Edge:
    span = Span(file=file, line=need.line, column=need.column)
    return Edge(id=target, provenance=need.provenance, note=need.note, span=span)


def _status(item: Item, verdict: Verdict | None) -> SourceStatus:
    """A gate is done only if its verdict, where one is written, does not say otherwise."""
    if item.kind is PackageKind.FIX:
        return SourceStatus.DONE if item.done else SourceStatus.SKIPPED
    refused = item.judges and verdict is not None and _REFUSED.search(verdict[1].text)
    return SourceStatus.DONE if item.done and not refused else SourceStatus.PENDING


def _told(item: Item, file: str, verdict: Verdict | None) -> Iterator[Finding]:
    if item.judges and verdict is not None:
        place, words = verdict
        refused = bool(_REFUSED.search(words.text))
        approved = not refused and bool(_APPROVED.search(words.text))
        if (item.done and refused) or (not item.done and approved):
            ticked = "ticked" if item.done else "not ticked"
            yield Finding(
                code="CONTRADICTORY_STATUS",
                severity=Severity.WARNING,
                message=f'{item.id} is {ticked} but its status says "{words.text}": not done',
                span=words.span(place),
                hint="bring the box and the status into line",
            )
    marks: list[Finding] = []
    for box in item.boxes:
        state_of(box, _MARKS, file, marks)
    yield from marks
    if item.inner:
        yield Finding(
            code="NESTED_TASK",
            severity=Severity.INFO,
            message=f"{', '.join(item.inner[:5])} lie inside {item.id} and are done with it",
            span=span_of(item.head, file),
            hint="to run them one by one, take them out of its indentation",
        )


def _scope(item: Item) -> Scope:
    """Files the item lists, else those in backticks behind a verb of writing."""
    if item.judges:
        return Scope()
    globs = listed_files(item.body, KEYS)
    if not globs:
        prose = (line.content for line in (item.head, *item.body) if speaks(line))
        globs = written(prose)
    confidence = Confidence.INFERRED if globs else Confidence.UNKNOWN
    return Scope(write=globs, confidence=confidence)
