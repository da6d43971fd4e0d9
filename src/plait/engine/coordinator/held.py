"""The work that a session means: a task that it has claimed, or an attempt by its claim."""

from __future__ import annotations

from dataclasses import dataclass

from plait.core.coordination import TaskState
from plait.core.event import RunId
from plait.core.plan import PackageId
from plait.engine.coordinator.refusal import Kind, Refusal
from plait.engine.coordinator.verb import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A claim that lasts: of a package, or (without one) of a task alone."""

    run: RunId
    package: PackageId
    epoch: int
    task: str = ""


def held(call: Call, *, task: str, run: str, package: str, epoch: int) -> Held:
    """The claim that is meant: one that lasts, and that no other session has.

    Raises:
        Refusal: `NO_SUCH_TASK`, `NOT_YOURS`, `NOT_AT_WORK`, `OTHER_RUN`.
    """
    if task:
        known = call.rows.task(task)
        if known is None:
            raise Refusal(f"there is no task {task!r}", code="NO_SUCH_TASK", kind=Kind.MISSING)
        if known.session != call.session.id or known.state is not TaskState.CLAIMED:
            raise _not_yours(known.id)
        meant = Held(
            run=RunId(call.within(known.run)),
            package=PackageId(known.package),
            epoch=known.epoch,
            task=known.id,
        )
        if not known.is_offer:
            return meant
    else:
        meant = Held(run=RunId(call.within(run)), package=PackageId(package), epoch=epoch)
        for each in call.rows.tasks(run=meant.run, states=(TaskState.CLAIMED,)):
            same = (each.package, each.epoch) == (meant.package, epoch)
            if same and each.session != call.session.id:
                raise _not_yours(f"package {package}")
    at_work = call.rows.epoch_at_work(meant.run, meant.package) if meant.run else None
    if at_work is None or at_work != meant.epoch:
        raise Refusal(
            f"nobody is at work on package {meant.package!r} of run {meant.run!r} "
            f"under epoch {meant.epoch}",
            code="NOT_AT_WORK",
            kind=Kind.CONFLICT,
            hint="name the task that you have claimed, or run, package and epoch of the attempt",
        )
    return meant


def _not_yours(what: str) -> Refusal:
    return Refusal(f"{what} is not claimed by this session", code="NOT_YOURS", kind=Kind.FORBIDDEN)
