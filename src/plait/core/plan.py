"""Plan: the approved spec in one model, whatever format it was written in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NewType

from plait.core.glob import literal

PackageId = NewType("PackageId", str)


def can_be_a_ref(name: str) -> bool:
    """Whether git takes an id, of characters that ids have, as a part of a branch's name."""
    segments = name.split("/")
    odd = any(not each or each.startswith(".") or each.endswith(".lock") for each in segments)
    return not (odd or ".." in name or name.endswith("."))


Digest = NewType("Digest", str)


class PackageKind(StrEnum):
    """What a package is for; gates and checkpoints run no agent."""

    IMPLEMENT = "implement"
    INTEGRATE = "integrate"
    GATE = "gate"
    CHECKPOINT = "checkpoint"
    QA = "qa"
    FIX = "fix"

    @property
    def has_agent(self) -> bool:
        """Whether an agent works on it (gates and checkpoints are judged by Plait's checks)."""
        return self not in {PackageKind.GATE, PackageKind.CHECKPOINT}


class SourceStatus(StrEnum):
    """What the source says of a package before the run."""

    PENDING = "pending"
    DONE = "done"
    SKIPPED = "skipped"  # conditional rework that nothing calls, and what the source leaves out


class Provenance(StrEnum):
    """Why an edge exists."""

    EXPLICIT = "explicit"
    RANGE = "range"
    PHASE = "phase"
    TRACK = "track"
    WAVE = "wave"  # a format's execution group or wave
    SCOPE = "scope"
    LOCK = "lock"
    INTEGRATION = "integration"  # an integration comes after all that it integrates
    INFERRED = "inferred"


class Confidence(StrEnum):
    """How sure a scope is; what each enforces is told in docs/reference/scopes."""

    DECLARED = "declared"
    INFERRED = "inferred"
    UNKNOWN = "unknown"


class CheckKind(StrEnum):
    """Who carries a check out."""

    COMMAND = "command"
    CI = "ci"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Span:
    """A place in a source file; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """The package that holds this edge needs package `id` to have landed before it starts."""

    id: PackageId
    provenance: Provenance = Provenance.EXPLICIT
    note: str = ""
    span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Globs a package may write, may read, and is denied.

    `*` and `?` do not cross `/`; `**` stands for any number of segments. Paths are relative to
    the repository's root, with `/`. A path may be written if a `write` glob matches and no
    `deny` glob does.
    """

    write: tuple[str, ...] = ()
    read: tuple[str, ...] = ("**",)
    deny: tuple[str, ...] = ()
    confidence: Confidence = Confidence.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Locks:
    """Exclusive claims beside the scope: files (globs) and logical keys (`db:schema:users`)."""

    files: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A command (or CI job, or manual step) that must pass, with the evidence it leaves.

    Only command checks are run by Plait; `cwd` is relative to the tree's root.
    """

    name: str
    kind: CheckKind = CheckKind.COMMAND
    command: str = ""
    cwd: str = "."
    env: Mapping[str, str] = field(default_factory=dict)
    expect_exit_code: int = 0
    instructions: str = ""
    required: tuple[str, ...] = ()  # of a CI check: the jobs that must pass; none: all
    artifacts: tuple[str, ...] = ()
    result_keys: tuple[str, ...] = ()

    @property
    def identity(self) -> tuple[object, ...]:
        """Two command checks with one identity need to run once on one tree."""
        return (self.command, self.cwd, tuple(sorted(self.env.items())), self.expect_exit_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A box in a source file: Plait may replace the one byte at `offset`, if it still is `pending`.

    `offset` counts bytes from the file's start; `done` is what stands there when done; `line` is
    the text of its line, by which it is told from others.
    """

    span: Span
    offset: int
    pending: str = " "
    done: str = "x"
    line: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What is to be written when a task is done: where, and of which task of the source."""

    path: str
    task: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPackage:
    """One unit of work.

    Times are seconds; `priority` is 1 (first) to 10; `retry_budget` counts attempts after the
    first. `parallel` says that the source itself marks the package as safe beside others,
    `optional` that it may be left out. `parent` is the source's task that it is a part of.
    `role` and `archetype` are the source's words for who should do it and what sort of work it
    is, `trust` the least level of trust that it asks for.
    `tasks` lists the source ids of a batch, its own included. `documents` are what the format
    wants written of it; it may write them, and those it leaves out Plait writes as it lands.
    `own`: Plait itself works on it; it is in no plan as people write them. `granted` are globs
    that it may write beyond its scope, since its agent asked for them in a run.
    """

    id: PackageId
    source_id: str
    title: str
    description: str = ""
    kind: PackageKind = PackageKind.IMPLEMENT
    status: SourceStatus = SourceStatus.PENDING
    phase: str | None = None
    track: str | None = None
    group: str | None = None
    parent: str | None = None
    parallel: bool = False
    optional: bool = False
    needs: tuple[Edge, ...] = ()
    scope: Scope = Scope()
    locks: Locks = Locks()
    checks: tuple[Check, ...] = ()
    tier: str | None = None
    timeout_s: float = 3600.0
    retry_budget: int = 1
    priority: int = 5
    estimate_s: float | None = None
    role: str | None = None
    archetype: str | None = None
    trust: int | None = None
    requirements: tuple[str, ...] = ()
    result_keys: tuple[str, ...] = ()
    guards: tuple[PackageId, ...] = ()  # of a gate: the packages it judges
    reworks: tuple[PackageId, ...] = ()  # of conditional rework: the gates whose failure calls it
    tasks: tuple[str, ...] = ()
    markers: tuple[Marker, ...] = ()
    documents: tuple[Document, ...] = ()
    span: Span | None = None
    own: bool = False
    granted: tuple[str, ...] = ()

    @property
    def runs_agent(self) -> bool:
        """Whether an agent works on it."""
        return self.kind.has_agent and not self.own

    @property
    def area(self) -> Scope:
        """Its scope, and what it was granted beyond it."""
        if not self.granted or self.scope.confidence is Confidence.UNKNOWN:
            return self.scope
        return replace(self.scope, write=(*self.scope.write, *self.granted))

    @property
    def reach(self) -> Scope:
        """Its area, and its documents, which belong to it without being named there."""
        area = self.area
        if not self.documents or self.scope.confidence is Confidence.UNKNOWN:
            return area
        documents = (literal(each.path) for each in self.documents)
        return replace(area, write=(*area.write, *documents))


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A task of the source that consists of others: its boxes are ticked with the last of them."""

    source_id: str
    title: str
    parts: tuple[PackageId, ...]
    markers: tuple[Marker, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file the plan was read from: its path (repository-relative if inside) and content hash."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contracts:
    """Interface definitions that packages build against (OpenSpec `contracts`)."""

    primary: str | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceApproval:
    """An approval that the source itself records: who gave it and when, as it says."""

    who: str
    at: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisions:
    """The source's own version counters."""

    plan: int = 1
    contracts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole plan.

    `feature` is what a landing's message names; `branch` is the format's default for the run's
    branch. `files` are what an approval pins; `context` are further files that every agent
    should read (requirements, design), relative to the repository. `phased` says that the
    source means its phases as barriers. `approvals` are those that the source records and that
    hold for its present content; `max_agents` is the source's own limit. `wholes` are tasks
    that consist of packages. `qa_results` is where the format wants the results of QA, which it
    prescribes: a folder of the repository, or empty for none; None: it says nothing of QA.
    """

    id: str
    title: str
    format: str
    feature: str
    branch: str
    digest: Digest
    files: tuple[SourceFile, ...]
    packages: tuple[WorkPackage, ...]
    context: tuple[str, ...] = ()
    contracts: Contracts = Contracts()
    revisions: Revisions = Revisions()
    phased: bool = False
    approvals: tuple[SourceApproval, ...] = ()
    max_agents: int | None = None
    wholes: tuple[Whole, ...] = ()
    qa_results: str | None = None
    _by_id: Mapping[PackageId, WorkPackage] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def __post_init__(self) -> None:
        first = {each.id: each for each in reversed(self.packages)}
        object.__setattr__(self, "_by_id", first)

    def package(self, package: PackageId) -> WorkPackage:
        """The package of that id; the first, should there be several.

        Raises:
            KeyError: There is none.
        """
        return self._by_id[package]


def digest_of(files: Iterable[SourceFile]) -> Digest:
    """What an approval pins: SHA-256 over the sorted names and hashes of all source files."""
    total = hashlib.sha256()
    for file in sorted(files, key=lambda f: f.path):
        total.update(f"{file.sha256}  {file.path}\n".encode())
    return Digest(f"sha256:{total.hexdigest()}")
