"""How a run's branch was offered to those who maintain the repository."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DeliveryOutcome(StrEnum):
    """What came of it."""

    OPENED = "opened"
    UPDATED = "updated"
    UNCHANGED = "unchanged"  # it says all of it already
    CLOSED = "closed"  # of this very commit, by somebody: it stays so
    MERGED = "merged"
    WRITTEN = "written"  # there is no forge: a file tells what a pull request would
    EMPTY = "empty"  # nothing landed
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryEnded:
    """The run's branch was pushed and offered as a pull request, or what of it failed.

    `commit` is what the branch stood at; `pushed` says whether the remote has it there now.
    `url`, `number` and `target` are the pull request's. `file` holds its text where nobody else
    does. `findings` counts what was found; `findings_told` says whether the forge has it, and if
    not, `findings_reason` why.
    """

    outcome: DeliveryOutcome
    commit: str
    remote: str = ""
    pushed: bool = False
    forge: str = ""
    number: int | None = None
    url: str = ""
    target: str = ""
    file: str = ""
    findings: int = 0
    findings_file: str = ""
    findings_told: bool = False
    findings_reason: str = ""
    error_code: str | None = None
    reason: str = ""
    hint: str = ""
