"""Event: everything that can happen in a run, a closed union.

Events are facts, told in the past tense, stored in the same transaction as the state they
change, and folded by `core.run.apply`. Their fields are flat (text, numbers, enums, tuples of
text), so that what is stored can be read by any later version: a field may be added with a
default, none is renamed or removed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NewType, get_args

from plait.core.codec import decode, encode
from plait.core.plan import PackageId

RunId = NewType("RunId", str)
AGENT_LOST = "AGENT_LOST"  # the error code of an attempt whose agent was cut short from outside


class Stage(StrEnum):
    """Where a check ran."""

    BASELINE = "baseline"
    VERIFY = "verify"
    LAND = "land"


class AgentStatus(StrEnum):
    """How an agent's process ended, as far as it can be told from outside and from its result."""

    COMPLETED = "completed"
    FAILED = "failed"
    BLOCKED = "blocked"
    TIMED_OUT = "timed_out"


class Verdict(StrEnum):
    """What Plait concludes of an attempt or a landing."""

    PASS = "pass"  # noqa: S105 - no password
    REVISE = "revise"
    REJECT = "reject"
    BLOCKED = "blocked"


class RunStatus(StrEnum):
    """What became of a run; `running` and `interrupted` runs can be continued."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A run of one plan digest on one base commit began. `packages` are the selected ones."""

    plan: str
    format: str
    digest: str
    base: str
    branch: str
    packages: tuple[PackageId, ...]
    done_before: tuple[PackageId, ...] = ()
    carried: tuple[PackageId, ...] = ()  # of these, what an earlier run of this plan landed
    max_agents: int = 6
    agents: tuple[str, ...] = ()
    sandbox: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContinued:
    """An unfinished run was taken up again; what was in flight starts over under a new epoch.

    Not so the attempts on `adopted`, whose agents live, or ended by themselves meanwhile.
    """

    pid: int
    adopted: tuple[PackageId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInterrupted:
    """The orchestrator was told to stop (`SIGINT`, `SIGTERM`) and put everything away."""

    signal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """Nothing is ready, nothing is running: the run is over."""

    status: RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineCommitted:
    """Plan files that differ from the base were committed first on the run's branch."""

    commit: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """Something a person should know that stops nothing."""

    code: str
    message: str
    package: PackageId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStarted:
    """A package was claimed and its workspace stands ready. `directory` holds the logs."""

    package: PackageId
    attempt: int
    epoch: int
    agent: str
    worktree: str
    base: str
    directory: str
    setup_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEnded:
    """The agent's process is over, its whole group with it."""

    package: PackageId
    attempt: int
    epoch: int
    status: AgentStatus
    exit_code: int | None
    duration_s: float
    summary: str = ""
    question: str = ""
    cost_usd: float | None = None
    tokens_input: int | None = None
    tokens_output: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCommitted:
    """What the agent left is a commit on the package's branch. `files` are what it changed."""

    package: PackageId
    attempt: int
    epoch: int
    commit: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeChecked:
    """The commit's changes were compared with the plan's scope."""

    package: PackageId
    attempt: int
    epoch: int
    violations: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckEnded:
    """A check ran on a named commit. `package` is whose landing or verification it served."""

    stage: Stage
    name: str
    command: str
    passed: bool
    exit_code: int | None
    duration_s: float
    log: str
    commit: str
    package: PackageId | None = None
    attempt: int | None = None
    epoch: int | None = None
    owner: PackageId | None = None  # whose check it is, where it is another package's


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLost:
    """An agent was cut short from outside; another attempt follows, at no cost to the budget."""

    package: PackageId
    attempt: int
    epoch: int
    reason: str
    kept_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnded:
    """An attempt was judged. `kept_ref` names the hidden ref that keeps rejected work."""

    package: PackageId
    attempt: int
    epoch: int
    verdict: Verdict
    error_code: str | None = None
    reason: str = ""
    violations: tuple[str, ...] = ()
    kept_ref: str | None = None
    commit: str | None = None
    question: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingStarted:
    """The merge result of a candidate is being built and tested on top of `onto`."""

    package: PackageId
    attempt: int
    epoch: int
    onto: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingRefused:
    """The candidate conflicts, or its merge result is red. It goes back, or fails."""

    package: PackageId
    attempt: int
    epoch: int
    verdict: Verdict
    error_code: str
    reason: str
    kept_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """The run's branch moved to `commit`, a tree that was tested (unless `unchecked`)."""

    package: PackageId
    attempt: int
    epoch: int
    commit: str
    tree: str
    files: tuple[str, ...]
    unchecked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePassed:
    """A gate without a reviewer passed by the checks of what it guards."""

    package: PackageId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAsked:
    """A gate waits for a person."""

    package: PackageId
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSkipped:
    """A package will not run; `because` names what it needed. `benign`: nothing went wrong."""

    package: PackageId
    reason: str
    because: tuple[PackageId, ...] = ()
    benign: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageCancelled:
    """A person, or `--fail-fast`, ended it."""

    package: PackageId
    reason: str


Event = (
    RunStarted
    | RunContinued
    | RunInterrupted
    | RunEnded
    | BaselineCommitted
    | Warned
    | AttemptStarted
    | AgentEnded
    | WorkCommitted
    | ScopeChecked
    | CheckEnded
    | AttemptLost
    | AttemptEnded
    | LandingStarted
    | LandingRefused
    | Landed
    | GatePassed
    | GateAsked
    | PackageSkipped
    | PackageCancelled
)

EVENTS: Mapping[str, type[Event]] = {
    re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in get_args(Event)
}
TYPE_NAMES: Mapping[type[Event], str] = {kind: name for name, kind in EVENTS.items()}

_LIFTED = ("package", "attempt", "epoch")  # they stand beside `data` in the JSON of an event


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event as it is stored: `seq` grows by one within a run, `at` is Unix time in seconds."""

    seq: int
    at: float
    run: RunId
    event: Event


def to_data(event: Event) -> dict[str, Any]:
    """The event's fields as JSON values, defaults included."""
    data: dict[str, Any] = encode(event)
    return data


def from_data(name: str, data: Mapping[str, Any]) -> Event:
    """The event of that type name; fields of a newer version are ignored.

    Raises:
        KeyError: The type is unknown.
    """
    return decode(EVENTS[name], data)


def to_json(recorded: Recorded) -> dict[str, Any]:
    """One line of `plait run --json`, without the time's text form (the face writes that)."""
    data = to_data(recorded.event)
    line: dict[str, Any] = {"seq": recorded.seq, "at": recorded.at, "run": recorded.run}
    for key in _LIFTED:
        value = data.pop(key, None)
        if value is not None:
            line[key] = value
    return {**line, "type": TYPE_NAMES[type(recorded.event)], "data": data}


def subject(event: Event) -> tuple[PackageId | None, int | None, int | None]:
    """The package, attempt and epoch that an event is about, where it is about one."""
    return (
        getattr(event, "package", None),
        getattr(event, "attempt", None),
        getattr(event, "epoch", None),
    )
