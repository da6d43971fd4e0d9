"""What a report says of a run."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.fakes.runs import begin, end, landed, package, plan, record, started

from plait.core.event import (
    AgentEnded,
    AgentStatus,
    CheckEnded,
    LandingRefused,
    LandingStarted,
    PackageSkipped,
    RunContinued,
    RunEnded,
    RunStatus,
    Stage,
    Verdict,
    Warned,
)
from plait.core.plan import PackageId
from plait.core.report import build_report, instant
from plait.core.run import Run

A, B, C = PackageId("a"), PackageId("b"), PackageId("c")
PLAN = plan(package("a"), package("b", "a"), package("c"))
KEYS = {
    "schema", "run", "plan", "status", "base", "branch", "head", "approvals", "sandbox",
    "workspaces", "warnings", "started_at", "finished_at", "makespan_s", "lower_bound_s",
    "packages", "timeline", "contracts", "reviews", "qa", "escalations", "totals",
}  # fmt: skip


def worked(name: PackageId = A, seconds: float = 2.0, attempt: int = 1) -> AgentEnded:
    """An agent that took so long, at ten cents."""
    return AgentEnded(
        package=name,
        attempt=attempt,
        epoch=attempt,
        status=AgentStatus.COMPLETED,
        exit_code=0,
        duration_s=seconds,
        cost_usd=0.1,
        tokens_input=10,
        tokens_output=2,
    )


def checked(name: PackageId = A, stage: Stage = Stage.VERIFY) -> CheckEnded:
    """A check that passed in a quarter of a second."""
    return CheckEnded(
        stage=stage,
        name="t",
        command="true",
        passed=True,
        exit_code=0,
        duration_s=0.25,
        log="l",
        commit="c1",
        package=name,
    )


def finished() -> Run:
    """Package a landed at its second try, b landed at its first, c was skipped."""
    return record(
        started(PLAN, max_agents=2),  # at 1
        begin(),  # 2
        worked(seconds=1.0),
        end(verdict=Verdict.REVISE, error_code="CHECK_FAILED", reason="red", kept_ref="refs/k"),
        begin(attempt=2, epoch=2),  # 5
        worked(attempt=2, seconds=2.0),
        checked(),
        end(attempt=2),  # 8
        LandingStarted(package=A, attempt=2, epoch=2, onto="0"),
        checked(stage=Stage.LAND),
        landed(attempt=2),  # 11
        begin(B),  # 12
        worked(B, 3.0),
        end(B),
        landed(B),  # 15
        PackageSkipped(package=C, reason="not called for"),
        Warned(code="W", message="mind"),
        RunEnded(status=RunStatus.PARTIAL),  # 18
    )


def test_the_report_has_the_promised_keys_and_is_json():
    """Scripts find what the interface lists, in values that JSON has."""
    report = build_report(finished())
    assert set(report) >= KEYS
    assert json.loads(json.dumps(report)) == report
    assert report["schema"] == 1
    assert (report["status"], report["head"]) == ("partial", "m-b")
    assert report["warnings"] == [{"code": "W", "message": "mind"}]


def test_times_are_utc_and_durations_seconds():
    """Instants are RFC 3339 in UTC; how long the run took is a number."""
    report = build_report(finished())
    assert report["started_at"] == "1970-01-01T00:00:01.000Z"
    assert report["finished_at"] == "1970-01-01T00:00:18.000Z"
    assert report["makespan_s"] == 17.0
    assert instant(1_700_000_000.25) == "2023-11-14T22:13:20.250Z"


def test_totals_count_what_was_run_and_what_did_not_land():
    """Checks, agents' seconds, cost; the first attempt on a was in vain."""
    totals = build_report(finished())["totals"]
    # a new attempt starts a new list of checks, so those of the landed attempt count
    assert totals["tests_run"] == 2
    assert (totals["agent_s"], totals["wasted_agent_s"]) == (6.0, 1.0)
    assert totals["cost_usd"] == pytest.approx(0.3)
    assert totals["tokens"] == {"input": 30, "output": 6}


@pytest.mark.parametrize(
    "fate",
    [
        [end(verdict=Verdict.REJECT)],
        [
            end(),
            LandingRefused(
                package=A, attempt=1, epoch=1, verdict=Verdict.REJECT, error_code="X", reason="r"
            ),
        ],
        [RunContinued(pid=1)],
        [end()],
    ],
    ids=["rejected", "refused", "cut off", "not landed yet"],
)
def test_work_that_did_not_land_is_wasted(fate):
    """Whatever kept it from landing, the agent's time counts as lost."""
    run = record(started(PLAN), begin(), worked(seconds=4.0), *fate)
    assert build_report(run)["totals"]["wasted_agent_s"] == 4.0


def test_cost_that_no_agent_told_is_unknown_not_zero():
    """Nothing told is null."""
    assert build_report(started(PLAN))["totals"]["cost_usd"] is None


def test_a_package_tells_its_attempts_and_its_landing():
    """A package lists its attempts with outcome and reason, and the commit that landed."""
    a, b, c = build_report(finished())["packages"]
    assert [each["outcome"] for each in a["attempts"]] == ["revise", "pass"]
    assert (a["attempts"][0]["error_code"], a["attempts"][0]["kept_ref"]) == (
        "CHECK_FAILED",
        "refs/k",
    )
    assert (a["status"], a["commit"]) == ("landed", "m-a")
    assert a["landed_at"] == "1970-01-01T00:00:11.000Z"
    assert [each["stage"] for each in a["checks"]] == ["verify", "land"]
    assert b["files_modified"] == ["x"]
    assert (c["status"], c["reason"], c["attempts"]) == ("skipped", "not called for", [])


def test_what_is_absent_is_left_out():
    """Optional keys of a package and an attempt are absent, not null."""
    a, b, c = build_report(finished())["packages"]
    assert "error_code" not in a["attempts"][1]
    assert "violations" not in a["attempts"][1]
    assert "reason" not in b
    assert {"commit", "landed_at"}.isdisjoint(c)


def test_the_timeline_has_offsets_from_the_start():
    """Each attempt's agent and verification, and each landing, in the order of their start."""
    bars = build_report(finished())["timeline"]
    told = [(b["package"], b["attempt"], b["kind"], b["start_s"], b["end_s"]) for b in bars]
    assert told == [
        ("a", 1, "agent", 1.0, 2.0),
        ("a", 1, "verify", 2.0, 3.0),
        ("a", 2, "agent", 4.0, 6.0),
        ("a", 2, "verify", 6.0, 7.0),
        ("a", 2, "land", 9.75, 10.0),
        ("b", 1, "agent", 11.0, 14.0),
        ("b", 1, "verify", 14.0, 14.0),
        ("b", 1, "land", 14.0, 14.0),
    ]


def test_the_lower_bound_is_the_critical_path_or_the_work_shared_out():
    """What landed, over the plan's edges and the agents allowed; the skipped counts nothing."""
    assert build_report(finished())["lower_bound_s"] == 6.0
    wide = plan(package("a"), package("b"))
    run = record(started(wide, max_agents=1), *(e for n in (A, B) for e in (begin(n), worked(n))))
    run = record(run, *(e for n in (A, B) for e in (end(n), landed(n))))
    assert build_report(run)["lower_bound_s"] == 4.0
    assert build_report(replace(run, max_agents=2))["lower_bound_s"] == 2.0


def test_a_run_that_goes_on_has_no_end_yet():
    """A report can be made at any time."""
    report = build_report(record(started(PLAN), begin()))
    assert report["status"] == "running"
    assert report["finished_at"] is None
    assert report["makespan_s"] is None


def test_a_blocked_package_is_an_escalation_with_its_question():
    """What a person must decide stands where it is found."""
    run = record(started(PLAN), begin(), end(verdict=Verdict.BLOCKED, question="which port?"))
    (escalation,) = build_report(run)["escalations"]
    assert (escalation["package"], escalation["summary"]) == ("a", "which port?")
