"""Policy: which of the coordinator's verbs a session may use, by its trust and by the risk.

Whoever is untrusted may nothing; reading needs trust 1, writing 2, administering 3. What is risky
may only be read. A verb that a person granted to a session it may use whatever its trust and the
risk, unless it is untrusted. What is not known, or no number that means anything, is denied.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from math import ceil, isnan
from typing import NamedTuple, Protocol

from plait.core.guardrails.verdict import Trust

MOST_RISK = 0.7
MILLION = 1_000_000


class Kind(StrEnum):
    """What a verb does."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


# Every verb of the coordinator. Claiming work is a write: it takes it from everyone else.
VERBS: Mapping[str, Kind] = {
    **dict.fromkeys(
        (
            "discover_agents", "check_locks", "get_task", "read_handoff", "recall",
            "check_guardrails", "check_policy", "query_audit", "get_profile",
            "port_status", "list_features", "get_feature", "read_run", "list_work",
            "get_answer",
        ),
        Kind.READ,
    ),
    **dict.fromkeys(
        (
            "register_session", "heartbeat", "end_session", "submit_work", "get_work",
            "complete_work",
            "acquire_lock", "release_lock", "announce", "request_paths",
            "report_progress", "ask", "write_handoff", "remember", "allocate_ports",
            "release_ports", "register_feature", "deregister_feature",
        ),
        Kind.WRITE,
    ),
    **dict.fromkeys(
        (
            "cancel_work", "force_release_lock", "cleanup_dead_agents", "answer",
        ),
        Kind.ADMIN,
    ),
}  # fmt: skip
NEEDED: Mapping[Kind, Trust] = {
    Kind.READ: Trust.LIMITED,
    Kind.WRITE: Trust.STANDARD,
    Kind.ADMIN: Trust.ELEVATED,
}


class Asked(NamedTuple):
    """A verb that a session wants to use. `risk` from 0 to 1; `granted`: verbs given to it."""

    verb: str
    trust: int
    risk: float = 0.0
    granted: frozenset[str] = frozenset()


class Decision(NamedTuple):
    """Whether it may, by which rule, and why."""

    allowed: bool
    rule: str
    why: str


class Policy(Protocol):
    """An engine that decides: the built-in rules, or another with the same decisions on them."""

    def decide(self, asked: Asked) -> Decision:
        """Whether a session may use a verb. It never raises: what fails is denied."""


class BuiltIn:
    """The rules above."""

    def decide(self, asked: Asked) -> Decision:
        """Whether a session may use a verb."""
        unfit = malformed(asked)
        if unfit is not None:
            return unfit
        kind, trust = VERBS[asked.verb], asked.trust
        if trust == Trust.UNTRUSTED:
            return Decision(allowed=False, rule="untrusted", why="it is trusted with nothing")
        if asked.verb in asked.granted:
            return Decision(allowed=True, rule="granted", why=f"{asked.verb} was granted to it")
        if trust < NEEDED[kind]:
            why = f"{asked.verb} needs trust {NEEDED[kind]:d}, and it has {trust}"
            return Decision(allowed=False, rule=f"{kind}_needs_trust", why=why)
        if kind is not Kind.READ and millionths(asked.risk) > millionths(MOST_RISK):
            why = f"a risk of {asked.risk:g} is above {MOST_RISK:g}: only reading goes on"
            return Decision(allowed=False, rule="too_risky", why=why)
        return Decision(allowed=True, rule=f"{kind}_allowed", why=f"trust {trust} is enough")


def malformed(asked: Asked) -> Decision | None:
    """The denial of what is not known or means nothing; None where all is well."""
    if asked.verb not in VERBS:
        why = f"there is no verb {asked.verb[:80]!r}"
        return Decision(allowed=False, rule="unknown_verb", why=why)
    if isinstance(asked.trust, bool) or asked.trust not in set(Trust):
        why = f"{asked.trust!r} is no level of trust"
        return Decision(allowed=False, rule="malformed", why=why)
    if isnan(asked.risk) or not 0 <= asked.risk <= 1:
        why = f"{asked.risk!r} is no risk: from 0 to 1"
        return Decision(allowed=False, rule="malformed", why=why)
    return None


def millionths(risk: float) -> int:
    """A risk as a whole number, never rounded down: engines need not know fractions."""
    return ceil(risk * MILLION)
