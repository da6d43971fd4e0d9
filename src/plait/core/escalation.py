"""Escalation: a typed problem that a package cannot settle alone, and how one is read.

The types and severities are those of the work-queue protocol that OpenSpec's parallel plans use.
What an agent writes of them is untrusted: `read` makes values of it, and warnings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from plait.core.plan import PackageId

MOST = 20  # of one result
_SAYS = ("type", "severity", "summary", "details")
_SUMMARY, _TEXT, _LIST = 500, 4000, 50


class EscalationType(StrEnum):
    """What kind of problem it is."""

    CONTRACT_REVISION_REQUIRED = "CONTRACT_REVISION_REQUIRED"
    PLAN_REVISION_REQUIRED = "PLAN_REVISION_REQUIRED"
    RESOURCE_CONFLICT = "RESOURCE_CONFLICT"
    VERIFICATION_INFEASIBLE = "VERIFICATION_INFEASIBLE"
    SCOPE_VIOLATION = "SCOPE_VIOLATION"
    ENV_RESOURCE_CONFLICT = "ENV_RESOURCE_CONFLICT"
    SECURITY_ESCALATION = "SECURITY_ESCALATION"
    FLAKY_TEST_QUARANTINE_REQUEST = "FLAKY_TEST_QUARANTINE_REQUEST"
    ACCEPTANCE_REQUIRED = "ACCEPTANCE_REQUIRED"
    MERGE_CONFLICT = "MERGE_CONFLICT"
    UNKNOWN = "UNKNOWN"


class Severity(StrEnum):
    """How much it stops; from MEDIUM on it decides what follows."""

    NON_BLOCKING = "NON_BLOCKING"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    BLOCKING = "BLOCKING"


class Consequence(StrEnum):
    """What follows from an escalation."""

    NOTED = "noted"  # nothing: the attempt is judged as any other
    RETRY = "retry"  # another attempt, within the budget
    APART = "apart"  # the same, and never again beside the packages it names
    FAIL = "fail"  # the attempt has failed, and no other follows
    FIX = "fix"  # a narrow package first does what lies outside the scope, then another attempt
    REVISE = "revise"  # blocked until the plan or its contracts have a new revision
    ASK = "ask"  # blocked until a person decides


class RaisedBy(StrEnum):
    """Who noticed it."""

    AGENT = "agent"
    PLAIT = "plait"


WEIGHTS: Mapping[Consequence, int] = {each: weight for weight, each in enumerate(Consequence)}
WAITING = frozenset({Consequence.REVISE, Consequence.ASK})  # a person must act

_USUAL = {
    EscalationType.CONTRACT_REVISION_REQUIRED: Severity.BLOCKING,
    EscalationType.PLAN_REVISION_REQUIRED: Severity.BLOCKING,
    EscalationType.RESOURCE_CONFLICT: Severity.HIGH,
    EscalationType.VERIFICATION_INFEASIBLE: Severity.HIGH,
    EscalationType.SCOPE_VIOLATION: Severity.BLOCKING,
    EscalationType.ENV_RESOURCE_CONFLICT: Severity.MEDIUM,
    EscalationType.SECURITY_ESCALATION: Severity.BLOCKING,
    EscalationType.FLAKY_TEST_QUARANTINE_REQUEST: Severity.NON_BLOCKING,
    EscalationType.ACCEPTANCE_REQUIRED: Severity.HIGH,
    EscalationType.MERGE_CONFLICT: Severity.BLOCKING,
    EscalationType.UNKNOWN: Severity.BLOCKING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """A problem as it was raised.

    `files` and `logs` are its evidence, `impacted` the packages and `locks` the lock keys that it
    concerns. `revision` says that the plan or its contracts need a new one. `source_id` is the
    agent's own name for it.
    """

    type: EscalationType
    severity: Severity
    summary: str
    details: str = ""
    proposal: str = ""
    files: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()
    impacted: tuple[str, ...] = ()
    locks: tuple[str, ...] = ()
    revision: bool = False
    requires_human: bool = False
    source_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """An escalation in a run: its id, whose it is, what followed, whether that is over.

    `reason` says in words why this follows; `at` is Unix time in seconds.
    """

    id: str
    package: PackageId
    attempt: int
    by: RaisedBy
    escalation: Escalation
    at: float = 0.0
    consequence: Consequence = Consequence.NOTED
    reason: str = ""
    settled: bool = False


def usual_severity(kind: EscalationType) -> Severity:
    """How severe an escalation of a type is, where it does not say."""
    return _USUAL[kind]


def read(
    items: Sequence[Mapping[str, Any]], *, package: str
) -> tuple[tuple[Escalation, ...], tuple[str, ...]]:
    """The escalations of a result, and what is wrong with how they are written.

    Args:
        items: JSON objects of any content.
        package: Whose result it is.

    Returns:
        At most `MOST` escalations, and warnings.
    """
    warnings: list[str] = []
    if len(items) > MOST:
        warnings.append(f"of {len(items)} escalations the first {MOST} are read")
    said = [item for item in items[:MOST] if any(item.get(key) for key in _SAYS)]
    if len(said) < len(items[:MOST]):
        warnings.append("an escalation: it has neither type nor severity nor summary: left out")
    found = tuple(_Reading(item, warnings).escalation(package) for item in said)
    return found, tuple(dict.fromkeys(warnings))


class _Reading:
    """One object being read; a wrong value becomes a warning and is left out."""

    def __init__(self, data: Mapping[str, Any], warnings: list[str]) -> None:
        self._data = data
        self._warnings = warnings

    def escalation(self, package: str) -> Escalation:
        kind = self._kind()
        evidence = self._part("evidence")
        impact = self._part("impact")
        owner = self._text("package_id", _SUMMARY)
        if owner not in {"", package}:
            self._warn(f"it names the package {owner[:80]!r}, but this is {package}'s result")
        details = self._text("details", _TEXT)
        summary = self._text("summary", _SUMMARY) or details.partition("\n")[0][:_SUMMARY]
        if not summary:
            self._warn("it has no summary")
        return Escalation(
            type=kind,
            severity=self._severity(kind),
            summary=summary or f"{kind}, without a summary",
            details=details,
            proposal=self._text("proposed_action", _TEXT),
            files=evidence.texts("files"),
            logs=evidence.texts("logs"),
            impacted=impact.texts("impacted_packages"),
            locks=impact.texts("logical_locks"),
            revision=impact.truth("contract_revision_bump_required")
            or impact.truth("plan_revision_bump_required"),
            requires_human=self.truth("requires_human"),
            source_id=self._text("escalation_id", _SUMMARY),
        )

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._data.get(key)
        if value is None:
            return ()
        good = [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
        if not isinstance(value, list) or len(good) < len(value):
            self._warn(f"{key} is no array of texts")
        return tuple(each[:_SUMMARY] for each in good[:_LIST])

    def truth(self, key: str) -> bool:
        value = self._data.get(key)
        if value is not None and not isinstance(value, bool):
            self._warn(f"{key} is neither true nor false")
        return value is True

    def _part(self, key: str) -> _Reading:
        value = self._data.get(key)
        if value is not None and not isinstance(value, dict):
            self._warn(f"{key} is no object")
        return _Reading(value if isinstance(value, dict) else {}, self._warnings)

    def _text(self, key: str, limit: int) -> str:
        value = self._data.get(key)
        if value is not None and not isinstance(value, str):
            self._warn(f"{key} is no text")
        return value.strip()[:limit] if isinstance(value, str) else ""

    def _kind(self) -> EscalationType:
        said = self._text("type", 80)
        word = said.upper().replace("-", "_").replace(" ", "_")
        if word in EscalationType.__members__:
            return EscalationType(word)
        self._warn(f"its type {said!r} is none of those there are" if said else "it has no type")
        return EscalationType.UNKNOWN

    def _severity(self, kind: EscalationType) -> Severity:
        said = self._text("severity", 80)
        word = said.upper().replace("-", "_").replace(" ", "_")
        if word in Severity.__members__:
            return Severity(word)
        usual = usual_severity(kind)
        what = f"its severity {said!r} is none of those there are" if said else "it has no severity"
        self._warn(f"{what}; {usual} is taken")
        return usual

    def _warn(self, told: str) -> None:
        self._warnings.append(f"an escalation: {told}")
