"""Event: everything that can happen in a run, a closed union.

Events are facts, told in the past tense, stored in the same transaction as the state they
change, and folded by `core.run.apply`. Their fields are flat (text, numbers, enums, tuples of
text), so that what is stored can be read by any later version: a field may be added with a
default, none is renamed or removed.
"""

from __future__ import annotations

import json.encoder
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from json import JSONEncoder
from operator import attrgetter
from typing import Any, get_args

from plait.core.codec import decode, encode
from plait.core.event.attempt import (
    AgentEnded,
    AttemptEnded,
    AttemptLost,
    AttemptStarted,
    CheckEnded,
    ClaimLost,
    Denied,
    ScopeChecked,
    WorkCommitted,
)
from plait.core.event.control import (
    GateRefused,
    LimitsChanged,
    PackageRequeued,
    QuestionAnswered,
    RunCancelled,
    RunPaused,
    RunUnpaused,
)
from plait.core.event.delivery import DeliveryEnded, DeliveryOutcome
from plait.core.event.escalation import DeviationNoted, EscalationRaised, EscalationSettled
from plait.core.event.held import IntegrityDoubted, WorkAccepted
from plait.core.event.kinds import (
    AGENT_LOST,
    CLAIM_LOST,
    AgentStatus,
    RunId,
    RunLimit,
    RunStatus,
    Stage,
    Verdict,
)
from plait.core.event.landing import (
    ConflictFound,
    FlakeFound,
    Landed,
    LandingRefused,
    LandingStarted,
)
from plait.core.event.qa import (
    QaEnded,
    QaItemEnded,
    QaKind,
    QaPlanned,
    QaSettled,
    QaStatus,
    QaVerdict,
)
from plait.core.event.review import (
    FindingReported,
    FixEnded,
    FixStarted,
    ReviewConcluded,
    ReviewEnded,
    ReviewStarted,
)
from plait.core.event.revision import PackageAdded, PlanRevised
from plait.core.event.run import (
    BaselineCommitted,
    RunContinued,
    RunEnded,
    RunInterrupted,
    RunStarted,
    Warned,
)
from plait.core.event.scope import ScopeGranted, ScopeQueued
from plait.core.event.settled import (
    GateAsked,
    GatePassed,
    PackageCancelled,
    PackageSkipped,
    PackageWaits,
)
from plait.core.event.spent import AgentNudged, LimitReached, ProviderParked, UsageReported
from plait.core.event.whole import IntegrationAccepted, IntegrationJudged, IntegrationReopened
from plait.core.plan import PackageId

__all__ = [
    "AGENT_LOST",
    "CLAIM_LOST",
    "EVENTS",
    "TYPE_NAMES",
    "AgentEnded",
    "AgentNudged",
    "AgentStatus",
    "AttemptEnded",
    "AttemptLost",
    "AttemptStarted",
    "BaselineCommitted",
    "CheckEnded",
    "ClaimLost",
    "ConflictFound",
    "DeliveryEnded",
    "DeliveryOutcome",
    "Denied",
    "DeviationNoted",
    "EscalationRaised",
    "EscalationSettled",
    "Event",
    "FindingReported",
    "FixEnded",
    "FixStarted",
    "FlakeFound",
    "GateAsked",
    "GatePassed",
    "GateRefused",
    "IntegrationAccepted",
    "IntegrationJudged",
    "IntegrationReopened",
    "IntegrityDoubted",
    "Landed",
    "LandingRefused",
    "LandingStarted",
    "LimitReached",
    "LimitsChanged",
    "PackageAdded",
    "PackageCancelled",
    "PackageRequeued",
    "PackageSkipped",
    "PackageWaits",
    "PlanRevised",
    "ProviderParked",
    "QaEnded",
    "QaItemEnded",
    "QaKind",
    "QaPlanned",
    "QaSettled",
    "QaStatus",
    "QaVerdict",
    "QuestionAnswered",
    "Recorded",
    "ReviewConcluded",
    "ReviewEnded",
    "ReviewStarted",
    "RunCancelled",
    "RunContinued",
    "RunEnded",
    "RunId",
    "RunInterrupted",
    "RunLimit",
    "RunPaused",
    "RunStarted",
    "RunStatus",
    "RunUnpaused",
    "ScopeChecked",
    "ScopeGranted",
    "ScopeQueued",
    "Stage",
    "UsageReported",
    "Verdict",
    "Warned",
    "WorkAccepted",
    "WorkCommitted",
    "from_data",
    "subject",
    "to_data",
    "to_json",
    "to_text",
]

Event = (
    RunStarted
    | RunContinued
    | RunInterrupted
    | RunEnded
    | BaselineCommitted
    | Warned
    | AttemptStarted
    | AgentEnded
    | Denied
    | WorkCommitted
    | ScopeChecked
    | IntegrityDoubted
    | CheckEnded
    | AttemptLost
    | ClaimLost
    | AttemptEnded
    | LandingStarted
    | LandingRefused
    | ConflictFound
    | Landed
    | FlakeFound
    | GatePassed
    | GateAsked
    | PackageWaits
    | PackageSkipped
    | PackageCancelled
    | RunPaused
    | RunUnpaused
    | RunCancelled
    | LimitsChanged
    | PackageRequeued
    | QuestionAnswered
    | GateRefused
    | WorkAccepted
    | UsageReported
    | AgentNudged
    | ProviderParked
    | LimitReached
    | EscalationRaised
    | EscalationSettled
    | DeviationNoted
    | PlanRevised
    | PackageAdded
    | IntegrationJudged
    | IntegrationAccepted
    | IntegrationReopened
    | QaPlanned
    | QaItemEnded
    | QaEnded
    | QaSettled
    | DeliveryEnded
    | ReviewStarted
    | FindingReported
    | ReviewEnded
    | ReviewConcluded
    | FixStarted
    | FixEnded
    | ScopeGranted
    | ScopeQueued
)

EVENTS: Mapping[str, type[Event]] = {
    re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in get_args(Event)
}
TYPE_NAMES: Mapping[type[Event], str] = {kind: name for name, kind in EVENTS.items()}

_LIFTED = ("package", "attempt", "epoch")  # they stand beside `data` in the JSON of an event


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event as it is stored: `seq` grows by one within a run, `at` is Unix time in seconds."""

    seq: int
    at: float
    run: RunId
    event: Event


def to_data(event: Event) -> dict[str, Any]:
    """The event's fields as JSON values, defaults included."""
    data: dict[str, Any] = encode(event)
    return data


def to_text(event: Event) -> str:
    """What `to_data` gives, as JSON on one line and in pure ASCII."""
    kind: Any = type(event)  # mypy takes a union of types for unhashable
    names, values = _fields(kind)
    return _text(dict(zip(names, values(event), strict=True)))


@cache
def _fields(kind: type[Event]) -> tuple[tuple[str, ...], Callable[[Event], tuple[Any, ...]]]:
    """A type's fields, and what takes their values out; every event is written this way."""
    names = tuple(field.name for field in fields(kind))
    if len(names) == 1:
        return names, lambda event: (getattr(event, names[0]),)
    return names, attrgetter(*names) if names else lambda _event: ()


def _writer() -> Callable[[dict[str, Any]], str]:
    """What writes a dict as JSON: the encoder in C, where Python has one.

    `JSONEncoder.encode` makes it anew with every call, which takes as long as an event's text.
    """
    plain = JSONEncoder(separators=(",", ":"), default=encode)
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return plain.encode
    escaped = json.encoder.encode_basestring_ascii
    chunks = make(None, encode, escaped, None, ":", ",", False, False, True)
    return lambda data: "".join(chunks(data, 0))


_text = _writer()


def from_data(name: str, data: Mapping[str, Any]) -> Event:
    """The event of that type name; fields of a newer version are ignored.

    Raises:
        KeyError: The type is unknown.
    """
    return decode(EVENTS[name], data)


def to_json(recorded: Recorded) -> dict[str, Any]:
    """One line of `plait run --json`, without the time's text form (the face writes that)."""
    data = to_data(recorded.event)
    line: dict[str, Any] = {"seq": recorded.seq, "at": recorded.at, "run": recorded.run}
    for key in _LIFTED:
        value = data.pop(key, None)
        if value is not None:
            line[key] = value
    return {**line, "type": TYPE_NAMES[type(recorded.event)], "data": data}


def subject(event: Event) -> tuple[PackageId | None, int | None, int | None]:
    """The package, attempt and epoch that an event is about, where it is about one."""
    return (
        getattr(event, "package", None),
        getattr(event, "attempt", None),
        getattr(event, "epoch", None),
    )
