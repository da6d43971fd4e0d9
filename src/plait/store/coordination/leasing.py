"""Ports of sessions as rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, delete, select

from plait.core.lodged import PortLease
from plait.ports.leasing import LeasingRows
from plait.store.coordination.records import Records
from plait.store.coordination.tables import port_lease

_LEASES = Records(PortLease, port_lease, "port")
_HELD = (
    select(*_LEASES.columns)
    .where((bindparam("session") == "") | (port_lease.c.session == bindparam("session")))
    .order_by(port_lease.c.port)
)
_DROP = delete(port_lease).where(port_lease.c.session == bindparam("of_session"))
_DROP_NAMED = _DROP.where(port_lease.c.name == bindparam("of_name"))


class SqlLeasing(LeasingRows):
    """Ports as a connection sees them."""

    _connection: Connection

    def port_leases(self, *, session: str = "") -> Sequence[PortLease]:
        """Ports that sessions have, by number."""
        return _LEASES.all(self._connection, _HELD, {"session": session})

    def add_port_leases(self, leases: Iterable[PortLease]) -> None:
        """Give ports to sessions."""
        _LEASES.add(self._connection, leases)

    def drop_port_leases(self, session: str, names: Iterable[str] | None = None) -> None:
        """Take ports of a session back: those of these names, or all."""
        if names is None:
            self._connection.execute(_DROP, {"of_session": session})
            return
        given = [{"of_session": session, "of_name": each} for each in names]
        if given:
            self._connection.execute(_DROP_NAMED, given)
