"""What cc-sdd notes of a spec in `spec.json`: which of its documents somebody approved."""

from __future__ import annotations

from typing import Any

from plait.core.finding import Finding, Severity
from plait.core.plan import SourceApproval, Span
from plait.plans.places import named
from plait.plans.sidecar import record_of, text_in
from plait.ports import PlanSource

FILE = "spec.json"
WHO = "cc-sdd (it names nobody)"
_DOCUMENTS = ("requirements", "design", "tasks")


def approvals_of(source: PlanSource, findings: list[Finding]) -> tuple[SourceApproval, ...]:
    """The approval that stands beside a list, if there is one.

    It holds if the tasks are approved, and every other document that the file speaks of. The
    file says neither who approved nor what content: only when it was written last.

    Args:
        source: The list.
        findings: Takes `APPROVAL_MISSING_IN_SOURCE` where an approval is still awaited.
    """
    path = source.path.parent / FILE
    record = record_of(source, path, findings)
    stated = record.get("approvals") if record is not None else None
    if record is None or not isinstance(stated, dict):
        return ()
    span = Span(file=named(source, path))
    awaited = [
        name
        for name in _DOCUMENTS
        if (name in stated or name == "tasks") and not _approved(stated.get(name))
    ]
    if not awaited:
        at = text_in(record, "updated_at", "approved_at", "created_at")
        return (SourceApproval(who=WHO, at=at, span=span),)
    findings.append(
        Finding(
            code="APPROVAL_MISSING_IN_SOURCE",
            severity=Severity.WARNING,
            message=f"it says that nobody approved the {' and the '.join(awaited)} yet",
            span=span,
            hint="approve there, or approve the plan itself with plait approve",
        )
    )
    return ()


def _approved(document: Any) -> bool:
    """Only a plain yes is one."""
    return isinstance(document, dict) and document.get("approved") is True
