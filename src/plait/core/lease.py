"""Lease: a time-limited claim with a growing epoch, the fencing token.

Every write that concerns a package carries the epoch of its claim and is refused once the
package has a higher one (Gray and Cheriton 1989 for leases; the epoch is the fencing token).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from plait.core.plan import PackageId

Epoch = NewType("Epoch", int)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A claim on a package; times are seconds of the store's clock."""

    package: PackageId
    epoch: Epoch
    holder: str
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkLease:
    """The claim on the run's branch: code that moves the branch takes it as an argument."""

    branch: str
    epoch: Epoch
    holder: str


def grant(package: PackageId, last: Epoch, *, holder: str, now: float, ttl_s: float) -> Lease:
    """The next claim on a package whose last epoch was `last`."""
    return Lease(package=package, epoch=Epoch(last + 1), holder=holder, until=now + ttl_s)
