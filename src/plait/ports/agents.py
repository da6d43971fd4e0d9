"""Coding agents: how to start one, what it left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from plait.core.claims import Claims
from plait.core.escalation import Escalation
from plait.core.event import AgentStatus, RunId
from plait.core.guardrails.verdict import Bound
from plait.core.plan import PackageId, Scope
from plait.core.profile import AgentProfile
from plait.core.transcript import Account, Entry, FinishKind
from plait.process import Exit

WORKER_PIPE = "over"  # in an attempt's folder: ends the wait for a worker from elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an agent's program can do when nobody is at its keyboard."""

    resume: bool = False  # take up an earlier session with a further prompt
    total_usage: bool = False  # a resumed session's usage counts what was used before
    turn_cap: bool = False
    tells_cost: bool = False
    hooks: bool = False  # a program of ours is asked before each tool is used
    mcp: bool = False
    client_writes: bool = False  # files are written by the client, not by the agent
    outside: bool = False  # a worker from elsewhere does the work; what is started waits for it
    memory: int = 0  # bytes that it and what it starts take at most, as a rule; 0: unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTask:
    """One attempt as an agent sees it. `directory` holds its logs; `result_path` lies in it.

    `home` is the attempt's own home folder (`$HOME` of agents that are given one); it stays with
    a session that is taken up again. `session` names that session: the agent is to go on with
    it, and `brief` says what is new. `confined`: the system holds it to its scope, so a sandbox
    of its own, which could not be set up within that one, is left out. `guardrails`: the owner's
    word (allow, ask, deny) on categories of operations; `own`: what it has to itself.
    """

    run: RunId
    package: PackageId
    attempt: int
    epoch: int
    worktree: Path
    directory: Path
    brief: str
    brief_path: Path
    scope_path: Path
    result_path: Path
    home: Path
    profile: AgentProfile
    scope: Scope = field(default_factory=Scope)
    timeout_s: float | None = None
    session: str = ""
    confined: bool = False
    guardrails: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[Bound] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """How to start an agent: its argument vector, what it adds to the environment, its stdin.

    Args:
        argv: The program and its arguments; never a shell's text made from data.
        env: Variables that are set for it.
        stdin: What it reads; then its standard input is at its end.
        inherit: Names of the user's variables that it is handed; None: all of them.
        files: Files to be written before it starts, by absolute path (in the task's `home` or
            `directory`), for nobody else to read.
        secrets: Names of variables whose values must never be written down.
        hosts: Hosts that it has to reach, for a sandbox that limits them.
        programs: Other programs that it starts, for a sandbox that hides what is not needed.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    inherit: tuple[str, ...] | None = None
    files: Mapping[Path, bytes] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A correctable departure from the plan that the agent tells of."""

    summary: str
    affects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an agent at work says it has used up since its attempt began; None: it does not say."""

    cost_usd: float | None = None
    tokens_input: int | None = None
    tokens_output: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOutcome:
    """What an agent's exit, output and result file say. It decides nothing Plait can check.

    Of one that was refused for its rate, `retry_after_s` (seconds) or `retry_at` (Unix time) say
    when it may come back, if it knows. `finish` is its final word, if it is one that gives such.
    `limit` is the code of the limit at which Plait ended it. `claims` are held against the plan.
    """

    status: AgentStatus
    summary: str = ""
    question: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    deviations: tuple[Deviation, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    cost_usd: float | None = None
    tokens_input: int | None = None
    tokens_output: int | None = None
    retry_after_s: float | None = None
    retry_at: float | None = None
    warnings: tuple[str, ...] = ()
    session: str = ""
    finish: FinishKind | None = None
    limit: str = ""
    claims: Claims = field(default_factory=Claims)


class Reader(Protocol):
    """Reads an agent's standard output, a line at a time, into entries of its transcript."""

    def read(self, line: bytes) -> Iterable[Entry]:
        """The entries of one line, without its end. Raises nothing for bad output."""


class Agent(Protocol):
    """A coding agent. It says how to start it and reads what it left; Plait supervises it.

    One that derives from this class need not say what it uses up while it works, nor what it
    can do or reads of its profile, nor put what it writes into words.
    """

    @property
    def name(self) -> str:
        """As given to `--agent`."""

    def probe(self) -> str | None:
        """Why the agent cannot be used on this machine, or None."""

    def invocation(self, task: AgentTask) -> Invocation:
        """How to start it on a task."""

    def outcome(self, task: AgentTask, ended: Exit, account: Account | None = None) -> AgentOutcome:
        """What came of it. Raises nothing for bad output: that is a warning.

        `account` sums up what its reader read, where it has one.
        """

    def reader(self, task: AgentTask) -> Reader | None:  # noqa: ARG002 - others have none
        """What reads its standard output; None: that is no more than text."""
        return None

    @property
    def reads(self) -> frozenset[str]:
        """Which fields of its profile it heeds, beside its limits."""
        return frozenset()

    @property
    def can(self) -> Capabilities:
        """What its program can do."""
        return Capabilities()

    def usage(self, task: AgentTask) -> Usage | None:  # noqa: ARG002 - others do not say
        """What it has used up until now, told while it works; asked every second, so cheap."""
        return None
