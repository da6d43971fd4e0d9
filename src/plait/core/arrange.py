"""Arrange: from a plan as its source states it to the packages that are run.

What may be left out is, small tasks in a row become one package, integrations come after all
that they integrate, and what would write the same path is put in order. Findings speak of the
plan as the source states it; `show` and `run` of the arranged one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from plait.core.batch import Batching, batch
from plait.core.joining import joined
from plait.core.plan import Plan, SourceStatus
from plait.core.schedule import DEFAULT_ESTIMATE_S
from plait.core.serialise import serialise


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """What the owner chose; `optional` says that work which may be left out is done too."""

    batching: Batching = Batching.AUTO
    optional: bool = False


def arrange(plan: Plan, arrangement: Arrangement) -> Plan:
    """The plan as it is run."""
    if not arrangement.optional:
        plan = _required(plan)
    return serialise(joined(batch(plan, arrangement.batching)), DEFAULT_ESTIMATE_S)


def _required(plan: Plan) -> Plan:
    """The plan without optional work: skipped, and awaited by nothing."""
    if not any(package.optional for package in plan.packages):
        return plan
    return replace(
        plan,
        packages=tuple(
            replace(package, status=SourceStatus.SKIPPED)
            if package.optional and package.status is SourceStatus.PENDING
            else package
            for package in plan.packages
        ),
    )
