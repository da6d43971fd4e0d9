"""Departures from the plan reach the packages that they concern."""

from __future__ import annotations

import pytest
from tests.fakes.runs import begin, end, landed, package, plan, record, started

from plait.core.deviation import deviations_for, standing_deviations
from plait.core.event import DeviationNoted, Verdict
from plait.core.plan import PackageId
from plait.core.schedule import compile_plan

PLAN = plan(
    package("a"),
    package("b", "a"),
    package("c", "b", source_id="T3", tasks=("T3", "T4")),
    package("d"),
)
COMPILED = compile_plan(PLAN)


def noted(*affects: str) -> DeviationNoted:
    """What package a did differently."""
    return DeviationNoted(
        package=PackageId("a"), attempt=1, epoch=1, summary="called it total", affects=affects
    )


@pytest.mark.parametrize(
    ("affects", "told"),
    [
        (("d",), "d"),
        (("t4",), "c"),
        (("[cd]",), "cd"),
        (("B", "nobody"), "b"),
        ((), "bc"),  # all that depend on it
        (("*",), "bcd"),
    ],
)
def test_a_deviation_is_told_to_those_it_names_or_to_all_that_depend_on_it(affects, told):
    """By id, by the id of a task, by a glob, whatever the case; never to itself."""
    run = record(started(PLAN), begin("a"), noted(*affects), end("a"), landed("a"))
    found = [p.id for p in PLAN.packages if deviations_for(COMPILED, run, p)]
    assert found == list(told)


def test_what_was_rejected_departs_from_nothing():
    """The next attempt may do it as planned; a note that is told twice stands once."""
    run = record(started(PLAN), begin("a"), noted(), noted())
    assert len(standing_deviations(run)) == 1
    assert standing_deviations(record(run, end("a", Verdict.REJECT))) == ()
