"""What the coordinator promises of locks and the queue, in a model without a store or a network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx

TTL_S = 20.0
# What is asked for, and how it is told: a folder shuts out what is in it.
KEYS = {
    "flag:a": {"keys": ["flag:a"]},
    "db:b": {"keys": ["db:b"]},
    "file:src/a.py": {"paths": ["src/a.py"]},
    "file:src/b.py": {"paths": ["src/b.py"]},
    "file:src/**": {"paths": ["src/"]},
}
OVER = {"completed", "failed", "cancelled"}


def conflict(one: str, other: str) -> bool:
    """Whether two of the keys claim something together."""
    return one == other or {one, other} in (
        {"file:src/**", "file:src/a.py"},
        {"file:src/**", "file:src/b.py"},
    )


@dataclass(slots=True)
class Session:
    """What the model knows of one."""

    client: httpx.Client
    name: str
    until: float
    ended: bool = False


@dataclass(slots=True)
class Job:
    """What the model knows of a task."""

    number: int
    priority: int
    needs: tuple[str, ...]
    state: str
    session: str = ""
    token: int = 0
    until: float = 0.0
    claims: int = 0
    result: Any = None


@dataclass(slots=True)
class Held:
    """A lock in the model."""

    session: str
    token: int
    until: float


@dataclass(slots=True)
class Model:
    """Who holds what, which task is how far."""

    now: float
    jobs: dict[str, Job] = field(default_factory=dict)
    locks: dict[str, Held] = field(default_factory=dict)
    last_token: int = 0

    def holds(self, key: str) -> Held | None:
        """The lock on a key that has not run out."""
        held = self.locks.get(key)
        return held if held is not None and held.until > self.now else None

    def queue(self) -> list[str]:
        """Open tasks, the first to do first."""
        found = [name for name, each in self.jobs.items() if each.state == "open"]
        return sorted(found, key=lambda name: (self.jobs[name].priority, self.jobs[name].number))

    def end(self, session: Session) -> None:
        """Its locks are free, its claims go back."""
        session.ended = True
        for key in [key for key, each in self.locks.items() if each.session == session.name]:
            del self.locks[key]
        for name, job in self.jobs.items():
            if job.state == "claimed" and job.session == session.name:
                self.give_back(name)

    def give_back(self, name: str) -> None:
        """It is open again, unless it was claimed often enough."""
        job = self.jobs[name]
        if job.claims >= 2:
            self.fail(name, "failed")
        else:
            job.state, job.session = "open", ""

    def fail(self, name: str, state: str) -> None:
        """And all that waits for it."""
        self.jobs[name].state = state
        for other, job in self.jobs.items():
            if name in job.needs and job.state == "waiting":
                self.fail(other, "cancelled")

    def complete(self, name: str) -> None:
        """What waited for it alone is open."""
        self.jobs[name].state = "completed"
        for job in self.jobs.values():
            done = all(self.jobs[need].state == "completed" for need in job.needs)
            if job.state == "waiting" and name in job.needs and done:
                job.state = "open"

    def reap(self, sessions: Iterable[Session]) -> None:
        """What was not heard of in time ends before work or a lock is given."""
        for session in sessions:
            if not session.ended and session.until <= self.now:
                self.end(session)
        for name, job in self.jobs.items():
            if job.state == "claimed" and job.until <= self.now:
                self.give_back(name)


def asked(wanted: list[str]) -> dict[str, Any]:
    """How keys are asked for."""
    told: dict[str, list[str]] = {}
    for each in wanted:
        for name, values in KEYS[each].items():
            told.setdefault(name, []).extend(values)
    return told
