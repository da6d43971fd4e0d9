"""The order of phases: one after another, unless a phase names those that it depends on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from plait.core.finding import Finding
from plait.plans.lookup import look_up
from plait.plans.page import span_of
from plait.plans.phasing import following, predecessors
from plait.plans.phrases import Noun
from plait.plans.purple.spec import Spec, Ticket
from plait.plans.references import Names, names_of
from plait.plans.tasks import Order

_BESIDE = re.compile(
    r"\b(?i:parallel (?:with|to)) (?:(?i:(?:all of )?phases?) (?P<phase>[0-9]{1,4})\b"
    r"|`?(?P<ticket>[A-Z][A-Z0-9]{1,11}-[0-9]{1,4}(?:\.[0-9]{1,4}|-[A-Z])?)\b)"
)


def orders_of(spec: Spec, file: str, findings: list[Finding]) -> Iterator[Order]:
    """The orders between phases.

    A ticket that may be built "in parallel with Phase 2", or with a ticket of phase 2, follows
    what phase 2 follows.

    Args:
        spec: The spec.
        file: How findings call it.
        findings: Takes references to nothing.
    """
    members: dict[int, list[Ticket]] = {}
    for ticket in spec.tickets:
        if ticket.phase in spec.phases:
            members.setdefault(ticket.phase, []).append(ticket)
    ids = {number: [each.id for each in tickets] for number, tickets in members.items()}
    names = names_of(
        [each.id for each in spec.tickets],
        {Noun.PHASE: {str(number): found for number, found in ids.items()}},
    )
    said, tickets = _said(spec, ids, names, file, findings)
    phases = sorted(members)
    phase_of = {each.id: each.phase for each in spec.tickets}
    before = predecessors(phases, said)
    for number in phases:
        phase = spec.phases[number]
        for first, then in _groups(members[number], before, phase_of):
            yield from following(
                then,
                [ids[each] for each in sorted(first)],
                note=f"{phase.label} follows",
                span=span_of(phase.line, file),
            )
        yield from following(
            ids[number],
            [tickets.get(number, [])],
            note=f"{phase.label} depends on it",
            span=span_of(phase.line, file),
        )


def _said(
    spec: Spec,
    ids: Mapping[int, list[str]],
    names: Names,
    file: str,
    findings: list[Finding],
) -> tuple[dict[int, set[int]], dict[int, list[str]]]:
    """The phases that phases name, and the tickets; where neither is named, nothing is said."""
    phase_of = {each.id: each.phase for each in spec.tickets}
    place = {name: at for at, name in enumerate(names.order)}
    said: dict[int, set[int]] = {}
    tickets: dict[int, list[str]] = {}
    for number, phase in spec.phases.items():
        if number not in ids or phase.needs is None:
            continue
        null, whole, single = False, set[int](), list[str]()
        for words in phase.needs:
            found = look_up(
                words.text, words.span(file), names, findings, before=place[ids[number][0]]
            )
            null = null or found.null
            for hit in found.hits:
                other = phase_of[hit.id]
                if hit.noun is Noun.ITEM:
                    single.append(hit.id)
                elif other in ids and other is not None:
                    whole.add(other)
        if null or whole or single:
            said[number], tickets[number] = whole, single
    return said, tickets


def _groups(
    tickets: list[Ticket], before: Mapping[int, set[int]], phase_of: Mapping[str, int | None]
) -> Iterator[tuple[frozenset[int], list[str]]]:
    """The tickets of a phase by the phases that they wait for."""
    groups: dict[frozenset[int], list[str]] = {}
    for ticket in tickets:
        waits = set(before[ticket.phase]) if ticket.phase is not None else set()
        said = " ".join(words.text for words in ticket.said("needs") or ())
        beside = {
            int(found["phase"]) if found["phase"] else phase_of.get(found["ticket"])
            for found in _BESIDE.finditer(said)
        }
        for number in sorted((each for each in waits if each in beside), reverse=True):
            waits = (waits - {number}) | before[number]
        groups.setdefault(frozenset(waits), []).append(ticket.id)
    yield from groups.items()
