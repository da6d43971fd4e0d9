"""What a package may write beyond the plan's scope, since its agent asked for it."""

from __future__ import annotations

from dataclasses import dataclass

from plait.core.plan import PackageId


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeGranted:
    """A package may write further paths from now on: its agent asked, and nobody else needs them.

    The plan's own scope stays as it is; what was granted stands beside it.
    """

    package: PackageId
    attempt: int
    epoch: int
    paths: tuple[str, ...]
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeQueued:
    """An agent asked for further paths, which others have for now: it gets them once it can.

    `behind` are packages of the run that come first; `reason` names all that stands in the way.
    """

    package: PackageId
    attempt: int
    epoch: int
    paths: tuple[str, ...]
    behind: tuple[PackageId, ...] = ()
    reason: str = ""
    who: str = ""
