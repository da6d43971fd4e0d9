"""The part of a report that tells what was found in a package's work, and who accepted it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from plait.core.acceptance import accepted_by
from plait.core.finding import Finding, Severity
from plait.core.package import PackageState
from plait.core.plan import WorkPackage
from plait.core.tiers import reached


def integrity(state: PackageState, package: WorkPackage) -> dict[str, Any]:
    """What there is to say of the work of a package's last attempt; None for what there is not."""
    doubts = state.attempts[-1].doubts if state.attempts else ()
    by = state.accepted
    return {
        "integrity": [_doubt(each, state) for each in doubts] or None,
        "accepted": None
        if by is None
        else {"who": by.who, "at": _instant(by.at), "reason": by.reason},
        "tier": None
        if package.tier is None
        else {"required": package.tier, "reached": reached(state.checks)},
    }


def _doubt(finding: Finding, state: PackageState) -> dict[str, Any]:
    told: dict[str, Any] = {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "hint": finding.hint,
    }
    if finding.span is not None:
        told |= {"file": finding.span.file, "line": finding.span.line}
    if finding.severity is Severity.ERROR:
        by = dict(accepted_by(state)).get(finding, ())
        told |= {"accepted": bool(by), "accepted_by": list(by)}
    return told


def _instant(at: float) -> str:
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
