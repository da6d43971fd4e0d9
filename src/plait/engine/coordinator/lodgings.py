"""Ports for sessions that work outside of packages, as attempts at packages have theirs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from plait.core.lodged import USUAL, PortLease, candidates, is_name, snippet, variables
from plait.engine.coordinator.fields import Asked, Line, Message, Name
from plait.engine.coordinator.refusal import Kind, Refusal
from plait.engine.coordinator.verb import Call, Capability, Verb
from plait.engine.lodging import is_free, is_lent

MOST_PORTS = 16  # of a session
PortNames = Annotated[tuple[Name, ...], Field(max_length=MOST_PORTS)]


class AllocatePorts(Asked):
    """What ports are for."""

    names: PortNames = USUAL
    """What each is called; `db` becomes `DB_PORT`"""


class Port(Message):
    """A port that a session has."""

    port: int
    name: str
    session: str
    agent: str


class Ports(Message):
    """The ports of a session."""

    ports: tuple[Port, ...]
    env: dict[str, str]
    """Variables that tell programs of them"""
    snippet: str
    """The same, for a shell to read"""


def allocate_ports(call: Call, asked: AllocatePorts) -> Ports:
    """Get ports that nobody else has: no other session, and no attempt of a run.

    To ask again gives the same ports, and more for new names. They are yours until you release
    them or your session is over.

    Raises:
        Refusal: `BAD_NAME`, `TOO_MANY_PORTS`, `NO_PORT`.
    """
    rows, session = call.rows, call.session
    call.desk.reap(rows)
    mine = {each.name: each for each in rows.port_leases(session=session.id)}
    new = [each for each in dict.fromkeys(asked.names) if each not in mine]
    for name in new:
        if not is_name(name):
            raise Refusal(
                f"no variable can be named after {name!r}",
                code="BAD_NAME",
                kind=Kind.INVALID,
                hint="use letters, digits and _",
            )
    if len(mine) + len(new) > MOST_PORTS:
        raise Refusal(
            f"a session has {MOST_PORTS} ports at most",
            code="TOO_MANY_PORTS",
            kind=Kind.LIMIT,
            hint="call release_ports for those that you do not need",
        )
    taken = {each.port for each in rows.port_leases()}
    tried = candidates(call.desk.port_range, session.id)
    free = (port for port in tried if not (port in taken or is_lent(port)) and is_free(port))
    made: list[PortLease] = []
    for name in new:
        port = next(free, None)
        if port is None:
            raise Refusal("no port is free", code="NO_PORT", kind=Kind.LIMIT, hint="try later")
        made.append(
            PortLease(
                port=port, session=session.id, agent=session.agent, name=name, created_at=rows.now
            )
        )
    rows.add_port_leases(made)
    wanted = [*mine.values(), *made]
    told = variables([each for each in wanted if each.name in asked.names])
    return Ports(
        ports=tuple(_port(each) for each in wanted if each.name in asked.names),
        env=dict(told),
        snippet=snippet(told),
    )


class ReleasePorts(Asked):
    """Which ports to give back; none named: all that the session has."""

    names: PortNames = ()


class ReleasedPorts(Message):
    """What was given back."""

    ports: tuple[Port, ...]


def release_ports(call: Call, asked: ReleasePorts) -> ReleasedPorts:
    """Give ports of yours back; without any named, all. Again does no harm."""
    mine = call.rows.port_leases(session=call.session.id)
    gone = [each for each in mine if not asked.names or each.name in asked.names]
    call.rows.drop_port_leases(call.session.id, [each.name for each in gone])
    return ReleasedPorts(ports=tuple(map(_port, gone)))


class PortStatus(Asked):
    """Whose ports to look at."""

    session: Line = ""
    """Only of this session, by its public name; empty: of all"""


class PortList(Message):
    """Ports that sessions have."""

    ports: tuple[Port, ...]


def port_status(call: Call, asked: PortStatus) -> PortList:
    """See which sessions have which ports."""
    found = call.rows.port_leases(session=asked.session)
    return PortList(ports=tuple(map(_port, found)))


def _port(lease: PortLease) -> Port:
    return Port(port=lease.port, name=lease.name, session=lease.session, agent=lease.agent)


VERBS = (
    Verb(
        name="allocate_ports",
        asks=AllocatePorts,
        answers=Ports,
        do=allocate_ports,
        capability=Capability.PORTS,
    ),
    Verb(
        name="release_ports",
        asks=ReleasePorts,
        answers=ReleasedPorts,
        do=release_ports,
        capability=Capability.PORTS,
    ),
    Verb(
        name="port_status",
        asks=PortStatus,
        answers=PortList,
        do=port_status,
        capability=Capability.PORTS,
        writes=False,
        needs_session=False,
    ),
)
