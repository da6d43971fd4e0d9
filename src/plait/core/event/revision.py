"""How the plan of a run changed while the run went on."""

from __future__ import annotations

from dataclasses import dataclass

from plait.core.plan import PackageId


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRevised:
    """The run goes on with another version of its plan, which is stored with it.

    `changed` are the packages of which the plan says something else now, `again` those that had
    landed and are done again, `done` those that the plan itself marks as done. A removed package
    that had landed stays landed.
    """

    digest: str
    plan_revision: int
    contracts_revision: int
    changed: tuple[PackageId, ...] = ()
    added: tuple[PackageId, ...] = ()
    removed: tuple[PackageId, ...] = ()
    again: tuple[PackageId, ...] = ()
    done: tuple[PackageId, ...] = ()
    contracts: tuple[str, ...] = ()  # contract files that changed
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageAdded:
    """Plait opened a narrow package for what another one must not write; it needs it now.

    `needed_by` is empty where the run's branch as a whole needs it.
    """

    package: PackageId
    needed_by: PackageId
    reason: str
