"""Lease: a time-limited claim with a growing epoch, the fencing token.

Every write that concerns a package carries the epoch of its claim and is refused unless the
package still has that one (Gray and Cheriton 1989 for leases; the epoch is the fencing token).
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
