"""An operation of the coordinator, described once: HTTP and MCP are made from these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from plait.core.audit import Fact
from plait.core.coordination import Session, Task
from plait.engine.coordinator.fields import Asked, Message
from plait.engine.coordinator.refusal import Kind, Refusal
from plait.ports.coordination import CoordinationRows

A = TypeVar("A", bound=Asked)
R = TypeVar("R", bound=Message)


class Capability(StrEnum):
    """What a client can count on, as the handshake names it."""

    DISCOVER = "discover"
    QUEUE_WORK = "queue_work"
    LOCK = "lock"
    GUARDRAILS = "guardrails"
    POLICY = "policy"
    HANDOFF = "handoff"
    MEMORY = "memory"
    AUDIT = "audit"
    PORTS = "ports"
    FEATURES = "features"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, as the face knows it: by a token, never by what the request says.

    Args:
        agent: The name that goes with the token; empty where no tokens are used.
        trust: From 0 to 4.
        run: The only run that it may have to do with; empty: any.
        credential: What a session was given as it was registered; empty: none.
        granted: Verbs that it may use whatever its trust.
    """

    agent: str = ""
    trust: int = 2
    run: str = ""
    credential: str = ""
    granted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request being carried out: within one transaction."""

    rows: CoordinationRows
    caller: Caller
    desk: Any  # plait.engine.coordinator.desk.Desk, which knows the verbs
    known: Session | None = None

    @property
    def session(self) -> Session:
        """The caller's session.

        Raises:
            Refusal: `NO_SESSION`.
        """
        if self.known is None:
            raise Refusal(
                "this needs a session",
                code="NO_SESSION",
                kind=Kind.UNKNOWN_CALLER,
                hint="call register_session first, and give the credential that it answers with",
            )
        return self.known

    def record(self, kind: str, task: Task, **more: Any) -> None:
        """Put what a session does with a task into the audit."""
        who = self.known.agent if self.known is not None else self.caller.agent
        data = {"task": task.id, "session": task.session, "token": task.token, **more}
        if task.package:
            data |= {"package": task.package, "epoch": task.epoch}
        self.rows.record([Fact(kind=kind, who=who, run=task.run, data=data)])

    def within(self, run: str) -> str:
        """The run that a request may be about, if the caller is bound to one.

        Raises:
            Refusal: `OTHER_RUN`.
        """
        bound = self.caller.run or (self.known.run if self.known is not None else "")
        if bound and run and run != bound:
            raise Refusal(
                f"this caller has to do with run {bound} alone",
                code="OTHER_RUN",
                kind=Kind.FORBIDDEN,
            )
        return run or bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb(Generic[A, R]):
    """An operation: what it is called, what it asks for, what it answers, what carries it out.

    Args:
        name: As clients call it.
        asks: The request.
        answers: The answer.
        do: Carries it out; its docstring is what clients read of it.
        capability: What it belongs to.
        writes: Whether it changes anything.
        needs_session: Whether it does nothing for a caller without a session.
        waits: Whether it may be asked to wait: then the request has `wait_s`, and it is done
            again until the answer is `settled`.
    """

    name: str
    asks: type[A]
    answers: type[R]
    do: Callable[[Call, A], R]
    capability: Capability
    writes: bool = True
    needs_session: bool = True
    settled: Callable[[R], bool] | None = field(default=None)

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (self.do.__doc__ or "").strip().partition("\n")[0]

    @property
    def description(self) -> str:
        """What it does, whole; what it raises is left out."""
        text = (self.do.__doc__ or "").partition("Raises:")[0].partition("Args:")[0]
        return " ".join(text.split())
