"""Agents that tell what they do: their transcript, what they were denied, what they used up."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import Story, lines, wait_until
from tests.fakes.plans import Piece

PLUGIN = Path(__file__).parents[1] / "fakes" / "plugin"
WRITE = 'mkdir -p "src/$PLAIT_PACKAGE" && echo "$PLAIT_PACKAGE" > "src/$PLAIT_PACKAGE/made.txt"'
SAY = 'echo "$PLAIT_PACKAGE $PLAIT_ATTEMPT" >> "$NOTES/starts"'


def says(kind: str, **fields: object) -> str:
    """A shell command that prints an entry."""
    return f"echo '{json.dumps({'kind': kind, **fields})}'"


DONE = says("finished", finish="ok", message="It is done.")


def may_note(story: Story) -> str:
    """Settings by which an agent that is held may write into the notes."""
    return f'[sandbox]\nwrite = ["{story.notes}"]\n'


@pytest.fixture
def talk(story: Story) -> Story:
    """A user who has installed the agent that talks."""
    story.env["PYTHONPATH"] = str(PLUGIN)
    return story.begin({"plait.toml": may_note(story)})


def transcript(story: Story, attempt: str = "wp-a/1") -> list[dict[str, Any]]:
    """What stands in an attempt's transcript."""
    (path,) = (story.repo / ".plait" / "runs").glob(f"*/{attempt}/transcript.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def kinds(entries: list[dict[str, Any]]) -> list[str]:
    """The kinds of entries."""
    return [each["kind"] for each in entries]


def events(out: str, kind: str) -> list[dict[str, Any]]:
    """The data of the events of one kind that were printed."""
    told = [json.loads(line) for line in out.splitlines()]
    return [each["data"] for each in told if each["type"] == kind]


def test_what_an_agent_says_is_its_transcript(talk: Story) -> None:
    """Entries are written with their time, denials and usage are events, the end tells it all."""
    talk.plans("add-a", Piece(id="wp-a"))
    agent = lines(
        says("started", session="s-1", model="m"),
        says("text", text="I begin."),
        says("tool", call="1", tool="Write", paths=["src/wp-a/made.txt"]),
        *(says("denied", tool="Bash", reason="no", paths=["/etc/passwd"]) for _ in range(25)),
        says("usage", tokens_input=70, tokens_output=7, cost_usd=0.5),
        "echo this is no JSON",
        "echo break the reader",
        WRITE,
        says("usage", tokens_input=30, tokens_output=3, cost_usd=0.25),
        f"printf %s '{json.dumps({'kind': 'finished', 'finish': 'ok', 'message': 'Done.'})}'",
    )
    outcome = talk.plait("run", "add-a", "--agent", f"talker:{agent}", "--yes", "--json")
    assert outcome.code == 0, outcome.out
    entries = transcript(talk)
    assert kinds(entries)[:3] == ["started", "text", "tool"]
    assert kinds(entries)[-5:] == ["usage", "unread", "unread", "usage", "finished"]
    assert kinds(entries).count("denied") == 25
    assert all(each["at"].endswith("Z") for each in entries)
    denied = events(outcome.out, "denied")
    assert len(denied) == 20
    assert denied[0]["by"] == "agent"
    assert denied[0]["paths"] == ["/etc/passwd"]
    (ended,) = events(outcome.out, "agent_ended")
    told = [ended[key] for key in ("session", "finish", "tokens_input", "cost_usd", "summary")]
    assert told == ["s-1", "ok", 100, 0.75, "Done."]
    assert [each["code"] for each in events(outcome.out, "warned")] == ["TRANSCRIPT"]


def test_a_transcript_goes_on_after_a_crash_without_saying_anything_twice(talk: Story) -> None:
    """Plait is killed while an agent talks; the agent is adopted, and each entry stands once."""
    talk.plans("add-a", Piece(id="wp-a"))
    agent = lines(
        SAY,
        says("started", session="s-1"),
        says("denied", tool="Bash"),
        'while test ! -e "$NOTES/on"; do sleep 0.05; done',
        says("text", text="first"),  # heard after what was said before has been told
        'while test ! -e "$NOTES/go"; do sleep 0.05; done',
        says("text", text="second"),
        WRITE,
        DONE,
    )
    plait = talk.starts("run", "add-a", "--agent", f"talker:{agent}", "--yes")
    runs = talk.repo / ".plait" / "runs"

    def heard(word: str) -> bool:
        return any(word in path.read_text() for path in runs.glob("*/*/1/transcript.jsonl"))

    wait_until(lambda: heard("denied"))
    (talk.notes / "on").touch()
    wait_until(lambda: heard("first"))
    plait.send_signal(signal.SIGKILL)
    plait.communicate(timeout=30)
    (path,) = runs.glob("*/*/1/transcript.jsonl")
    with path.open("a") as file:
        file.write('{"at":"2025-01-01T')  # a line that the crash cut off
    (talk.notes / "go").touch()
    outcome = talk.plait("resume", "--json")
    assert outcome.code == 0, outcome.out
    assert talk.note("starts") == ["wp-a 1"]
    assert kinds(transcript(talk)) == ["started", "denied", "text", "text", "finished"]
    (ended,) = events(outcome.out, "agent_ended")
    assert ended["session"] == "s-1"
    assert events(outcome.out, "denied") == []


def test_an_agent_without_a_final_word_has_crashed(talk: Story) -> None:
    """Its exit code says that all is well; its output does not."""
    talk.plans("add-a", Piece(id="wp-a", retry_budget=0))
    outcome = talk.plait("run", "add-a", "--agent", f"talker:{WRITE}", "--yes", "--json")
    assert outcome.code == 1
    (ended,) = events(outcome.out, "agent_ended")
    assert (ended["finish"], ended["exit_code"]) == ("crashed", 0)


def test_a_transcript_that_leads_elsewhere_is_not_written(talk: Story) -> None:
    """An agent cannot make Plait append to a file that is none of the attempt's."""
    talk.plans("add-a", Piece(id="wp-a"))
    folder = '$(dirname "$PLAIT_RESULT")'
    agent = lines(
        SAY,
        f'rm "{folder}/transcript.jsonl"; ln -s "$NOTES/victim" "{folder}/transcript.jsonl"',
        'touch "$NOTES/up"; while test ! -e "$NOTES/go"; do sleep 0.05; done',
        says("text", text="words"),
        WRITE,
        DONE,
    )
    (talk.notes / "victim").write_text("mine\n")
    plait = talk.starts("run", "add-a", "--agent", f"talker:{agent}", "--yes")
    wait_until((talk.notes / "up").exists)
    plait.send_signal(signal.SIGKILL)
    plait.communicate(timeout=30)
    (talk.notes / "go").touch()
    assert talk.plait("resume").code == 0
    assert (talk.notes / "victim").read_text() == "mine\n"


def test_secrets_are_written_nowhere(talk: Story) -> None:
    """Not in the logs, the transcript, the events, the store, or the report."""
    secrets = ["tell-nobody-1", "hush9-hush9", "sk-" + "a1B2c3D4" * 6]
    talk.env |= {"TALK_KEY": secrets[0], "OTHER_TOKEN": secrets[1]}
    talk.plans("add-a", Piece(id="wp-a", retry_budget=0))
    (talk.notes / "key").write_text(secrets[2])
    every = '$TALK_KEY $OTHER_TOKEN $(cat "$NOTES/key")'
    agent = lines(
        f'echo "{every}" >&2',
        f'echo "{{\\"kind\\": \\"text\\", \\"text\\": \\"{every}\\"}}"',
        f'echo "{{\\"kind\\": \\"denied\\", \\"tool\\": \\"{every}\\"}}"',
        f'echo "{{\\"summary\\": \\"{every}\\"}}" > "$PLAIT_RESULT"',
        f'echo "{every}" > src/made.txt',
        'echo "{\\"kind\\": \\"finished\\", \\"finish\\": \\"auth\\"}"',
    )
    outcome = talk.plait("run", "add-a", "--agent", f"talker:{agent}", "--yes", "--json")
    assert outcome.code == 1, outcome.out
    printed = [outcome.out, outcome.err, talk.plait("report").out, talk.plait("status").out]
    own = {"result.json", "made.txt"}  # the agent's, not Plait's
    written = [
        path.read_bytes().decode("utf-8", "replace")
        for path in (talk.repo / ".plait").rglob("*")
        if path.is_file() and path.name not in own
    ]
    for secret in secrets:
        assert not [text for text in (*printed, *written) if secret in text]
    assert kinds(transcript(talk)) == ["text", "denied", "finished"]
    assert transcript(talk)[0]["text"] == "[redacted] [redacted] [redacted]"


def test_a_running_agent_is_followed_to_its_end(talk: Story) -> None:
    """Words, tools in short, results folded, denials, retries, usage; it ends with the attempt."""
    talk.plans("add-a", Piece(id="wp-a"))
    agent = lines(
        says("started", session="s-1", model="m"),
        says("text", text="I begin."),
        says("tool", call="1", tool="Bash", input={"command": "pytest -q"}),
        says("tool_result", call="1", output="one two"),
        'while test ! -e "$NOTES/go"; do sleep 0.05; done',
        says("denied", tool="Write", paths=["/etc/passwd"], reason="no"),
        says("retry", error="rate_limit", delay_s=3),
        says("usage", tokens_input=5200, tokens_output=860, cost_usd=0.5),
        WRITE,
        DONE,
    )
    plait = talk.starts("run", "add-a", "--agent", f"talker:{agent}", "--yes")
    wait_until(lambda: talk.plait("logs", "wp-a").out.count("\n") == 4)
    told, entries, stopped = (
        talk.starts("logs", "wp-a", "-f", *more) for more in ([], ["--json"], [])
    )
    assert stopped.stdout is not None
    stopped.stdout.readline()
    stopped.send_signal(signal.SIGINT)
    stopped.communicate(timeout=30)
    assert stopped.returncode == 130
    (talk.notes / "go").touch()
    out, err = told.communicate(timeout=30)
    assert err == b""
    assert out.decode().splitlines() == [
        "* started, m, session s-1",
        "I begin.",
        "> Bash pytest -q",
        "  = 1 line: one two",
        "x Write /etc/passwd was denied: no",
        "~ asks its model again in 3.0 s (rate_limit)",
        "* finished: ok",
        "It is done.",
        "  (1 tool call, 1 denial, 0.50 USD, 5,200 tokens in, 860 out)",
    ]
    printed, _ = entries.communicate(timeout=30)
    assert [json.loads(line) for line in printed.splitlines()] == transcript(talk)
    assert plait.wait(timeout=30) == 0
    plait.communicate()
    assert talk.plait("logs", "wp-a", "--raw").out.count('"kind": "tool"') == 1


def test_an_agent_without_a_transcript_is_followed_as_it_writes(story: Story) -> None:
    """Each stream to its own; with --json a line an entry."""
    story.begin()
    story.plans("add-a", Piece(id="wp-a"))
    agent = f'echo one; echo two >&2; while test ! -e "$NOTES/go"; do sleep 0.05; done; {WRITE}'
    plait = story.starts("run", "add-a", "--agent", f"command:{agent}; echo three", "--yes")
    runs = story.repo / ".plait" / "runs"
    wait_until(lambda: any(path.read_text() for path in runs.glob("*/*/1/stderr.log")))
    told = story.starts("logs", "wp-a", "-f")
    assert told.stdout is not None
    assert told.stdout.readline() == b"one\n"
    (story.notes / "go").touch()
    assert told.communicate(timeout=30) == (b"three\n", b"two\n")
    assert plait.wait(timeout=30) == 0
    plait.communicate()
    printed = story.plait("logs", "wp-a", "--json").out.splitlines()
    assert [json.loads(line)["line"] for line in printed] == ["one", "three"]
