"""What happened to a run as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from plait.core.event.kinds import RunStatus
from plait.core.plan import PackageId


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
    workspaces: str = "pool"  # how they come about
    budget_usd: float | None = None
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContinued:
    """An unfinished run was taken up again; what was in flight starts over under a new epoch.

    Not so the attempts on `adopted`, whose agents live, or ended by themselves meanwhile.
    """

    pid: int
    adopted: tuple[PackageId, ...] = ()
    workspaces: str = ""  # as in `RunStarted`, found anew; empty: as before


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
