"""What an engine works with: ports, settings of the run, places on disk."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plait.core.finding import Finding
from plait.core.integrity import USUAL, Policies
from plait.core.plan import Check, PackageId, Plan
from plait.core.profile import AgentLimits, AgentProfile, plain
from plait.core.qa import QaPolicy
from plait.core.retry import Backoff
from plait.core.review import ReviewPolicy
from plait.core.schedule import Compiled, Limits, compile_plan
from plait.engine.announcing import Announcing
from plait.engine.ears import Ears
from plait.engine.holding import Holding
from plait.engine.journal import Journal
from plait.engine.lodging import Lodgings
from plait.engine.memory import Memory
from plait.engine.outside import Outside
from plait.engine.remembering import Remembering
from plait.engine.room import Room
from plait.ports import Agent, Clock, Pipelines, Request, Sandbox, Trunk, Workspaces
from plait.ports.coordination import Coordination

_PRIVATE = re.compile(r"^(GIT_|PLAIT_)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a run keeps its files: `state` is `.plait`."""

    state: Path
    run: str

    def attempt(self, package: PackageId, attempt: int) -> Path:
        """The folder of one attempt."""
        return self.state / "runs" / self.run / package / str(attempt)

    def run_folder(self) -> Path:
        """The folder of the run."""
        return self.state / "runs" / self.run

    def relative(self, path: Path) -> str:
        """A path as events tell it: relative to the state folder."""
        return path.relative_to(self.state).as_posix()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Why Plait ends an attempt before its time; the package is at no fault."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What lies around the worktrees of a run, for the sandboxes that hold its agents.

    Args:
        hidden: Folders that no agent sees into: the user's home, the state folder, the worktrees.
        shown: What stays readable though it lies in one of them: the checkout, its repository.
        read: Further paths to stay readable, as the owner named them.
        write: Paths that every agent may write, as the owner named them.
        hosts: The hosts that agents may reach; None: any.
    """

    hidden: tuple[Path, ...] = ()
    shown: tuple[Path, ...] = ()
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    hosts: tuple[str, ...] | None = None


async def _no_pipelines() -> Pipelines | None:
    return None


def _no_findings(_plan: Plan, _root: Path) -> tuple[Finding, ...]:
    return ()


def _no_validator(_plan: Plan) -> Check | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """How a run's branch is judged as a whole, beside the checks of what landed.

    Args:
        checks: What must pass on the final tree, and on no tree before it.
        look: What is wrong with a plan's own files and contracts, in a checkout of the tree.
        validation: What another program checks the plan's folder with, if it is there.
    """

    checks: tuple[Check, ...] = ()
    look: Callable[[Plan, Path], Sequence[Finding]] = _no_findings
    validation: Callable[[Plan], Check | None] = _no_validator


def _nobody_asks() -> tuple[Request, ...]:
    return ()


async def _nothing_altered() -> tuple[str, ...]:
    return ()


@dataclass(slots=True, kw_only=True)
class Context:
    """One run's surroundings. Only `journal.run` changes while the run goes on.

    `agents` are those of `limits.roster` and of `review`, as `--agent` names them, each held by
    its sandbox in `sandboxes` and set up by its profile, if it has one. An agent that is quiet
    for `stall_s` seconds is nudged; 0 lets it be. A package may cost `package_budget_usd`, its
    brief is `brief_tokens` long at most, and an attempt may use up `agent_limits` where its
    agent's profile says nothing else. Merge results are tested by so many `runners` at once;
    `together` says whether several may land as one. Worktrees come about by `backend`.
    `altered` tells what somebody planted in git's settings since it was asked last; `pipelines`
    where checks of a code host can be had, None: nowhere. QA is made as `qa` says, by the
    program `driver`. `announcing` tells boards outside, beside all that. `coordination` is what
    sessions and the run share: handoffs, memories.
    """

    journal: Journal
    workspaces: Workspaces
    trunk: Trunk
    clock: Clock
    limits: Limits
    places: Places
    agents: Mapping[str, Agent]
    sandboxes: Mapping[str, Sandbox]
    default_checks: tuple[Check, ...]
    land_checks: tuple[Check, ...]
    holding: Holding
    review: ReviewPolicy = field(default_factory=ReviewPolicy)
    examination: Examination = field(default_factory=Examination)
    pipelines: Callable[[], Awaitable[Pipelines | None]] = _no_pipelines
    surroundings: Surroundings = field(default_factory=Surroundings)
    backend: str = "pool"
    profiles: Mapping[str, AgentProfile] = field(default_factory=dict)
    guardrails: Mapping[str, str] = field(default_factory=dict)
    strict_results: bool = False
    integrity: Policies = field(default_factory=lambda: USUAL)
    backoff: Backoff = field(default_factory=Backoff)
    stall_s: float = 0.0
    package_budget_usd: float | None = None
    brief_tokens: int = 12_000
    runners: int = 1
    together: str = "auto"
    agent_limits: AgentLimits = field(default_factory=AgentLimits)
    room: Room = field(default_factory=Room)
    lodgings: Lodgings = field(default_factory=Lodgings)
    memory: Memory = field(default_factory=Memory)
    outside: Outside = field(default_factory=Outside)
    desk: Callable[[], Any] | None = None  # the coordinator's, for what the agents ask
    remembering: Remembering = field(default_factory=Remembering)
    ears: Ears = field(default_factory=Ears)
    announcing: Announcing = field(default_factory=Announcing)
    requests: Callable[[], Sequence[Request]] = _nobody_asks
    altered: Callable[[], Awaitable[Sequence[str]]] = _nothing_altered
    qa: QaPolicy = field(default_factory=QaPolicy)
    driver: tuple[str, ...] = ()
    coordination: Coordination | None = None
    ended: dict[PackageId, Ended] = field(default_factory=dict)
    _compiled: Compiled | None = None

    @property
    def prompts(self) -> Path:
        """Where the repository's own templates of briefs lie."""
        return self.places.state / "prompts"

    @property
    def plan(self) -> Plan:
        """The plan that is executed."""
        return self.journal.run.plan

    @property
    def compiled(self) -> Compiled:
        """The plan made ready for deciding; made anew where the run's plan was replaced."""
        if self._compiled is None or self._compiled.plan is not self.plan:
            self._compiled = compile_plan(self.plan)
        return self._compiled

    def profile(self, provider: str) -> AgentProfile:
        """What is set for an agent, as `--agent` names it."""
        return self.profiles.get(provider) or plain(provider)


def child_environment(
    extra: Mapping[str, str], *, inherit: Collection[str] | None = None
) -> dict[str, str]:
    """The user's environment for agents and checks; only the variables to `inherit`, if given.

    Without git's own variables (they would point a child at another repository) and without
    Plait's (a nested run is not this one).
    """
    inherited = {
        key: value
        for key, value in os.environ.items()
        if not _PRIVATE.match(key) and (inherit is None or key in inherit)
    }
    return {**inherited, **extra}


def write_json(path: Path, value: object) -> None:
    """Write a small JSON file for a child to read."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
