"""Coding agents: how to start one, what it left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from plait.core.escalation import Escalation
from plait.core.event import AgentStatus, RunId
from plait.core.plan import PackageId
from plait.process import Exit


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTask:
    """One attempt as an agent sees it. `directory` holds its logs; `result_path` lies in it."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """How to start an agent: its argument vector, what it adds to the environment, its stdin."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""


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
    when it may come back, if it knows.
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


class Agent(Protocol):
    """A coding agent. It says how to start it and reads what it left; Plait supervises it.

    One that derives from this class need not say what it uses up while it works.
    """

    @property
    def name(self) -> str:
        """As given to `--agent`."""

    def probe(self) -> str | None:
        """Why the agent cannot be used on this machine, or None."""

    def invocation(self, task: AgentTask) -> Invocation:
        """How to start it on a task."""

    def outcome(self, task: AgentTask, ended: Exit) -> AgentOutcome:
        """What came of it. Raises nothing for bad output: that is a warning."""

    def usage(self, task: AgentTask) -> Usage | None:  # noqa: ARG002 - others do not say
        """What it has used up until now, told while it works; asked every second, so cheap."""
        return None
