"""What a package could not settle alone, and what it did differently from the plan."""

from __future__ import annotations

from dataclasses import dataclass

from plait.core.escalation import Consequence, EscalationType, RaisedBy, Severity
from plait.core.plan import PackageId


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRaised:
    """An agent, or Plait itself, came upon a problem that the package cannot settle alone.

    The fields are those of `core.escalation.Escalation`; `id` is unique in the run.
    """

    package: PackageId
    attempt: int
    epoch: int
    id: str
    kind: EscalationType
    severity: Severity
    summary: str
    by: RaisedBy = RaisedBy.AGENT
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
class EscalationSettled:
    """What follows from an escalation was decided.

    `apart` are packages that it never again works beside.
    """

    package: PackageId
    id: str
    consequence: Consequence
    reason: str
    apart: tuple[PackageId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviationNoted:
    """An attempt departed from the plan in a way that others can live with, if they know of it.

    `affects` are ids of packages or tasks, or globs of them; empty: all that depend on it.
    """

    package: PackageId
    attempt: int
    epoch: int
    summary: str
    affects: tuple[str, ...] = ()
