"""Agents that hang, cost too much or must come back later; runs that may not go on for ever."""

from __future__ import annotations

import time

import pytest
from tests.acceptance.conftest import Story
from tests.fakes.plans import Piece

WRITE = 'mkdir -p "src/$PLAIT_PACKAGE" && echo "$PLAIT_PACKAGE" > "src/$PLAIT_PACKAGE/made.txt"'
SAY = 'echo "$PLAIT_PACKAGE $PLAIT_ATTEMPT" >> "$NOTES/starts"'


def settings(text: str) -> dict[str, str]:
    """A repository whose owner has set this."""
    return {"plait.toml": text, ".gitignore": ""}


def codes(package: dict[str, object]) -> list[object]:
    """The error code of each attempt."""
    attempts = package["attempts"]
    assert isinstance(attempts, list)
    return [each.get("error_code") for each in attempts]


def kinds(out: str) -> list[str]:
    """The types of the events that were printed."""
    return [line.split('"type": "')[1].partition('"')[0] for line in out.splitlines()]


def test_a_silent_agent_is_nudged_then_ended_and_what_needs_it_is_skipped(story: Story) -> None:
    """No output and no change: an event, then a typed failure; the rest of the plan goes on."""
    story.begin(settings('[agent]\nstall = "1s"\n'))
    story.plans(
        "add-four",
        Piece(id="wp-a"),
        Piece(id="wp-b", needs=["wp-a"]),
        Piece(id="wp-c", needs=["wp-b"]),
        Piece(id="wp-d"),
    )
    agent = f'{SAY}; case "$PLAIT_PACKAGE" in wp-a) exec sleep 60;; esac; {WRITE}'
    outcome = story.run("add-four", agent, "--json")
    assert outcome.code == 1, outcome.err
    packages = story.packages()
    assert codes(packages["wp-a"]) == ["STALLED"]
    assert [packages[f"wp-{each}"]["status"] for each in "abcd"] == [
        "failed",
        "skipped",
        "skipped",
        "landed",
    ]
    assert "wp-a (failed)" in packages["wp-b"]["reason"]
    assert kinds(outcome.out).count("agent_nudged") == 1


def test_a_stopped_agent_is_woken_and_finishes(story: Story) -> None:
    """One that was stopped by a signal goes on after the nudge, in the same attempt."""
    story.begin(settings('[agent]\nstall = "1s"\n'))
    story.plans("add-a", Piece(id="wp-a"))
    outcome = story.run("add-a", f"{SAY}; kill -STOP $$; {WRITE}", "--json")
    assert outcome.code == 0, outcome.err
    assert story.note("starts") == ["wp-a 1"]
    assert kinds(outcome.out).count("agent_nudged") == 1


def test_an_agent_whose_tree_grows_is_left_in_peace(story: Story) -> None:
    """Without a word of output, changes of files are a sign of life."""
    story.begin(settings('[agent]\nstall = "1s"\n'))
    story.plans("add-a", Piece(id="wp-a"))
    step = 'sleep 0.1; echo "$i" > "src/wp-a/$i"'
    busy = f"mkdir -p src/wp-a; i=0; while test $i -lt 26; do i=$((i + 1)); {step}; done"
    assert story.run("add-a", busy).code == 0
    assert codes(story.packages()["wp-a"]) == [None]


@pytest.mark.long
def test_a_run_ends_with_its_time_and_keeps_what_was_at_work(story: Story) -> None:
    """What worked is ended, kept and told, nothing more starts; exit code 1."""
    story.begin()
    story.plans("add-two", Piece(id="wp-b"), Piece(id="wp-c", needs=["wp-b"]))
    outcome = story.run("add-two", f"{SAY}; {WRITE}; exec sleep 60", "--timeout", "5s")
    assert outcome.code == 1, outcome.err
    report = story.report()
    packages = {each["id"]: each for each in report["packages"]}
    assert report["status"] == "failed"
    assert report["limits"]["reached"]["limit"] == "time"
    assert [each["status"] for each in report["packages"]] == ["cancelled", "cancelled"]
    (attempt,) = packages["wp-b"]["attempts"]
    assert attempt["error_code"] == "RUN_TIMEOUT"
    kept = story.git("ls-tree", "-r", "--name-only", attempt["kept_ref"])
    assert "src/wp-b/made.txt" in kept
    assert story.note("starts") == ["wp-b 1"]
    assert "time is over" in outcome.out


def test_a_spent_budget_ends_agents_asks_and_can_be_raised(story: Story) -> None:
    """At the limit agents are ended, kept and not counted; with more money the run goes on."""
    story.begin()
    story.plans("add-three", *(Piece(id=f"wp-{each}", retry_budget=0) for each in "abc"))
    cost = 'echo "{\\"cost_usd\\": 0.75}" > "$PLAIT_RESULT"'
    waits = f'{SAY}; {WRITE}; {cost}; test -e "$NOTES/go" || exec sleep 60'
    outcome = story.run("add-three", waits, "--max-agents", "2", "--budget", "1.50")
    assert outcome.code == 3, outcome.err
    assert "1.50 USD are spent" in outcome.out
    report = story.report()
    assert report["status"] == "blocked"
    assert "plait resume" in report["escalations"][0]["summary"]
    assert report["totals"]["cost_usd"] == 1.5
    attempts = [each for package in report["packages"] for each in package["attempts"]]
    assert {each["error_code"] for each in attempts} == {"BUDGET_SPENT"}
    assert all(each["kept_ref"] for each in attempts)
    assert story.plait("resume", "--budget", "1").code == 3
    (story.notes / "go").touch()
    assert story.plait("resume", "--budget", "5").code == 0
    assert {each["status"] for each in story.report()["packages"]} == {"landed"}


def test_a_package_that_costs_too_much_asks(story: Story) -> None:
    """Its agent is ended at its own budget; the others go on; a person is asked."""
    story.begin(settings("[budget]\npackage = 0.5\n"))
    story.plans("add-two", Piece(id="wp-a"), Piece(id="wp-b"))
    cost = 'echo "{\\"cost_usd\\": 0.6}" > "$PLAIT_RESULT"'
    cost = f'case "$PLAIT_PACKAGE" in wp-a) {cost}; exec sleep 60;; esac'
    outcome = story.run("add-two", f"{WRITE}; {cost}")
    assert outcome.code == 3, outcome.err
    packages = story.packages()
    assert packages["wp-b"]["status"] == "landed"
    assert packages["wp-a"]["status"] == "blocked"
    assert codes(packages["wp-a"]) == ["PACKAGE_BUDGET_SPENT"]
    assert "0.60 USD" in packages["wp-a"]["question"]


def test_a_rate_limit_parks_one_agent_and_costs_no_attempt(story: Story) -> None:
    """Packages of another agent go on; the parked one waits for its time, then lands."""
    story.begin()
    pieces = [Piece(id=f"wp-{each}", retry_budget=0) for each in ("x1", "x2", "y")]
    story.plans("add-three", *pieces)
    refused = '{\\"status\\": \\"rate_limited\\", \\"retry_after_s\\": 2}'
    limited = (
        f'{SAY}; if test ! -e "$NOTES/told"; then touch "$NOTES/told"; '
        f'echo "{refused}" > "$PLAIT_RESULT"; exit 1; fi; {WRITE}'
    )
    began = time.monotonic()
    outcome = story.plait(
        "run",
        "add-three",
        "--agent",
        f"wp-x*=command:{limited}",
        "--agent",
        f"command:{WRITE}",
        "--max-agents",
        "1",
        "--yes",
        "--json",
    )
    assert outcome.code == 0, outcome.err
    assert time.monotonic() - began >= 2
    assert kinds(outcome.out).count("provider_parked") == 1
    landed = [line for line in outcome.out.splitlines() if '"type": "landed"' in line]
    assert '"package": "wp-y"' in landed[0]
    assert story.note("starts") == ["wp-x1 1", "wp-x1 1", "wp-x2 1"]


def test_another_agent_takes_over_where_one_fails(story: Story) -> None:
    """Of several plain agents the first works, and the next where it failed or is parked."""
    story.begin()
    story.plans("add-a", Piece(id="wp-a", retry_budget=1))
    outcome = story.plait(
        "run", "add-a", "--agent", "command:exit 1", "--agent", f"command:{SAY}; {WRITE}", "--yes"
    )
    assert outcome.code == 0, outcome.err
    assert story.note("starts") == ["wp-a 2"]
