"""What a code host's checks come to, as one word."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from plait.core.ci import Job, JobState, Lack, Said, Word, said
from plait.core.plan import Check, CheckKind
from plait.engine.ci import Unheard, hear
from plait.errors import EnvironmentLack
from plait.process import run_main

PASSED, FAILED, PENDING = JobState.PASSED, JobState.FAILED, JobState.PENDING


def jobs(**states: JobState) -> list[Job]:
    """Jobs by name."""
    return [Job(name=name, state=state) for name, state in states.items()]


@pytest.mark.parametrize(
    ("there", "wanted", "word"),
    [
        (jobs(), (), Word.NONE),
        (jobs(), ("unit",), Word.NONE),
        (jobs(lint=PASSED), ("unit",), Word.NONE),
        (jobs(unit=PASSED, lint=PENDING), (), Word.PENDING),
        (jobs(unit=PASSED, lint=PENDING), ("unit",), Word.PASSED),
        (jobs(unit=PASSED), ("unit", "lint"), Word.PENDING),
        (jobs(unit=FAILED, lint=PENDING), (), Word.FAILED),
        (jobs(unit=PASSED, lint=FAILED), ("unit",), Word.PASSED),
        (jobs(unit=FAILED), ("unit", "lint"), Word.FAILED),
        (jobs(unit=PASSED, lint=PASSED), (), Word.PASSED),
    ],
)
def test_one_word_for_all_that_is_wanted(there, wanted, word):
    """A failure decides at once; what is wanted and not there may still come."""
    assert said(there, wanted).word is word


@pytest.mark.parametrize("name", ["unit", "CI / unit", "CI / unit (push)", "unit (pull_request)"])
def test_a_job_is_known_by_its_short_name(name):
    """As each host calls it, with its workflow and what set it off, or without."""
    assert said([Job(name=name, state=PASSED)], ("unit",)).word is Word.PASSED


def test_it_is_no_other_job():
    """Part of a name is no name."""
    assert said([Job(name="unit tests", state=PASSED)], ("unit",)).word is Word.NONE


@dataclass
class Host:
    """Says one thing after another; the last one for ever."""

    says: list[list[Job] | EnvironmentLack]
    host: str = "git.example.org"
    first_s: float = 0.001
    asked: int = 0

    async def offer(self, branch: str, commit: str) -> None:
        """Take a commit."""

    async def withdraw(self, branch: str, commit: str) -> None:
        """Let it go."""

    async def jobs(self, _commit: str) -> Sequence[Job]:
        """What it says now."""
        now = self.says[min(self.asked, len(self.says) - 1)]
        self.asked += 1
        if isinstance(now, EnvironmentLack):
            raise now
        return now


class Real:
    """The clock of this machine."""

    def now(self) -> float:
        """Unix time."""
        return time.time()


def heard(host: Host, *wanted: str, within_s: float = 60.0) -> Said | Unheard:
    """What comes of waiting."""
    check = Check(name="pipeline", kind=CheckKind.CI, required=wanted)

    async def main() -> Said | Unheard:
        return await hear(Real(), host, check, "c" * 40, time.time() + within_s)

    return run_main(main)


def lack(code: str) -> EnvironmentLack:
    """An error of the forge's."""
    return EnvironmentLack("it says no", code=code, hint="do this")


def test_it_waits_until_all_that_is_wanted_has_passed():
    """Through what passes: no answer, too many questions, jobs that come late."""
    host = Host(
        [
            lack("FORGE_UNREACHABLE"),
            lack("FORGE_RATE_LIMITED"),
            jobs(unit=PENDING),
            jobs(unit=PASSED),
            jobs(unit=PASSED, lint=PASSED),
        ]
    )
    told = heard(host, "unit", "lint")
    assert isinstance(told, Said)
    assert (told.word, host.asked) == (Word.PASSED, 5)


def test_where_no_job_is_named_all_must_have_passed_twice():
    """The second job of a workflow may not be there yet when the first has passed."""
    host = Host(
        [jobs(unit=PASSED), jobs(unit=PASSED, lint=PENDING), jobs(unit=PASSED, lint=FAILED)]
    )
    told = heard(host)
    assert isinstance(told, Said)
    assert (told.word, [each.name for each in told.jobs]) == (Word.FAILED, ["lint"])
    passed = heard(Host([jobs(unit=PASSED)]))
    assert isinstance(passed, Said)
    assert passed.word is Word.PASSED


@pytest.mark.parametrize(
    ("says", "within_s", "code", "words"),
    [
        (jobs(), 60.0, Lack.NONE, "runs no checks"),
        (jobs(unit=PENDING), 0.01, Lack.TIMED_OUT, "did not say in time"),
        (lack("FORGE_UNREACHABLE"), 0.01, Lack.TIMED_OUT, "it says no"),
        (lack("FORGE_FORBIDDEN"), 60.0, Lack.NO_ACCESS, "FORGE_FORBIDDEN"),
    ],
)
def test_what_is_not_heard_is_told_with_the_reason(says, within_s, code, words):
    """None configured, not in time, no network, no access: each a word of its own to a person."""
    told = heard(Host([says]), within_s=within_s)
    assert isinstance(told, Unheard)
    assert words in told.reason
    assert told.code is code
    assert str(code) in told.told
