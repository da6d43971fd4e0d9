"""What came of trying the landed tree."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from plait.core.plan import PackageId


class QaKind(StrEnum):
    """What an item of QA looks at."""

    CLI = "cli"
    API = "api"
    WEB = "web"
    AGENT = "agent"  # a QA agent looks for itself


class QaStatus(StrEnum):
    """What came of an item."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not_run"


class QaVerdict(StrEnum):
    """What came of an attempt at the full plan."""

    PASS = "pass"  # noqa: S105 - no password
    PARTIAL = "partial"  # nothing failed, but not everything could be run
    FAIL = "fail"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class QaPlanned:
    """What is to be tried on `commit`, the landed tree, in try `number` of at most `of`."""

    package: PackageId
    attempt: int
    epoch: int
    commit: str
    number: int
    of: int
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QaItemEnded:
    """One item was tried. `reason` says what failed, or why it could not be run.

    `details` are its last words, `evidence` files relative to the state folder. `paths` are files
    of the repository that the failure is about, `packages` patterns of packages, as far as known.
    """

    package: PackageId
    attempt: int
    epoch: int
    item: str
    kind: QaKind
    name: str
    status: QaStatus
    duration_s: float = 0.0
    target: str = ""
    reason: str = ""
    details: str = ""
    severity: str = ""
    evidence: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QaEnded:
    """The full plan was tried once. `reports` are files relative to the state folder."""

    package: PackageId
    attempt: int
    epoch: int
    commit: str
    verdict: QaVerdict
    number: int
    of: int
    duration_s: float = 0.0
    reports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QaSettled:
    """QA is over and has nothing to land: it passed, or a person accepts what failed."""

    package: PackageId
    reason: str
    who: str = ""
