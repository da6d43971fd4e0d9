"""What a package's commit changed, with the texts, and what it is judged against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from plait.core.finding import Finding, Severity
from plait.core.plan import Check, Span, WorkPackage


class Concern(StrEnum):
    """What findings about work are about; `[checks] integrity` sets a policy for each."""

    TESTS = "tests"  # deleted, skipped, emptied, weakened
    CHECKS = "checks"  # what runs tests, and what they must reach
    LINTERS = "linters"  # linters and types
    EMPTY = "empty"  # nothing was changed
    CLAIMS = "claims"  # the result tells of changes that are not there
    SECRETS = "secrets"  # keys, tokens, passwords that would be in the history


class Policy(StrEnum):
    """What a finding about work does."""

    BLOCK = "block"  # it holds the package, if it is grave
    WARN = "warn"  # it is told
    OFF = "off"


Policies = Mapping[Concern, Policy]

USUAL: Policies = dict.fromkeys(Concern, Policy.BLOCK)

CONCERNS: Mapping[str, Concern] = {
    "TEST_DELETED": Concern.TESTS,
    "TEST_SKIPPED": Concern.TESTS,
    "TEST_FOCUSED": Concern.TESTS,
    "TEST_EMPTIED": Concern.TESTS,
    "TEST_WEAKENED": Concern.TESTS,
    "TESTS_EXCLUDED": Concern.CHECKS,
    "THRESHOLD_LOWERED": Concern.CHECKS,
    "CHECK_DEFUSED": Concern.CHECKS,
    "CHECK_CHANGED": Concern.CHECKS,
    "LINT_SUPPRESSED": Concern.LINTERS,
    "LINT_RELAXED": Concern.LINTERS,
    "EMPTY_DIFF": Concern.EMPTY,
    "CLAIMED_UNCHANGED": Concern.CLAIMS,
    "SECRET_ADDED": Concern.SECRETS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A path that the commit changed. A text is None where the path is not there, or no text.

    Modes are git's octal; all zeros, or empty, where the path is not there.
    """

    path: str
    old: str | None = None
    new: str | None = None
    old_mode: str = ""
    new_mode: str = ""

    @property
    def deleted(self) -> bool:
        """Whether it was there and is not any more."""
        return self.old is not None and self.new is None and not self.new_mode.strip("0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose commit it is: its package, the checks that judge it, what its result claims.

    `claimed` are paths that the result says were changed.
    """

    package: WorkPackage
    changes: tuple[Changed, ...] = ()
    checks: tuple[Check, ...] = ()
    claimed: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    paths: frozenset[str] = field(default_factory=frozenset)  # all that it changed


def grave(code: str, message: str, hint: str, *, file: str = "", line: int = 1) -> Finding:
    """A finding that holds the package until somebody accepts it."""
    return _finding(code, Severity.ERROR, message, hint, place=(file, line))


def slight(code: str, message: str, hint: str, *, file: str = "", line: int = 1) -> Finding:
    """A finding that is told."""
    return _finding(code, Severity.WARNING, message, hint, place=(file, line))


def _finding(
    code: str, severity: Severity, message: str, hint: str, *, place: tuple[str, int]
) -> Finding:
    file, line = place
    span = Span(file=file, line=max(1, line)) if file else None
    return Finding(code=code, severity=severity, message=message, hint=hint, span=span)
