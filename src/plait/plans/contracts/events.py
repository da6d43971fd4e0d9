"""Events as CloudEvents 1.0: the context attributes that an envelope must have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from plait.core.finding import Finding, Severity
from plait.plans.contracts.kinds import among_events
from plait.plans.contracts.references import Links, Target
from plait.plans.contracts.shelf import Contract, found
from plait.plans.yaml_source import Path as Place

_REQUIRED = ("specversion", "id", "source", "type")
_VERSION = "1.0"
_TELLING = frozenset({"specversion", "datacontenttype", "dataschema", "data_base64"})
_TOGETHER = frozenset({"id", "source", "type"})
_MOST_PARTS = 50  # of one envelope that is put together by allOf


@dataclass(slots=True)
class _Envelope:
    """The attributes that a schema declares and demands; `open` if parts of it are elsewhere."""

    attributes: dict[str, Target] = field(default_factory=dict)
    demanded: set[str] = field(default_factory=set)
    place: Target | None = None
    open: bool = False


def check_schema(contract: Contract, links: Links) -> Iterator[Finding]:
    """An event's schema: is it an envelope, and does it demand all that an event must say."""
    events = among_events(contract.path)
    envelope = _gather(Target(contract=contract, place=()), links)
    is_envelope = not _TELLING.isdisjoint(envelope.attributes) or (
        events and envelope.attributes.keys() >= _TOGETHER
    )
    if not is_envelope:
        if events and not envelope.open:
            yield found(
                contract,
                "CONTRACT_EVENT_PLAIN",
                "the event has no CloudEvents envelope: only its own schema is checked",
                severity=Severity.INFO,
                hint="declare specversion, id, source and type if others are to route it",
            )
        return
    holder = envelope.place or Target(contract=contract, place=())
    for name in _REQUIRED:
        at = envelope.attributes.get(name)
        if at is not None:
            yield from _value(name, at)
        if (at is None or name not in envelope.demanded) and not envelope.open:
            lack = "declared" if at is None else "required"
            yield found(
                holder.contract,
                "CONTRACT_EVENT_ATTRIBUTE",
                f"context attribute {name!r} is not {lack}: every CloudEvent has it",
                at=holder.place if at is None else at.place,
                key=True,
                hint=f"declare {name} and list it in 'required'",
            )


def check_example(contract: Contract) -> Iterator[Finding]:
    """An event that is written out."""
    document = contract.document
    for name in _REQUIRED:
        node = None if document is None else document.node((name,))
        if node is None:
            yield found(
                contract,
                "CONTRACT_EVENT_ATTRIBUTE",
                f"context attribute {name!r} is missing: every CloudEvent has it",
                hint=f"add {name}",
            )
        elif not isinstance(node.value, str) or not node.value:
            yield _wrong(contract, name, (name,), "must be text and not empty")
        elif name == "specversion" and node.value != _VERSION:
            yield _wrong(contract, name, (name,), f"must be {_VERSION!r}")


def _gather(root: Target, links: Links) -> _Envelope:
    """What a schema says of its object, what it takes over by `$ref` and `allOf` included."""
    envelope = _Envelope()
    waiting = [root]
    seen: set[tuple[str, Place]] = set()
    for number in range(_MOST_PARTS):
        if number >= len(waiting):
            break
        here = waiting[number]
        part = links.follow(here)
        if part is None:
            envelope.open = True
            continue
        key = (part.contract.name, part.place)
        document = part.contract.document
        if key in seen or document is None:
            continue
        seen.add(key)
        for name in document.fields((*part.place, "properties")):
            at = Target(contract=part.contract, place=(*part.place, "properties", name))
            envelope.attributes.setdefault(name, at)
            if name in _TELLING | _TOGETHER and envelope.place is None:
                envelope.place = Target(contract=part.contract, place=at.place[:-1])
        listed = document.node((*part.place, "required"))
        if listed is not None and isinstance(listed.value, list):
            envelope.demanded.update(i.value for i in listed.value if isinstance(i.value, str))
        both = document.node((*part.place, "allOf"))
        if both is not None and isinstance(both.value, list):
            waiting += [
                Target(contract=part.contract, place=(*part.place, "allOf", position))
                for position in range(len(both.value))
            ]
    envelope.open = envelope.open or len(waiting) > _MOST_PARTS
    return envelope


def _value(name: str, at: Target) -> Iterator[Finding]:
    """What the schema of one attribute allows: text, and of `specversion` this version."""
    document = at.contract.document
    if document is None:
        return
    allowed = document.node((*at.place, "type"))
    values = [] if allowed is None else allowed.plain()
    if values and "string" not in (values if isinstance(values, list) else [values]):
        yield _wrong(at.contract, name, (*at.place, "type"), "must be text")
    if name != "specversion":
        return
    const, choices = document.node((*at.place, "const")), document.node((*at.place, "enum"))
    if const is not None and const.value != _VERSION:
        yield _wrong(at.contract, name, (*at.place, "const"), f"must be {_VERSION!r}")
    listed = None if choices is None else choices.plain()
    if isinstance(listed, list) and _VERSION not in listed:
        yield _wrong(at.contract, name, (*at.place, "enum"), f"must allow {_VERSION!r}")


def _wrong(contract: Contract, name: str, place: Place, rule: str) -> Finding:
    return found(
        contract,
        "CONTRACT_EVENT_ATTRIBUTE",
        f"context attribute {name!r} {rule}",
        at=place,
        hint=f'write "{_VERSION}" in quotes' if name == "specversion" else "mend it",
    )
