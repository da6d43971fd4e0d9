"""Integrations come after all that they integrate; when the whole is judged, and what follows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.runs import landed, package, plan, record, started

from plait.core.control import AnswerQuestion, Order, Refusal, Retry, carried_out
from plait.core.event import (
    CheckEnded,
    IntegrationAccepted,
    IntegrationJudged,
    IntegrationReopened,
    PackageAdded,
    PackageSkipped,
    RunStatus,
    Stage,
    Verdict,
)
from plait.core.graph import build
from plait.core.integration import (
    Problem,
    Wrong,
    fix_for,
    is_due,
    passed_before,
    uses,
    waiting,
)
from plait.core.joining import joined
from plait.core.plan import (
    Check,
    Contracts,
    PackageId,
    PackageKind,
    Provenance,
    SourceStatus,
    WorkPackage,
)
from plait.core.queue import OwnedCheck
from plait.core.report import build_report
from plait.core.run import Halt, Run, conclude

A, B = PackageId("a"), PackageId("b")
JOIN = {"kind": PackageKind.INTEGRATE}
CHECK = Check(name="whole", command="make whole")


def added(*packages: WorkPackage) -> dict[str, list[str]]:
    """The edges that integrations were given, by package."""
    arranged = joined(plan(*packages))
    return {
        each.id: [edge.id for edge in each.needs if edge.provenance is Provenance.INTEGRATION]
        for each in arranged.packages
        if each.kind is PackageKind.INTEGRATE
    }


def test_an_integration_waits_for_the_last_of_all_that_is_made():
    """Not for what these need themselves, nor twice for what the plan says already."""
    assert added(package("a"), package("b", "a"), package("c"), package("all", "c", **JOIN)) == {
        "all": ["b"]
    }


def test_what_builds_on_an_integration_is_not_waited_for():
    """Neither by that one nor by another: nothing waits in a circle."""
    found = added(
        package("a"),
        package("first", "a", **JOIN),
        package("after", "first"),
        package("last", "after", **JOIN),
        package("b"),
    )
    assert found == {"first": ["b"], "last": ["b"]}


@pytest.mark.parametrize("status", [SourceStatus.DONE, SourceStatus.SKIPPED])
def test_what_is_done_or_left_out_is_not_waited_for(status):
    """It will not land in this run."""
    assert added(package("a", status=status), package("b"), package("all", **JOIN)) == {
        "all": ["b"]
    }


def done_run() -> Run:
    """Both packages of a plan have landed, `a` with a file."""
    begun = started(plan(package("a"), package("b")))
    return record(begun, landed("a", files=("a/made.txt",)), landed("b", files=()))


def judged(run: Run, verdict: Verdict, **more: Any) -> IntegrationJudged:
    """The gate's word on where the branch stands."""
    return IntegrationJudged(verdict=verdict, commit=run.head, tree="t", **more)


def test_the_whole_is_judged_once_everything_has_landed():
    """Not before, not again where it passed, and again where the branch moved."""
    begun = record(started(plan(package("a"), package("b"))), landed("a"))
    assert (is_due(begun), waiting(begun)) == (False, (B,))
    run = done_run()
    assert is_due(run)
    passed = record(run, judged(run, Verdict.PASS))
    assert (is_due(passed), conclude(passed)) == (False, RunStatus.SUCCEEDED)
    assert is_due(replace(passed, head="f" * 40))


def test_a_run_that_is_cut_short_before_that_has_not_succeeded():
    """It is paused, and judged when it goes on."""
    assert conclude(replace(done_run(), halt=Halt.DRAIN)) is RunStatus.PAUSED


def test_a_whole_that_asks_blocks_until_a_person_decides():
    """Yes, no and retry each lead on; nothing else is an answer."""
    run = done_run()
    asked = record(run, judged(run, Verdict.BLOCKED, question="May it stay?"))
    assert (is_due(asked), conclude(asked)) == (False, RunStatus.BLOCKED)
    (told,) = build_report(asked)["escalations"]
    assert (told["id"], told["package"], told["question"]) == ("integration", None, "May it stay?")
    graph = build(asked.plan)

    def after(wish: AnswerQuestion | Retry) -> Run:
        order = carried_out(asked, graph, wish, who="Ada")
        assert isinstance(order, Order), order
        return record(asked, *order.events)

    taken = after(AnswerQuestion(question="integration", text="Yes: it is fine"))
    assert (is_due(taken), conclude(taken)) == (False, RunStatus.SUCCEEDED)
    assert taken.whole.accepted is not None
    assert build_report(taken)["integration"]["status"] == "accepted"
    mended = after(AnswerQuestion(question="integration", text="no, take it out"))
    assert (is_due(mended), mended.whole.words) == (True, "no, take it out")
    for again in (after(Retry(package="integration")), after(Retry())):
        assert (is_due(again), again.whole.judged) == (True, None)
    vague = carried_out(asked, graph, AnswerQuestion(question="integration", text="hm"), who="")
    assert isinstance(vague, Refusal)


def test_what_was_opened_for_it_and_is_gone_leaves_the_whole_to_be_judged_again():
    """Skipped without harm, it put nothing right: the gate has the last word."""
    run = done_run()
    revised = record(run, judged(run, Verdict.REVISE, fix=PackageId("integration-fix-1")))
    opened = PackageAdded(package=PackageId("fix"), needed_by=PackageId(""), reason="r")
    grown = record(replace(revised, plan=plan(*revised.plan.packages, package("fix"))), opened)
    assert not is_due(grown)
    gone = record(grown, PackageSkipped(package=PackageId("fix"), reason="skipped", benign=True))
    assert is_due(gone)


def test_a_narrow_package_may_write_what_landed_and_is_checked_by_what_failed():
    """Once by itself; again only where a person asks; never where it could not help."""
    run = done_run()
    wrong = Wrong(failed=(CHECK,), told=('check "whole" exited 1',))
    fix = fix_for(run, wrong)
    assert fix is not None
    assert (fix.kind, fix.scope.write, fix.checks) == (PackageKind.FIX, ("a/made.txt",), (CHECK,))
    assert "exited 1" in fix.description
    opened = PackageAdded(package=fix.id, needed_by=PackageId(""), reason="r")
    again = record(replace(run, plan=plan(*run.plan.packages, fix)), opened)
    assert fix_for(again, wrong) is None
    asked = fix_for(again, wrong, words="take it out")
    assert asked is not None
    assert asked.id == "integration-fix-2"
    assert "take it out" in asked.description
    assert fix_for(run, replace(wrong, lack="no program")) is None
    assert fix_for(run, Wrong(problems=(Problem(told="x", file="other"),))) is None
    assert fix_for(run, Wrong(problems=(Problem(told="x", file="a/made.txt"),))) is not None


def test_its_checks_are_no_packages_and_stay_with_it():
    """They stand in the report beside what they tested, with a bar of their own."""
    run = done_run()
    check = CheckEnded(
        stage=Stage.INTEGRATE,
        name="whole",
        command="make whole",
        passed=True,
        exit_code=0,
        duration_s=0.5,
        log="runs/r/checks/t/1.log",
        commit=run.head,
        tree="t",
    )
    told = build_report(record(run, check, judged(run, Verdict.PASS, checks=("whole",))))
    assert [each["name"] for each in told["integration"]["checks"]] == ["whole"]
    assert [each["package"] for each in told["timeline"] if each["kind"] == "integrate"] == [None]
    reopened = record(run, check, IntegrationReopened(reason="retry"))
    assert [each.name for each in reopened.whole.checks] == ["whole"]
    known = OwnedCheck(check=CHECK, owner=None)
    assert passed_before(reopened, "t", [known]) == (known,)
    assert passed_before(reopened, "another", [known]) == ()
    elsewhere = OwnedCheck(check=replace(CHECK, cwd="b"), owner=None)
    assert passed_before(reopened, "t", [known, elsewhere]) == ()
    assert IntegrationAccepted(commit=run.head, reason="r").who == ""


def test_who_makes_a_contract_and_who_builds_on_it():
    """By the scopes; and by the text, where a package may read everything."""
    contracts = Contracts(primary="api.yaml", files=("api.yaml",))
    packages = (
        package("a", write=["api.yaml"]),
        package("b", description="As api.yaml says."),
        package("c"),
    )
    run = started(replace(plan(*packages), contracts=contracts))
    (use,) = uses(run)
    assert (use.producers, use.consumers, use.changed_by) == ((A,), (B,), ())
