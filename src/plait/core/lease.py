"""Lease: a time-limited claim with a growing epoch, the fencing token.

Every write that concerns a package carries the epoch of its claim and is refused unless the
package still has that one (Gray and Cheriton 1989 for leases; the epoch is the fencing token).
A run is claimed likewise by who decides it, and every write of the run carries that epoch too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NewType

from plait.core.event import RunId
from plait.core.plan import PackageId

Epoch = NewType("Epoch", int)

_HOLDER = re.compile(r"process (\d+) on (.*) \((\S+)/(\S+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long claims last and how often they are renewed, in seconds.

    A minute is what others wait before they take over from a machine that is gone; it is long
    beside any pause of a healthy one. Four renewals fit into it, so three may come to nothing.
    """

    lease_s: float = 60.0
    renew_s: float = 15.0

    @property
    def agent_s(self) -> float:
        """How long an agent goes on unrenewed where other machines may take its run over.

        The rest of the lease is for its end: grace, SIGKILL, and clocks of unequal pace.
        """
        return self.lease_s * 2 / 3

    @property
    def look_s(self) -> float:
        """Between two looks at what no event tells of: what ran out, what nobody works on."""
        return self.lease_s / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A claim on a package; times are seconds of the store's clock."""

    package: PackageId
    epoch: Epoch
    holder: str
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkLease:
    """The claim on a run: who holds it decides the run and moves its branch.

    Code that does either takes it as an argument.
    """

    run: RunId
    branch: str
    epoch: Epoch
    holder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKey:
    """A lock key that a package holds.

    Tokens rise with every key that is taken and are never given out again: of two who were given
    keys that conflict, the one with the higher token came later.
    """

    key: str
    run: RunId
    package: PackageId
    epoch: Epoch
    token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """An orchestrator, by a name that no other one ever has.

    Attributes:
        host: The machine's name.
        pid: Its process there.
        place: The checkout's lock, which one process at a time holds, until it ends.
        nonce: What tells it from any other with the same number.
    """

    host: str
    pid: int
    place: str
    nonce: str

    def __str__(self) -> str:
        """As it stands in the store, and as people are told."""
        return f"process {self.pid} on {self.host} ({self.place}/{self.nonce})"

    def survives(self, other: str) -> bool:
        """Whether the other one has ended for certain: it held the lock that this one holds."""
        found = _HOLDER.fullmatch(other)
        if found is None or other == str(self):
            return False
        return (found[2], found[3]) == (self.host, self.place)
