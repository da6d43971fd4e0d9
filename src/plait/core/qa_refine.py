"""The narrow package that mends what QA found: in the files of the packages concerned, no more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
from plait.core.verdict import is_protected

_MOST_FILES = 400
_MOST_DETAILS = 2000


def fix_of(run: Run, qa: WorkPackage, trial: Trial) -> tuple[WorkPackage | None, str]:
    """The package that goes first, or why there can be none.

    Where a failure names files or packages, these are concerned; else all that have landed.
    """
    failed = trial.of(QaStatus.FAILED)
    landed = [
        state
        for state in run.with_status(PackageStatus.LANDED)
        if state.files and not run.plan.package(state.id).own
    ]
    concerned = _concerned(failed, landed)
    files = tuple(
        dict.fromkeys(
            path
            for state in concerned
            for path in state.files
            if not is_protected(run.plan, path) and not _is_result(run, path)
        )
    )
    if not files:
        return None, "no package of this run has landed a file that could be mended"
    owners = [run.plan.package(state.id) for state in concerned]
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
                write=tuple(literal(each) for each in files[:_MOST_FILES]),
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
    """Fixes that came to nothing, and that nobody misses once QA has passed."""
    lost = {PackageStatus.FAILED, PackageStatus.SKIPPED}
    return tuple(
        opened.package
        for opened in run.opened
        if opened.needed_by == qa.id
        and run.packages[opened.package].status in lost
        and not run.packages[opened.package].benign
    )


def _concerned(failed: Iterable[QaItemEnded], landed: Sequence[PackageState]) -> list[PackageState]:
    chosen: set[PackageId] = set()
    for item in failed:
        mine = {
            state.id
            for state in landed
            if any(fnmatchcase(state.id, each) for each in item.packages)
            or set(state.files) & set(item.paths)
        }
        chosen |= mine or {state.id for state in landed}
    return [state for state in landed if state.id in chosen]


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
