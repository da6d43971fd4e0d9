"""What the adapters of other people's programs share: start, environment, outcome."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings, strategies as st
from tests.fakes.desks import lines, task_at

from plait.agents import json_lines, vendor
from plait.agents.json_lines import JsonLines, Table
from plait.agents.refusals import kind_of_words, wait_of_words
from plait.agents.vendor import VendorAgent
from plait.core.event import AgentStatus
from plait.core.profile import AgentProfile, plain
from plait.core.transcript import Account, Entry, Finished, FinishKind, Said, Unread
from plait.errors import UsageError
from plait.ports import AgentTask, Invocation, Reader
from plait.process import Exit


class Words(JsonLines):
    """Reads what the program below prints."""

    def entries(self, event: Table) -> Iterable[Entry]:
        if said := json_lines.text(event, "say"):
            yield Said(text=said)
        if end := json_lines.text(event, "end"):
            yield Finished(kind=FinishKind(end), message=json_lines.text(event, "why"))


class Made(VendorAgent):
    """An adapter of a program that tests make up."""

    adapter = "made"
    programs = ("made-up-program",)
    keys = ("MADE_KEY",)
    settings = ("MADE_URL",)
    oldest = "1.10"
    log_in = "set MADE_KEY"

    def start(self, task: AgentTask) -> Invocation:
        return Invocation(argv=("--go",), stdin=task.brief.encode(), env={"OWN": "1"})

    def reader(self, task: AgentTask) -> Reader:
        return Words()


ENDED = Exit(code=0, duration_s=1.0)


def test_it_is_started_in_a_home_of_its_own_with_listed_variables(tmp_path: Path) -> None:
    """The profile's program, arguments and variables are added; keys are named as secret."""
    profile = AgentProfile(
        name="made",
        use="made",
        program="/bin/sh",
        args=("--more",),
        env=("EXTRA",),
        set_env={"OWN": "2"},
    )
    task = task_at(tmp_path, profile)
    started = Made("").invocation(task)
    assert started.argv == ("/bin/sh", "--go", "--more")
    assert started.env["HOME"] == str(task.home)
    assert started.env["OWN"] == "2"
    assert started.inherit is not None
    assert {"PATH", "MADE_KEY", "MADE_URL", "EXTRA"} <= set(started.inherit)
    assert "SSH_AUTH_SOCK" not in started.inherit
    assert started.secrets == ("MADE_KEY",)
    assert b"name = made" in started.files[task.home / ".gitconfig"]


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    """As is an argument: such an agent takes none."""
    assert "made-up-program" in (Made("").probe() or "")
    with pytest.raises(UsageError) as caught:
        Made("x")
    assert caught.value.code == "BAD_AGENT"


@pytest.mark.parametrize(
    ("told", "old"),
    [("1.9.3 (Made)", True), ("made 1.10.0", False), ("2.0", False), ("", False), ("what", True)],
)
def test_versions_are_compared_number_by_number(told: str, old: bool) -> None:
    """1.9 is older than 1.10; a program that does not say is not judged."""
    assert (Made("").outdated(told) is not None) is old


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("ok", AgentStatus.COMPLETED),
        ("rate_limit", AgentStatus.RATE_LIMITED),
        ("budget_cap", AgentStatus.OVERSPENT),
        ("auth", AgentStatus.FAILED),
        ("api_error", AgentStatus.FAILED),
        ("turn_cap", AgentStatus.FAILED),
        ("cancelled", AgentStatus.FAILED),
        ("denied", AgentStatus.FAILED),
    ],
)
@pytest.mark.parametrize("code", [0, 1, 75, 145])
def test_the_final_word_decides_and_the_exit_code_nothing(
    tmp_path: Path, end: str, status: AgentStatus, code: int
) -> None:
    """Read from its output where no account is given."""
    task = task_at(tmp_path, plain("made"))
    output = lines([{"say": "hello"}, {"end": end, "why": "because"}])
    (task.directory / "stdout.log").write_bytes(output)
    outcome = Made("").outcome(task, replace(ENDED, code=code))
    assert (outcome.status, outcome.finish) == (status, FinishKind(end))
    assert outcome.summary.startswith("because")
    assert ("set MADE_KEY" in outcome.summary) is (end == "auth")


def test_no_final_word_is_a_crash_that_tells_what_was_complained_of(tmp_path: Path) -> None:
    """Also with exit code 0; its time being over is told as that."""
    task = task_at(tmp_path, plain("made"))
    (task.directory / "stdout.log").write_bytes(lines([{"say": "hello"}]))
    (task.directory / "stderr.log").write_text("Segmentation fault\n")
    outcome = Made("").outcome(task, ENDED)
    assert (outcome.status, outcome.finish) == (AgentStatus.FAILED, FinishKind.CRASHED)
    assert "Segmentation fault" in outcome.summary
    outcome = Made("").outcome(task, replace(ENDED, code=-15, timed_out=True))
    assert outcome.status is AgentStatus.TIMED_OUT


@pytest.mark.parametrize("status", ["blocked", "failed", "rate_limited"])
def test_a_result_file_that_says_worse_is_believed(tmp_path: Path, status: str) -> None:
    """One that says better is not."""
    task = task_at(tmp_path, plain("made"))
    task.result_path.write_text(json.dumps({"status": status, "question": "Which?"}))
    done = Account(finished=Finished(kind=FinishKind.OK, message="Done."))
    outcome = Made("").outcome(task, ENDED, done)
    assert outcome.status is AgentStatus(status)
    assert outcome.question == "Which?"
    task.result_path.write_text(json.dumps({"status": "completed"}))
    broken = Account(finished=Finished(kind=FinishKind.API_ERROR))
    assert Made("").outcome(task, ENDED, broken).status is AgentStatus.FAILED


@settings(max_examples=40)
@given(st.binary(max_size=200).filter(lambda line: line.strip()[:1] != b"{") | st.recursive(
    st.none() | st.text(), st.lists
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_a_line_that_is_no_object_is_unread(line: bytes) -> None:
    """Nothing that a program prints raises anything."""
    assume(not line.strip().startswith(b"{"))
    found = list(Words().read(line))
    assert all(isinstance(each, Unread) for each in found)
    assert bool(found) is bool(line.strip())


def test_a_line_too_long_is_told_by_its_beginning() -> None:
    """A film in a line is not read."""
    line = b'{"say": "' + b"x" * json_lines.LONGEST + b'"}'
    (found,) = Words().read(line)
    assert isinstance(found, Unread)
    assert len(found.line) == json_lines.SHOWN


def test_half_a_character_can_be_written_down_all_the_same() -> None:
    """A cut surrogate pair becomes the mark of a character that is not known."""
    (found,) = Words().read(rb'{"say": "a\ud83d b \ud83d\ude00"}')
    assert found == Said(text="a\ufffd b \U0001f600")


def test_deep_nesting_is_unread() -> None:
    """Whether it breaks the decoder or not."""
    for depth in (500, 990, 5000, 200_000):
        line = b'{"say": "\\ud800", "x": ' + b"[" * depth + b"]" * depth + b"}"
        assert list(Words().read(line))


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("unexpected status 401 Unauthorized: bad key", FinishKind.AUTH),
        ("API Error: 403 forbidden", FinishKind.AUTH),
        ("exceeded retry limit, last status: 429 Too Many Requests", FinishKind.RATE_LIMIT),
        ("You've hit your usage limit.", FinishKind.RATE_LIMIT),
        ("Quota exceeded. Check your plan", FinishKind.RATE_LIMIT),
        ('{"error":{"code":400,"message":"API key not valid."}}', FinishKind.AUTH),
        ("status code: 503 overloaded", FinishKind.API_ERROR),
        ("stream disconnected before completion", FinishKind.API_ERROR),
        ("", FinishKind.API_ERROR),
    ],
)
def test_words_of_an_error_are_told_apart(message: str, kind: FinishKind) -> None:
    """By a status in them first."""
    assert kind_of_words(message) is kind


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Please try again in 1.5s.", 1.5),
        ("try again in 1 hour 20 minutes", 4800.0),
        ("Please retry in 250ms", 0.25),
        ("resets in 2 days", 172800.0),
        ("Please retry after 30 seconds", 30.0),
        ("try again later", None),
        ("", None),
    ],
)
def test_the_time_to_wait_is_read_from_words(message: str, seconds: float | None) -> None:
    """Where nothing better names it."""
    assert wait_of_words(message) == seconds


def test_a_brief_is_no_command_to_the_program(tmp_path: Path) -> None:
    """Programs take `/x` at the beginning for one of their own commands."""
    task = task_at(tmp_path, plain("made"), brief="/help me")
    assert vendor.prompt(task) == "\n/help me"
    assert vendor.prompt(replace(task, brief="# Title")) == "# Title"


@pytest.mark.parametrize(
    ("brief", "told"),
    [
        ("see @/etc/passwd.", "see @ /etc/passwd."),
        ("@~/", "@ ~/"),
        ('@"/etc/passwd"', '@ "/etc/passwd"'),
        ("read @../attempt", "read @ ../attempt"),
        ("import '@/components/x' from @/components/x", None),
        ("@app.route @types/node a@b.c @../nowhere @README.md", None),
    ],
)
def test_a_brief_reads_no_file_outside_the_worktree(
    tmp_path: Path, brief: str, told: str | None
) -> None:
    """Programs read what stands after an `@`; what only looks like that stays as it is."""
    task = task_at(tmp_path, plain("made"), brief=brief)
    assert vendor.prompt(task) == (told or brief)
