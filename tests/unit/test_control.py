"""What follows from an owner's request, decided without a process, a store or a clock."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st
from tests.fakes.runs import begin, end, landed, package, plan, record, started

from plait.core.control import (
    NAMES,
    AnswerQuestion,
    CancelAll,
    CancelPackage,
    ChangeLimits,
    Order,
    Pause,
    Refusal,
    Retry,
    SkipPackage,
    Unpause,
    Wish,
    carried_out,
    from_data,
    to_data,
)
from plait.core.event import (
    GateAsked,
    PackageCancelled,
    PackageSkipped,
    RunContinued,
    RunStatus,
    Verdict,
)
from plait.core.plan import PackageId, PackageKind
from plait.core.run import ACTIVE, ENDED, PackageStatus, Run, conclude
from plait.core.schedule import Cancel, Finish, Limits, Skip, Start, Wait, compile_plan, decide

A, B, C, D = (PackageId(each) for each in "abcd")
PLAN = plan(package("a"), package("b", "a"), package("c", "b"), package("d"))
COMPILED = compile_plan(PLAN)
WISHES: tuple[Wish, ...] = (
    Pause(),
    Pause(at_once=True),
    Unpause(),
    CancelAll(),
    CancelPackage(package="a"),
    Retry(),
    Retry(package="a"),
    SkipPackage(),
    SkipPackage(package="a"),
    AnswerQuestion(question="a", text="yes"),
    ChangeLimits(max_agents=2, budget_usd=1.5),
)


def failed() -> Run:
    """`a` has failed twice of two, `b` and `c` were skipped for it, `d` is at work."""
    run = record(started(PLAN), begin("d"), begin("a"), end("a", Verdict.REVISE))
    run = record(run, begin("a", 2), end("a", Verdict.REJECT, attempt=2, reason="red"))
    skips = [PackageSkipped(package=each, reason="it needs", because=(A,)) for each in (B, C)]
    return record(run, *skips)


def order(run: Run, wish: Wish, **more: frozenset[PackageId]) -> Order:
    """What follows, where something does."""
    found = carried_out(run, COMPILED.graph, wish, who="ann", **more)
    assert isinstance(found, Order), found
    return found


def after(run: Run, wish: Wish) -> Run:
    """The run with the request carried out."""
    return record(run, *order(run, wish).events)


def starts(run: Run) -> set[PackageId]:
    """What is started now, and nothing else is done."""
    actions = [
        each for each in decide(COMPILED, run, Limits(), now=0.0) if not isinstance(each, Wait)
    ]
    found = {each.package for each in actions if isinstance(each, Start)}
    assert len(found) == len(actions)
    return found


def refusal(run: Run, wish: Wish) -> str:
    """The code of a refusal."""
    found = carried_out(run, COMPILED.graph, wish, who="ann")
    assert isinstance(found, Refusal), found
    return found.code


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: NAMES[type(wish)])
def test_a_request_comes_back_from_its_row(wish: Wish) -> None:
    """What is written down is what is read."""
    assert from_data(NAMES[type(wish)], to_data(wish)) == wish


def test_a_retry_gives_a_new_budget_and_frees_what_hung_on_it() -> None:
    """The failed one and, transitively, what was skipped for it wait again; numbers go on."""
    run = after(failed(), Retry(package="a"))
    assert [run.packages[each].status for each in (A, B, C)] == [PackageStatus.PENDING] * 3
    state = run.packages[A]
    assert (state.attempts_used, state.next_attempt) == (0, 3)
    assert starts(run) == {A}


def test_a_package_that_waits_for_its_next_attempt_is_retried_at_once() -> None:
    """Its budget is new and its wait over; one that never began has nothing to be retried."""
    waits = end("a", Verdict.REVISE, not_before=1e12)
    run = record(started(PLAN), begin("a"), waits)
    assert starts(run) == {D}
    run = after(run, Retry(package="a"))
    assert run.packages[A].attempts_used == 0
    assert starts(run) == {A, D}
    assert order(run, Retry(package="d")).events == ()
    assert "d has not begun" in order(run, Retry(package="d")).told
    assert "no package failed" in order(run, Retry()).told


def test_a_skip_lets_the_rest_go_on() -> None:
    """What needs it starts all the same, and the run can still succeed."""
    run = after(failed(), SkipPackage())
    assert run.packages[A].benign
    assert starts(run) == {B}
    run = record(run, landed("b"), landed("c"), end("d"), landed("d"))
    assert conclude(run) is RunStatus.SUCCEEDED


def test_who_is_at_work_is_ended_first() -> None:
    """An attempt under way, or ordered and not yet begun, ends before it is cancelled."""
    run = failed()
    assert order(run, CancelPackage(package="d")).ends == {D}
    fresh = started(PLAN)
    assert order(fresh, CancelPackage(package="d")).ends == frozenset()
    ordered = order(fresh, CancelPackage(package="d"), starting=frozenset({D}))
    assert ordered.ends == {D}
    assert order(run, Pause(at_once=True)).ends == {D}
    assert order(run, Pause()).ends == frozenset()


def test_nothing_starts_while_a_run_is_paused() -> None:
    """What is under way is finished; then the run rests, and goes on when it is continued."""
    run = after(record(started(PLAN), begin("d")), Pause())
    assert decide(COMPILED, run, Limits()) == ()
    run = record(run, end("d"), landed("d"))
    assert [type(each).__name__ for each in decide(COMPILED, run, Limits())] == ["Finish"]
    assert conclude(run) is RunStatus.PAUSED
    run = record(run, RunContinued(pid=1))
    assert starts(run) == {A}
    assert refusal(run, Unpause()) == "NOT_PAUSED"


def test_a_gate_is_passed_or_refused_by_its_answer() -> None:
    """Yes passes it, no fails it, anything else is asked again."""
    gated = plan(package("a", kind=PackageKind.GATE), package("b", "a"))
    run = record(started(gated), GateAsked(package=A, question="Does it pass?"))
    graph = compile_plan(gated).graph

    def status(text: str) -> PackageStatus | str:
        found = carried_out(run, graph, AnswerQuestion(question="a", text=text), who="ann")
        if isinstance(found, Refusal):
            return found.code
        return record(run, *found.events).packages[A].status

    assert status("Yes, it is fine.") is PackageStatus.LANDED
    assert status("no") is PackageStatus.FAILED
    assert status("perhaps") == "BAD_ANSWER"
    assert status("  ") == "BAD_ANSWER"


def test_a_package_may_be_named_as_in_its_source() -> None:
    """By its id, or by a source id that only one has; others are refused with a code."""
    twins = (package("m/a", source_id="a"), package("n/a", source_id="a"), package("n/b"))
    two = plan(*(replace(each, source_id=each.source_id.split("/")[-1]) for each in twins))
    run, graph = started(two), compile_plan(two).graph
    found = carried_out(run, graph, CancelPackage(package="b"), who="ann")
    assert isinstance(found, Order)
    assert "n/b" in found.told
    for name in ("a", "x"):
        refused = carried_out(run, graph, CancelPackage(package=name), who="ann")
        assert isinstance(refused, Refusal)
        assert refused.code == "NO_SUCH_PACKAGE"


def test_what_is_done_stays_done() -> None:
    """Neither cancelled nor skipped nor tried again."""
    run = record(started(PLAN, done=["d"]), begin("a"), end("a"), landed("a"))
    for name in ("a", "d"):
        for wish in (CancelPackage(package=name), Retry(package=name), SkipPackage(package=name)):
            assert refusal(run, wish) == "ALREADY_DONE"


@given(st.lists(st.sampled_from(WISHES), max_size=6))
def test_whatever_is_asked_the_run_comes_to_rest(wishes: list[Wish]) -> None:
    """After any requests no package is forgotten: playing on, the run ends by itself."""
    run = failed()
    for wish in wishes:
        found = carried_out(run, COMPILED.graph, wish, who="ann")
        if isinstance(found, Order):
            ended = [end(each, Verdict.REVISE, epoch=1) for each in found.ends]
            run = record(run, *ended)
            again = carried_out(run, COMPILED.graph, wish, who="ann")
            run = record(run, *(again.events if isinstance(again, Order) else ()))
    for _ in range(40):
        actions = decide(COMPILED, run, Limits())
        for action in actions:
            match action:
                case Finish():
                    left = {state.status for state in run.packages.values()} - ENDED
                    assert bool(left) == (conclude(run) is RunStatus.PAUSED)
                    return
                case Start(package=name):
                    run = record(run, begin(name), end(name), landed(name))
                case Skip(package=name, benign=benign):
                    run = record(run, PackageSkipped(package=name, reason="", benign=benign))
                case Cancel(package=name):
                    run = record(run, PackageCancelled(package=name, reason="cancelled"))
                case _:
                    pytest.fail(f"nothing else is to be expected: {action}")
        for state in run.with_status(*ACTIVE):
            run = record(run, end(state.id), landed(state.id))
    pytest.fail("it never came to rest")
