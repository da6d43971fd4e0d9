"""Boards that a run is announced at: told of everything where they listen, and never waited for."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import Story
from tests.acceptance.test_documents import AGENT, keeps
from tests.fakes.boards import (
    SECRET,
    TOKEN,
    Receiver,
    calls,
    listening,
    receiving,
    server_command,
)
from tests.fakes.plans import Piece

WRITE = 'mkdir -p "src/$PLAIT_PACKAGE" && echo "$PLAIT_PACKAGE" > "src/$PLAIT_PACKAGE/made.txt"'
HEARD = """\
until test $(grep -c ticket "{log}") -ge 3 \\
  && grep -q '"'$PLAIT_PACKAGE'".*in_progress' "{log}"; do sleep 0.05; done
"""  # waits until the board has heard of every ticket, and that this one is in progress
DONE = {"wp-one": "completed", "wp-two": "completed"}
PIECES = (Piece(id="wp-one"), Piece(id="wp-two", needs=["wp-one"]))


def say(story: Story, **settings: object) -> None:
    """Write plait.toml: one board more."""
    settings = {"patience": "60s", **settings}
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    with (story.repo / "plait.toml").open("a") as file:
        file.write("\n".join(["[[announce]]", *lines]) + "\n")


def warnings(story: Story) -> list[str]:
    """What the newest run says that boards missed."""
    told = story.report()["warnings"]
    return [each["message"] for each in told if each["code"] == "ANNOUNCE_FAILED"]


def silent(story: Story, *secrets: str) -> bool:
    """Whether no secret stands in anything that was written."""
    files = [each for each in (story.repo / ".plait").rglob("*") if each.is_file()]
    texts = [each.read_bytes().decode("utf-8", "replace") for each in files]
    return not any(secret in text for secret in secrets for text in texts)


def test_a_webhook_is_told_of_every_ticket_signed_and_in_order(story: Story) -> None:
    """The receiver ends with what landed; no secret is written down, no redirect taken."""
    story.begin()
    story.plans("add-export", *PIECES)
    story.env |= {"BOARD_SECRET": SECRET, "BOARD_TOKEN": TOKEN}
    with receiving(Receiver()) as board:
        say(story, url=board.url, secret_env="BOARD_SECRET", token_env="BOARD_TOKEN", interval="0")
        outcome = story.run("add-export", WRITE)
    assert outcome.code == 0, outcome.err
    assert board.states() == DONE
    assert board.signed()
    assert all(h["Authorization"] == f"Bearer {TOKEN}" for h, _ in board.requests)
    last = board.accepted[-1]
    assert (last["schema"], last["more"]) == (1, False)
    assert last["run"]["status"] == "succeeded"
    assert last["totals"]["completed"] == last["totals"]["tickets"] == 2
    seqs = [each["seq"] for each in board.accepted]
    assert seqs == sorted(seqs)
    assert warnings(story) == []
    assert silent(story, SECRET, TOKEN, "hook-path")
    assert SECRET not in outcome.out + outcome.err


@pytest.mark.long
def test_a_webhook_that_fails_at_first_is_told_everything_once_it_recovers(story: Story) -> None:
    """The first answers are 500; what happened meanwhile comes with the first that is accepted."""
    story.begin()
    story.plans("add-export", *PIECES)
    with receiving(Receiver(answers=lambda number: 500 if number < 3 else 200)) as board:
        say(story, url=board.url)
        outcome = story.run("add-export", WRITE)
    assert outcome.code == 0, outcome.err
    assert board.states() == DONE
    assert board.accepted[-1]["run"]["status"] == "succeeded"
    assert warnings(story) == []


def test_a_webhook_that_never_answers_holds_nothing(story: Story) -> None:
    """Everything lands, and the end tells in one line each what boards missed.

    One takes its first request and never lets go of it; one is not there; one lacks a variable.
    """
    story.begin()
    story.plans("add-export", *PIECES)
    with receiving(Receiver(answers=lambda _number: -1)) as board:
        say(story, name="slow", url=board.url, timeout="50s", patience="0.1s")
        say(story, name="down", url="http://127.0.0.1:9/", patience="60s")
        say(story, name="unset", url="$BOARD_URL", patience="60s")
        outcome = story.run("add-export", WRITE)
        assert outcome.code == 0, outcome.err
        assert not board.accepted
    assert {each["status"] for each in story.packages().values()} == {"landed"}
    told = sorted(warnings(story))
    assert [each.split(" ")[0] for each in told] == ["down", "slow", "unset"]
    assert "how 2 of 2 tickets stand" in told[0]
    assert "it is too slow" in told[1]
    assert "$BOARD_URL is not set" in told[2]
    assert outcome.err.count("ANNOUNCE_FAILED") + outcome.out.count("ANNOUNCE_FAILED") <= 6


@pytest.mark.long
def test_a_redirect_is_not_followed(story: Story) -> None:
    """What is signed for one host goes to no other; the warning names where it was sent to."""
    story.begin()
    story.plans("add-export", Piece(id="wp-one"))
    with (
        receiving(Receiver()) as elsewhere,
        receiving(Receiver(answers=lambda _number: elsewhere.url)) as board,
    ):
        say(story, url=board.url)
        assert story.run("add-export", WRITE).code == 0
    assert not elsewhere.requests
    assert ["a redirect to 127.0.0.1, which is not followed" in w for w in warnings(story)] == [
        True
    ]


@pytest.mark.parametrize("how", ["stdio", pytest.param("http", marks=pytest.mark.long)])
def test_a_server_of_mcp_is_told_one_ticket_a_call(story: Story, how: str) -> None:
    """`purple_status` hears of the run, of each ticket until it is completed, then of the end."""
    story.begin()
    story.plans("add-export", *PIECES)
    log = story.root / "calls"
    if how == "stdio":
        say(story, command=server_command(log))
        outcome = story.run("add-export", WRITE)
    else:
        with listening(log) as url:
            say(story, kind="mcp", url=url)
            outcome = story.run("add-export", WRITE)
    assert outcome.code == 0, outcome.err
    assert warnings(story) == []
    told = calls(log)
    last = {each["ticket"]["id"]: each["ticket"] for each in told if "ticket" in each}
    assert {name: each["status"]["status"] for name, each in last.items()} == DONE
    assert last["wp-two"]["dependencies"][0]["id"] == "wp-one"
    assert last["wp-one"]["status"]["completionSummary"].startswith("landed as ")
    assert told[0]["totalTickets"] == 2
    assert told[-1]["buildComplete"] is True
    assert all(("ticket" in each) != ("totalTickets" in each) for each in told)


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")
@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill", "interrupt"])
def test_a_server_ends_with_the_run_however_that_ends(story: Story, number: int) -> None:
    """One that ignores SIGTERM and the end of its input, and its daemon, are gone in the end."""
    story.begin()
    story.plans("add-export", Piece(id="wp-one"))
    log = story.root / "calls"
    say(story, command=server_command(log, "stubborn"), patience="1s")
    gate = story.root / "go"  # agents outlive Plait: this one ends with the test
    agent = f"command:until test -e '{gate}'; do sleep 0.1; done"
    with story.starts("run", "add-export", "--agent", agent, "--yes") as plait:
        until(lambda: calls(log))
        pids = [int(each) for each in log.with_suffix(".pids").read_text().split()]
        assert all(map(alive, pids))
        plait.send_signal(number)
        plait.communicate(timeout=60)
    until(lambda: not any(map(alive, pids)))
    gate.touch()


def until(holds: Any) -> None:
    """Wait for something that comes sooner or later."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.long
def test_a_run_that_is_taken_up_again_announces_everything_anew(story: Story) -> None:
    """What was announced is no state of record: a board that was away is told all of it."""
    story.begin()
    story.plans("add-export", *PIECES)
    with receiving(Receiver()) as board:
        say(story, url=board.url, interval="0")
        gate = story.root / "go"
        agent = (
            f'{WRITE}; test $PLAIT_PACKAGE = wp-one || until test -e "{gate}"; do sleep 0.1; done'
        )
        with story.starts("run", "add-export", "--agent", f"command:{agent}", "--yes") as plait:
            until(lambda: board.states().get("wp-two") == "in_progress")
            plait.send_signal(signal.SIGINT)
            plait.communicate(timeout=60)
        assert board.accepted[-1]["run"]["status"] == "interrupted"
        before = len(board.accepted)
        gate.touch()
        assert story.plait("resume").code == 0
        first = board.accepted[before]
        assert {each["id"] for each in first["tickets"]} == set(DONE)
        assert board.states() == DONE


def test_an_agent_cannot_name_a_board(story: Story) -> None:
    """A plait.toml that an agent writes in its worktree starts no program: it is not read."""
    story.begin()
    story.plans("add-export", Piece(id="wp-one", write=["**"]))
    mark = story.root / "ran"
    planted = f'[[announce]]\\ncommand = ["touch", "{mark}"]\\n'
    story.run("add-export", f"printf '{planted}' > plait.toml; {WRITE}")
    story.plait("resume")
    assert "src/wp-one/made.txt" in story.git("ls-tree", "-r", "--name-only", "openspec/add-export")
    assert not mark.exists()


@pytest.mark.long
def test_purples_server_hears_of_phases_and_tickets_as_its_own_orchestrator_tells(
    story: Story,
) -> None:
    """All tickets first, to do; then each in progress and completed, by the ids of the spec."""
    keeps(story)
    log = story.root / "calls"
    say(story, command=server_command(log), name="purple")
    outcome = story.run(
        "cache", HEARD.format(log=log) + AGENT, "--check", "true", "--max-agents", "1"
    )
    assert outcome.code == 0, outcome.err
    told = calls(log)
    assert {each["featureFolder"] for each in told} == {"purple/documentation/251114-cache"}
    states: dict[str, list[str]] = {}
    for each in (call["ticket"] for call in told if "ticket" in call):
        states.setdefault(each["id"], []).append(each["status"]["status"])
    assert sorted(states) == ["CA-1.1", "CA-1.2", "CA-2.1"]
    assert all(row[-1] == "completed" for row in states.values()), states
    assert states["CA-2.1"][:2] == ["todo", "in_progress"]
    phases = list(dict.fromkeys(each["phase"] for each in told if "phase" in each))
    assert [each.partition(":")[0] for each in phases] == ["Phase 1", "Phase 2"]
    assert told[-1]["buildComplete"] is True


@pytest.mark.long
def test_doctor_tells_what_a_board_lacks_and_tries_it(story: Story) -> None:
    """A variable that is not set, a server without the tool, one that works."""
    story.begin()
    say(story, command=server_command(story.root / "a"), name="good")
    say(story, command=server_command(story.root / "b", "bare"), name="bare")
    say(story, url="https://board.example.org/s3cret", secret_env="NOT_SET", name="unset")
    told = json.loads(story.plait("doctor", "--json").out)
    lines = {each["told"]: each["level"] for each in told if each["what"] == "announce"}
    unset = "unset (webhook) will be told nothing: $NOT_SET is not set"
    assert lines == {"good (mcp)": "ok", "bare (mcp)": "ok", unset: "note"}
    tried = story.plait("doctor", "--boards")
    assert tried.code == 4
    assert "good (mcp): it has the tool purple_status" in tried.out
    assert "the server has no tool purple_status (it has: another_tool)" in tried.out
    assert "s3cret" not in tried.out
