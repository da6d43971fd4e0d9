"""What the coordinator keeps: sessions, tasks and their claims, locks.

A session is one agent that has joined, from any tool. It lasts while it is heard of; when it is
over, its locks are free and its claims go back. A task is a unit of work that a session can
claim: one that was submitted, or an attempt at a package that waits for a worker from elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

LONGEST_TTL_S: Final = 8 * 3600.0
SHORTEST_TTL_S: Final = 1.0
OFFER: Final = "package"  # the type of a task that is an attempt at a package


class SessionState(StrEnum):
    """Whether an agent is heard of."""

    LIVE = "live"
    ENDED = "ended"  # it said so
    LOST = "lost"  # it was not heard of in time


class TaskState(StrEnum):
    """How far a task is."""

    WAITING = "waiting"  # for tasks that it needs
    OPEN = "open"
    CLAIMED = "claimed"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"  # an attempt at a package whose worker was not heard of; Plait begins anew


OVER: Final = frozenset(
    {TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED, TaskState.LOST}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An agent that has joined.

    Args:
        id: Its public name, which everybody may know.
        agent: Who it is: the name that its token gives, or that it gave itself without one.
        kind: Which program it is, as it says: `claude`, `codex`, …
        secret: SHA-256 of what it proves itself with, in hex.
        run: The only run that it may have to do with; empty: any.
        trust: From 0 to 4.
        capabilities: What it says it can do.
        doing: What it says it is at.
        delegated_from: The session that it works for, if it says so.
        paths: What it has announced that it will write.
        ttl_s: Seconds for which it may be silent.
        until: Unix time, by the store's clock, until which it counts as alive.
    """

    id: str
    agent: str
    secret: str
    ttl_s: float
    until: float
    created_at: float
    state: SessionState = SessionState.LIVE
    kind: str = ""
    run: str = ""
    trust: int = 2
    capabilities: tuple[str, ...] = ()
    doing: str = ""
    delegated_from: str = ""
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A unit of work.

    Args:
        id: Its name.
        type: What kind of work it is; `package` for an attempt at one.
        title: In a line.
        input: What whoever does it has to know (JSON); an envelope for a package.
        run: The run that it belongs to; empty: none.
        package: The package that it is an attempt at; empty: none.
        epoch: The epoch of that attempt's claim; 0: none.
        place: The attempt's folder, below the state folder; empty: none.
        needs: Tasks that must be completed first.
        capabilities: What a session must be able to do to claim it.
        trust: The least that a session must be trusted with.
        priority: The lowest number comes first.
        number: In the order of submission.
        session: Who has claimed it last; empty: nobody.
        token: Rises with each claim: what fences a completion that comes too late.
        until: Until when the claim lasts; Unix time by the store's clock.
        claims: How often it was claimed.
        most_claims: How often it may be, before it counts as failed.
        result: What came of it (JSON).
        reason: Why it failed, was cancelled, or is lost.
        by: Who submitted it.
    """

    id: str
    type: str
    title: str
    number: int
    created_at: float
    updated_at: float
    state: TaskState = TaskState.OPEN
    input: Mapping[str, Any] = field(default_factory=dict)
    run: str = ""
    package: str = ""
    epoch: int = 0
    place: str = ""
    needs: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    trust: int = 0
    priority: int = 5
    session: str = ""
    token: int = 0
    until: float = 0.0
    claims: int = 0
    most_claims: int = 3
    result: Mapping[str, Any] | None = None
    reason: str = ""
    by: str = ""

    @property
    def is_offer(self) -> bool:
        """Whether it is an attempt at a package, which Plait judges and lands."""
        return bool(self.package)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLock:
    """A key that a session holds.

    Tokens rise with every key that is taken, by sessions and packages alike, and are never given
    out again.
    """

    token: int
    key: str
    session: str
    agent: str
    until: float
    run: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A session that waits for work. `run` and `types` say which; empty: any."""

    session: str
    trust: int
    until: float
    run: str = ""
    types: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
