"""What lies beside a spec and tells what is done: completion documents and `progress.json`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.errors import PlaitError
from plait.plans.markdown import Kind, scan
from plait.plans.phrases import Noun
from plait.plans.places import holds, named
from plait.plans.purple.fields import labelled
from plait.plans.references import Key, Names, key_of, names_of, read as read_references
from plait.plans.refusals import ignored
from plait.plans.sidecar import record_of
from plait.plans.tasks import State
from plait.plans.text import read
from plait.ports import PlanSource

_STATES = {
    "todo": State.OPEN,
    "pending": State.OPEN,
    "not_started": State.OPEN,
    "in_progress": State.ACTIVE,
    "completed": State.DONE,
    "complete": State.DONE,
    "done": State.DONE,
    "failed": State.BLOCKED,
    "blocked": State.BLOCKED,
}
DOCUMENTS = "completed-tickets-documentation"
_MOST_DOCUMENTS = 2000
_MOST_NODES = 100_000
_HEAD_LINES = 40  # of a completion document that may name its tickets
_ALIGN = "bring the two into line"
_NAME = "call the document after its ticket's id"
_PLACE = re.compile(r"(?:phase-?)?([0-9]{1,4})[-_.](?:ticket-?)?([0-9]{1,4}|[a-z])(?![a-z0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A ticket's place, and its document's name: `number` counts from 1 within its phase."""

    id: str
    phase: int | None
    number: int
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What is known of a ticket: its state, and why."""

    state: State
    reason: str = ""


def progress_of(
    source: PlanSource, folder: Path, tickets: Sequence[Known], findings: list[Finding]
) -> dict[str, Progress]:
    """The state of tickets of which something is known.

    A ticket is done if it has a completion document or if `progress.json` says so. One that
    failed is not, whatever was written of it: `CONTRADICTORY_STATUS` tells.

    Args:
        source: The spec.
        folder: The feature's folder.
        tickets: All tickets, in order.
        findings: Takes what is wrong.
    """
    documents = _documents(source, folder / DOCUMENTS, tickets, findings)
    said, place = _recorded(source, folder / "progress.json", findings)
    found: dict[str, Progress] = {}
    for ticket in tickets:
        document, state = documents.get(ticket.id), said.get(key_of(ticket.id))
        if state is State.DONE or (document and state is not State.BLOCKED):
            found[ticket.id] = Progress(state=State.DONE)
        elif state:
            reason = "progress.json says that it failed" if state is State.BLOCKED else ""
            found[ticket.id] = Progress(state=state, reason=reason)
        if document and state not in {None, State.DONE}:
            taken = "not done" if state is State.BLOCKED else "done"
            message = (
                f"{ticket.id} has a completion document, but progress.json says that it is not "
                f"completed: taken as {taken}"
            )
            findings.append(_warning("CONTRADICTORY_STATUS", message, document, _ALIGN))
        elif state is State.DONE and documents and not document:
            message = f"{ticket.id} is completed, but has no completion document: taken as done"
            findings.append(_warning("CONTRADICTORY_STATUS", message, place, _ALIGN))
    return found


def _recorded(
    source: PlanSource, path: Path, findings: list[Finding]
) -> tuple[Mapping[Key, State], str]:
    """What `progress.json` says, by the tickets' ids."""
    name = named(source, path)
    found: dict[Key, State] = {}
    record = record_of(source, path, findings)
    for entry in islice(_entries(record) if record else (), _MOST_NODES):
        identity, status = entry.get("id"), entry.get("status")
        if isinstance(status, dict):
            status = status.get("status")
        if isinstance(identity, str) and isinstance(status, str):
            state = _STATES.get(status.strip().lower().replace("-", "_").replace(" ", "_"))
            if state:
                found[key_of(identity)] = state
    return found, name


def _entries(record: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The entries of all lists called `tickets`, at the top and in phases."""
    owners: list[Any] = [record]
    if isinstance(record.get("phases"), list):
        owners += record["phases"]
    for owner in owners:
        tickets = owner.get("tickets") if isinstance(owner, dict) else None
        if isinstance(tickets, list):
            yield from (each for each in tickets if isinstance(each, dict))


def _documents(
    source: PlanSource, folder: Path, tickets: Sequence[Known], findings: list[Finding]
) -> dict[str, str]:
    """For each ticket that has one, the name of its completion document."""
    if not folder.is_dir():
        return {}
    names = names_of([ticket.id for ticket in tickets])
    by_document = {ticket.document: ticket.id for ticket in tickets}
    by_place = {(ticket.phase, ticket.number): ticket.id for ticket in tickets}
    found: dict[str, str] = {}
    for path in sorted(islice(folder.iterdir(), _MOST_DOCUMENTS)):
        if path.suffix.lower() != ".md" or not holds(source, path):
            continue
        name = named(source, path)
        own = by_document.get(path.name)
        if own is not None:  # whatever it says of others
            found.setdefault(own, name)
            continue
        ids = set(_by_name(path.stem, names))
        try:
            ids.update(_by_head(read(path, name).lines[:_HEAD_LINES], names))
        except PlaitError as error:
            findings.append(ignored(error.message, Span(file=name)))
        if not ids:
            ids.update(_by_place(path.stem, by_place))
        if not ids:
            findings.append(
                _warning("UNKNOWN_REFERENCE", "it names no ticket of the spec", name, _NAME)
            )
        for each in ids:
            found.setdefault(each, name)
    return found


def _by_name(stem: str, names: Names) -> Iterator[str]:
    """The tickets whose ids stand in a file's name: `DICT-001`, `phase-1-DICT-001-parser`."""
    parts = key_of(stem)
    at = 0
    while at < len(parts):
        for length in (4, 3, 2):
            ticket = names.ids.get(parts[at : at + length])
            if ticket and len(parts[at : at + length]) == length:
                yield ticket
                at += length - 1
                break
        at += 1


def _by_head(lines: Sequence[str], names: Names) -> Iterator[str]:
    """The tickets that a document's title and its line `**Ticket ID:**` name."""
    for line in scan(lines).lines:
        text = ""
        if line.kind is Kind.HEADING and line.level == 1:
            text = line.content.partition(": ")[0]
        elif line.kind in {Kind.TEXT, Kind.BULLET} and (label := labelled(line.content)):
            text = label[1].replace("`", "") if label[0].startswith("ticket") else ""
        if text:
            hits = read_references(text, names).hits
            yield from (hit.id for hit in hits if hit.noun is Noun.ITEM)


def _by_place(stem: str, tickets: Mapping[tuple[int | None, int], str]) -> Iterator[str]:
    """The ticket that a name counts out: `phase-1-2-parser` is the second of phase 1."""
    place = _PLACE.match(stem.lower())
    if place:
        number = int(place[2]) if place[2].isdigit() else ord(place[2]) - ord("a") + 1
        ticket = tickets.get((int(place[1]), number))
        if ticket:
            yield ticket


def _warning(code: str, message: str, file: str, hint: str) -> Finding:
    return Finding(
        code=code, severity=Severity.WARNING, message=message, span=Span(file=file), hint=hint
    )
