"""The narrow package that mends what QA found: in the files of the packages concerned, no more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from plait.core.event import QaItemEnded, QaStatus
from plait.core.glob import literal
from plait.core.package import PackageState, PackageStatus
from plait.core.plan import (
    CheckKind,
    Confidence,
    Edge,
    PackageId,
    PackageKind,
    Scope,
    WorkPackage,
)
from plait.core.qa import REFINE, Trial
from plait.core.run import Run
from plait.core.scope import matches
from plait.core.verdict import is_protected

_MOST_FILES = 400
_MOST_DETAILS = 2000


def fix_of(run: Run, qa: WorkPackage, trial: Trial) -> tuple[WorkPackage | None, str]:
    """The package that goes first, or why there can be none.

    Where a failure names files or packages, these are concerned; else all that have landed.
    """
    failed = trial.of(QaStatus.FAILED)
    before = run.with_status(PackageStatus.DONE_BEFORE)
    landed = [_landed(run, state) for state in run.with_status(PackageStatus.LANDED)]
    landed = [each for each in landed if each.files]
    landed += [_landed(run, state) for state in before]
    concerned = _concerned(failed, [each for each in landed if each.globs])
    globs = tuple(dict.fromkeys(glob for each in concerned for glob in each.globs))
    if not globs:
        return None, "no package has landed a file that could be mended"
    owners = [each.package for each in concerned]
    checks = {
        check.identity: check
        for each in owners
        for check in each.checks
        if check.kind is CheckKind.COMMAND
    }
    name = _free_name(run, qa)
    told = failed[0].name if len(failed) == 1 else f"{len(failed)} failures"
    return (
        WorkPackage(
            id=name,
            source_id=name,
            title=f"Mend what QA found: {told}"[:120],
            description=_task(run, qa, trial, failed),
            kind=PackageKind.FIX,
            needs=tuple(Edge(id=each.id, note="it mends its files") for each in owners),
            scope=Scope(
                write=globs[:_MOST_FILES],
                deny=tuple(dict.fromkeys(glob for each in concerned for glob in each.denied)),
                confidence=Confidence.DECLARED,
            ),
            checks=tuple(checks.values()),
            timeout_s=max(each.timeout_s for each in owners),
            retry_budget=max(each.retry_budget for each in owners),
            role=REFINE,
        ),
        "",
    )


def superseded(run: Run, qa: WorkPackage) -> tuple[PackageId, ...]:
    """Fixes that came to nothing, and that nobody misses once QA has passed, or asks itself."""
    lost = {PackageStatus.FAILED, PackageStatus.SKIPPED, PackageStatus.BLOCKED}
    return tuple(
        opened.package
        for opened in run.opened
        if opened.needed_by == qa.id
        and run.packages[opened.package].status in lost
        and not run.packages[opened.package].benign
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Landed:
    """A package whose work is on the branch; `files` of it are known if it landed in this run."""

    package: WorkPackage
    files: tuple[str, ...]

    @property
    def globs(self) -> tuple[str, ...]:
        """What may be written for its sake: its files; what its scope opens, of earlier work."""
        if self.package.own:
            return ()
        known = self.package.scope.confidence is not Confidence.UNKNOWN
        earlier = self.package.scope.write if known else ()
        return tuple(map(literal, self.files)) or earlier

    @property
    def denied(self) -> tuple[str, ...]:
        """What its scope denies, if that is what opens it."""
        return () if self.files else self.package.scope.deny

    def holds(self, path: str) -> bool:
        """Whether a file is its."""
        return any(matches(glob, path) for glob in self.globs)


def _landed(run: Run, state: PackageState) -> _Landed:
    """Without the files that nobody may write to mend something."""
    files = (
        path
        for path in state.files
        if not is_protected(run.plan, path) and not _is_result(run, path)
    )
    return _Landed(package=run.plan.package(state.id), files=tuple(files))


def _concerned(failed: Iterable[QaItemEnded], landed: Sequence[_Landed]) -> list[_Landed]:
    chosen: set[PackageId] = set()
    for item in failed:
        mine = {
            each.package.id
            for each in landed
            if any(fnmatchcase(each.package.id, pattern) for pattern in item.packages)
            or any(map(each.holds, item.paths))
        }
        chosen |= mine or {each.package.id for each in landed}
    return [each for each in landed if each.package.id in chosen]


def _is_result(run: Run, path: str) -> bool:
    return bool(run.plan.qa_results) and path.startswith(f"{run.plan.qa_results}/")


def _free_name(run: Run, qa: WorkPackage) -> PackageId:
    number = 1
    while PackageId(f"{qa.id}-fix-{number}") in run.packages:
        number += 1
    return PackageId(f"{qa.id}-fix-{number}")


def _task(run: Run, qa: WorkPackage, trial: Trial, failed: Sequence[QaItemEnded]) -> str:
    planned = trial.planned
    told = [
        f"QA tried the landed feature (try {planned.number} of {planned.of}) and found what is "
        "listed here. Mend the cause, with the smallest change that does, in the files that you "
        "may write. Change nothing else; no rework of the architecture. The full plan of QA is "
        "tried again afterwards."
    ]
    for each in failed:
        lines = [f"{each.name} ({each.kind.value}): {each.reason}"]
        lines += [f"At: {each.target}"] if each.target else []
        lines += [each.details[:_MOST_DETAILS].strip()] if each.details.strip() else []
        told.append("\n".join(lines))
    told += [f"A person said: {answer.text}" for answer in run.packages[qa.id].answers]
    return "\n\n".join(told)
