"""What was kept of work that did not land: whose it is, why it was kept, which one is meant.

Git knows refs, commits and worktrees; the run knows attempts. Here the two are joined, so that
a person reads of packages and reasons.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from plait.core.event import RunId
from plait.core.plan import PackageId
from plait.core.run import SATISFIED, Attempt, PackageState, Run
from plait.errors import UsageError

KEEP = "refs/plait/keep/"
PUSHED = "refs/plait/in/"  # by workers from elsewhere: RUN/PACKAGE/EPOCH
BRANCHES = "refs/heads/plait/"
_OF_SLOT = re.compile(r"refs/plait/keep/(recovered|clean)/(w[0-9]{1,9})(?:-[0-9a-f]{12})?")
_OF_ATTEMPT = re.compile(r"refs/plait/keep/([^/]+)/(.+)/([0-9]{1,18})(?:-[0-9a-f]{12})?")
_OF_PACKAGE = re.compile(r"refs/heads/plait/([^/]+)/(.+)")


class Where(StrEnum):
    """What leads to it."""

    REF = "ref"  # a hidden one
    BRANCH = "branch"  # a package's
    WORKTREE = "worktree"  # nothing but the folder that it lies in


class Why(StrEnum):
    """Why it was kept, where no attempt's own error code says it."""

    INTERRUPTED = "INTERRUPTED"
    CRASHED = "CRASHED"
    CLEANED = "CLEANED"
    NOT_LANDED = "NOT_LANDED"
    NOT_KEPT = "NOT_KEPT"


_TOLD = {
    Why.INTERRUPTED: "Plait was stopped while it was worked on",
    Why.CRASHED: "a crash left it in a worktree",
    Why.CLEANED: "`plait clean` found it in a worktree",
    Why.NOT_LANDED: "it was verified and did not land",
    Why.NOT_KEPT: "it lies in a worktree and nowhere else",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Work that can be restored.

    `source` names it: a full ref, or a worktree's slot. `commit` is None where git cannot hold
    what lies in the worktree. `at` is when it was kept, in Unix seconds. `base` is the commit
    its changes are told against, `files` are these changes, `size` the bytes of the files as
    they were kept. `run`, `package`, `attempt` and `epoch` are None where nothing tells them.
    """

    where: Where
    source: str
    path: str = ""
    commit: str | None
    at: float
    run: RunId | None = None
    package: PackageId | None = None
    title: str = ""
    attempt: int | None = None
    epoch: int | None = None
    code: str = ""
    why: str = ""
    base: str | None = None
    files: tuple[str, ...] = ()
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """An attempt, with the run and the package it was made for."""

    run: Run
    package: PackageId
    attempt: Attempt


def from_ref(ref: str, commit: str, at: float) -> Kept | None:
    """What a ref's own name tells; None for one that keeps nothing."""
    if found := _OF_SLOT.fullmatch(ref):
        why = Why.CRASHED if found[1] == "recovered" else Why.CLEANED
        return _because(Kept(where=Where.REF, source=ref, commit=commit, at=at), why)
    if found := _OF_ATTEMPT.fullmatch(ref):
        return Kept(
            where=Where.REF,
            source=ref,
            commit=commit,
            at=at,
            run=RunId(found[1]),
            package=PackageId(found[2]),
            epoch=int(found[3]),
        )
    if found := _OF_PACKAGE.fullmatch(ref):
        branch = Kept(
            where=Where.BRANCH,
            source=ref,
            commit=commit,
            at=at,
            run=RunId(found[1]),
            package=PackageId(found[2]),
        )
        return _because(branch, Why.NOT_LANDED)
    if ref.startswith(KEEP):
        return Kept(where=Where.REF, source=ref, commit=commit, at=at)
    return None


def slot_of(kept: Kept) -> str | None:
    """The slot whose worktree held it, where that is all that is known of it."""
    if kept.where is Where.WORKTREE:
        return kept.source
    found = _OF_SLOT.fullmatch(kept.source)
    return found[2] if found else None


def explained(kept: Kept, run: Run) -> Kept | None:
    """With what its run knows of it; None for the branch of a package that landed."""
    state = run.packages.get(kept.package) if kept.package is not None else None
    if state is None:
        return kept
    if kept.where is Where.BRANCH and state.status in SATISFIED:
        return None
    kept = replace(kept, title=_title(run, state.id))
    attempt = _attempt(state, kept)
    if attempt is None:
        return kept if kept.why else _because(kept, Why.INTERRUPTED)
    kept = replace(kept, attempt=attempt.number, epoch=attempt.epoch, base=attempt.base)
    if kept.where is Where.BRANCH:
        return kept
    kept = replace(kept, at=attempt.finished_at or kept.at)
    if attempt.error_code:
        return replace(kept, code=attempt.error_code, why=attempt.reason.partition("\n")[0])
    return _because(kept, Why.INTERRUPTED)


def attributed(kept: Kept, tried: Iterable[Tried]) -> Kept:
    """What a worktree held, given to the last attempt in it that never ended.

    Args:
        kept: Work of which only the slot is known.
        tried: Attempts in that slot, the latest first.
    """
    end = kept.at + 1.0  # git tells times in whole seconds, rounded down
    last = next((each for each in tried if each.attempt.started_at < end), None)
    if last is None or (last.attempt.outcome is not None and kept.where is Where.REF):
        return kept  # the attempt's own work was kept when it was judged: this is something else
    return replace(
        kept,
        run=last.run.id,
        package=last.package,
        title=_title(last.run, last.package),
        attempt=last.attempt.number,
        epoch=last.attempt.epoch,
        base=last.attempt.base,
        at=last.attempt.started_at if kept.where is Where.WORKTREE else kept.at,
    )


def unlisted(path: str, slot: str, commit: str | None, *, at: float, why: str = "") -> Kept:
    """What lies in a worktree and nowhere else."""
    kept = _because(
        Kept(where=Where.WORKTREE, source=slot, path=path, commit=commit, at=at), Why.NOT_KEPT
    )
    return replace(kept, why=why) if why else kept


def in_order(found: Iterable[Kept]) -> tuple[Kept, ...]:
    """By run, the newest first, and so within a run; a branch that a hidden ref equals is left out.

    What belongs to no run stands last.
    """
    found = tuple(found)
    hidden = {(each.run, each.package, each.commit) for each in found if each.where is Where.REF}
    distinct = [
        each
        for each in found
        if each.where is not Where.BRANCH or (each.run, each.package, each.commit) not in hidden
    ]
    # A run's id begins with its time.
    distinct.sort(key=lambda each: (each.run or "", each.at, each.source), reverse=True)
    return tuple(distinct)


def choose(
    found: Sequence[Kept], *, package: str | None, epoch: int | None, source: str | None
) -> Kept:
    """The one that is meant: by its source, else the newest of a package (of that epoch).

    Raises:
        UsageError: `NOTHING_KEPT`.
    """
    if source is not None:
        meant = [each for each in found if source in {each.source, each.path}]
        known = [each.source for each in found]
    else:
        named = (package or "").casefold()
        of_package = [each for each in found if (each.package or "").casefold() == named]
        meant = [each for each in of_package if epoch is None or each.epoch == epoch]
        known = [str(each.epoch) for each in of_package if each.epoch is not None]
    if meant:
        return max(meant, key=lambda each: (each.epoch or 0, each.at))
    if source is not None:
        what, hint = f"as {source!r}", f"kept: {', '.join(known[:8])}" if known else ""
    elif known:
        what, hint = f"of {package} under epoch {epoch}", f"epochs: {', '.join(known[:8])}"
    else:
        what, hint = f"of {package}", ""
    raise UsageError(
        f"nothing is kept {what}",
        code="NOTHING_KEPT",
        hint=hint or "`plait recover` lists what is kept",
    )


def branch_name(kept: Kept) -> str:
    """The branch that it is restored to where none is named."""
    if kept.package is None:
        return f"recovered/{kept.source.removeprefix(KEEP).replace('/', '-')}"
    return f"recovered/{kept.package}" + (f"-{kept.epoch}" if kept.epoch is not None else "")


def _attempt(state: PackageState, kept: Kept) -> Attempt | None:
    if kept.epoch is not None:
        return next((each for each in state.attempts if each.epoch == kept.epoch), None)
    return next((each for each in reversed(state.attempts) if each.commit == kept.commit), None)


def _title(run: Run, package: PackageId) -> str:
    return next((each.title for each in run.plan.packages if each.id == package), "")


def _because(kept: Kept, why: Why) -> Kept:
    return replace(kept, code=why, why=_TOLD[why])
