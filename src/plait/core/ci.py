"""What a code host's checks say of a commit, as one word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

_ORDERS = re.compile(
    r"\.(?:github|gitea|forgejo)/(?:workflows|actions)/|\.gitlab-ci\.ya?ml$|\.gitlab/ci/"
)
_EVENT = re.compile(r" \([a-z_]+\)$")  # of a job's name at Gitea: what set it off


class JobState(StrEnum):
    """Where one of them stands."""

    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A check of a commit as the host tells it; `url` is where people read about it.

    `optional`: nothing depends on it, unless it is asked for by its name.
    """

    name: str
    state: JobState
    url: str = ""
    optional: bool = False


class Word(StrEnum):
    """What they come to."""

    PASSED = "passed"
    FAILED = "failed"
    PENDING = "pending"
    NONE = "none"  # nothing is known of the commit, or nothing that was asked for


class Lack(StrEnum):
    """Why the host's word is not known."""

    NONE = "CI_NOT_CONFIGURED"
    NO_ACCESS = "CI_NO_ACCESS"
    TIMED_OUT = "CI_TIMED_OUT"
    CHANGED = "CI_CHANGED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The word, and the jobs that it rests on; `missing` are wanted and not there."""

    word: Word
    jobs: tuple[Job, ...] = ()
    missing: tuple[str, ...] = ()


def ordering(paths: Iterable[str]) -> tuple[str, ...]:
    """Those of the paths that tell a code host what to run."""
    return tuple(path for path in paths if _ORDERS.match(path))


def said(jobs: Sequence[Job], wanted: Sequence[str]) -> Said:
    """What the host says of those that are wanted; without any, of all that it has.

    One that failed decides at once. A wanted one that is not there may still come.
    """
    found = [each for each in jobs if not each.optional]
    if wanted:
        found = [each for each in jobs if any(_is(each.name, name) for name in wanted)]
    missing = tuple(name for name in wanted if not any(_is(each.name, name) for each in jobs))
    failed = tuple(each for each in found if each.state is JobState.FAILED)
    if failed:
        return Said(word=Word.FAILED, jobs=failed, missing=missing)
    if not found:
        return Said(word=Word.NONE, missing=missing)
    if missing or any(each.state is JobState.PENDING for each in found):
        return Said(word=Word.PENDING, jobs=tuple(found), missing=missing)
    return Said(word=Word.PASSED, jobs=tuple(found))


def _is(name: str, wanted: str) -> bool:
    """Whether a job is the one that is wanted: `CI / unit (push)` is `unit`, and `CI / unit`."""
    bare = _EVENT.sub("", name)
    return wanted in {name, bare, bare.rpartition(" / ")[2]}
