"""Reviews: how a reviewer's result is read, what several say together, and what follows."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from tests.fakes.runs import begin, end, landed, package, plan, record, started

from plait.core.acceptance import accepted_by, standing, to_be_accepted
from plait.core.consensus import (
    Agreement,
    Conclusion,
    agree,
    concluded,
    likeness,
    not_accepted,
)
from plait.core.control import AnswerQuestion, Order, carried_out
from plait.core.escalation import EscalationType
from plait.core.event import (
    AgentStatus,
    FindingReported,
    FixEnded,
    FixStarted,
    IntegrityDoubted,
    ReviewConcluded,
    ReviewEnded,
    ReviewStarted,
    Verdict,
    WorkCommitted,
)
from plait.core.finding import Severity
from plait.core.graph import build
from plait.core.package import PackageStatus
from plait.core.plan import Confidence, PackageId, Scope
from plait.core.remarks import remarks
from plait.core.report_reviews import review, reviews
from plait.core.review import (
    BadReviewError,
    Criticality,
    Disposition,
    Finding,
    FindingType,
    ReviewOutcome,
    ReviewPolicy,
    named,
    panel,
    read_opinion,
)
from plait.engine.fix import narrow
from plait.faces.review_story import tell_review

WHOLE: dict[str, Any] = {
    "id": 1,
    "type": "correctness",
    "criticality": "high",
    "disposition": "fix",
    "description": "The sum is taken twice.",
    "file": "src/sum.py",
    "lines": [3, 5],
    "axis": "correctness",
    "severity": "critical",
    "resolution": "take it once",
}
FINDING = Finding(
    reviewer="one",
    type=FindingType.CORRECTNESS,
    criticality=Criticality.MEDIUM,
    disposition=Disposition.FIX,
    description="the sum of the row is taken twice",
    file="src/sum.py",
    first=3,
    last=5,
)
OTHER = replace(FINDING, reviewer="two")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
FINDINGS = st.builds(
    Finding,
    reviewer=st.sampled_from(["one", "two", "three"]),
    type=st.sampled_from(FindingType),
    criticality=st.sampled_from(Criticality),
    disposition=st.sampled_from(Disposition),
    description=st.sampled_from(["the sum is taken twice", "the sum is taken once", "no test"]),
    file=st.sampled_from(["", "a.py", "b.py"]),
    first=st.integers(0, 9),
    last=st.integers(9, 12),
    axis=st.sampled_from(["", "security", "performance"]),
    severity=st.sampled_from(["", "nit", "critical"]),
    absent=st.booleans(),
)


def read(data: object, root: str = "") -> tuple[Finding, ...]:
    """The findings of a result."""
    return read_opinion(json.dumps(data).encode(), reviewer="one", root=root).findings


def test_a_whole_finding_is_read() -> None:
    """Every field has its place."""
    (finding,) = read({"findings": [WHOLE]})
    assert finding == Finding(
        reviewer="one",
        type=FindingType.CORRECTNESS,
        criticality=Criticality.HIGH,
        disposition=Disposition.FIX,
        description="The sum is taken twice.",
        file="src/sum.py",
        first=3,
        last=5,
        axis="correctness",
        severity="critical",
        resolution="take it once",
    )
    assert finding.place == "src/sum.py:3-5"


def test_the_sources_own_names_for_place_and_lines_are_read() -> None:
    """`file_path` and `line_range` are the protocol's; one line may be a number alone."""
    bare = {key: value for key, value in WHOLE.items() if key not in {"file", "lines"}}
    told = {**bare, "file_path": "./src/sum.py", "line_range": {"start": 7, "end": 9}}
    (finding,) = read({"review_type": "implementation", "target": "a", "findings": [told]})
    assert (finding.file, finding.first, finding.last) == ("src/sum.py", 7, 9)
    (finding,) = read({"findings": [{**bare, "file": "/tree/src/sum.py", "lines": 7}]}, "/tree")
    assert finding.place == "src/sum.py:7"


def test_an_empty_list_is_a_review_that_found_nothing() -> None:
    """It counts; a result without the list does not."""
    assert read({"findings": []}) == ()
    with pytest.raises(BadReviewError, match='no "findings"'):
        read({"summary": "all good"})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"type": "bug"}, r"findings\[0\]\.type must be one of"),
        ({"criticality": "severe"}, "criticality must be one of low, medium"),
        ({"criticality": None}, "criticality is missing"),
        ({"disposition": ["fix"]}, "disposition must be one of"),
        ({"disposition": "ignore"}, "disposition must be one of"),
        ({"description": "  "}, "description must be a text that is not empty"),
        ({"description": 7}, "description must be a text"),
        ({"severity": "blocker"}, "severity must be one of"),
        ({"lines": [5, 3]}, "lines from 1, the first one first"),
        ({"lines": [0, 3]}, "lines from 1"),
        ({"lines": [True, True]}, "lines from 1"),
        ({"lines": [1, 2, 3]}, "a line's number"),
        ({"lines": "3-5"}, "lines from 1"),
        ({"lines": None, "line_range": [1, 2]}, "an object like"),
        ({"file": 3}, "file must be a text"),
        ({"file": None}, "names lines and no file"),
        ({"file": "a\0b"}, "a path"),
    ],
)
def test_a_wrong_value_makes_the_whole_review_invalid(change: dict[str, Any], told: str) -> None:
    """Nothing is guessed and nothing left out; the message names the place."""
    with pytest.raises(BadReviewError, match=told):
        read({"findings": [{**WHOLE, **change}]})


@pytest.mark.parametrize(
    "raw",
    [b"", b"looks good to me", b"[]", b"null", b'{"findings": {}}', b'{"findings": [1]}',
     b'{"findings": [], "findings": []}', b'{"findings": [NaN]}', b"\xff\xfe", b"[" * 100_000,
     b'{"findings": [], "accepts": [{"id": "p1"}]}', b'{"findings": [], "summary": 3}'],
)  # fmt: skip
def test_what_is_no_review_is_refused(raw: bytes) -> None:
    """Garbage of every kind is one error, and no other one."""
    with pytest.raises(BadReviewError):
        read_opinion(raw, reviewer="one")


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_nothing_else_is_raised(raw: bytes) -> None:
    """Whatever the file holds: findings, or that error."""
    try:
        opinion = read_opinion(raw, reviewer="one")
    except BadReviewError:
        return
    assert isinstance(opinion.findings, tuple)


@settings(max_examples=40)
@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={key: JSON | st.just(value) for key, value in WHOLE.items()},
        ),
        max_size=2,
    )
)
def test_findings_that_are_read_are_whole(items: list[dict[str, Any]]) -> None:
    """A finding that was read says what, how grave, what to do; and never too little."""
    try:
        found = read_opinion(json.dumps({"findings": items}).encode(), reviewer="one").findings
    except (BadReviewError, ValueError):
        return
    assert len(found) == len(items)
    for each in found:
        assert each.description
        assert not each.first or each.file
        assert each.first <= each.last


def test_a_reviewer_accepts_what_plait_found_by_its_id() -> None:
    """With a reason; it stands unless a quorum of reviewers accepts it."""
    raw = json.dumps({"findings": [], "accepts": [{"id": "p1", "reason": "it was a duplicate"}]})
    said = read_opinion(raw.encode(), reviewer="one").accepts
    first, second = named((replace(FINDING, reviewer="plait", code="TEST_DELETED"), FINDING), "p")
    assert not_accepted((first, second), [said], 1) == (second,)
    assert not_accepted((first,), [said, {}], 1) == ()
    assert not_accepted((first,), [said, {}], 2) == (first,)
    assert not_accepted((first,), [], 1) == (first,)


def test_a_finding_that_bears_the_id_of_plait_s_and_is_to_be_accepted_accepts_it() -> None:
    """Any other disposition, and any other id, is a finding of the reviewer's own."""
    mine = {**WHOLE, "disposition": "accept"}
    items = [{**mine, "id": "p1"}, {**WHOLE, "id": "p2"}, {**mine, "id": "f-7"}]
    accepts = [{"id": "p9", "reason": "there is none"}]
    raw = json.dumps({"findings": items, "accepts": accepts})
    opinion = read_opinion(raw.encode(), reviewer="one")
    accepted, own = opinion.judged({"p1", "p2"})
    assert dict(accepted) == {"p1": WHOLE["description"]}
    assert [each.id for each in own] == ["p2", "f-7"]


def test_plait_and_a_reviewer_who_both_see_a_fault_do_not_disagree() -> None:
    """Plait says that something stands in the way, and not what is to be done; accept says no."""
    plaits = replace(FINDING, reviewer="plait")
    anew = replace(FINDING, disposition=Disposition.REGENERATE)
    (both,) = agree((plaits, anew))
    assert (both.agreement, both.disposition) == (Agreement.CONFIRMED, Disposition.REGENERATE)
    (dissent,) = agree((plaits, replace(FINDING, disposition=Disposition.ACCEPT)))
    assert dissent.agreement is Agreement.DISAGREEMENT


def test_who_accepts_or_mentions_in_passing_blocks_nothing() -> None:
    """Nor does what is about a file that does not exist."""
    assert FINDING.blocks
    assert not replace(FINDING, disposition=Disposition.ACCEPT).blocks
    assert not replace(FINDING, severity="nit").blocks
    assert not replace(FINDING, absent=True).blocks


def test_two_who_find_the_same_confirm_one_another() -> None:
    """By place and type, though in other words and some lines apart."""
    near = replace(OTHER, first=6, last=8, description="adds everything up once too often")
    (thing,) = agree([FINDING, near])
    assert thing.agreement is Agreement.CONFIRMED
    assert thing.disposition is Disposition.FIX


def test_two_who_find_different_things_confirm_nothing() -> None:
    """Other lines, another file, another side: each stands alone, and blocks alone."""
    for change in (
        {"first": 40, "last": 41},
        {"file": "src/other.py"},
        {"axis": "security"},
    ):
        other = replace(OTHER, **change)
        found = agree([replace(FINDING, axis="performance"), other])
        assert [each.agreement for each in found] == [Agreement.UNCONFIRMED] * 2
        assert all(each.blocks for each in found)


def test_words_tell_where_no_lines_are_named() -> None:
    """The same words about the same file are the same thing; other words are not."""
    whole = replace(OTHER, first=0, last=0)
    assert likeness(FINDING, whole) > 0.6
    assert likeness(FINDING, replace(whole, description="there is no test of it at all")) < 0.6


def test_one_reviewer_never_confirms_itself() -> None:
    """Its findings stay apart, however alike."""
    assert len(agree([FINDING, replace(FINDING, last=6)])) == 2


def test_serious_dissent_is_for_a_person_and_other_dissent_is_for_the_graver_view() -> None:
    """One accepts what the other wants fixed."""
    accepting = replace(OTHER, disposition=Disposition.ACCEPT)
    (mild,) = agree([FINDING, accepting])
    assert (mild.agreement, mild.disposition) == (Agreement.DISAGREEMENT, Disposition.FIX)
    (grave,) = agree([FINDING, replace(accepting, criticality=Criticality.CRITICAL)])
    assert grave.disposition is Disposition.ESCALATE
    told = concluded([grave], fixes=0, rounds=3, before=None)
    assert told.conclusion is Conclusion.ASK
    assert "disagree" in told.reason


@pytest.mark.parametrize(
    ("disposition", "conclusion"),
    [
        (Disposition.ACCEPT, Conclusion.PASSED),
        (Disposition.FIX, Conclusion.FIX),
        (Disposition.REGENERATE, Conclusion.REGENERATE),
        (Disposition.ESCALATE, Conclusion.ASK),
    ],
)
def test_what_follows_is_what_the_gravest_finding_asks_for(
    disposition: Disposition, conclusion: Conclusion
) -> None:
    """Also where nobody confirms it, however little else was found."""
    found = agree([replace(FINDING, disposition=disposition)])
    assert concluded(found, fixes=0, rounds=1, before=None).conclusion is conclusion


def test_fixes_end_when_they_are_used_up_or_no_longer_help() -> None:
    """Then a person is asked, and told which of the two it is."""
    found = agree([FINDING, replace(FINDING, file="src/other.py")])
    assert concluded(found, fixes=1, rounds=3, before=3).conclusion is Conclusion.FIX
    stuck = concluded(found, fixes=1, rounds=3, before=2)
    assert stuck.conclusion is Conclusion.ASK
    assert "2 of 2" in stuck.reason
    over = concluded(found, fixes=3, rounds=3, before=3)
    assert over.conclusion is Conclusion.ASK
    assert "after 3 fixes" in over.reason


@settings(max_examples=60)
@given(
    st.lists(FINDINGS, max_size=6).flatmap(
        lambda row: st.tuples(st.just(row), st.permutations(row))
    )
)
def test_the_order_of_reports_makes_no_difference(
    rows: tuple[list[Finding], list[Finding]],
) -> None:
    """The same findings in another order: the same things, in the same order."""
    assert agree(rows[0]) == agree(rows[1])


@given(st.lists(FINDINGS, max_size=8))
def test_nothing_that_was_found_is_lost(found: list[Finding]) -> None:
    """But for what is about no file, each finding is in one thing, and blocks there as alone."""
    things = agree(found)
    assert sum(len(each.findings) for each in things) == sum(not each.absent for each in found)
    assert any(each.blocks for each in things) == any(each.blocks for each in found)
    for each in things:
        reviewers = [finding.reviewer for finding in each.findings]
        assert len(reviewers) == len(set(reviewers))


@given(st.lists(FINDINGS, max_size=6), st.integers(0, 5), st.integers(0, 5))
def test_every_loop_of_fixes_ends(found: list[Finding], rounds: int, first: int) -> None:
    """A fix follows only where the count has fallen and fixes are left."""
    things = agree(found)
    blocking = sum(each.blocks for each in things)
    told = concluded(things, fixes=first, rounds=rounds, before=blocking)
    assert told.conclusion is not Conclusion.FIX
    assert (told.conclusion is Conclusion.PASSED) == (blocking == 0)
    again = concluded(things, fixes=rounds, rounds=rounds, before=blocking + 1)
    assert again.conclusion is not Conclusion.FIX


@pytest.mark.parametrize(
    ("named_", "quorum", "asked"),
    [
        (("claude", "codex"), 1, ("codex",)),
        (("claude-2", "codex"), 1, ("codex",)),
        (("claude-2", "codex"), 2, ("codex", "claude-2")),
        (("claude", "claude-2"), 1, ("claude-2",)),
        (("claude",), 1, ("claude",)),
        (("claude", "codex"), 2, ("codex", "claude")),
        (("codex", "gemini", "codex"), 1, ("codex", "gemini")),
        ((), 1, ()),
    ],
)
def test_who_is_asked_is_of_another_vendor_where_there_are_enough(
    named_: tuple[str, ...], quorum: int, asked: tuple[str, ...]
) -> None:
    """Then others, and the author last of all."""
    vendors = {"claude": "anthropic", "claude-2": "anthropic", "codex": "openai"}
    policy = ReviewPolicy(reviewers=named_, quorum=quorum)
    assert panel(policy, "claude", vendors) == asked


A = PackageId("a")
OF: dict[str, Any] = {"package": A, "attempt": 1, "epoch": 1}
ROUND: dict[str, Any] = {**OF, "round": 1, "commit": "c1"}


def reported(id_: str, reviewer: str, **change: Any) -> FindingReported:
    """A finding as an event."""
    return FindingReported(
        **ROUND,
        id=id_,
        reviewer=reviewer,
        kind=FindingType.CORRECTNESS,
        criticality=Criticality.HIGH,
        disposition=change.pop("disposition", Disposition.FIX),
        description="the sum is taken twice",
        **change,
    )


def asked(reviewer: str, outcome: ReviewOutcome, cost: float | None = None) -> tuple[Any, Any]:
    """A reviewer's begin and end."""
    begun = ReviewStarted(**ROUND, reviewer=reviewer, agent="command", directory="d")
    return begun, ReviewEnded(**ROUND, reviewer=reviewer, outcome=outcome, cost_usd=cost)


def test_a_review_is_folded_and_its_cost_is_the_package_s() -> None:
    """Answers, findings, consensus, fixes; what weighs is each reviewer's last answer."""
    begun, late = asked("one", ReviewOutcome.INVALID, 0.5)
    again, counted = asked("one", ReviewOutcome.COUNTED, 0.25)
    other, accepts = asked("two", ReviewOutcome.COUNTED)
    run = record(
        started(plan(package("a"))),
        begin(),
        WorkCommitted(**OF, commit="c1", files=("a.py",)),
        IntegrityDoubted(**OF, code="TEST_DELETED", severity=Severity.ERROR, message="gone"),
        IntegrityDoubted(**OF, code="EMPTY_DIFF", severity=Severity.WARNING, message="none"),
        begun,
        late,
        again,
        reported("r1.1", "one"),
        counted,
        other,
        reported("r1.2", "two", disposition=Disposition.ACCEPT),
        replace(accepts, accepts=("p1",), reasons=("moved",)),
        ReviewConcluded(
            **ROUND,
            conclusion=Conclusion.FIX,
            reviewers=("one", "two"),
            blocking=("r1.1",),
            things=1,
        ),
        FixStarted(
            **OF, number=1, name="a-fix-1", agent="command", commit="c1", directory="f",
            scope=("a.py",), findings=("r1.1",),
        ),
        FixEnded(
            **OF, number=1, status=AgentStatus.COMPLETED, exit_code=0, duration_s=1.0,
            cost_usd=1.0, tokens_input=5,
        ),
    )  # fmt: skip
    state = run.packages[A]
    assert state.cost_usd == run.spent.usd == 1.75
    (only,) = state.attempts[0].reviewed.rounds
    assert [(each.id, each.code) for each in only.flagged] == [("p1", "TEST_DELETED")]
    assert (only.lifted, standing(state.attempts[0])) == (("p1",), ())
    assert [names for _, names in accepted_by(state)] == [("two",)]
    assert {name: dict(each.accepts) for name, each in only.last.items()} == {
        "one": {},
        "two": {"p1": "moved"},
    }
    told = review(state)
    assert told is not None
    assert (told["status"], told["cost_usd"]) == ("is fixed", 1.75)
    assert [each["outcome"] for each in told["answers"]] == ["invalid", "counted", "counted"]
    assert told["fixes"][0]["name"] == "a-fix-1"
    whole = reviews(run)
    assert (whole["rounds"], whole["fixes"], whole["cost_usd"]) == (1, 1, 1.75)


def unsettled(conclusion: Conclusion, **more: Any) -> Any:
    """An attempt whose work is held: what was found in it, and what reviewers said."""
    begun, ended = asked("one", ReviewOutcome.COUNTED)
    return record(
        started(plan(package("a"))),
        begin(),
        WorkCommitted(**OF, commit="c1", files=("a.py",)),
        IntegrityDoubted(**OF, code="TEST_DELETED", severity=Severity.ERROR, message="gone"),
        begun,
        reported("r1.1", "one"),
        ended,
        ReviewConcluded(**ROUND, conclusion=conclusion, blocking=("p1", "r1.1"), **more),
    )


def test_what_is_found_and_what_reviewers_say_is_one_question() -> None:
    """Doubts that stand, the review's reason, and both in full; where nothing stands, none."""
    run = unsettled(Conclusion.ASK)
    (attempt,) = run.packages[A].attempts
    asks = to_be_accepted(attempt, package("a"), unsettled="they differ", shortfall="", branch="b")
    assert asks is not None
    assert asks.type is EscalationType.ACCEPTANCE_REQUIRED
    weakens = "its work weakens what judges it: gone [TEST_DELETED]"
    assert asks.summary == f"{weakens}; its review settles nothing: they differ"
    assert "gone [TEST_DELETED]" in asks.details
    assert "the sum is taken twice" in asks.details
    begun, ended = asked("two", ReviewOutcome.COUNTED)
    passed = ReviewConcluded(**ROUND, conclusion=Conclusion.PASSED, reviewers=("two",))
    lifts = replace(ended, accepts=("p1",), reasons=("moved",))
    (calm,) = record(run, begun, lifts, passed).packages[A].attempts
    assert to_be_accepted(calm, package("a"), unsettled="", shortfall="", branch="b") is None


def test_a_question_has_an_end_however_much_was_found() -> None:
    """The gravest stand in it; how many are left is told."""
    begun, ended = asked("one", ReviewOutcome.COUNTED)
    found = [reported(f"r1.{n}", "one", file=f"src/{n}.py") for n in range(1, 101)]
    told = [replace(each, description="x" * 8000) for each in found]
    ids = tuple(each.id for each in found)
    over = ReviewConcluded(**ROUND, conclusion=Conclusion.ASK, blocking=ids)
    work = WorkCommitted(**OF, commit="c1", files=("a.py",))
    run = record(started(plan(package("a"))), begin(), work, begun, *told, ended, over)
    (attempt,) = run.packages[A].attempts
    asks = to_be_accepted(attempt, package("a"), unsettled="many", shortfall="", branch="b")
    assert asks is not None
    assert "And 80 more, which the report tells." in asks.details
    assert len(asks.details) < 30_000


def test_held_work_is_accepted_or_sent_back_by_one_answer() -> None:
    """Whatever held it: yes makes it a candidate and settles the question, no starts it again."""
    held = end(verdict=Verdict.BLOCKED, error_code="ACCEPTANCE_REQUIRED", question="?", commit="c1")
    run = record(unsettled(Conclusion.ASK), held)
    graph = build(run.plan)

    def answer(text: str) -> Any:
        order = carried_out(run, graph, AnswerQuestion(question="a", text=text), who="Ada")
        assert isinstance(order, Order)
        return record(run, *order.events).packages[A]

    state = answer("accept, it will do")
    assert (state.status, state.commit) == (PackageStatus.VERIFIED, "c1")
    assert [names for _, names in accepted_by(state)] == [("Ada",)]
    told = review(state)
    assert told is not None
    assert told["status"] == "accepted by a person"
    assert [each.get("accepted_by") for each in told["findings"]] == [["Ada"], ["Ada"]]
    assert answer("no: do it again").status is PackageStatus.PENDING


def test_what_landed_all_the_same_is_remarked_upon() -> None:
    """What was accepted is a warning that names by whom."""
    held = end(verdict=Verdict.BLOCKED, error_code="ACCEPTANCE_REQUIRED", question="?", commit="c1")
    run = record(unsettled(Conclusion.ASK), held)
    order = carried_out(run, build(run.plan), AnswerQuestion(question="a", text="yes"), who="Ada")
    assert isinstance(order, Order)
    run = record(run, *order.events)
    assert remarks(run) == ()
    found = remarks(record(run, landed()))
    assert [(each.code, each.severity) for each in found] == [
        ("TEST_DELETED", Severity.WARNING),
        ("REVIEW_FINDING", Severity.WARNING),
    ]
    assert all(each.message.endswith("accepted by Ada") for each in found)


def test_what_was_found_is_about_a_commit() -> None:
    """A fix's commit is looked at anew: what was found in the one before is not said of it."""
    run = record(unsettled(Conclusion.FIX), WorkCommitted(**OF, commit="c2", files=("a.py",)))
    assert run.packages[A].attempts[0].doubts == ()


def test_the_story_of_a_review_says_what_matters() -> None:
    """What is accepted and why; what does not count and who was asked only if all is wanted."""
    begun, ended = asked("one", ReviewOutcome.COUNTED)
    accepts = replace(ended, accepts=("p1",), reasons=("it\nmoved",))
    assert tell_review(accepts) == "one accepts what weakens its checks: it"
    _, lost = asked("one", ReviewOutcome.UNFOUNDED)
    doubtful = replace(lost, accepts=("p1",), reasons=("moved",), reason="of x, which is not there")
    for quiet in (begun, ended, doubtful):
        assert tell_review(quiet) is None
        assert tell_review(quiet, verbose=True)
    absent = reported("r1.1", "one", file="x", absent=True)
    assert "in a file that there is not" in str(tell_review(absent))


def test_where_a_fix_may_write_is_where_the_findings_are_within_the_scope() -> None:
    """Names are taken as they stand; what is about the whole opens the whole scope."""
    own = package("a", write=["src/**"])
    whole = plan(own)
    inside, outside = replace(FINDING, file="src/a[1].py"), replace(FINDING, file="lib/b.py")
    scope = narrow(whole, own, [inside, outside])
    assert scope == Scope(
        write=("src/a[[]1].py",), read=own.scope.read, confidence=Confidence.DECLARED
    )
    assert narrow(whole, own, [outside]) is None
    assert narrow(whole, own, [inside, replace(FINDING, file="", first=0)]) == own.scope
