"""Integrity: whether a package's commit weakens what it is judged by.

Checks prove nothing where the tests they run were deleted, skipped, emptied or weakened, and a
linter finds nothing where it was told not to look. `judge` compares the texts before and after,
and finds such places. A grave finding (an error) holds the package until somebody accepts it; a
slight one (a warning) is told. Pure.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace

from plait.core.finding import Finding, Severity
from plait.core.integrity.change import (
    CONCERNS,
    USUAL,
    Changed,
    Concern,
    Policies,
    Policy,
    Subject,
    grave,
    slight,
)
from plait.core.integrity.commands import judge_commands
from plait.core.integrity.exposed import judge_secrets
from plait.core.integrity.marks import judge_marks
from plait.core.integrity.slack import judge_settings
from plait.core.integrity.tests import judge_tests
from plait.core.leak import Clean
from plait.core.plan import Confidence, PackageKind

__all__ = [
    "CONCERNS",
    "USUAL",
    "Changed",
    "Concern",
    "Policies",
    "Policy",
    "Subject",
    "holding",
    "judge",
    "policies_of",
]

_MOST = 50  # of one commit
_SHOWN = 5


def judge(
    subject: Subject, policies: Policies = USUAL, clean: Clean = bytes
) -> tuple[Finding, ...]:
    """What is to be found in a commit, the gravest first; at most fifty findings.

    Args:
        subject: Whose commit it is.
        policies: What a finding does, by what it is about.
        clean: A line without keys of well-known forms; without it none of these is found.
    """
    found = dict.fromkeys(
        (
            *judge_tests(subject),
            *judge_commands(subject),
            *judge_settings(subject),
            *judge_marks(subject),
            *_empty(subject),
            *_claims(subject),
            *judge_secrets(subject, clean),
        )
    )
    kept = []
    for each in found:
        match policies.get(CONCERNS[each.code], Policy.BLOCK):
            case Policy.BLOCK:
                kept.append(each)
            case Policy.WARN:
                kept.append(replace(each, severity=Severity.WARNING))
            case Policy.OFF:
                pass
    kept.sort(key=lambda each: each.severity is not Severity.ERROR)
    return tuple(kept[:_MOST])


def holding(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those that hold the package until somebody accepts them."""
    return tuple(each for each in findings if each.severity is Severity.ERROR)


def policies_of(said: Mapping[str, str]) -> Policies:
    """What `[checks] integrity` says, with what is usual for the rest."""
    return {**USUAL, **{Concern(name): Policy(policy) for name, policy in said.items()}}


def _empty(subject: Subject) -> Iterator[Finding]:
    """Nothing was changed: grave where the plan says which files the package is there to change.

    A task of a list may well be to run or to look at something, and an integration package finds
    nothing to mend when all fits together.
    """
    package, scope = subject.package, subject.package.scope
    if subject.paths or not (scope.write or scope.confidence is Confidence.UNKNOWN):
        return
    declared = bool(scope.write) and scope.confidence is Confidence.DECLARED
    made = grave if declared and package.kind is PackageKind.IMPLEMENT else slight
    yield made(
        "EMPTY_DIFF",
        "the package may write, and its commit changes nothing",
        "see whether there was nothing to do; its checks passed on what was there",
    )


def _claims(subject: Subject) -> Iterator[Finding]:
    """Files that the result tells of, and that the commit leaves as they were."""
    missing = []
    for claimed in subject.claimed:
        path = posixpath.normpath(claimed.strip())
        folder = any(each.startswith(f"{path}/") for each in subject.paths)
        if path in {"", "."} or path in subject.paths or folder:
            continue
        if any(path == each or path.startswith(each) for each in subject.ignored):
            yield slight(
                "CLAIMED_UNCHANGED",
                f"the result says that {path} was changed; the repository ignores it",
                "take the file out of `.gitignore`, if it was meant to land",
                file=path,
            )
            continue
        missing.append(path)
    if missing:
        more = [f"{len(missing) - _SHOWN} more"] if len(missing) > _SHOWN else []
        shown = ", ".join([*missing[:_SHOWN], *more])
        yield grave(
            "CLAIMED_UNCHANGED",
            f"the result says that {shown} was changed, and it is as it was",
            "look at what was done instead; `plait answer RUN PACKAGE yes` accepts it",
            file=missing[0],
        )
