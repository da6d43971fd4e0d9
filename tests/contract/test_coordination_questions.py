"""Progress and questions of sessions, on each kind of store."""

from __future__ import annotations

from typing import Any

from tests.contract.test_coordination import do, joined, refused
from tests.contract.test_coordination_scopes import run
from tests.fakes.clock import ManualClock

from plait.core.event import RunId
from plait.engine.coordinator.desk import Desk
from plait.engine.coordinator.verb import Caller

__all__ = ["run"]


def test_the_last_word_on_work_is_kept(desk: Desk, run: RunId) -> None:
    """Of a package by its claim, of a task by who claimed it; nobody else's."""
    ada, bob = joined(desk), joined(desk, "bob")
    store: Any = desk.store
    claim = {"run": run, "package": "a", "epoch": 1}
    do(desk, ada, "report_progress", **claim, percent=10, message="begun")
    do(desk, ada, "report_progress", **claim, percent=60, message="half, sk-ant-" + "a1" * 20)
    (told,) = store.progress(run)
    assert (told.package, told.percent, told.agent) == ("a", 60, "ada")
    assert "sk-ant-a1" not in told.message
    task = do(desk, ada, "submit_work", type="x", title="t", run=run).task
    do(desk, bob, "get_work", types=["x"])
    assert refused(desk, ada, "report_progress", task=task, message="x").code == "NOT_YOURS"
    assert do(desk, bob, "report_progress", task=task, message="x").task == task
    assert len(store.progress(run)) == 2
    stale = {**claim, "epoch": 2}
    assert refused(desk, ada, "report_progress", **stale, message="x").code == "NOT_AT_WORK"
    assert refused(desk, ada, "report_progress", message="x").code == "NOT_AT_WORK"


def test_a_question_is_asked_once_and_answered_once(
    desk: Desk, run: RunId, clock: ManualClock
) -> None:
    """By somebody who may; its asker hears of it by heartbeats and get_answer."""
    ada, boss = joined(desk), joined(desk, "boss", trust=3)
    store: Any = desk.store
    asked = do(desk, ada, "ask", run=run, package="a", question="left or right?")
    assert do(desk, ada, "ask", run=run, package="a", question="left or right?") == asked
    assert [each.id for each in store.questions(run)] == [asked.question]
    assert not do(desk, ada, "get_answer", question=asked.question).answered
    assert do(desk, ada, "heartbeat").answers == {}
    reply = {"question": asked.question, "text": "left"}
    assert refused(desk, ada, "answer", **reply).code == "DENIED"
    clock.advance(5)
    told = do(desk, boss, "answer", **reply)
    assert (told.answer, told.who, told.answered_at) == ("left", "boss", clock.now())
    assert refused(desk, boss, "answer", **reply).code == "ALREADY_ANSWERED"
    assert do(desk, Caller(), "get_answer", question=asked.question) == told
    assert do(desk, ada, "heartbeat").answers == {asked.question: "left"}
    assert store.questions(run) == ()
    kinds = [each.kind for each in do(desk, Caller(), "query_audit", run=run).rows]
    assert kinds[-2:] == ["question_asked", "question_replied"]


def test_questions_about_nothing_or_too_many_are_refused(desk: Desk, run: RunId) -> None:
    """Without a run, about an unknown package, of another run's session, beyond twenty."""
    ada = joined(desk)
    assert refused(desk, ada, "ask", question="x").code == "NO_SUCH_RUN"
    assert refused(desk, ada, "ask", question="x", run=run, package="zz").code == (
        "NO_SUCH_PACKAGE"
    )
    for name in ("q-0", "q-99", "a", "q-1x"):
        assert refused(desk, ada, "get_answer", question=name).code == "NO_SUCH_QUESTION"
    for number in range(20):
        do(desk, ada, "ask", run=run, question=f"question {number}")
    assert refused(desk, ada, "ask", run=run, question="more").code == "TOO_MANY_QUESTIONS"
    bound = joined(desk, "bob", run=run)
    assert do(desk, bound, "ask", question="mine").run == run
    assert refused(desk, bound, "ask", question="x", run="another").code == "OTHER_RUN"
