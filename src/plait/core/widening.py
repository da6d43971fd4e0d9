"""An agent asks to write beyond its package's scope: granted, queued, split, or refused.

What is granted is what nobody else may be writing meanwhile, in this run or out of it, and what
no package of the run that is still to come was meant to write. The scope that the plan declares
stays as it is; grants stand beside it, and bind as it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from plait.core import graph as graphs
from plait.core.action import UnknownScope
from plait.core.collision import conflict
from plait.core.event import ScopeGranted, ScopeQueued
from plait.core.glob import literal
from plait.core.graph import Graph
from plait.core.package import ENDED, PackageState, PackageStatus
from plait.core.plan import Confidence, PackageId, Plan, Scope, WorkPackage
from plait.core.run import Run
from plait.core.scope import allows, overlap, scopes_overlap

KIND = "widen"  # of the request
_INTERNAL = (".git/**", ".plait/**", ".git", ".plait")
_WILD = frozenset("*?[{")


class Ruling(StrEnum):
    """What came of a request for more scope."""

    GRANTED = "granted"
    QUEUED = "queued"  # until what stands in the way has ended
    SPLIT = "split"  # some of it could be had, if it were asked for alone
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Widen:
    """What an agent asks for: paths and globs in normal spelling, for one claim of a package."""

    package: str
    epoch: int
    paths: tuple[str, ...]
    session: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What it gets.

    Args:
        ruling: In a word.
        free: The paths that it has now, or could have.
        waiting: Those that others have for now, each with who.
        refused: Those that it cannot have, each with why.
        behind: Packages of the run that come first.
        writable: Whether what holds the agent lets it write there before its next attempt.
    """

    ruling: Ruling
    free: tuple[str, ...] = ()
    waiting: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    behind: tuple[PackageId, ...] = ()
    writable: bool = True

    @property
    def reason(self) -> str:
        """Why it is not all granted; empty if it is."""
        told = {**self.refused, **self.waiting}
        return "; ".join(f"{path}: {why}" for path, why in told.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeAsk:
    """A request as the coordinator knows it: which of the run's requests it is."""

    number: int
    session: str
    run: str
    package: str
    epoch: int
    paths: tuple[str, ...]
    request: int
    created_at: float


def ruled(run: Run, graph: Graph, wish: Widen, elsewhere: Mapping[str, str]) -> Answer:
    """What an agent gets of what it asks for, in a run as it stands. Pure.

    Args:
        run: The run.
        graph: Its plan's graph.
        wish: What is asked for.
        elsewhere: Who has which of the paths outside this run, in words.
    """
    state = run.packages.get(PackageId(wish.package))
    if state is None or state.epoch != wish.epoch or state.status is not PackageStatus.RUNNING:
        why = "its attempt is over, or is not the one that asks"
        return Answer(ruling=Ruling.REFUSED, refused=dict.fromkeys(wish.paths, why))
    package = run.plan.package(state.id)
    free: list[str] = []
    waiting: dict[str, str] = {}
    refused: dict[str, str] = {}
    behind: list[PackageId] = []
    for path in dict.fromkeys(wish.paths):
        why = forbidden(run.plan, package, path)
        if why:
            refused[path] = why
            continue
        first = _first(run, graph, package, path)
        if first and _waits_for(run, first, state.id):
            refused[path] = f"{', '.join(first)} waits for what this package has"
        elif first or path in elsewhere:
            named = [f"{each} ({run.packages[each].status.value})" for each in first]
            waiting[path] = ", ".join([*named, *filter(None, (elsewhere.get(path),))])
            behind += first
        else:
            free.append(path)
    return Answer(
        ruling=_ruling(free, waiting, refused),
        free=tuple(free),
        waiting=waiting,
        refused=refused,
        behind=tuple(dict.fromkeys(behind)),
        writable=not state.attempts or state.attempts[-1].sandbox == "none",
    )


def forbidden(plan: Plan, package: WorkPackage, path: str) -> str:
    """Why a package never gets a path, whoever else wants it; empty if it may."""
    if any(overlap(path, each) for each in _INTERNAL):
        return "it is Plait's or git's own"
    for each in ("plait.toml", *(source.path for source in plan.files)):
        if overlap(path, literal(each)):
            return f"{each} is protected: only a scope that the plan declares opens it"
    everything = Scope(write=("**",))
    if scopes_overlap(Scope(write=(path,), deny=package.scope.deny), everything) is None:
        return "the plan denies it to this package"
    return ""


def covered(package: WorkPackage, path: str) -> bool:
    """Whether a package may write a path, or a glob that it names itself, already."""
    reach = package.reach
    if reach.confidence is Confidence.UNKNOWN or path in reach.write:
        return True
    return not set(path) & _WILD and allows(reach, path)


def granted(plan: Plan, event: ScopeGranted) -> Plan:
    """The plan with what was granted beside the scope of its package."""

    def widened(package: WorkPackage) -> WorkPackage:
        if package.id != event.package:
            return package
        paths = tuple(dict.fromkeys((*package.granted, *event.paths)))
        return replace(package, granted=paths)

    return replace(plan, packages=tuple(map(widened, plan.packages)))


def asked_again(run: Run) -> tuple[ScopeQueued, ...]:
    """What is queued and whose attempt goes on, the oldest first."""
    live: list[ScopeQueued] = []
    for each in run.scopes.queued:
        state = run.packages.get(each.package)
        if state is None or state.status is not PackageStatus.RUNNING:
            continue
        package = run.plan.package(each.package)
        if state.epoch == each.epoch and not all(covered(package, path) for path in each.paths):
            live.append(each)
    return tuple(live)


def _first(run: Run, graph: Graph, package: WorkPackage, path: str) -> tuple[PackageId, ...]:
    """Packages of the run that may write a path before this one has ended, or were meant to."""
    below: frozenset[PackageId] | None = None
    found: list[PackageId] = []
    for other in run.plan.packages:
        state = run.packages.get(other.id)
        if other.id == package.id or state is None or not _may_write(other, state, path):
            continue
        if below is None:
            below = graphs.closure(graph, [package.id], upwards=False)
        # What needs this one begins after it; what cannot be at work beside it does, too.
        pending = state.status in {PackageStatus.PENDING, PackageStatus.BLOCKED}
        if pending and (other.id in below or conflict(package, other, UnknownScope.SHARED)):
            continue
        found.append(other.id)
    return tuple(found)


def _may_write(other: WorkPackage, state: PackageState, path: str) -> bool:
    over = state.status in ENDED and state.status is not PackageStatus.BLOCKED
    if over or other.scope.confidence is Confidence.UNKNOWN:
        return False
    if any(overlap(path, each) for each in other.locks.files):
        return True
    return scopes_overlap(Scope(write=(path,)), other.reach) is not None


def _waits_for(run: Run, first: Sequence[PackageId], asker: PackageId) -> bool:
    """Whether one of these waits, by whatever it has asked for, for the asker."""
    behind: dict[PackageId, set[PackageId]] = {}
    for queued in asked_again(run):
        behind.setdefault(queued.package, set()).update(queued.behind)
    seen: set[PackageId] = set()
    row = list(first)
    while row:
        each = row.pop()
        if each == asker:
            return True
        if each not in seen:
            seen.add(each)
            row += behind.get(each, set())
    return False


def _ruling(free: Iterable[str], waiting: Mapping[str, str], refused: Mapping[str, str]) -> Ruling:
    if not waiting and not refused:
        return Ruling.GRANTED
    if not free and not refused:
        return Ruling.QUEUED
    return Ruling.SPLIT if free or waiting else Ruling.REFUSED
