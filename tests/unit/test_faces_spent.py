"""What agents used up, and what that led to, as people read it."""

from __future__ import annotations

import pytest
from tests.fakes.runs import begin, package, plan, record, started

from plait.core.event import (
    AgentEnded,
    AgentNudged,
    AgentStatus,
    AttemptEnded,
    Event,
    LimitReached,
    LimitsChanged,
    ProviderParked,
    RunLimit,
    UsageReported,
    Verdict,
)
from plait.core.plan import PackageId
from plait.core.report import build_report
from plait.faces.frame import frame
from plait.faces.report_rows import sentence
from plait.faces.story import tell
from plait.faces.summary_text import summary
from plait.faces.view import rows

A = PackageId("a")
USED = UsageReported(package=A, attempt=1, epoch=1, cost_usd=0.5, tokens_output=1200)


@pytest.mark.parametrize(
    ("event", "plain", "verbose"),
    [
        (USED, None, "has used 0.50 USD, 1,200 tokens out"),
        (
            AgentNudged(package=A, attempt=1, epoch=1, quiet_s=900.0),
            "quiet for 15 min: nudged; ended if it stays so for as long again",
            None,
        ),
        (
            ProviderParked(provider="command:x", until=60.0, reason="429\nmore"),
            "command:x rests until 1970-01-01T00:01:00.000Z: 429",
            None,
        ),
        (LimitReached(limit=RunLimit.TIME, reason="over"), "a limit is reached: over", None),
    ],
)
def test_each_is_one_line(event: Event, plain: str | None, verbose: str | None) -> None:
    """Reports of use only where every event is told."""
    run = record(started(plan(package("a"))), begin("a"), event)
    told = tell(event, run)
    assert (told.text if told else None) == plain
    told = tell(event, run, verbose=True)
    assert told is not None
    assert told.text == (verbose or plain)


@pytest.mark.parametrize("status", AgentStatus)
def test_every_end_of_an_agent_is_told_in_words(status: AgentStatus) -> None:
    """With its price, where it says one."""
    event = AgentEnded(
        package=A,
        attempt=1,
        epoch=1,
        status=status,
        exit_code=1,
        duration_s=61.0,
        summary="no such file",
        cost_usd=0.25,
    )
    told = tell(event, record(started(plan(package("a"))), begin("a"), event))
    assert told is not None
    priced = status is not AgentStatus.NOT_STARTED
    assert ("0.25 USD" in told.text) is priced


def test_the_live_view_shows_money_and_what_waits() -> None:
    """Spent of the budget, agents that rest, and when a package is tried again."""
    run = started(plan(package("a"), package("b")))
    run = record(
        run,
        LimitsChanged(who="w", budget_usd=2.0),
        begin("a"),
        USED,
        ProviderParked(provider="x", until=90.0, reason="rate"),
        AttemptEnded(package=A, attempt=1, epoch=1, verdict=Verdict.REVISE, not_before=50.0),
    )
    lines = [
        "".join(part for part, _ in line) for line in frame(rows(run, 20.0), width=80, height=20)
    ]
    assert any("1 resting · 0.50 of 2.00 USD" in line for line in lines)
    assert any("again in 0:30" in line for line in lines)
    assert not any(
        "resting" in part
        for line in frame(rows(run, 90.0), width=80, height=20)
        for part, _ in line
    )


def test_a_reader_learns_which_limit_ended_the_run() -> None:
    """In the first sentence of the report, and in what the command prints."""
    run = record(started(plan(package("a"))), begin("a"), USED)
    run = record(run, LimitReached(limit=RunLimit.BUDGET, reason="all is spent"))
    report = build_report(run)
    assert sentence(report).endswith(" It went no further: all is spent.")
    assert "  limit   all is spent\n" in summary(report, folder="f")
    assert "  cost    0.50 USD\n" in summary(report, folder="f")
