"""What happened to a candidate on its way onto the run's branch."""

from __future__ import annotations

from dataclasses import dataclass

from plait.core.event.kinds import Verdict
from plait.core.plan import PackageId


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingStarted:
    """The merge result of a candidate is being built and tested on top of `onto`."""

    package: PackageId
    attempt: int
    epoch: int
    onto: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingRefused:
    """The candidate conflicts, or its merge result is red. It goes back, or fails.

    If an attempt follows, it begins at `not_before` (Unix time) at the earliest. Where its checks
    could not run at all, `question` is what a person is asked.
    """

    package: PackageId
    attempt: int
    epoch: int
    verdict: Verdict
    error_code: str
    reason: str
    kept_ref: str | None = None
    not_before: float = 0.0
    question: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictFound:
    """A candidate changed what somebody else changed too, and git cannot tell how both hold.

    `landed`: it conflicts with what is on the branch, at `onto`, so it goes back. Otherwise it is
    foreseen: it conflicts with candidates that stand before it, and waits until one has landed
    or has fallen out. `against` are those that changed the same `paths`.
    """

    package: PackageId
    attempt: int
    epoch: int
    onto: str
    paths: tuple[str, ...]
    against: tuple[PackageId, ...] = ()
    landed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """The run's branch moved to `commit`, a tree that was tested (unless `unchecked`).

    Where several landed as one, each has the same `commit` and `tree`, `files` are its own, and
    `tested_with` names the package whose checks tell how the tree was tested. `merged` are files
    that conflicted line by line, and were merged by what they hold.
    """

    package: PackageId
    attempt: int
    epoch: int
    commit: str
    tree: str
    files: tuple[str, ...]
    unchecked: bool = False
    tested_with: PackageId | None = None
    merged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FlakeFound:
    """A check said one thing of a tree and then another: it is no evidence by itself.

    `package` is whose merge result was tested, `commit` that merge result, `log` of the run that
    failed.
    """

    package: PackageId
    attempt: int
    epoch: int
    name: str
    command: str
    commit: str
    log: str
