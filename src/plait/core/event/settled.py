"""What was settled about a package without an attempt."""

from __future__ import annotations

from dataclasses import dataclass

from plait.core.plan import PackageId


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePassed:
    """A gate without a reviewer passed by the checks of what it guards."""

    package: PackageId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAsked:
    """A gate waits for a person."""

    package: PackageId
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSkipped:
    """A package will not run; `because` names what it needed. `benign`: nothing went wrong."""

    package: PackageId
    reason: str
    because: tuple[PackageId, ...] = ()
    benign: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageCancelled:
    """A person, or `--fail-fast`, ended it."""

    package: PackageId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageWaits:
    """A package is ready, but somebody outside this run holds it, or a lock key that it needs."""

    package: PackageId
    reason: str
    key: str = ""
