"""The words that events are told in: stages, statuses, verdicts."""

from __future__ import annotations

from enum import StrEnum
from typing import NewType

RunId = NewType("RunId", str)
CLAIM_LOST = "CLAIM_LOST"  # of an attempt whose package was claimed by somebody else meanwhile
AGENT_LOST = "AGENT_LOST"  # the error code of an attempt whose agent was cut short from outside


class Stage(StrEnum):
    """Where a check ran."""

    BASELINE = "baseline"
    VERIFY = "verify"
    LAND = "land"
    INTEGRATE = "integrate"  # the run's branch as a whole


class AgentStatus(StrEnum):
    """How an agent's process ended, as far as it can be told from outside and from its result."""

    COMPLETED = "completed"
    FAILED = "failed"
    BLOCKED = "blocked"
    TIMED_OUT = "timed_out"
    STALLED = "stalled"  # it neither said nor changed anything, and was ended for that
    RATE_LIMITED = "rate_limited"  # whoever serves it wants it to come back later
    OVERSPENT = "overspent"  # it was ended at the limit of what its package may cost
    LIMITED = "limited"  # it was ended at a limit of its attempt
    NOT_STARTED = "not_started"  # the system could not start its program


class Verdict(StrEnum):
    """What Plait concludes of an attempt or a landing."""

    PASS = "pass"  # noqa: S105 - no password
    REVISE = "revise"
    REJECT = "reject"
    BLOCKED = "blocked"


class RunLimit(StrEnum):
    """What a run may use up of."""

    TIME = "time"
    BUDGET = "budget"


class RunStatus(StrEnum):
    """What became of a run; one that is `running`, `interrupted` or `paused` can be continued."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"
