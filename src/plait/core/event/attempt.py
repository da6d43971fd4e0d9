"""What happened in an attempt at a package, from the claim to the verdict."""

from __future__ import annotations

from dataclasses import dataclass

from plait.core.event.kinds import AGENT_LOST, AgentStatus, Stage, Verdict
from plait.core.plan import CheckKind, PackageId


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
    provider: str = ""  # the agent as `--agent` named it: what is parked, and fallen back from
    sandbox: str = "none"
    session: str = ""  # of an earlier attempt, which the agent goes on with
    built_on: tuple[PackageId, ...] = ()  # candidates that had not landed
    built_on_epochs: tuple[int, ...] = ()  # of their attempts, in the same order


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
    session: str = ""  # by which the agent can be taken up again
    finish: str = ""  # its final word: a `FinishKind`, if it is one that gives such
    peak_memory: int | None = None  # bytes that its family took at most, as far as was seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """Something that an agent tried was prevented while it worked: no violation.

    `by` is what prevented it (`agent`: its own permission mode), `paths` what it would have
    touched, as the agent named them. The first of them are told one by one.
    """

    package: PackageId
    attempt: int
    epoch: int
    by: str
    tool: str
    reason: str = ""
    paths: tuple[str, ...] = ()


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
    """A check ran on a named commit, or a person judged it.

    `package` is whose landing or verification it served.
    """

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
    tree: str = ""  # what the commit holds, where a merge result was tested
    again: bool = False  # to tell a flake from a break
    kind: CheckKind = CheckKind.COMMAND
    who: str = ""  # judged it, where no command did
    url: str = ""  # where people read about it, at a code host


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLost:
    """An agent was cut short from outside; another attempt follows, at no cost to the budget.

    Unless `error_code` is `AGENT_LOST`, Plait itself ended it, for the reason that is told.
    `not_before` (Unix time) is when it may begin.
    """

    package: PackageId
    attempt: int
    epoch: int
    reason: str
    kept_ref: str | None = None
    error_code: str = AGENT_LOST
    not_before: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLost:
    """A package has another epoch than the attempt on it: the attempt ended, and does not count.

    It may be started again once nobody else holds the package. `refused` names the write that
    was refused for its epoch `held`; the package's is `current`.
    """

    package: PackageId
    attempt: int
    held: int
    current: int
    refused: str
    kept_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnded:
    """An attempt was judged. `kept_ref` names the hidden ref that keeps rejected work.

    If another follows, it begins at `not_before` (Unix time) at the earliest. A `commit` that is
    blocked may be accepted as it is.
    """

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
    not_before: float = 0.0
