"""What a run hands over, and what it learns, as it stands."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.runs import begin, end, landed, package, plan, record, started

from plait.core.event import (
    GateAsked,
    QuestionAnswered,
    RunEnded,
    RunInterrupted,
    RunPaused,
    RunStatus,
    Verdict,
)
from plait.core.handoff import MOST, Occasion, occasion_of, written_by
from plait.core.lessons import MOST_REASON, asked_for, excerpt, lesson
from plait.core.plan import PackageId
from plait.core.remembered import MemoryKind
from plait.core.run import Run

A, B, C = PackageId("a"), PackageId("b"), PackageId("c")
PLAN = plan(package("a"), package("b", "a"), package("c"))


def test_a_handoff_tells_what_landed_what_is_open_and_what_to_do():
    """Work, answers and commands, each in a line of its list."""
    run = record(
        started(PLAN),
        begin("a"),
        end("a"),
        landed("a"),
        begin("b"),
        end("b", Verdict.REJECT, error_code="VERIFICATION_FAILED", reason="red", kept_ref="refs/k"),
        GateAsked(package=C, question="does it pass?"),
        RunEnded(status=RunStatus.BLOCKED),
    )
    told = written_by(run, occasion_of(run))
    assert told.occasion is Occasion.END
    assert told.completed_work[0].startswith("a landed as m-a")
    assert told.in_progress == (
        "c is blocked: does it pass?",
        "b is failed (VERIFICATION_FAILED): red",
    )
    assert told.next_steps == (
        f"plait retry {run.id} b",
        "git show refs/k",
        f'plait answer {run.id} c "…"',
        f"plait resume {run.id}",
        f"plait report {run.id}",
    )
    answered = QuestionAnswered(package=C, question="does it pass?", answer="yes", who="ann")
    assert (
        "c: does it pass? ann answered: yes"
        in written_by(record(run, answered), Occasion.END).decisions
    )
    assert "plan revision" in written_by(run, Occasion.REVISION).summary


def test_a_run_that_was_cut_short_is_handed_over_as_a_pause():
    """By a person or by a signal; a run that is over has ended."""
    run = record(started(PLAN), begin("a"))
    paused = record(run, RunPaused(who="ann", at_once=False), RunEnded(status=RunStatus.PAUSED))
    assert "is paused" in written_by(paused, occasion_of(paused)).summary
    for each in (paused, record(run, RunInterrupted(signal="SIGINT"))):
        assert occasion_of(each) is Occasion.PAUSE
        assert "a is running" in written_by(each, Occasion.PAUSE).in_progress
    assert occasion_of(record(run, RunEnded(status=RunStatus.FAILED))) is Occasion.END


def test_lists_are_cut_where_they_grow_long():
    """Forty lines of each, the last of which says how many more there are."""
    many = plan(*(package(f"p{number}") for number in range(60)))
    run = started(many)
    for number in range(60):
        run = record(run, begin(f"p{number}"), end(f"p{number}"), landed(f"p{number}"))
    told = written_by(run, Occasion.END)
    assert len(told.completed_work) == MOST
    assert told.completed_work[-1] == "… and 21 more"


def again(run: Run, number: int, **fields: object) -> Run:
    """Another attempt at a, judged."""
    more = {"attempt": number, "epoch": number, **fields}
    return record(run, begin("a", number, number), end("a", **more))


def test_a_cure_is_learned_where_an_attempt_had_failed():
    """Why it failed, which attempt passed, what it changed besides; nothing else is."""
    run = again(
        started(PLAN), 1, verdict=Verdict.REVISE, error_code="SCOPE_VIOLATION", reason="outside"
    )
    run = again(run, 2)
    event = landed("a", attempt=2, epoch=2)
    learned = lesson(record(run, event), event)
    assert learned is not None
    assert learned.summary == "Build a: SCOPE_VIOLATION, then it passed"
    assert (learned.details, learned.tags) == ("outside", ("SCOPE_VIOLATION",))
    assert learned.outcome.startswith("attempt 2 passed: ")
    assert (learned.kind, learned.source, learned.run) == (MemoryKind.EPISODIC, "plait", run.id)

    at_once = record(started(PLAN), begin("a"), end("a"), landed("a"))
    assert lesson(at_once, landed("a")) is None
    assert lesson(at_once, RunEnded(status=RunStatus.SUCCEEDED)) is None


def test_what_failed_for_good_is_learned():
    """At the attempt that was the last; a further one is no reason to write anything down."""
    revise = end("a", Verdict.REVISE, error_code="VERIFICATION_FAILED", reason="red")
    run = record(started(PLAN), begin("a"), revise)
    assert lesson(run, revise) is None
    reject = replace(revise, verdict=Verdict.REJECT)
    learned = lesson(record(started(PLAN), begin("a"), reject), reject)
    assert learned is not None
    assert (learned.event, learned.outcome) == ("error", "it failed for good, after 1 attempt")


def test_a_long_reason_is_told_by_its_beginning_and_its_end():
    """Logs say at their end what went wrong."""
    told = excerpt("it failed\n\n" + "noise\n" * 1000 + "AssertionError: 1 != 2\n")
    assert told.startswith("it failed\nnoise")
    assert told.endswith("AssertionError: 1 != 2")
    assert len(told) <= MOST_REASON + 3


def test_memories_are_looked_for_by_title_paths_and_codes():
    """Without wildcards."""
    known = replace(
        package("a"), scope=replace(package("a").scope, write=("src/billing/*/export.py",))
    )
    words = asked_for(known, ["SETUP_FAILED"]).split()
    assert {"a", "SETUP_FAILED", "export", "billing"} <= set(words)
