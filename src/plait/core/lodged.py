"""Ports that sessions are given: which they may be, so that no attempt of a run is given them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

FIRST, LAST = 10_000, 19_999  # below those that systems give to whoever asks for any
HIGHEST = 65_535
FEWEST = 200  # that are worth a range
USUAL = ("db", "rest", "realtime", "api")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PortLease:
    """A port that a session has, and what it calls it. It lasts as long as the session."""

    port: int
    session: str
    agent: str
    name: str
    created_at: float


def is_name(text: str) -> bool:
    """Whether a variable of a shell can be named after it."""
    return _NAME.fullmatch(text) is not None


def candidates(attempts: tuple[int, int], session: str) -> Iterator[int]:
    """Ports that a session may be given, in the order in which they are tried.

    Args:
        attempts: The first and the last port that attempts of runs are given: none of these.
        session: Who asks: not everybody begins at the same end.
    """
    first, last = attempts
    ports = [port for port in range(FIRST, LAST + 1) if not first <= port <= last]
    if len(ports) < FEWEST:
        ports = list(range(last + 1, min(last + FEWEST * 10, HIGHEST) + 1))
    begin = sum(session.encode()) * 97 % len(ports) if ports else 0
    yield from ports[begin:]
    yield from ports[:begin]


def variables(leases: Sequence[PortLease]) -> Mapping[str, str]:
    """What tells programs of ports: `DB_PORT` and the like, and a name for a compose project."""
    told = {f"{each.name.upper()}_PORT": str(each.port) for each in leases}
    if leases:
        told["COMPOSE_PROJECT_NAME"] = f"plait-{leases[0].session}"
    return told


def snippet(told: Mapping[str, str]) -> str:
    """The same for a shell to read."""
    return "".join(f"export {name}={value}\n" for name, value in told.items())
