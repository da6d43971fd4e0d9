"""A task list in one model, whatever its grammar: formats make it, `lower` turns it into a Plan.

A format reads a text and says what stands there: tasks, what they say they need, and the orders
that the format implies. It resolves no reference, drops no edge and decides no contradiction:
that happens once, in `lower`, so that every format means the same by the same words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from plait.core.plan import (
    Check,
    Contracts,
    Locks,
    Marker,
    PackageKind,
    Provenance,
    Scope,
    SourceApproval,
    SourceFile,
    Span,
)
from plait.errors import UsageError
from plait.plans.phrases import Noun

MAX_TASKS = 20_000


class TooManyTasks(UsageError):  # noqa: N818 - told as a finding: the plan's size
    """A list has more than `MAX_TASKS` tasks."""

    def __init__(self) -> None:
        super().__init__(
            f"the list has more than {MAX_TASKS} tasks",
            code="PLAN_TOO_LARGE",
            hint="divide the list into several plans",
        )


class State(StrEnum):
    """What a source's mark says of a task."""

    OPEN = "open"
    DONE = "done"
    ACTIVE = "active"  # somebody is at it; for a run that is open, and told
    BLOCKED = "blocked"  # open, and told with the reason
    SKIPPED = "skipped"  # cancelled, superseded, deferred: nothing waits for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """What a task says it needs: a phrase ("Tasks 2, 4-6"), or with `exact` one id as it stands.

    `provenance` is what the edges get, if it is not what the phrase's words tell (explicit or
    range). `loose` references may name what is not in the plan: nothing is told of it then.
    """

    text: str
    span: Span
    exact: bool = False
    provenance: Provenance | None = None
    loose: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a format implies: each task of `then` comes after each of `first` (ids, one module's).

    A task that says itself what it needs (`needs` is not None) is not bound by a `relaxable`
    order. Of orders that close a circle the weakest gives way: phase, then wave, then track.
    """

    first: tuple[str, ...]
    then: tuple[str, ...]
    provenance: Provenance
    note: str
    span: Span
    module: str | None = None
    relaxable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task, gate, checkpoint or conditional item. A criterion is no task: it stays in `body`.

    `id` is the source's own, unique within its `module` (a module, tag, spec; None where there
    is one list); of equal ids the later are renamed, and a finding says so. `parent` is the id
    of the task it is a part of: a task with parts is none itself, whoever needs it needs its
    parts, they inherit what it needs, and its box is ticked with the last of them.

    `needs` is None where the source has no word on it, and empty where it says "none". `reason`
    tells why it is blocked or skipped. `parallel` says that the source marks it as safe beside
    others. `optional`: the source lets it be left out. `reworks`, of conditional work: the gates
    whose failure calls it. Times are seconds, priority counts from 1 (first) to 10. `document`
    is the file that the format wants written of it, relative to the repository.
    """

    id: str
    title: str
    span: Span
    kind: PackageKind = PackageKind.IMPLEMENT
    state: State = State.OPEN
    reason: str = ""
    optional: bool = False
    module: str | None = None
    parent: str | None = None
    phase: str | None = None
    track: str | None = None
    group: str | None = None
    parallel: bool = False
    needs: tuple[Ref, ...] | None = None
    scope: Scope = field(default_factory=Scope)
    locks: Locks = field(default_factory=Locks)
    checks: tuple[Check, ...] = ()
    body: str = ""
    requirements: tuple[str, ...] = ()
    role: str | None = None
    estimate_s: float | None = None
    priority: int = 5
    reworks: tuple[str, ...] = ()
    markers: tuple[Marker, ...] = ()
    document: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskList:
    """Everything a format read.

    `sets` are named sets of ids beside the tracks, groups and phases that the tasks carry (these
    are added by `lower`, by their names and, for "Phase 2: Core", by their numbers); `aliases`
    are further names, each of an id. `files` are what an approval pins, the task list first;
    `context` are further files that agents should read. `max_agents` is the source's own limit.
    `qa_results` is where the results of QA go, if the format prescribes it.
    """

    id: str
    title: str
    feature: str
    branch: str
    tasks: tuple[Task, ...]
    files: tuple[SourceFile, ...]
    orders: tuple[Order, ...] = ()
    sets: Mapping[Noun, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    context: tuple[str, ...] = ()
    contracts: Contracts = field(default_factory=Contracts)
    approvals: tuple[SourceApproval, ...] = ()
    max_agents: int | None = None
    qa_results: str | None = None
