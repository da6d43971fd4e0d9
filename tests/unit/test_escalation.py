"""Escalations: how an agent's words are read, and what follows from them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st
from tests.fakes.runs import begin, landed, package, plan, record, started

from plait.core.consequence import Settlement, Standing, settle, strongest, with_fix
from plait.core.escalation import Consequence, Escalation, EscalationType, Severity, read
from plait.core.event import EscalationRaised, EscalationSettled, PackageRequeued, QuestionAnswered
from plait.core.graph import build
from plait.core.package import PackageStatus
from plait.core.plan import Check, PackageId
from plait.core.problems import full_context, unsettled, ways_on
from plait.core.queue import package_checks
from plait.core.report_problems import escalations
from plait.core.run import Run
from plait.core.schedule import Limits, Start, compile_plan, decide

A, B, C = PackageId("a"), PackageId("b"), PackageId("c")
LIB_CHECK = Check(name="lib", command="test lib")
PLAN = plan(
    package("lib", write=["lib/**"], checks=(LIB_CHECK,)),
    package("a", "lib", checks=(Check(name="a", command="test a"),)),
    package("b", "lib"),
    package("c"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["type", "severity", "summary", "evidence", "impact", "requires_human", "package_id", "files"]
)


def raised(kind: EscalationType, severity: Severity, **fields: object) -> Escalation:
    """An escalation in short."""
    return Escalation(type=kind, severity=severity, summary="so", **fields)


def standing(run: Run, *, completed: bool = False, tries_left: bool = True) -> Standing:
    """Where package a stands in a run."""
    return Standing(
        plan=run.plan,
        states=run.packages,
        package=run.plan.package(A),
        completed=completed,
        tries_left=tries_left,
    )


RUN = record(started(PLAN), begin("lib"), landed("lib"), begin("a"), begin("b"))


def test_an_escalation_is_read_in_the_words_of_the_protocol():
    """Every field of the schema arrives."""
    (found,), warnings = read(
        [
            {
                "escalation_id": "esc-1",
                "package_id": "a",
                "type": "CONTRACT_REVISION_REQUIRED",
                "severity": "BLOCKING",
                "summary": "no id",
                "details": "more",
                "evidence": {"files": ["c.yaml"], "logs": ["x.log"]},
                "impact": {
                    "contract_revision_bump_required": True,
                    "impacted_packages": ["b"],
                    "logical_locks": ["db:schema:users"],
                },
                "proposed_action": "add one",
                "requires_human": True,
            }
        ],
        package="a",
    )
    assert warnings == ()
    assert (found.source_id, found.files, found.logs) == ("esc-1", ("c.yaml",), ("x.log",))
    assert (found.impacted, found.locks) == (("b",), ("db:schema:users",))
    assert found.revision
    assert found.requires_human
    assert found.proposal == "add one"


@pytest.mark.parametrize(
    ("item", "kind", "severity", "told"),
    [
        ({"type": "resource-conflict", "severity": "high", "summary": "x"}, "R", "HIGH", ()),
        ({"type": "NEW", "severity": "HIGH", "summary": "x"}, "U", "HIGH", ("its type 'NEW'",)),
        ({"summary": "x"}, "U", "BLOCKING", ("it has no type", "it has no severity")),
        ({"type": "RESOURCE_CONFLICT", "summary": "x", "severity": "LOUD"}, "R", "HIGH", ("LOUD",)),
        ({"type": "UNKNOWN", "severity": "LOW"}, "U", "LOW", ("it has no summary",)),
        (
            {"type": "UNKNOWN", "severity": "LOW", "summary": "x", "package_id": "b"},
            "U",
            "LOW",
            ("names the package 'b'",),
        ),
    ],
)
def test_what_is_wrong_is_told_and_the_rest_is_taken(item, kind, severity, told):
    """Another case or hyphens are no fault; a wrong value gives the usual one and a warning."""
    (found,), warnings = read([item], package="a")
    kinds = {"R": EscalationType.RESOURCE_CONFLICT, "U": EscalationType.UNKNOWN}
    assert (found.type, found.severity) == (kinds[kind], Severity(severity))
    assert len(warnings) == len(told)
    assert all(any(part in each for each in warnings) for part in told)


@given(st.lists(st.dictionaries(KEYS, JSON), max_size=25))
def test_whatever_an_agent_writes_gives_escalations_and_warnings(items):
    """Reading raises nothing, and what is read is bounded."""
    found, _ = read(items, package="a")
    assert len(found) <= min(len(items), 20)
    assert all(each.summary and len(each.summary) <= 600 for each in found)


def test_what_says_nothing_stops_nothing():
    """An entry without type, severity and words is left out, with a warning."""
    found, warnings = read([{"nonsense": 1}, {"summary": "x", "severity": "LOW"}], package="a")
    assert [each.summary for each in found] == ["x"]
    assert "left out" in warnings[0]


@pytest.mark.parametrize(
    ("kind", "severity", "follows"),
    [
        ("CONTRACT_REVISION_REQUIRED", "BLOCKING", Consequence.REVISE),
        ("PLAN_REVISION_REQUIRED", "MEDIUM", Consequence.REVISE),
        ("RESOURCE_CONFLICT", "HIGH", Consequence.RETRY),
        ("RESOURCE_CONFLICT", "BLOCKING", Consequence.ASK),
        ("VERIFICATION_INFEASIBLE", "HIGH", Consequence.ASK),
        ("SCOPE_VIOLATION", "BLOCKING", Consequence.REVISE),
        ("ENV_RESOURCE_CONFLICT", "MEDIUM", Consequence.RETRY),
        ("SECURITY_ESCALATION", "BLOCKING", Consequence.ASK),
        ("FLAKY_TEST_QUARANTINE_REQUEST", "MEDIUM", Consequence.NOTED),
        ("UNKNOWN", "HIGH", Consequence.ASK),
        ("CONTRACT_REVISION_REQUIRED", "LOW", Consequence.NOTED),
        ("SECURITY_ESCALATION", "NON_BLOCKING", Consequence.NOTED),
    ],
)
def test_type_and_severity_decide_what_follows(kind, severity, follows):
    """From MEDIUM on the type decides; below, the checks do."""
    found = settle(raised(EscalationType(kind), Severity(severity)), standing(RUN))
    assert found.consequence is follows
    asked = raised(EscalationType(kind), Severity(severity), requires_human=True)
    assert settle(asked, standing(RUN)).consequence is Consequence.ASK


def test_a_spent_budget_fails_or_asks_and_a_finished_agent_is_judged_by_its_checks():
    """What could be otherwise the next time needs a next time."""
    env = raised(EscalationType.ENV_RESOURCE_CONFLICT, Severity.MEDIUM)
    shared = raised(EscalationType.RESOURCE_CONFLICT, Severity.HIGH)
    spent, done = standing(RUN, tries_left=False), standing(RUN, completed=True)
    assert settle(env, spent).consequence is Consequence.FAIL
    assert settle(shared, spent).consequence is Consequence.ASK
    assert settle(env, done).consequence is Consequence.NOTED
    assert settle(shared, done).consequence is Consequence.NOTED


def test_packages_that_collided_are_never_at_work_together_again():
    """Of the same plan: kept apart, both ways. Of another: a person is asked."""
    conflict = raised(EscalationType.RESOURCE_CONFLICT, Severity.HIGH, impacted=("c",))
    found = settle(conflict, standing(RUN))
    assert (found.consequence, found.apart) == (Consequence.APART, (C,))
    foreign = replace(conflict, impacted=("elsewhere",))
    assert settle(foreign, standing(RUN)).consequence is Consequence.ASK
    run = started(plan(package("a"), package("c")))
    compiled = compile_plan(run.plan)
    assert len(decide(compiled, run, Limits())) == 2
    run = record(
        run,
        told("a", conflict),
        EscalationSettled(
            package=A, id="a:1.1", consequence=Consequence.APART, reason="", apart=(C,)
        ),
    )
    assert decide(compiled, run, Limits()) == (Start(package=A),)


def test_the_strongest_decides():
    """What waits for a person outweighs another attempt; what is only noted decides nothing."""
    low = raised(EscalationType.UNKNOWN, Severity.LOW)
    order = (Consequence.NOTED, Consequence.ASK, Consequence.RETRY)
    found = [(low, Settlement(consequence=each, reason="")) for each in order]
    assert strongest(found) == 1
    assert strongest(found[:1]) is None


def test_a_narrow_package_does_what_lies_in_the_scope_of_one_that_landed():
    """It may write the named files alone, and has the checks of those whose files they are."""
    beyond = raised(EscalationType.SCOPE_VIOLATION, Severity.BLOCKING, files=("lib/x.py",))
    found = settle(beyond, standing(RUN))
    assert found.consequence is Consequence.FIX
    assert found.fix is not None
    assert found.fix.id == "a-fix-1"
    assert found.fix.scope.write == ("lib/x.py",)
    revised = with_fix(PLAN, found.fix, A)
    assert {edge.id for edge in revised.package(A).needs} == {"lib", "a-fix-1"}
    compiled = compile_plan(revised)
    assert package_checks(compiled, found.fix.id, ()) == (LIB_CHECK,)
    assert build(revised).needs[found.fix.id] == ("lib",)
    again = replace(standing(RUN), plan=revised)
    assert settle(beyond, again).consequence is Consequence.REVISE


@pytest.mark.parametrize(
    "path", ["b/x", "other/x", "lib/*", "../lib/x", "/lib/x", "plait.toml", "lib//x"]
)
def test_no_scope_is_widened_on_an_agents_word(path):
    """Of an unfinished package, of none, protected, or no plain path: a person decides."""
    beyond = raised(EscalationType.SCOPE_VIOLATION, Severity.BLOCKING, files=(path,))
    found = settle(beyond, standing(RUN))
    assert (found.consequence, found.fix) == (Consequence.REVISE, None)


def told(name: str, problem: Escalation) -> EscalationRaised:
    """That a package raised it in its first attempt."""
    return EscalationRaised(
        package=PackageId(name),
        attempt=1,
        epoch=1,
        id=f"{name}:1.1",
        kind=problem.type,
        severity=problem.severity,
        summary=problem.summary,
        impacted=problem.impacted,
    )


def test_an_escalation_is_open_until_somebody_decides():
    """An answer, or another start, settles what waited; the report says which it is."""
    problem = raised(EscalationType.SECURITY_ESCALATION, Severity.BLOCKING)
    settled = EscalationSettled(package=A, id="a:1.1", consequence=Consequence.ASK, reason="r")
    run = record(RUN, told("a", problem), told("a", problem), settled)
    (waiting,) = unsettled(run.packages[A])
    assert waiting.id == "a:1.1"
    (open_one,) = escalations(run)
    assert (open_one["settled"], open_one["type"]) == (False, "SECURITY_ESCALATION")
    assert any("plait answer" in each["command"] for each in open_one["answers"])
    answered = QuestionAnswered(package=A, question="so", answer="yes", who="ann")
    for event in (answered, PackageRequeued(package=A, reason="retry")):
        (closed,) = escalations(record(run, event))
        assert closed["settled"]
        assert "answers" not in closed
    assert record(run, PackageRequeued(package=A, reason="x")).packages[A].status is (
        PackageStatus.PENDING
    )


def test_a_question_has_its_whole_context_and_the_ways_on():
    """The first line says what is the matter; a revision leads to `plait resume --plan`."""
    problem = raised(
        EscalationType.CONTRACT_REVISION_REQUIRED,
        Severity.BLOCKING,
        details="more",
        files=("c.yaml",),
        impacted=("b",),
        proposal="add it",
    )
    run = record(RUN, told("a", problem))
    (waiting,) = run.packages[A].escalations
    text = full_context(problem, by=waiting.by, attempt=1, kept_ref="refs/plait/keep/x", logs="d")
    assert text.splitlines()[0] == "so"
    for part in ("more", "c.yaml", "b", "add it", "refs/plait/keep/x", "attempt 1"):
        assert part in text
    settled = EscalationSettled(package=A, id="a:1.1", consequence=Consequence.REVISE, reason="")
    (revise,) = record(run, settled).packages[A].escalations
    assert ways_on(revise, run="r", plan="p.yaml")[0][0] == "plait resume r --plan p.yaml"
