"""What sessions hold beside locks, as rows within one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from plait.core.event import RunId
from plait.core.features import Feature
from plait.core.lodged import PortLease


class LeasingRows(Protocol):
    """Ports of sessions, and features that are registered."""

    def port_leases(self, *, session: str = "") -> Sequence[PortLease]:
        """Ports that sessions have, by number; empty: of all."""

    def add_port_leases(self, leases: Iterable[PortLease]) -> None:
        """Give ports to sessions."""

    def drop_port_leases(self, session: str, names: Iterable[str] | None = None) -> None:
        """Take ports of a session back: those of these names, or all."""

    def feature(self, name: str) -> Feature | None:
        """One feature, also one whose time is over."""

    def features(self) -> Sequence[Feature]:
        """Features that stand, by name."""

    def write_feature(self, feature: Feature) -> None:
        """Add a feature, or write it anew."""

    def drop_feature(self, name: str) -> None:
        """Take a feature out."""

    def runs_going(self) -> Sequence[RunId]:
        """Runs that are not over, the oldest first."""

    def package_states(self, run: RunId) -> Sequence[tuple[str, str]]:
        """The packages of a run, and where each stands."""
