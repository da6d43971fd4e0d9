"""Tiers of verification: A by commands here, B by a CI elsewhere, C by looking only.

A plan says which one a package needs. It is never lowered in silence: where it cannot be had, a
person is told and asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from plait.core.event import Stage
from plait.core.package import CheckOutcome
from plait.core.plan import Check, CheckKind, WorkPackage

RANKS = {"A": 3, "B": 2, "C": 1}
_MEANS = {"A": "commands that run here", "B": "a CI's checks", "C": "static checks"}


def shortfall(package: WorkPackage, commands: Sequence[Check]) -> str:
    """Why the plan's tier cannot be had here, in a sentence; else empty.

    A package that nothing checks at all is no case of it: that was allowed by name.

    Args:
        package: The package.
        commands: The commands that judge it.
    """
    asked = (package.tier or "").upper()
    kinds = {check.kind for check in package.checks}
    if asked not in RANKS or commands or not kinds:
        return ""
    had = "B" if CheckKind.CI in kinds else "C"
    if RANKS[had] >= RANKS[asked]:
        return ""
    return f"the plan asks for tier {asked} ({_MEANS[asked]}), and none of its checks is of it"


def reached(checks: Iterable[CheckOutcome]) -> str | None:
    """The tier by which a package was verified, from the checks that passed on its commit.

    None: none did.
    """
    kinds = {each.kind for each in checks if each.passed and each.stage is Stage.VERIFY}
    for kind, tier in ((CheckKind.COMMAND, "A"), (CheckKind.CI, "B"), (CheckKind.MANUAL, "C")):
        if kind in kinds:
            return tier
    return None
