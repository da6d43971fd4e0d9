"""The Protocols between the engine and the world, readable in one screen each.

Adapters live in `plans`, `store`, `git` and `agents`; fakes of them in `tests/fakes`. One
contract suite per port runs on the adapter and on its fake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from plait.core.event import AgentStatus, Event, Recorded, RunId, RunStatus
from plait.core.finding import Finding
from plait.core.lease import Lease, TrunkLease
from plait.core.plan import Digest, PackageId, Plan
from plait.core.run import PackageState
from plait.process import Exit


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> float:
        """Unix time in seconds."""


# -- plans -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSource:
    """A file to read a plan from.

    `root` is the repository's root, or, outside a repository, the folder the plan's own layout
    hangs from; `path` is the plan's main file; `name` is how findings call it (relative to
    `root` inside a repository, else absolute); `in_repository` tells which. `lock_namespaces`
    are those of the project's own, beside the ones that every project has.
    """

    root: Path
    path: Path
    name: str
    in_repository: bool
    lock_namespaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a format made of a source: a plan if it could, and findings in any case."""

    plan: Plan | None
    findings: tuple[Finding, ...] = ()


class PlanFormat(Protocol):
    """One plan format. Reading is total: whatever the bytes, `load` returns findings."""

    @property
    def name(self) -> str:
        """Stable name, as in `--format` and `show --json`."""

    def locate(self, root: Path, name: str) -> Path | None:
        """The plan's main file for a folder or a bare name (change id, feature) below `root`.

        `NO_SUCH_PLAN` is raised for a folder that lacks its plan: told if no format finds one.
        """

    def by_place(self, path: Path) -> bool:
        """Whether a file at that place is a plan of this format."""

    def by_content(self, text: str) -> float:
        """How much a text looks like this format: 0 (not at all) to 1 (surely)."""

    def load(self, source: PlanSource) -> Loaded:
        """Read and check the plan. Raises nothing for bad content."""


# -- agents ------------------------------------------------------------------------------------


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
class AgentOutcome:
    """What an agent's exit, output and result file say. It decides nothing Plait can check."""

    status: AgentStatus
    summary: str = ""
    question: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    deviations: tuple[Deviation, ...] = ()
    escalations: tuple[Mapping[str, Any], ...] = ()
    cost_usd: float | None = None
    tokens_input: int | None = None
    tokens_output: int | None = None
    warnings: tuple[str, ...] = ()


class Agent(Protocol):
    """A coding agent. It says how to start it and reads what it left; Plait supervises it."""

    @property
    def name(self) -> str:
        """As given to `--agent`."""

    def probe(self) -> str | None:
        """Why the agent cannot be used on this machine, or None."""

    def invocation(self, task: AgentTask) -> Invocation:
        """How to start it on a task."""

    def outcome(self, task: AgentTask, ended: Exit) -> AgentOutcome:
        """What came of it. Raises nothing for bad output: that is a warning."""


# -- git ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """An isolated worktree, detached at `base`, lent to one attempt (or one check run)."""

    slot: str
    path: Path
    base: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A path that differs: status A(dded) M(odified) D(eleted) T(ype); modes as git's octal."""

    path: str
    status: str
    old_mode: str
    new_mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What an attempt left, as a commit.

    `changes` are the tree's against the merge base with the run's branch; `touched` are all
    paths that any of its commits changed, reverted ones too; `ignored` are paths that exist but
    that the repository ignores (folders end in `/`). `commit` equals the base where nothing
    changed.
    """

    commit: str
    base: str
    changes: tuple[Change, ...]
    touched: frozenset[str]
    ignored: tuple[str, ...]


class Workspaces(Protocol):
    """Isolated worktrees. Whatever they hold is snapshotted before it is destroyed."""

    async def open(self, base: str) -> Workspace:
        """A clean worktree, detached at commit `base`.

        Raises:
            EnvironmentLack: `DISK_FULL`, `GIT_FAILED`.
        """

    async def commit(self, workspace: Workspace, *, onto: str, message: str) -> Work:
        """Commit what is left in the tree and compare with the merge base with `onto`.

        Raises:
            PlaitError: `HISTORY_UNRELATED` if the tree's HEAD shares no history with `onto`.
        """

    async def checkout(self, workspace: Workspace, commit: str) -> None:
        """Make it a clean checkout of `commit`, detached; ignored and untracked files go."""

    async def keep(self, workspace: Workspace, ref: str) -> str | None:
        """Snapshot all that is not ignored to the hidden `ref`; None if it equals its base."""

    async def publish(self, ref: str, commit: str) -> None:
        """Point one of Plait's own refs (`refs/plait/…`, `refs/heads/plait/…`) at a commit."""

    async def close(self, workspace: Workspace, *, reusable: bool = True) -> None:
        """Give it back; not reusable: a process may live in it, so it is never used again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """A clean three-way merge: the tree's id."""

    tree: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Paths that could not be merged, and git's own words."""

    paths: tuple[str, ...]
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit as git has it."""

    tree: str
    parents: tuple[str, ...]
    message: str


class Trunk(Protocol):
    """The run's branch. Only the holder of its lease moves it, by compare-and-swap."""

    async def head(self, branch: str) -> str | None:
        """The commit a branch points at, or None."""

    async def create(self, lease: TrunkLease, commit: str) -> None:
        """Create the run's branch.

        Raises:
            UsageError: `BRANCH_EXISTS`.
        """

    async def merge(self, onto: str, candidate: str) -> Merged | Conflict:
        """The three-way merge of two commits, built without a checkout."""

    async def edit(self, tree: str, files: Mapping[str, bytes]) -> str:
        """The tree with these files' contents replaced or added (modes kept)."""

    async def commit(self, tree: str, *, parents: Sequence[str], message: str) -> str:
        """Write a commit with the user's identity; no ref moves."""

    async def describe(self, commit: str) -> Commit:
        """A commit's tree, parents and message."""

    async def tree(self, commit: str) -> str:
        """The tree of a commit."""

    async def read(self, commit: str, path: str) -> bytes | None:
        """A file's content at a commit, or None."""

    async def changed(self, old: str, new: str) -> tuple[str, ...]:
        """Paths that differ between two trees or commits."""

    async def advance(self, lease: TrunkLease, *, old: str, new: str) -> None:
        """Move the branch from `old` to `new`.

        Raises:
            PlaitError: `TRUNK_MOVED` if it no longer points at `old`.
        """


# -- store -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who approved which digest, when (Unix seconds)."""

    who: str
    at: float
    digest: Digest
    plan: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """How long a package of a plan took: seconds from its last attempt's start to its landing."""

    plan: str
    package: PackageId
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run as a list shows it."""

    id: RunId
    plan: str
    digest: Digest
    branch: str
    base: str
    head: str
    status: RunStatus
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRow:
    """A package as `status` shows it, without folding events."""

    id: PackageId
    title: str
    status: str
    attempts: int
    epoch: int
    commit: str | None
    reason: str
    updated_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """What one transaction writes: events, and the rows they change.

    `packages` are written only while their `epoch` is the stored one (`StaleEpoch` otherwise).
    """

    events: tuple[Event, ...]
    packages: tuple[PackageState, ...] = ()
    status: RunStatus | None = None
    head: str | None = None


class Rows(Protocol):
    """What commands that only look need of a store: `status`, `check`, `show`."""

    def runs(self) -> tuple[RunRow, ...]:
        """All runs, newest first."""

    def packages(self, run: RunId) -> tuple[PackageRow, ...]:
        """The run's packages in the plan's order."""

    def plan(self, run: RunId) -> Plan:
        """The plan a run executes, as it was when the run began."""

    def approved(self, plan: str) -> tuple[Approval, ...]:
        """The approvals of any digest of the plans of that id, oldest first."""

    def durations(self) -> tuple[Duration, ...]:
        """How long packages took that landed, the latest first; at most 10,000."""


class Store(Rows, Protocol):
    """The state of record. Sync; one writer. A state change and its event share a transaction."""

    def create_run(
        self, run: RunId, plan: Plan, *, branch: str, base: str, options: Mapping[str, Any]
    ) -> None:
        """Record a run and its packages, all pending at epoch 0."""

    def run(self, run: RunId) -> RunRow:
        """One run. Raises UsageError `NO_SUCH_RUN`."""

    def options(self, run: RunId) -> Mapping[str, Any]:
        """The options a run was started with."""

    def claim(self, run: RunId, package: PackageId, *, holder: str, ttl_s: float) -> Lease:
        """Claim a package: its epoch rises by one, in one compare-and-set."""

    def advance(self, run: RunId, advances: Sequence[Advance]) -> tuple[Recorded, ...]:
        """Write all advances in one transaction, in order; all or none.

        Raises:
            StaleEpoch: A package's row has another epoch.
        """

    def events(self, run: RunId, *, after: int = 0) -> tuple[Recorded, ...]:
        """The run's events with `seq > after`, in order."""

    def approve(self, digest: Digest, *, who: str, plan: str) -> Approval:
        """Record an approval."""

    def approvals(self, digest: Digest) -> tuple[Approval, ...]:
        """The approvals of a digest, oldest first."""

    def close(self) -> None:
        """Let go of the database."""
