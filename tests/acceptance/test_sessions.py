"""An agent whose work was not accepted goes on in its session, where it was."""

from __future__ import annotations

import signal

from tests.acceptance.conftest import Story, lines, wait_until
from tests.acceptance.test_transcripts import DONE, PLUGIN, events, may_note, says
from tests.fakes.plans import Piece

CHECK = "grep -q right src/wp-a/made.txt && test ! -e litter"
FIRST = lines(
    'if test -z "$TALK_SESSION"; then',
    says("started", session="s-1"),
    says("turn"),
    says("usage", tokens_input=100, tokens_output=10, cost_usd=0.5, total=True),
    'mkdir -p src/wp-a "$TALK_HOME"; echo wrong > src/wp-a/made.txt; touch "$TALK_HOME/mark"',
    'pwd > "$NOTES/first"',
    DONE,
    "exit; fi",
)
AGAIN = lines(
    'echo "$PLAIT_ATTEMPT $TALK_SESSION" >> "$NOTES/again"',
    'cat > "$NOTES/brief"; pwd > "$NOTES/second"; git status --porcelain -uall > "$NOTES/status"',
    'test -e "$TALK_HOME/mark" && cat src/wp-a/made.txt >> "$NOTES/again"',
)
MENDS = lines(
    says("started", session="s-1"),
    says("turn"),
    says("usage", tokens_input=130, tokens_output=15, cost_usd=0.75, total=True),
    "echo right > src/wp-a/made.txt",
    DONE,
)


def begun(story: Story, **piece: object) -> Story:
    """A plan whose first attempt is not accepted."""
    story.env["PYTHONPATH"] = str(PLUGIN)
    story.begin({"plait.toml": may_note(story)})
    given = {"retry_budget": 1, "checks": [f"{CHECK} || (touch litter; false)"]}
    story.plans("add-a", Piece(id="wp-a", **{**given, **piece}))
    return story


def test_it_goes_on_in_the_same_session_and_worktree(story: Story) -> None:
    """Same claim, home and files; it is told what was wrong; what it used before is subtracted."""
    begun(story)
    agent = lines(FIRST, AGAIN, MENDS)
    outcome = story.plait("run", "add-a", "--agent", f"talker:{agent}", "--yes", "--json")
    assert outcome.code == 0, outcome.out
    assert story.note("again") == ["2 s-1", "wrong"]
    assert story.note("first") == story.note("second")
    assert story.note("status") == ["?? src/wp-a/made.txt"]
    brief = "\n".join(story.note("brief"))
    assert "VERIFICATION_FAILED" in brief
    assert "same session" in brief
    first, second = story.packages()["wp-a"]["attempts"]
    assert first["epoch"] == second["epoch"] == 1
    assert (first["number"], second["number"]) == (1, 2)
    assert first["error_code"] == "VERIFICATION_FAILED"
    assert [each["session"] for each in events(outcome.out, "attempt_started")] == ["", "s-1"]
    used = [(each["tokens_input"], each["cost_usd"]) for each in events(outcome.out, "agent_ended")]
    assert used == [(100, 0.5), (30, 0.25)]
    assert story.git("show", f"{first['kept_ref']}:src/wp-a/made.txt") == "wrong"
    assert story.git("show", "openspec/add-a:src/wp-a/made.txt") == "right"


def test_what_it_takes_back_was_never_written(story: Story) -> None:
    """A file outside the scope, removed in the second attempt, is no violation any more."""
    begun(story, checks=["true"])
    agent = lines(
        'test -n "$TALK_SESSION" || echo x > outside.txt',
        FIRST,
        AGAIN,
        "rm outside.txt",
        MENDS,
    )
    held = ("--sandbox", "none")
    outcome = story.plait("run", "add-a", "--agent", f"talker:{agent}", "--yes", *held)
    assert outcome.code == 0, outcome.out + outcome.err
    first, second = story.packages()["wp-a"]["attempts"]
    assert (first["error_code"], second.get("error_code")) == ("SCOPE_VIOLATION", None)
    assert "outside.txt" in "\n".join(story.note("brief"))


def test_a_session_that_cannot_be_taken_up_costs_nothing(story: Story) -> None:
    """The agent ends without a word; the package begins anew, in a clean worktree."""
    begun(story)
    agent = lines(
        'if test -n "$TALK_SESSION"; then echo no such session >&2; exit 1; fi',
        'if test -e "$NOTES/first"; then echo "$PLAIT_ATTEMPT $(ls src/wp-a)" >> "$NOTES/anew"',
        f"mkdir -p src/wp-a; {MENDS}",
        "exit; fi",
        FIRST,
    )
    outcome = story.plait("run", "add-a", "--agent", f"talker:{agent}", "--yes", "--json")
    assert outcome.code == 0, outcome.out
    assert story.note("anew") == ["2 "]
    (lost,) = events(outcome.out, "attempt_lost")
    assert lost["error_code"] == "SESSION_LOST"
    assert story.packages()["wp-a"]["attempts"][-1]["epoch"] == 2


def test_an_agent_that_cannot_resume_begins_anew(story: Story) -> None:
    """As every agent without sessions: a clean worktree, a claim of its own."""
    begun(story)
    agent = lines('test "$PLAIT_ATTEMPT" = 1 || { mkdir -p src/wp-a', f"{MENDS}", "exit; }", FIRST)
    assert story.plait("run", "add-a", "--agent", f"forgetful:{agent}", "--yes").code == 0
    assert [each["epoch"] for each in story.packages()["wp-a"]["attempts"]] == [1, 2]


def test_a_crash_in_the_second_attempt_is_gone_on_from(story: Story) -> None:
    """Plait is killed while the agent goes on in its session; the agent is adopted as it is."""
    begun(story)
    wait = 'touch "$NOTES/up"; while test ! -e "$NOTES/go"; do sleep 0.05; done'
    agent = lines(FIRST, AGAIN, wait, MENDS)
    plait = story.starts("run", "add-a", "--agent", f"talker:{agent}", "--yes")
    wait_until((story.notes / "up").exists)
    plait.send_signal(signal.SIGKILL)
    plait.communicate(timeout=30)
    (story.notes / "go").touch()
    outcome = story.plait("resume", "--json")
    assert outcome.code == 0, outcome.out
    assert story.note("again") == ["2 s-1", "wrong"]
    first, second = story.packages()["wp-a"]["attempts"]
    assert first["epoch"] == second["epoch"]
    (ended,) = events(outcome.out, "agent_ended")
    assert (ended["tokens_input"], ended["cost_usd"]) == (30, 0.25)
