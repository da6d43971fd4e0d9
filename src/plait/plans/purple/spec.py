"""An implementation spec read: its phases, which appear twice, and its tickets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.plans.fields import Words
from plait.plans.markdown import Kind, Line
from plait.plans.purple.fields import Field, fields_below
from plait.plans.references import Key, key_of

_ID_SHAPE = r"[A-Z][A-Z0-9]{1,11}-[0-9]{1,4}(?:\.[0-9]{1,4}|-[A-Z])?"
_TICKET = re.compile(
    rf"(?:Ticket )?[\[`*]{{0,3}}(?P<id>{_ID_SHAPE})[\]`*]{{0,3}}"
    r"(?:[ \t]*(?:[:：]|—|–|-)[ \t]*(?P<title>.*)|[ \t]*$)"  # noqa: RUF001 - dashes as written
)
_NUMBERED = re.compile(
    r"Ticket #?(?P<id>[0-9]{1,4}(?:\.[0-9]{1,4})?|[A-Z])\b[ \t]*[:.—–-]?[ \t]*(?P<title>.*)"  # noqa: RUF001
)
_PHASE = re.compile(
    r"(?:[0-9]{1,3}(?:\.[0-9]{1,3})?\.? )?"
    r"(?P<label>(?i:phase)[ -](?P<number>[0-9]{1,4})(?!-?\w|\.[0-9]).*)"
)
_MENTIONED = re.compile(rf"(?<![\w/.-])(?i:{_ID_SHAPE})(?![\w/-]|\.\w)")
_PHASE_OF_ID = re.compile(r"PHASE-([0-9]{1,4})-|[A-Z0-9]{2,12}-([0-9]{1,4})\.")
_LEVELS = range(2, 6)
_TITLE = re.compile(
    r"(?:(?:Engineering|Technical) )?Implementation (?:Specification|Spec|Plan)[ \t]*[:—–-][ \t]*",  # noqa: RUF001
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A phase: its label, and what it says that it depends on (None: nothing is said)."""

    number: int
    label: str
    line: Line
    needs: tuple[Words, ...] | None = None


@dataclass(slots=True, kw_only=True)
class Ticket:
    """A ticket: its heading and the lines below it; `phase` is the number of its phase."""

    id: str
    title: str
    line: Line
    body: list[Line]
    fields: list[Field]
    phase: int | None

    def said(self, key: str) -> tuple[Words, ...] | None:
        """The values of a field: its own line, or a bullet each below it; None without it."""
        found = [each for each in self.fields if each.key == key]
        return tuple(words for each in found for words in values_of(each)) if found else None


@dataclass(slots=True, kw_only=True)
class Spec:
    """A spec: `mentions` are the ids that its phases' summary names, with their lines."""

    title: str = ""
    phases: dict[int, Phase] = field(default_factory=dict)
    tickets: list[Ticket] = field(default_factory=list)
    mentions: list[tuple[str, Line, int | None]] = field(default_factory=list)


def spec_of(lines: Sequence[Line], file: str, findings: list[Finding]) -> Spec:
    """Read a spec's lines.

    Args:
        lines: The file's.
        file: How findings call it.
        findings: Takes `ID_DRIFT`.
    """
    spec = Spec()
    blocks = [(*block, fields_below(block[1])) for block in _blocks(lines)]
    prefixes = {
        _prefix(head["id"])
        for heading, _, _, fields in blocks
        if fields and (head := _heads(heading)) and "-" in head["id"]
    }
    for heading, body, phase, fields in blocks:
        if heading.level == 1 and not spec.title:
            spec.title = _TITLE.sub("", heading.content.strip("* "), count=1)
        if phase and phase.line is heading:
            _merge(spec, phase, fields)
        elif ticket := _ticket(heading, body, phase, fields, prefixes):
            spec.tickets.append(ticket)
            continue
        ids = _mentioned(body, phase.number if phase and phase.line is heading else None)
        spec.mentions.extend(ids)
    _place(spec)
    findings.extend(_drift(spec, lines, file))
    return spec


def values_of(field: Field) -> tuple[Words, ...]:
    """A field's own words, and each bullet below it."""
    below = (
        Words(text=line.content, line=line.number, column=max(line.text.find(line.content), 0) + 1)
        for line in field.below
        if line.kind is Kind.BULLET
    )
    return tuple(words for words in (field.value, *below) if words.text)


def _blocks(lines: Sequence[Line]) -> Iterator[tuple[Line, list[Line], Phase | None]]:
    """Each phase, ticket and other heading with what stands below it, and the present phase."""
    phase: Phase | None = None
    heading: Line | None = None
    body: list[Line] = []
    level = 7  # of a ticket: deeper headings are its own
    for line in lines:
        if line.kind is not Kind.HEADING or line.level > level:
            body.append(line)
            continue
        if heading:
            yield heading, body, phase
        heading, body = line, []
        level = line.level if _heads(line) else 7
        if found := _PHASE.match(line.content.strip("* ")):
            phase = Phase(number=int(found["number"]), label=found["label"].strip("* "), line=line)
        elif phase and line.level <= phase.line.level and not _heads(line):
            phase = None
    if heading:
        yield heading, body, phase


def _heads(line: Line) -> re.Match[str] | None:
    """A ticket's id and title, if a heading has the shape of one."""
    text = line.content.strip("* ")
    if line.level not in _LEVELS or _PHASE.match(text):
        return None
    return _TICKET.match(text) or _NUMBERED.match(text)


def _merge(spec: Spec, phase: Phase, fields: Sequence[Field]) -> None:
    """The summary of a phase and the group of its tickets are one, by their number."""
    said = [each for each in fields if each.key == "needs"]
    known = spec.phases.get(phase.number)
    needs = tuple(words for each in said for words in values_of(each)) if said else None
    if known and known.needs is not None:
        needs = known.needs
    first = known or phase
    spec.phases[phase.number] = Phase(
        number=phase.number, label=first.label, line=first.line, needs=needs
    )


def _ticket(
    heading: Line,
    body: list[Line],
    phase: Phase | None,
    fields: list[Field],
    prefixes: set[str],
) -> Ticket | None:
    """The ticket of a heading; without a field, its id's prefix tells it from prose."""
    head = _heads(heading)
    if not head or (not fields and _prefix(head["id"]) not in prefixes):
        return None
    own = next((each.value.text.strip("`* ") for each in fields if each.key == "id"), "")
    named = next((each.value.text for each in fields if each.key == "title"), "")
    wanted = next((each.value.text for each in fields if each.key == "objective"), "")
    numbered = "-" not in head["id"]
    name = (own.split() or [""])[0] if numbered and own else head["id"]
    return Ticket(
        id=name,
        title=(head["title"] or "").strip("* ") or named or wanted or name,
        line=heading,
        body=_trimmed(body),
        fields=fields,
        phase=phase.number if phase else None,
    )


def _prefix(name: str) -> str:
    return name.partition("-")[0]


def _trimmed(body: list[Line]) -> list[Line]:
    """A ticket's lines without the blanks and the rule that end it."""
    end = len(body)
    while end and body[end - 1].kind in {Kind.BLANK, Kind.RULE}:
        end -= 1
    return body[:end]


def _mentioned(body: Sequence[Line], phase: int | None) -> Iterator[tuple[str, Line, int | None]]:
    for line in body:
        if line.kind not in {Kind.CODE, Kind.COMMENT}:
            for found in _MENTIONED.finditer(line.text):
                yield found[0], line, phase


def _place(spec: Spec) -> None:
    """The phase of tickets that stand in none: by their id, or by the summary that names them."""
    listed: dict[Key, int] = {}
    for name, _, phase in spec.mentions:
        if phase is not None:
            listed.setdefault(key_of(name), phase)
    for ticket in spec.tickets:
        if ticket.phase is None:
            number = _PHASE_OF_ID.match(ticket.id)
            told = int(number[1] or number[2]) if number else None
            ticket.phase = told if told in spec.phases else listed.get(key_of(ticket.id))


def _drift(spec: Spec, lines: Sequence[Line], file: str) -> Iterator[Finding]:
    """Ids spelt in another way than at their ticket, and those of the summary without one."""
    known: dict[Key, str] = {}
    for ticket in spec.tickets:
        known.setdefault(key_of(ticket.id), ticket.id)
    shapes = {_shape(name) for name in known.values()}
    summary = {line.number for _, line, phase in spec.mentions if phase is not None}
    heads = {ticket.line.number for ticket in spec.tickets}
    told: set[str] = set()
    for name, line, _ in _mentioned([line for line in lines if line.number not in heads], None):
        own = known.get(key_of(name))
        if name in told or own == name:
            continue
        if own:
            message = f"{name} is {own} at its ticket: taken as one"
        elif line.number in summary and name.isupper() and _shape(name) in shapes:
            message = f"{name} is named by its phase, but no ticket has this id"
        else:
            continue
        told.add(name)
        yield Finding(
            code="ID_DRIFT",
            severity=Severity.WARNING,
            message=message,
            span=Span(file=file, line=line.number, column=line.text.find(name) + 1),
            hint="spell a ticket's id the same everywhere",
        )


def _shape(name: str) -> tuple[str, ...]:
    return (_prefix(name), *("#" if isinstance(part, int) else "@" for part in key_of(name)[1:]))
