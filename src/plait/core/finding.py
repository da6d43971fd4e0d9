"""Finding: code, severity, place, message, hint."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from plait.core.plan import Span


class Severity(StrEnum):
    """How much a finding matters: an error stops a run."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to know about a plan; `where` names the element (``packages[2].scope``)."""

    code: str
    severity: Severity
    message: str
    span: Span | None = None
    where: str = ""
    hint: str = ""


def errors(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those that stop a run."""
    return tuple(f for f in findings if f.severity is Severity.ERROR)
