"""What a person reads while a run lasts, and of its state afterwards."""

from __future__ import annotations

from datetime import UTC
from io import StringIO

import pytest
from rich.console import Console
from tests.fakes.stories import BEGIN, Story, ended_story, search_story
from tests.golden.conftest import Golden

from plait.core.event import RunStatus
from plait.core.plan import PackageId
from plait.core.run import Run
from plait.core.spent import Used
from plait.errors import UsageError
from plait.faces import errors_text, status_text
from plait.faces.live import LiveView
from plait.faces.terminal import JsonLines, PlainLines
from plait.ports import PackageRow, RunRow


@pytest.mark.parametrize("verbose", [False, True], ids=["plain", "verbose"])
def test_plain_lines_tell_the_story(golden: Golden, *, verbose: bool) -> None:
    """Each interesting event of a run is one line with its time; -v tells every event."""
    stream = StringIO()
    face = PlainLines(stream, UTC, verbose=verbose)
    for recorded, run in ended_story().events:
        face.observer(recorded, run)
    golden(f"lines-{'verbose' if verbose else 'plain'}.txt", stream.getvalue())


def test_json_lines_carry_every_event(golden: Golden) -> None:
    """`run --json` is one object a line, times as RFC 3339 text."""
    stream = StringIO()
    face = JsonLines(stream)
    for recorded, run in search_story().events[:12]:
        face.observer(recorded, run)
    golden("lines.jsonl", stream.getvalue())


@pytest.mark.parametrize(("width", "height"), [(100, 30), (40, 30), (100, 6), (40, 3)], ids=str)
def test_live_frames(golden: Golden, width: int, height: int) -> None:
    """A frame of the live view in wide, narrow and short terminals."""
    golden(f"live-{width}x{height}.txt", painted(search_story(), width, height))


def test_live_frame_of_an_ended_run(golden: Golden) -> None:
    """The last frame says how the run ended."""
    golden("live-ended.txt", painted(ended_story(), 100, 30))


def test_status(golden: Golden) -> None:
    """`plait status` shows the run's rows in aligned columns."""
    run = search_story().run
    row, packages = run_row(run), package_rows(run)
    golden("status.txt", status_text.status_text(row, packages, now=BEGIN + 400, width=100))
    golden("status.json", status_text.status_json(row, packages))


def test_status_with_what_agents_used_up(golden: Golden) -> None:
    """Cost where an agent says it, else tokens, else nothing; the sum above."""
    run = search_story().run
    first, second, *_ = run.packages
    used = {
        first: Used(cost_usd=0.125, tokens_input=12_000, tokens_output=800),
        second: Used(tokens_input=5_000, tokens_output=60),
    }
    row, packages = run_row(run), package_rows(run)
    told = status_text.status_text(row, packages, used=used, now=BEGIN + 400, width=100)
    golden("status-used.txt", told)
    golden("status-used.json", status_text.status_json(row, packages, used=used))


@pytest.mark.parametrize("colour", [False, True], ids=["plain", "colour"])
def test_errors(golden: Golden, *, colour: bool) -> None:
    """An error says what, where and what to do."""
    error = UsageError(
        "the plan has no package 'apu'",
        code="UNKNOWN_PACKAGE",
        where="plan.yaml:3:1",
        hint="packages: api, db\nsee also: plait show",
    )
    golden(f"error{'-colour' if colour else ''}.txt", errors_text.as_text(error, colour=colour))
    golden("error.json", errors_text.as_json(error))


def painted(story: Story, width: int, height: int) -> str:
    """The frame that rich paints on a terminal of that size, without its escape codes."""
    stream = StringIO()
    console = Console(
        file=stream, width=width, height=height, force_terminal=True, color_system=None
    )
    view = LiveView(stream, clock=lambda: story.now + 7, console=console)
    recorded, run = story.events[-1]
    view.observer(recorded, run)
    console.print(view.picture())
    return stream.getvalue()


def run_row(run: Run) -> RunRow:
    """The run as the store would list it."""
    return RunRow(
        id=run.id,
        plan=run.plan.id,
        digest=run.plan.digest,
        branch=run.branch,
        base=run.base,
        head=run.head,
        status=RunStatus.RUNNING,
        created_at=run.started_at,
        updated_at=run.started_at + 240,
    )


def package_rows(run: Run) -> tuple[PackageRow, ...]:
    """Its packages as the store would list them."""
    titles = {package.id: package.title for package in run.plan.packages}
    return tuple(
        PackageRow(
            id=PackageId(state.id),
            title=titles[state.id],
            status=state.status.value,
            attempts=len(state.attempts),
            epoch=state.epoch,
            commit=state.commit,
            reason=state.reason,
            updated_at=run.started_at + 30 * (number + 1),
        )
        for number, state in enumerate(run.packages.values())
    )
