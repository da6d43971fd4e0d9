"""What came of an item, as its driver leaves it: bounded, and without secrets."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from plait.core.event import QaStatus
from plait.process.redaction import Redaction
from plait.qa.order import Order

MOST_TEXT = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`evidence` are files in the item's folder."""

    status: QaStatus
    reason: str = ""
    details: str = ""
    severity: str = ""
    target: str = ""
    evidence: tuple[str, ...] = ()


def passed(*, target: str = "", evidence: tuple[str, ...] = ()) -> Outcome:
    """All was as it should be."""
    return Outcome(status=QaStatus.PASSED, target=target, evidence=evidence)


def failed(
    reason: str,
    *,
    details: str = "",
    severity: str = "high",
    target: str = "",
    evidence: tuple[str, ...] = (),
) -> Outcome:
    """Something was not."""
    return Outcome(
        status=QaStatus.FAILED,
        reason=reason,
        details=details,
        severity=severity,
        target=target,
        evidence=evidence,
    )


def not_run(
    reason: str, *, details: str = "", target: str = "", evidence: tuple[str, ...] = ()
) -> Outcome:
    """It could not be tried, which says nothing of what was to be tried."""
    return Outcome(
        status=QaStatus.NOT_RUN, reason=reason, details=details, target=target, evidence=evidence
    )


def missing(what: str) -> Outcome:
    """A library is not here."""
    return not_run(f"{what} not installed here: install Plait as plait[qa]")


def clean(order: Order, text: str) -> str:
    """A text fit to be written down."""
    redaction = Redaction(each.encode("utf-8", "surrogateescape") for each in order.secrets)
    raw = text[:MOST_TEXT].encode("utf-8", "replace")
    return redaction.clean(raw).decode("utf-8", "replace")


def write(order: Order, name: str, text: str) -> str:
    """Leave a text as evidence; its name."""
    (order.evidence / name).write_text(clean(order, text), encoding="utf-8")
    return name


def leave(order: Order, outcome: Outcome) -> None:
    """Write the outcome where it is waited for, whole or not at all."""
    told = {
        "status": outcome.status.value,
        "reason": clean(order, outcome.reason),
        "details": clean(order, outcome.details),
        "severity": outcome.severity,
        "target": clean(order, outcome.target),
        "evidence": list(outcome.evidence),
    }
    path = Path(order.result)
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(told), encoding="utf-8")
    os.replace(part, path)  # noqa: PTH105 - as atomic as it gets
