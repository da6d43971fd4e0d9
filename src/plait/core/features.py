"""Features that are worked on side by side: what each may write, and where two of them meet.

A feature is registered by whoever works on it outside of runs, with its paths and lock keys. A
run that is not over counts as one by itself: what its packages that are still to land may write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from plait.core import lock_keys
from plait.core.event import RunStatus
from plait.core.finding import Finding, Severity
from plait.core.package import ENDED, PackageStatus
from plait.core.plan import Confidence, Plan, Scope, SourceStatus, WorkPackage
from plait.core.scope import pairs

CODE = "FEATURE_CONFLICT"
LASTS = frozenset(
    {RunStatus.RUNNING, RunStatus.INTERRUPTED, RunStatus.PAUSED, RunStatus.BLOCKED}
)  # a run that may go on
OVER = frozenset(each.value for each in ENDED if each is not PackageStatus.BLOCKED)
_MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A feature as it was registered. Times are Unix seconds; it lasts `until` then."""

    id: str
    title: str
    agent: str
    until: float
    created_at: float
    session: str = ""
    run: str = ""
    paths: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """What one feature, or one package of a run, may write. `run` is empty for a feature."""

    owner: str
    scope: Scope
    run: str = ""
    package: str = ""
    keys: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """Whose it is, in words."""
        if self.run:
            return f"package {self.package} of run {self.run} ({self.owner})"
        return f"the feature {self.owner}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Where two areas meet: the first of them, the other, and a path or key that both claim."""

    mine: Area
    theirs: Area
    common: str


def of_feature(feature: Feature) -> Area:
    """What a registered feature claims."""
    write = tuple(each for path in feature.paths for each in _with_below(path))
    scope = Scope(write=write, confidence=Confidence.DECLARED)
    return Area(owner=feature.id, scope=scope, keys=feature.keys)


def of_run(run: str, plan: Plan, states: Iterable[tuple[str, str]]) -> tuple[Area, ...]:
    """What the packages of a run that are not over may write; `states` by package."""
    going = {name for name, status in states if status not in OVER}
    return tuple(
        Area(owner=plan.id, scope=each.reach, run=run, package=each.id)
        for each in plan.packages
        if each.id in going and _is_known(each)
    )


def of_plan(plan: Plan) -> tuple[Area, ...]:
    """What the packages of a plan may write that is to be run."""
    return tuple(
        Area(owner=plan.id, scope=each.reach, package=each.id, keys=each.locks.keys)
        for each in plan.packages
        if each.status is SourceStatus.PENDING and _is_known(each)
    )


def meetings(mine: Sequence[Area], theirs: Sequence[Area]) -> Iterator[Meeting]:
    """Where areas of the one side meet those of the other: each pair once, exactly compared."""
    met: set[tuple[int, int]] = set()
    count = len(mine)
    left, right = (1 << count) - 1, ((1 << len(theirs)) - 1) << count
    beside = [right] * count + [left] * len(theirs)
    for i, j, path in pairs([each.scope for each in (*mine, *theirs)], beside):
        met.add((i, j - count))
        yield Meeting(mine=mine[i], theirs=theirs[j - count], common=path)
    for i, one in enumerate(mine):
        for j, other in enumerate(theirs):
            shared = lock_keys.shared(one.keys, other.keys) if one.keys and other.keys else None
            if shared is not None and (i, j) not in met:
                yield Meeting(mine=one, theirs=other, common=lock_keys.told(*shared))


def findings(plan: Plan, theirs: Sequence[Area]) -> tuple[Finding, ...]:
    """What to know of a plan that can write what others are writing: one for each of its packages.

    Args:
        plan: The plan.
        theirs: What registered features and other runs may write.
    """
    spans = {each.id: each.span for each in plan.packages}
    by_package: dict[str, list[Meeting]] = {}
    for each in meetings(of_plan(plan), theirs):
        by_package.setdefault(each.mine.package, []).append(each)
    found: list[Finding] = []
    for package, met in by_package.items():
        first = met[0]
        others = len({(each.theirs.run, each.theirs.owner, each.theirs.package) for each in met})
        more = f", and {others - 1} more" if others > 1 else ""
        found.append(
            Finding(
                code=CODE,
                severity=Severity.WARNING,
                message=f"{package} may write {first.common}, and so may {first.theirs.told}{more}",
                span=next((span for name, span in spans.items() if name == package), None),
                hint="let that end first, or agree on who writes what: both would change the same "
                "on branches that do not know one another",
            )
        )
    return tuple(found[:_MOST])


def _with_below(path: str) -> tuple[str, ...]:
    """A folder's name stands for all that is below it; what has an ending is a file."""
    name = path.rpartition("/")[2]
    return (path,) if name == "**" or "." in name[1:] else (path, f"{path}/**")


def _is_known(package: WorkPackage) -> bool:
    return package.scope.confidence is not Confidence.UNKNOWN
