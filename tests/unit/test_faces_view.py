"""A run as rows, and what of them fits on a terminal."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from hypothesis import given, strategies as st
from rich.cells import cell_len
from rich.console import Console
from tests.fakes.runs import package, plan, record, started
from tests.fakes.stories import Story, ended_story, search_plan, search_story

from plait.core.event import PackageSkipped
from plait.core.plan import PackageId, Plan
from plait.core.run import PackageStatus
from plait.faces.frame import frame
from plait.faces.live import paint
from plait.faces.view import Phase, rows


def test_rows_say_where_each_package_stands() -> None:
    """Active, waiting and stopped packages each stand in their own list, in the plan's order."""
    story = search_story()
    board = rows(story.run, story.now + 7)
    assert [(row.id, row.phase, row.attempt, row.attempts) for row in board.active] == [
        ("api", Phase.AGENT, 2, 2),
        ("import", Phase.AGENT, 1, 2),
        ("ranking", Phase.AGENT, 1, 2),
    ]
    assert [row.elapsed_s for row in board.active][:2] == pytest.approx([8, 7])
    assert [(row.id, row.on) for row in board.waiting] == [("docs", ("api",))]
    assert board.ready == ()
    assert [(row.id, row.status.value) for row in board.stopped] == [
        ("audit", "blocked"),
        ("ui", "failed"),
        ("e2e", "skipped"),
        ("notes", "skipped"),
    ]
    assert (board.done, board.total, board.warnings) == (1, 9, 1)
    assert sum(board.counts.values()) == 9


def test_the_clock_stops_with_the_run() -> None:
    """An ended run's elapsed time does not grow, and no end is expected."""
    story = ended_story()
    board = rows(story.run, story.now + 999)
    assert board.elapsed_s == pytest.approx(story.now - story.run.started_at)
    assert board.expected_end is None


def test_a_benign_skip_holds_nobody_up() -> None:
    """What needs a package that turned out not to be needed is ready."""
    run = started(plan(package("rework"), package("next", "rework")))
    assert [row.id for row in rows(run, 1).waiting] == ["next"]
    skipped = PackageSkipped(package=PackageId("rework"), reason="not needed", benign=True)
    board = rows(record(run, skipped), 2)
    assert [row.id for row in board.ready] == ["next"]


def test_no_end_is_expected_before_anything_landed() -> None:
    """Estimates in days of human work say nothing until a package was measured."""
    story = Story(_estimated(search_plan()))
    story.start("db", "ui")
    assert rows(story.run, story.now).expected_end is None


def test_the_expected_end_scales_estimates_by_what_was_measured() -> None:
    """One day took about a minute, so the longest chain of three days takes about three."""
    story = Story(_estimated(search_plan()), max_agents=9)
    story.start("db", "ui", "ranking", "audit")
    story.succeed("db", "src/db/tables.sql", takes=60)
    took = story.now - story.run.packages[PackageId("db")].attempts[0].started_at
    board = rows(story.run, story.now)
    assert board.expected_end is not None
    assert board.expected_end - story.now == pytest.approx(3 * took)


def test_the_expected_end_counts_the_agents() -> None:
    """With one agent all the work that is left stands in one row."""
    wide = plan(*(package(f"p{number}") for number in range(5)))
    story = Story(wide, max_agents=1)
    story.start("p0")
    story.succeed("p0", "p0/file", takes=100)
    took = story.now - story.run.packages[PackageId("p0")].attempts[0].started_at
    expected = rows(story.run, story.now).expected_end
    assert expected == pytest.approx(story.now + 4 * took)


titles = st.text(max_size=60) | st.sampled_from(
    ["検索エンドポイント" * 4, "\x1b[2Jboo", "e\u0301" * 50]
)


@given(
    title=titles,
    width=st.integers(10, 200),
    height=st.integers(1, 60),
    story=st.sampled_from([search_story(), ended_story()]),
)
def test_a_frame_never_exceeds_the_terminal(
    title: str, width: int, height: int, story: Story
) -> None:
    """No line is wider than the terminal as painted, and its last line stays free."""
    board = rows(story.run, story.now)
    board = replace(
        board,
        title=title,
        active=tuple(replace(row, title=title, agent=title) for row in board.active),
        stopped=tuple(replace(row, id=PackageId(title), reason=title) for row in board.stopped),
    )
    lines = frame(board, width=width, height=height)
    assert 1 <= len(lines) <= max(height - 1, 1)
    canvas = Console(file=StringIO(), width=width, force_terminal=True, color_system=None)
    for line in lines:
        canvas.print(paint(line, "utf-8"))
    painted = canvas.file.getvalue()  # type: ignore[attr-defined]
    assert len(painted.splitlines()) == painted.count("\n") == len(lines)
    assert all(cell_len(text) <= width for text in painted.splitlines())
    assert "\x1b" not in painted


def test_what_does_not_fit_is_counted() -> None:
    """A run of many packages shows as many rows as fit and says how many more there are."""
    many = plan(*(package(f"p{number}") for number in range(500)))
    lines = frame(rows(started(many), 1), width=80, height=24)
    assert len(lines) == 23
    told = "".join(part for part, _ in lines[-1])
    assert told == "  … 481 more"


def test_a_run_of_nothing_has_a_frame() -> None:
    """Everything done before: the frame says so instead of failing."""
    run = started(plan(package("a")), done=["a"])
    board = rows(run, 1)
    assert board.counts == {PackageStatus.DONE_BEFORE: 1}
    lines = ["".join(part for part, _ in line) for line in frame(board, width=80, height=24)]
    assert lines[-1] == "all done"


def _estimated(plan: Plan) -> Plan:
    """The plan, each package estimated at one day."""
    return replace(
        plan, packages=tuple(replace(each, estimate_s=28_800.0) for each in plan.packages)
    )
