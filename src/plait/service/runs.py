"""What the faces can tell of runs, and who may read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from plait.core.policy import Asked as PolicyAsked
from plait.engine.coordinator.desk import Desk
from plait.engine.coordinator.refusal import Kind, Refusal
from plait.engine.coordinator.sessions import authenticated
from plait.engine.coordinator.verb import Call, Caller
from plait.ports.coordination import CoordinationRows

READ = "read_run"  # the name of reading runs to the policy


class Runs(Protocol):
    """Runs as they are shown. Sync; may be called from any thread.

    Each raises UsageError `NO_SUCH_RUN` where there is none of that name.
    """

    def all(self) -> Sequence[Mapping[str, Any]]:
        """A line for each run, newest first."""

    def status(self, run: str) -> Mapping[str, Any]:
        """Where a run stands, with its packages."""

    def events(self, run: str, *, after: int, most: int) -> Sequence[tuple[int, bytes]]:
        """Events behind a number, in order, at most so many: each with its number, as JSON."""

    def report(self, run: str, form: str) -> str:
        """The report as `json`, `md` or `html`."""


def bound_to(desk: Desk, caller: Caller, run: str = "") -> str:
    """The run that a caller may read, if it is bound to one. Sync: it asks the store.

    Raises:
        Refusal: `DENIED`, `OTHER_RUN`, `BAD_SESSION`, `SESSION_OVER`.
    """

    def within(rows: CoordinationRows) -> str:
        known = None
        if caller.credential:
            known = authenticated(rows, caller.credential, agent=caller.agent)
        trust = caller.trust if known is None else min(caller.trust, known.trust)
        asked = PolicyAsked(verb=READ, trust=trust, risk=desk.risk, granted=caller.granted)
        decision = desk.policy.decide(asked)
        if not decision.allowed:
            raise Refusal(
                f"reading runs is not allowed: {decision.why}",
                code="DENIED",
                kind=Kind.FORBIDDEN,
                data={"rule": decision.rule},
            )
        return Call(rows=rows, caller=caller, desk=desk, known=known).within(run)

    return desk.store.look(within)
