"""What Plait concludes about a commit: is every path within the plan's scope?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from plait.core.plan import Confidence, Plan, WorkPackage
from plait.core.scope import allows

_GITLINK = "160000"
_BOX = re.compile(rb"^([ \t>]*(?:[-*+]|\d+[.)])[ \t]+\[)[^\]\r\n](\])", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeVerdict:
    """Paths that forbid a landing, and paths a report only mentions; both sorted."""

    violations: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()


def judge_scope(
    plan: Plan,
    package: WorkPackage,
    paths: Iterable[str],
    *,
    unfinished: Callable[[], Sequence[WorkPackage]] = tuple,
    gitlinks: Iterable[str] = (),
) -> ScopeVerdict:
    """Compare changed paths with the plan's scope (never with what the agent says of itself).

    A declared scope binds. Outside an inferred one a write is a deviation, and a violation only
    where it meets the scope of another unfinished package or a protected path. An unknown scope
    is everything but protected paths. An embedded repository is a violation anywhere: what it
    holds cannot be seen or tested.
    """
    embedded, reach = set(gitlinks), package.reach
    violations: set[str] = set(embedded)
    deviations: set[str] = set()
    for path in set(paths) - embedded:
        match package.scope.confidence:
            case Confidence.DECLARED:
                if not allows(reach, path) or _is_internal(path):
                    violations.add(path)
            case Confidence.INFERRED:
                if is_protected(plan, path):
                    violations.add(path)
                elif not allows(reach, path):
                    meets = any(allows(other.reach, path) for other in unfinished())
                    (violations if meets else deviations).add(path)
            case Confidence.UNKNOWN:
                if is_protected(plan, path):
                    violations.add(path)
    return ScopeVerdict(violations=tuple(sorted(violations)), deviations=tuple(sorted(deviations)))


def is_protected(plan: Plan, path: str) -> bool:
    """Whether a path may be written only by a package whose declared scope names it."""
    return (
        _is_internal(path)
        or path == "plait.toml"
        or any(path == source.path for source in plan.files)
    )


def only_ticks_boxes(before: bytes, after: bytes) -> bool:
    """Whether two versions of a task list differ in nothing but the marks in their boxes."""
    return before != after and _unmarked(before) == _unmarked(after)


def _unmarked(text: bytes) -> bytes:
    return _BOX.sub(rb"\1 \2", text)


def _is_internal(path: str) -> bool:
    return path.split("/", 1)[0] in {".git", ".plait"}
