"""What keeps finished work from landing until somebody accepts it."""

from __future__ import annotations

from dataclasses import dataclass

from plait.core.finding import Severity
from plait.core.plan import PackageId


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrityDoubted:
    """Something in a package's commit weakens what judges it, or is not as its result says.

    An error holds the package until somebody accepts it, a warning is told. The line of what was
    deleted is that of the old file; 0: it is about no one place.
    """

    package: PackageId
    attempt: int
    epoch: int
    code: str
    severity: Severity
    message: str
    hint: str = ""
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkAccepted:
    """A person accepted held work as it is: it goes on to the queue, under a claim of its own.

    `epoch` is that claim's; `attempt` did the work, and `commit` holds it.
    """

    package: PackageId
    attempt: int
    epoch: int
    commit: str
    reason: str
    who: str = ""
