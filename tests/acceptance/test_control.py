"""The owner of a run decides: pause, cancel, retry, skip, answer, and how many agents there are."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from tests.acceptance.conftest import Story, wait_until
from tests.fakes.plans import Piece

# An agent writes down that it began, waits until a file `go` (or `go-PACKAGE`) is there, and ends.
WAITS = """
echo "$PLAIT_PACKAGE $PLAIT_ATTEMPT" >> "$NOTES/started"
mkdir -p "src/$PLAIT_PACKAGE"; echo half > "src/$PLAIT_PACKAGE/made.txt"
while ! test -e "$NOTES/go" && ! test -e "$NOTES/go-$PLAIT_PACKAGE"; do sleep 0.02; done
echo ok > "src/$PLAIT_PACKAGE/made.txt"
"""
ASKS = """
if grep -q "Use blue" "$PLAIT_BRIEF"; then
  mkdir -p "src/$PLAIT_PACKAGE"; echo blue > "src/$PLAIT_PACKAGE/made.txt"; exit 0
fi
test "$PLAIT_PACKAGE" = wp-a && { echo "Which colour?"; exit 75; }
mkdir -p "src/$PLAIT_PACKAGE"; echo ok > "src/$PLAIT_PACKAGE/made.txt"
"""
FAILS_UNTIL_MENDED = """
echo "$PLAIT_PACKAGE $PLAIT_ATTEMPT" >> "$NOTES/started"
test "$PLAIT_PACKAGE" = wp-a && ! test -e "$NOTES/mended" && exit 1
mkdir -p "src/$PLAIT_PACKAGE"; echo ok > "src/$PLAIT_PACKAGE/made.txt"
"""


@pytest.fixture
def at_work(story: Story):
    """A run of three packages, the third after the first, with two agents at work that wait."""
    story.begin()
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b"), Piece(id="wp-c", needs=["wp-a"]))
    process = story.starts("run", "p", "--yes", "--agent", f"command:{WAITS}", "--json")
    wait_until(lambda: len(story.note("started")) == 2)
    yield process
    process.kill()
    process.communicate()


def statuses(story: Story) -> dict[str, str]:
    """Each package's status, by id."""
    return {name: each["status"] for name, each in story.packages().items()}


def test_a_pause_lets_agents_end_their_turn_and_resume_goes_on(story: Story, at_work) -> None:
    """Two land, the third does not start: exit 3, `paused`; resume runs it, and nothing twice."""
    paused = story.plait("pause")
    assert (paused.code, paused.err) == (0, "")
    assert "2 packages under way" in paused.out
    (story.notes / "go").touch()
    at_work.communicate(timeout=60)
    assert at_work.returncode == 3
    assert story.report()["status"] == "paused"
    assert statuses(story) == {"wp-a": "landed", "wp-b": "landed", "wp-c": "pending"}
    assert story.plait("resume").code == 0
    assert sorted(story.note("started")) == ["wp-a 1", "wp-b 1", "wp-c 1"]


def test_a_pause_at_once_ends_agents_and_keeps_their_work(story: Story, at_work) -> None:
    """What was half done is kept under its ref, no attempt is used up, and resume starts anew."""
    paused = story.plait("pause", "--now")
    assert paused.code == 0, paused.err
    at_work.communicate(timeout=60)
    assert at_work.returncode == 3
    attempt = story.packages()["wp-a"]["attempts"][0]
    assert attempt["outcome"] == "interrupted"
    assert attempt["error_code"] == "STOPPED"
    assert story.git("show", f"{attempt['kept_ref']}:src/wp-a/made.txt") == "half"
    (story.notes / "go").touch()
    assert story.plait("resume").code == 0
    assert sorted(story.note("started")) == ["wp-a 1", "wp-a 1", "wp-b 1", "wp-b 1", "wp-c 1"]


def test_a_pause_is_lifted_by_resume(story: Story, at_work) -> None:
    """While the paused run still has agents at work, resume lets the same process go on."""
    assert story.plait("pause").code == 0
    lifted = story.plait("resume")
    assert (lifted.code, "lifted" in lifted.out) == (0, True), lifted.err
    (story.notes / "go").touch()
    at_work.communicate(timeout=60)
    assert at_work.returncode == 0


def test_a_cancelled_run_is_over(story: Story, at_work) -> None:
    """Agents are ended and their work kept; exit 1, `cancelled`, and resume only says so."""
    cancelled = story.plait("cancel", "--json")
    assert "2 packages at work ended" in json.loads(cancelled.out)["told"]
    at_work.communicate(timeout=60)
    assert at_work.returncode == 1
    assert story.report()["status"] == "cancelled"
    assert set(statuses(story).values()) == {"cancelled"}
    assert story.plait("recover", "--json").out.count('"wp-') >= 2
    assert story.plait("resume").code == 1
    again = story.plait("cancel")
    assert (again.code, "RUN_ENDED" in again.err) == (2, True)


def test_a_cancelled_package_takes_its_dependents_with_it(story: Story, at_work) -> None:
    """Its agent is ended, the other goes on, and what needs it is skipped."""
    assert story.plait("cancel", "wp-a").code == 0
    (story.notes / "go").touch()
    at_work.communicate(timeout=60)
    assert at_work.returncode == 1
    assert statuses(story) == {"wp-a": "cancelled", "wp-b": "landed", "wp-c": "skipped"}


def test_a_skipped_package_is_done_without(story: Story, at_work) -> None:
    """Its agent is ended, and what needs it runs all the same: the run succeeds."""
    assert story.plait("skip", "wp-a").code == 0
    (story.notes / "go").touch()
    at_work.communicate(timeout=60)
    assert at_work.returncode == 0
    assert statuses(story) == {"wp-a": "skipped", "wp-b": "landed", "wp-c": "landed"}


def test_an_agent_at_work_is_ended_and_started_again_by_retry(story: Story, at_work) -> None:
    """One order, one new start; the first one's work is kept."""
    assert story.plait("retry", "wp-a").code == 0
    wait_until(lambda: story.note("started").count("wp-a 1") == 2)
    (story.notes / "go").touch()
    at_work.communicate(timeout=60)
    assert at_work.returncode == 0
    assert [each["outcome"] for each in story.packages()["wp-a"]["attempts"]] == [
        "interrupted",
        "pass",
    ]


def test_more_agents_can_be_let_in_while_it_runs(story: Story) -> None:
    """With one agent allowed one works; resume --max-agents 3 lets the others in at once."""
    story.begin()
    story.plans("p", *(Piece(id=f"wp-{name}") for name in "abc"))
    call = ("run", "p", "--yes", "--max-agents", "1", "--agent", f"command:{WAITS}")
    process = story.starts(*call)
    wait_until(lambda: len(story.note("started")) == 1)
    changed = story.plait("resume", "--max-agents", "3")
    assert (changed.code, "3 agents" in changed.out) == (0, True), changed.err
    wait_until(lambda: len(story.note("started")) == 3)
    refused = story.plait("resume")
    assert (refused.code, str(process.pid) in refused.err) == (2, True)
    (story.notes / "go").touch()
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_what_failed_is_tried_again_once_it_can_work(story: Story) -> None:
    """`retry` on an ended run is noted, `resume` carries it out, with what was skipped for it."""
    story.begin()
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b", needs=["wp-a"]))
    assert story.run("p", FAILS_UNTIL_MENDED).code == 1
    assert statuses(story) == {"wp-a": "failed", "wp-b": "skipped"}
    (story.notes / "mended").touch()
    noted = story.plait("retry")
    assert (noted.code, "plait resume" in noted.out) == (0, True)
    assert story.plait("resume").code == 0
    assert story.note("started") == ["wp-a 1", "wp-a 2", "wp-b 1"]
    assert statuses(story) == {"wp-a": "landed", "wp-b": "landed"}


def test_an_answer_reaches_the_next_brief(story: Story) -> None:
    """A blocked package asks: exit 3; answered and resumed, it knows, and all of it lands."""
    story.begin()
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b", needs=["wp-a"]), Piece(id="wp-c"))
    assert story.run("p", ASKS).code == 3
    assert story.packages()["wp-a"]["question"] == "Which colour?"
    wrong = story.plait("answer", "wp-x", "Use blue.")
    assert (wrong.code, "NO_SUCH_QUESTION" in wrong.err, "wp-a" in wrong.err) == (2, True, True)
    assert story.plait("answer", "wp-a", "Use blue.").code == 0
    assert story.plait("resume").code == 0
    assert story.git("show", "openspec/p:src/wp-a/made.txt") == "blue"
    assert set(statuses(story).values()) == {"landed"}


def test_a_crashed_run_is_cancelled_with_its_agents(story: Story, at_work) -> None:
    """Killed with -9 its agents live on; `cancel` ends them, keeps their work, and it is over."""
    at_work.send_signal(signal.SIGKILL)
    at_work.communicate()
    assert story.plait("cancel").code == 0
    assert story.report()["status"] == "cancelled"
    assert _living(str(story.notes)) == []


def _living(notes: str) -> list[str]:
    """Processes of this story's agents that are still there."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environ = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"NOTES={notes}".encode() in environ and any(b"PLAIT_RUN=" in each for each in environ):
            found.append(process.name)
    return found


def test_what_makes_no_sense_is_refused(story: Story) -> None:
    """No run, an unknown package, nothing to retry, nobody to pause: exit 2, a code, a hint."""
    story.begin()
    story.plans("p", Piece(id="wp-a"))
    for call in (("pause",), ("cancel",), ("retry", "wp-a"), ("skip",), ("answer", "q", "x")):
        assert story.plait(*call).code == 2, call
    assert story.run("p", "mkdir -p src/wp-a; echo ok > src/wp-a/x").code == 0
    for call in (("pause",), ("cancel",), ("retry", "wp-a"), ("skip",), ("answer", "q", "x")):
        refused = story.plait(*call)
        assert (refused.code, "RUN_ENDED" in refused.err) == (2, True), call


def test_what_was_noted_is_shown_and_counts(story: Story) -> None:
    """Until `resume`, `status` tells of it; the same question is not open twice."""
    story.begin()
    story.plans("p", Piece(id="wp-a"))
    assert story.run("p", ASKS).code == 3
    assert story.plait("answer", "wp-a", "Use blue.").code == 0
    assert "noted: answer wp-a Use blue. (by Ada <ada@example.org>)" in story.plait("status").out
    assert json.loads(story.plait("status", "--json").out)["requests"][0]["kind"] == "answer"
    again = story.plait("answer", "wp-a", "Use red.")
    assert (again.code, "NO_SUCH_QUESTION" in again.err) == (2, True)
