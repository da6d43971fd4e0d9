"""What sessions hold beside locks, as rows within one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from plait.core.lodged import PortLease


class LeasingRows(Protocol):
    """Ports of sessions."""

    def port_leases(self, *, session: str = "") -> Sequence[PortLease]:
        """Ports that sessions have, by number; empty: of all."""

    def add_port_leases(self, leases: Iterable[PortLease]) -> None:
        """Give ports to sessions."""

    def drop_port_leases(self, session: str, names: Iterable[str] | None = None) -> None:
        """Take ports of a session back: those of these names, or all."""
