"""Delivery: when a run's branch is offered, to which pull request, and under what title."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from plait.core.event import DeliveryOutcome, RunStatus
from plait.core.package import PackageStatus
from plait.core.run import Run

LONGEST_TITLE = 250  # characters; all three forges take 255
IN_PART = "in part"

_OFFERED = {RunStatus.SUCCEEDED, RunStatus.PARTIAL, RunStatus.FAILED}


class RequestState(StrEnum):
    """Where a pull request stands."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A pull request (at GitLab: a merge request) as a forge tells it."""

    number: int
    url: str
    state: RequestState
    title: str
    body: str
    commit: str  # what its branch stands at, as far as the forge knows
    target: str


def is_due(run: Run) -> bool:
    """Whether a run that is to be offered is over, and not offered as it is now."""
    last = run.delivery
    offered = last is not None and last.outcome is not DeliveryOutcome.FAILED
    current = offered and last is not None and last.commit == run.head
    return run.status in _OFFERED and not current


def has_landed(run: Run) -> bool:
    """Whether the run's branch holds work, of this run or of an earlier one of its plan."""
    return bool(run.carried or run.with_status(PackageStatus.LANDED))


def chosen(requests: Sequence[PullRequest], *, commit: str, target: str) -> PullRequest | None:
    """Of the requests for the branch, the newest first, the one to go on with; None: open one.

    One that somebody closed or merged is left as it is, as long as there is nothing new.
    """
    for wanted in (target, None):
        for each in requests:
            if each.state is RequestState.OPEN and wanted in {each.target, None}:
                return each
    settled = [each for each in requests if each.commit == commit]
    return settled[0] if settled else None


def title_of(run: Run) -> str:
    """The plan's title on one line; it tells where only a part of it is done."""
    whole = run.status is RunStatus.SUCCEEDED
    return _titled(run, "" if whole else f" ({IN_PART})")


def title_for(run: Run, there: str) -> str:
    """The title of a request that is there: a title that a person gave it stays."""
    ours = {_titled(run, ""), _titled(run, f" ({IN_PART})")}
    return title_of(run) if there in ours else there


def _titled(run: Run, remark: str) -> str:
    title = " ".join((run.plan.title or run.plan.id).split())
    room = LONGEST_TITLE - len(remark)
    return (title if len(title) <= room else title[: room - 1].rstrip() + "…") + remark
