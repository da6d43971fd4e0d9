"""Where the source means its phases as barriers, a block holds back what comes later."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.runs import begin, end, package, plan, record, started

from plait.core.control import AnswerQuestion, Order, carried_out
from plait.core.event import PackageSkipped, Verdict
from plait.core.graph import build
from plait.core.plan import PackageId
from plait.core.schedule import Limits, Skip, Start, compile_plan, decide

PLAN = plan(
    package("a", phase="Phase 1"),
    package("b", phase="Phase 1"),
    package("c", phase="Phase 2"),
    package("free"),
)


def test_no_package_of_a_later_phase_starts_after_a_block():
    """Not even one that depends on nothing; the phase itself and what has none go on."""
    blocked = record(started(PLAN), begin("a"), end("a", Verdict.BLOCKED, question="which?"))
    phased = replace(blocked, plan=replace(PLAN, phased=True))
    found = decide(compile_plan(phased.plan), phased, Limits())
    assert {each.package for each in found if isinstance(each, Start)} == {"b", "free"}
    (held,) = [each for each in found if isinstance(each, Skip)]
    assert (held.package, held.because) == ("c", ("a",))
    assert "Phase 2 does not begin" in held.reason
    unphased = decide(compile_plan(PLAN), blocked, Limits())
    assert {each.package for each in unphased if isinstance(each, Start)} == {"b", "c", "free"}


def test_an_answer_lets_the_later_phase_begin():
    """What was held back waits again, though it depends on nothing."""
    run = record(
        started(replace(PLAN, phased=True)),
        begin("a"),
        end("a", Verdict.BLOCKED, question="which?"),
        PackageSkipped(package=PackageId("c"), reason="Phase 2 does not begin: a is blocked"),
    )
    order = carried_out(run, build(run.plan), AnswerQuestion(question="a", text="x"), who="ann")
    assert isinstance(order, Order)
    assert record(run, *order.events).packages[PackageId("c")].status == "pending"
