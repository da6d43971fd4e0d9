"""Every agent that ships: how it is started, run for real, and what is read of it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from plait import agents
from plait.core.event import AgentStatus, RunId
from plait.core.plan import PackageId
from plait.core.profile import plain
from plait.errors import UsageError
from plait.ports import AgentOutcome, AgentTask, Usage
from plait.process import Exit


class Desk:
    """A worktree and a folder for one attempt."""

    def __init__(self, root: Path) -> None:
        self.worktree = root / "tree"
        self.directory = root / "attempt"
        self.worktree.mkdir()
        self.directory.mkdir()

    def task(self, attempt: int = 1, package: str = "wp-a") -> AgentTask:
        return AgentTask(
            run=RunId("r"),
            package=PackageId(package),
            attempt=attempt,
            epoch=attempt,
            worktree=self.worktree,
            directory=self.directory,
            brief="Do it.\n",
            brief_path=self.directory / "brief.md",
            scope_path=self.directory / "scope.json",
            result_path=self.directory / "result.json",
            home=self.directory / "home",
            profile=plain("an agent"),
        )

    def attempt(self, name: str, number: int = 1, package: str = "wp-a") -> AgentOutcome:
        """Start the agent as the engine does, wait, read."""
        agent, task = agents.find(name), self.task(number, package)
        assert agent.probe() is None
        invocation = agent.invocation(task)
        (self.directory / "result.json").unlink(missing_ok=True)
        with (
            (self.directory / "stdout.log").open("wb") as out,
            (self.directory / "stderr.log").open("wb") as err,
        ):
            done = subprocess.run(
                invocation.argv,
                input=invocation.stdin,
                cwd=self.worktree,
                env={"PATH": "/usr/bin:/bin", "PLAIT_RESULT": str(task.result_path)},
                stdout=out,
                stderr=err,
                check=False,
            )
        return agent.outcome(task, Exit(code=done.returncode, duration_s=0.1))

    def script(self, text: str) -> str:
        """The name of a scripted agent that plays this."""
        path = self.directory / "script.yaml"
        path.write_text(text)
        return f"scripted:{path}"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """One attempt's surroundings."""
    return Desk(tmp_path)


KINDS = ["command", "scripted"]


def ending(desk: Desk, kind: str, code: int, said: str) -> str:
    """An agent of that kind that writes a file, says something and ends so."""
    if kind == "command":
        return f"command:echo made > made; echo {said}; exit {code}"
    return desk.script(
        f"wp-a: [{{write: {{path: made, text: made}}}}, {{print: {said}}}, {{exit: {code}}}]"
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("code", "status"),
    [(0, AgentStatus.COMPLETED), (75, AgentStatus.BLOCKED), (2, AgentStatus.FAILED)],
)
def test_the_exit_code_says_how_it_ended(
    desk: Desk, kind: str, code: int, status: AgentStatus
) -> None:
    """0 believes it is done, 75 is blocked, anything else failed; its last words say why."""
    outcome = desk.attempt(ending(desk, kind, code, "words"))
    assert outcome.status is status
    assert (desk.worktree / "made").exists()
    assert outcome.summary == ("" if code == 0 else "words")
    assert outcome.question == ("words" if code == 75 else "")


@pytest.mark.parametrize("kind", KINDS)
def test_a_timeout_is_no_failure_of_its_own(desk: Desk, kind: str) -> None:
    """Plait ended it, whatever the exit code says."""
    agent = agents.find(ending(desk, kind, 0, "x"))
    ended = Exit(code=-15, duration_s=1.0, timed_out=True)
    assert agent.outcome(desk.task(), ended).status is AgentStatus.TIMED_OUT


@pytest.mark.parametrize("kind", KINDS)
def test_the_result_file_adds_what_an_exit_code_cannot_say(desk: Desk, kind: str) -> None:
    """Summary, outputs, deviations, cost and tokens are taken over."""
    result = {
        "status": "completed",
        "summary": "did it",
        "outputs": {"port": 1},
        "deviations": [{"summary": "renamed", "affects": ["wp-b"]}],
        "cost_usd": 0.5,
        "tokens": {"input": 10, "output": 3},
    }
    text = json.dumps(result)
    name = f"command:echo '{text}' > $PLAIT_RESULT"
    if kind == "scripted":
        name = desk.script(f"wp-a: [{{result: {text}}}]")
    outcome = desk.attempt(name)
    assert outcome.summary == "did it"
    assert outcome.outputs == {"port": 1}
    assert outcome.deviations[0].affects == ("wp-b",)
    assert (outcome.cost_usd, outcome.tokens_input, outcome.tokens_output) == (0.5, 10, 3)
    assert outcome.warnings == ()


@pytest.mark.parametrize(
    "result",
    [
        "not json",
        "[]",
        '{"status": 3}',
        '{"cost_usd": "much"}',
        '{"cost_usd": NaN}',
        '{"tokens": {"input": 1e999}}',
        '{"deviations": [1, {"summary": 2}]}',
        '{"tokens": []}',
        "[" * 100_000,
        '{"status": "finished"}',
        '{"retry_at": "tomorrow"}',
        '{"retry_at": "2026-01-01T00:00:00"}',
        '{"retry_after_s": -1}',
    ],
)
def test_a_wrong_result_file_is_a_warning(desk: Desk, result: str) -> None:
    """Whatever an agent writes there, the attempt is judged by what can be checked."""
    path = desk.directory / "given"
    path.write_text(result)
    outcome = desk.attempt(f"command:cp {path} $PLAIT_RESULT")
    assert outcome.status is AgentStatus.COMPLETED
    assert outcome.warnings


@pytest.mark.parametrize("name", ["stdout.log", "stderr.log", "result.json"])
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(desk: Desk, name: str) -> None:
    """An agent that replaces its files by something that never ends holds nothing up."""
    os.mkfifo(desk.directory / name)
    ended = Exit(code=1, duration_s=0.1)
    outcome = agents.find("command:true").outcome(desk.task(), ended)
    assert outcome.status is AgentStatus.FAILED


def test_a_result_that_says_failed_is_believed(desk: Desk) -> None:
    """An agent that knows it failed may exit with 0 all the same."""
    outcome = desk.attempt("""command:echo '{"status": "failed"}' > $PLAIT_RESULT""")
    assert outcome.status is AgentStatus.FAILED


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", [0, 1])
def test_a_rate_limit_is_told_with_the_time_of_its_end(desk: Desk, kind: str, code: int) -> None:
    """Whatever the exit code, and as seconds or as an instant."""
    said = {"status": "rate_limited", "retry_after_s": 30, "retry_at": "1970-01-01T01:00:50+01:00"}
    text = json.dumps(said)
    name = f"command:echo '{text}' > $PLAIT_RESULT; exit {code}"
    if kind == "scripted":
        name = desk.script(f"wp-a: [{{result: {text}}}, {{exit: {code}}}]")
    outcome = desk.attempt(name)
    assert outcome.status is AgentStatus.RATE_LIMITED
    assert (outcome.retry_after_s, outcome.retry_at) == (30.0, 50.0)
    assert outcome.warnings == ()


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_agent_uses_up_can_be_read_while_it_works(desk: Desk, kind: str) -> None:
    """The result file may be written again and again; half of one says nothing."""
    agent, task = agents.find(ending(desk, kind, 0, "x")), desk.task()
    assert agent.usage(task) is None
    for cost in (0.1, 0.25):
        task.result_path.write_text(json.dumps({"cost_usd": cost, "tokens": {"input": 5}}))
        assert agent.usage(task) == Usage(cost_usd=cost, tokens_input=5)
    task.result_path.write_text('{"cost_usd": 0.')
    assert agent.usage(task) is None
    task.result_path.unlink()
    os.mkfifo(task.result_path)
    assert agent.usage(task) is None


def test_a_script_plays_another_part_each_attempt(desk: Desk) -> None:
    """A list of lists is one part an attempt; the last serves all further ones."""
    name = desk.script(
        "wp-a:\n- [{write: {path: n, text: '1'}}]\n- [{write: {path: n, text: '2'}}]\n"
    )
    for number, text in ((1, "1"), (2, "2"), (3, "2")):
        desk.attempt(name, number)
        assert (desk.worktree / "n").read_text() == text


def test_default_steps_are_filled_in(desk: Desk) -> None:
    """`{package}` and `{attempt}` stand for the attempt's own."""
    name = desk.script("default: [{write: {path: 'src/{package}', text: 'try {attempt}'}}]")
    desk.attempt(name, 2, "wp-z")
    assert (desk.worktree / "src" / "wp-z").read_text() == "try 2"


def test_every_step_does_what_it_says(desk: Desk) -> None:
    """Edits, renames, modes, links, commands."""
    name = desk.script(
        """
wp-a:
- write: {path: a/one, text: "old text"}
- append: {path: a/one, text: "!"}
- edit: {path: a/one, old: old, new: new}
- rename: {from: a/one, to: b/two}
- chmod: {path: b/two, mode: "755"}
- symlink: {path: link, target: b}
- shell: "cat link/two > copy"
- write: {path: gone, text: x}
- delete: {path: gone}
"""
    )
    assert desk.attempt(name).status is AgentStatus.COMPLETED
    assert (desk.worktree / "copy").read_text() == "new text!"
    assert (desk.worktree / "b" / "two").stat().st_mode & 0o111
    assert not (desk.worktree / "gone").exists()


@pytest.mark.parametrize("path", ["../outside", "/etc/x", "a/../../b"])
def test_a_script_cannot_name_paths_outside_the_worktree(desk: Desk, path: str) -> None:
    """Such a step ends the attempt as failed."""
    outcome = desk.attempt(desk.script(f"wp-a: [{{write: {{path: {path!r}, text: x}}}}]"))
    assert outcome.status is AgentStatus.FAILED
    assert "leaves the worktree" in outcome.summary


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("- a\n", ":1:1"),
        ("wp-a: 3\n", ":1:7"),
        ("wp-a:\n- wrte: {path: a}\n", ":2:3"),
        ("wp-a:\n- write: {path: a}\n", ":2:3"),
        ("wp-a:\n- sleep: long\n", ":2:3"),
        ("wp-a: [\n", ":2:1"),
    ],
)
def test_a_wrong_script_is_told_with_its_place(desk: Desk, text: str, place: str) -> None:
    """File, line and column, before anything runs."""
    with pytest.raises(UsageError) as caught:
        agents.find(desk.script(text))
    assert caught.value.code == "BAD_SCRIPT"
    assert caught.value.where.endswith(f"script.yaml{place}")


def test_an_unknown_agent_lists_those_there_are() -> None:
    """With a guess at what was meant."""
    with pytest.raises(UsageError) as caught:
        agents.find("comand:x")
    assert caught.value.code == "UNKNOWN_AGENT"
    assert "'command'" in caught.value.hint
    assert "scripted" in caught.value.hint
