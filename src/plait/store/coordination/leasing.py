"""Ports of sessions, and registered features, as rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, delete, select

from plait.core.event import RunId
from plait.core.features import LASTS, Feature
from plait.core.lodged import PortLease
from plait.ports.leasing import LeasingRows
from plait.store.coordination.records import Records
from plait.store.coordination.tables import feature, port_lease
from plait.store.schema import package, run

_LEASES = Records(PortLease, port_lease, "port")
_HELD = (
    select(*_LEASES.columns)
    .where((bindparam("session") == "") | (port_lease.c.session == bindparam("session")))
    .order_by(port_lease.c.port)
)
_DROP = delete(port_lease).where(port_lease.c.session == bindparam("of_session"))
_DROP_NAMED = _DROP.where(port_lease.c.name == bindparam("of_name"))

_FEATURES = Records(Feature, feature, "id")
_STANDING = (
    select(*_FEATURES.columns).where(feature.c.until > bindparam("now")).order_by(feature.c.id)
)
_DROP_FEATURE = delete(feature).where(feature.c.id == bindparam("of_id"))
_GOING = (
    select(run.c.id).where(run.c.status.in_([each.value for each in LASTS])).order_by(run.c.number)
)
_STATES = (
    select(package.c.id, package.c.status)
    .where(package.c.run == bindparam("run"))
    .order_by(package.c.position)
)


class SqlLeasing(LeasingRows):
    """Ports as a connection sees them."""

    _connection: Connection

    @property
    def now(self) -> float:
        """Unix time by the store's clock."""
        raise NotImplementedError

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

    def feature(self, name: str) -> Feature | None:
        """One feature, also one whose time is over."""
        return _FEATURES.one(self._connection, name)

    def features(self) -> Sequence[Feature]:
        """Features that stand, by name."""
        return standing(self._connection, self.now)

    def write_feature(self, feature: Feature) -> None:
        """Add a feature, or write it anew."""
        if not _FEATURES.write(self._connection, feature):
            _FEATURES.add(self._connection, [feature])

    def drop_feature(self, name: str) -> None:
        """Take a feature out."""
        self._connection.execute(_DROP_FEATURE, {"of_id": name})

    def runs_going(self) -> Sequence[RunId]:
        """Runs that are not over, the oldest first."""
        return [RunId(each) for each in self._connection.execute(_GOING).scalars()]

    def package_states(self, run: RunId) -> Sequence[tuple[str, str]]:
        """The packages of a run, and where each stands."""
        return [(name, state) for name, state in self._connection.execute(_STATES, {"run": run})]


def standing(connection: Connection, now: float) -> tuple[Feature, ...]:
    """Features whose time is not over, by name."""
    return _FEATURES.all(connection, _STANDING, {"now": now})
