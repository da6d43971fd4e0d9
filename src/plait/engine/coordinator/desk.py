"""The desk: who may use which verb, in one transaction each; the same for every face."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import anyio
from anyio import to_thread
from pydantic import ValidationError

from plait.core.coordination import Session
from plait.core.furnishing import Furnishing
from plait.core.policy import Asked as PolicyAsked, BuiltIn, Decision, Policy
from plait.engine.coordinator import (
    features,
    handoffs,
    locks,
    lodgings,
    memories,
    pending,
    questions,
    rules,
    scopes,
    sessions,
    tasks,
    work,
)
from plait.engine.coordinator.claims import reap
from plait.engine.coordinator.fields import Asked, Message
from plait.engine.coordinator.refusal import Kind, Refusal
from plait.engine.coordinator.sessions import RENEWED_WITHIN, authenticated
from plait.engine.coordinator.synonyms import understood
from plait.engine.coordinator.verb import Call, Caller, Verb
from plait.ports.coordination import Coordination, CoordinationRows

T = TypeVar("T")
POLL_S = 0.1  # between two looks for work, for those who wait
REAP_S = 0.2

VERBS: Mapping[str, Verb[Any, Any]] = {
    each.name: each
    for each in (
        *sessions.VERBS,
        *tasks.VERBS,
        *pending.VERBS,
        *work.VERBS,
        *locks.VERBS,
        *handoffs.VERBS,
        *memories.VERBS,
        *scopes.VERBS,
        *questions.VERBS,
        *rules.VERBS,
        *lodgings.VERBS,
        *features.VERBS,
    )
}


@dataclass(slots=True, kw_only=True)
class Desk:
    """Carries out verbs for callers.

    Args:
        store: Where everything is kept.
        policy: What decides who may use what.
        verbs: The verbs that are offered.
        risk: How risky what is going on is, from 0 to 1.
        guardrails: The owner's word on categories of operations: `[guardrails]`.
        port_range: The ports that attempts of runs are given, and sessions never.
    """

    store: Coordination
    policy: Policy = field(default_factory=BuiltIn)
    verbs: Mapping[str, Verb[Any, Any]] = field(default_factory=lambda: VERBS)
    risk: float = 0.0
    guardrails: Mapping[str, str] = field(default_factory=dict)
    port_range: tuple[int, int] = Furnishing().port_range
    _reaped: float = -REAP_S

    async def carry_out(
        self, caller: Caller, name: str, given: Mapping[str, Any] | Asked
    ) -> Message:
        """Carry a verb out, off the event loop, waiting if it is asked to.

        Args:
            caller: Who asks.
            name: Of the verb.
            given: The request, as JSON values or read already.

        Raises:
            Refusal: `NO_SUCH_VERB`, `INVALID_REQUEST`, `DENIED`, and what the verb refuses.
        """
        verb, asked = self.read(name, given)
        wait = getattr(asked, "wait_s", 0.0) if verb.settled else 0.0
        deadline = time.monotonic() + wait
        while True:
            answer = await to_thread.run_sync(self.do, caller, verb, asked)
            left = deadline - time.monotonic()
            if left <= 0 or verb.settled is None or verb.settled(answer):
                return answer
            await anyio.sleep(min(POLL_S, left))

    def read(self, name: str, given: Mapping[str, Any] | Asked) -> tuple[Verb[Any, Any], Asked]:
        """The verb of that name, and the request.

        Raises:
            Refusal: `NO_SUCH_VERB`, `INVALID_REQUEST`.
        """
        verb = self.verbs.get(name)
        if verb is None:
            raise Refusal(
                f"there is no operation {name[:80]!r}",
                code="NO_SUCH_VERB",
                kind=Kind.MISSING,
                hint="see /api/capabilities for those there are",
            )
        if isinstance(given, Asked):
            return verb, given
        try:
            return verb, verb.asks.model_validate_json(
                _json(_whole(verb.asks, understood(name, given)))
            )
        except ValidationError as error:
            raise invalid(error) from None

    def do(self, caller: Caller, verb: Verb[Any, Any], asked: Asked) -> Message:
        """Carry a verb out at once, in one transaction.

        Raises:
            Refusal: As above.
        """

        def within(rows: CoordinationRows) -> Message:
            call = Call(rows=rows, caller=caller, desk=self, known=self._known(rows, caller))
            decision = self.decision(verb.name, call)
            if not decision.allowed:
                raise Refusal(
                    f"{verb.name} is not allowed: {decision.why}",
                    code="DENIED",
                    kind=Kind.FORBIDDEN,
                    hint="get_profile tells what you may do; a person may grant more",
                    data={"rule": decision.rule},
                )
            if verb.needs_session:
                self._heard(rows, call.session)
            answer: Message = verb.do(call, asked)
            return answer

        try:
            if verb.writes or verb.needs_session:
                return self.store.transact(within)
            return self.store.look(within)
        except Refusal:
            if verb.needs_session and caller.credential:
                self._still_heard(caller)
            raise

    def decision(self, name: str, call: Call) -> Decision:
        """Whether a caller may use a verb, and why."""
        trust = call.known.trust if call.known is not None else call.caller.trust
        return self.policy.decide(
            PolicyAsked(
                verb=name,
                trust=min(trust, call.caller.trust),
                risk=self.risk,
                granted=call.caller.granted,
            )
        )

    def reap(self, rows: CoordinationRows) -> None:
        """End what was not heard of in time; a few times a second at most."""
        now = time.monotonic()
        if now - self._reaped >= REAP_S:
            self._reaped = now
            reap(rows)

    def _known(self, rows: CoordinationRows, caller: Caller) -> Session | None:
        if not caller.credential:
            return None
        return authenticated(rows, caller.credential, agent=caller.agent)

    def _still_heard(self, caller: Caller) -> None:
        """A refused request is a sign of life as well, though nothing else of it is kept."""

        def due(rows: CoordinationRows) -> bool:
            known = self._known(rows, caller)
            return known is not None and _is_due(rows, known)

        def heard(rows: CoordinationRows) -> None:
            known = self._known(rows, caller)
            if known is not None:
                self._heard(rows, known)

        with suppress(Refusal):  # the session itself may be what was refused
            if self.store.look(due):
                self.store.transact(heard)

    def _heard(self, rows: CoordinationRows, session: Session) -> None:
        """A request is a sign of life: of the session, not of what it has claimed."""
        if _is_due(rows, session):
            rows.write_session(replace(session, until=rows.now + session.ttl_s))


def _is_due(rows: CoordinationRows, session: Session) -> bool:
    """Whether a sign of life is worth a write."""
    return session.until - rows.now < RENEWED_WITHIN * session.ttl_s


def invalid(error: ValidationError) -> Refusal:
    """What is wrong with a request, each place by its name; what was given is not repeated."""
    wrong = [
        {"where": ".".join(map(str, each["loc"])), "what": each["msg"]} for each in error.errors()
    ][:20]
    first = wrong[0]
    where = f"{first['where']}: " if first["where"] else ""
    return Refusal(
        f"{where}{first['what']}",
        code="INVALID_REQUEST",
        kind=Kind.INVALID,
        hint="see the operation's schema",
        data={"errors": wrong},
    )


def _whole(asks: type[Asked], given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The request with whole numbers as such: to JSON, 2.0 is one."""
    whole = {
        name: int(value)
        for name, value in given.items()
        if type(value) is float and value.is_integer() and _is_whole(asks, name)
    }
    return {**given, **whole} if whole else given


def _is_whole(asks: type[Asked], name: str) -> bool:
    field = asks.model_fields.get(name)
    return field is not None and field.annotation is int


def _json(given: Mapping[str, Any]) -> bytes:
    from pydantic_core import PydanticSerializationError, to_json

    try:
        return to_json(dict(given))
    except (PydanticSerializationError, ValueError):  # such as half of a surrogate pair
        raise Refusal(
            "the request holds something that is no JSON",
            code="INVALID_REQUEST",
            kind=Kind.INVALID,
        ) from None
