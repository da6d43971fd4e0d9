"""Which packages of a plan a run is about."""

from __future__ import annotations

from tests.fakes.runs import package, plan

from plait.core.plan import SourceStatus
from plait.core.selection import select

PLAN = plan(
    package("1", track="A", status=SourceStatus.DONE),
    package("2", "1", track="A"),
    package("3", "2", track="B"),
    package("4", track="B"),
)


def test_without_a_choice_everything_is_selected() -> None:
    """In the plan's order."""
    assert select(PLAN).packages == ("1", "2", "3", "4")


def test_a_track_is_chosen_whatever_its_case() -> None:
    """What it needs and is not done is told as missing."""
    chosen = select(PLAN, tracks=["b"])
    assert chosen.packages == ("3", "4")
    assert chosen.missing == ("2",)


def test_what_is_done_is_not_missing() -> None:
    """A done need stands in the run as done before."""
    chosen = select(PLAN, packages=["2"])
    assert chosen.packages == ("1", "2")
    assert chosen.missing == ()


def test_needs_can_be_taken_in() -> None:
    """With `with_needs` the whole cone of what is needed is selected."""
    chosen = select(PLAN, packages=["3"], with_needs=True)
    assert chosen.packages == ("1", "2", "3")
    assert chosen.missing == ()
