"""The client of the Agent Client Protocol, as it is started, with an agent that plays a script."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.desks import task_at

from plait import agents
from plait.core.event import AgentStatus
from plait.core.profile import AgentProfile
from plait.core.transcript import FinishKind, ToolDenied
from plait.ports import AgentOutcome, AgentTask
from plait.process import Exit

acp = pytest.importorskip("acp")
acp_client = pytest.importorskip("plait.agents.acp_client")
AGENT = Path(__file__).parents[1] / "fakes" / "acp_agent.py"
SCOPE = {"confidence": "declared", "write": ["src/**"], "deny": []}


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation: the task, what came of it, what the agent was told."""

    task: AgentTask
    outcome: AgentOutcome
    code: int
    heard: list[dict[str, Any]]
    denied: list[ToolDenied]

    def answers(self, method: str) -> list[Any]:
        """What the client answered to the requests of that method."""
        told = [each for each in self.heard if each.get("method") == method]
        return [each["result"] if each["error"] is None else each["error"] for each in told]

    @property
    def prompts(self) -> list[str]:
        """What it was asked to do."""
        return [each["prompt"] for each in self.heard if "prompt" in each]


def talk(root: Path, *turns: list[Any], stop: bool = False, **profile: Any) -> Talk:
    """Start the client by its adapter with an agent that plays these turns."""
    heard = root / "heard"
    steps = json.dumps(turns).replace("TREE", str(root / "tree"))
    profile = {"args": (str(AGENT), steps, str(heard)), **profile}
    agent = agents.find(f"acp:{sys.executable}")
    task = task_at(root, AgentProfile(name="acp", use="acp", **profile))
    task.scope_path.write_text(json.dumps(SCOPE), encoding="utf-8")
    made = agent.invocation(task)
    for path, content in made.files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with (
        (task.directory / "stdout.log").open("wb") as out,
        (task.directory / "stderr.log").open("wb") as err,
        subprocess.Popen(
            made.argv, env={**os.environ, **made.env}, stdin=subprocess.PIPE, stdout=out, stderr=err
        ) as process,
    ):
        assert process.stdin
        process.stdin.write(made.stdin)
        process.stdin.close()
        if stop:
            until = time.monotonic() + 20
            while not heard.exists() or "prompt" not in heard.read_text():
                assert time.monotonic() < until
                time.sleep(0.02)
            process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=30)
    outcome = agent.outcome(task, Exit(code=code, duration_s=1.0))
    lines = [json.loads(each) for each in heard.read_text().splitlines()]
    return Talk(task, outcome, code, lines, denials(task))


def denials(task: AgentTask) -> list[ToolDenied]:
    """What the transcript says was refused."""
    reader = agents.find("acp:true").reader(task)
    assert reader is not None
    output = (task.directory / "stdout.log").read_bytes().splitlines()
    return [e for line in output for e in reader.read(line) if isinstance(e, ToolDenied)]


def call(number: int, kind: str, path: str = "") -> dict[str, Any]:
    """A tool's call, as an agent tells of it."""
    places = {"locations": [{"path": path}]} if path else {}
    return {"toolCallId": f"c{number}", "kind": kind, "title": kind, **places}


def test_what_it_asks_is_answered_by_the_scope(tmp_path: Path) -> None:
    """One call at a time, never for good: within the scope yes, outside or unknown no."""
    asked = [
        call(1, "edit", "TREE/src/a.py"),
        call(2, "edit", "TREE/docs/a.md"),
        call(3, "edit"),
        call(4, "execute"),
        call(5, "delete", "TREE/../x"),
    ]
    done = {"sessionUpdate": "tool_call_update", "toolCallId": "c4", "status": "completed"}
    told = talk(tmp_path, [*({"ask": each} for each in asked), {"tell": done}])
    chosen = [each["outcome"]["optionId"] for each in told.answers("session/request_permission")]
    assert chosen == ["allow_once", "reject_once", "reject_once", "allow_once", "reject_once"]
    assert [each.tool for each in told.denied] == ["edit", "edit", "delete"]
    assert "outside this package's scope" in told.denied[0].reason
    assert (told.outcome.status, told.outcome.finish) == (AgentStatus.COMPLETED, FinishKind.OK)
    assert (told.outcome.session, told.outcome.tokens_input) == ("s-1", 10)
    assert len(told.prompts) == 1


def test_files_are_written_and_read_within_bounds(tmp_path: Path) -> None:
    """Symbolic links are followed; what is not there reads as nothing."""
    (tmp_path / "tree" / "src").mkdir(parents=True)
    (tmp_path / "tree" / "src" / "out").symlink_to(tmp_path)
    (tmp_path / "secret").write_text("key")
    steps = [
        {"write": ["TREE/src/new/a.py", "a = 1\n"]},
        {"write": ["TREE/docs/a.md", "no"]},
        {"write": ["TREE/src/out/b.py", "no"]},
        {"write": ["TREE/.git/config", "no"]},
        {"read": "TREE/src/new/a.py"},
        {"read": "TREE/src/none.py"},
        {"read": "TREE/src/out/secret"},
    ]
    limit = {"code": -32603, "message": "Internal error", "data": {"details": "429 Too Many"}}
    told = talk(tmp_path, steps, [{"fail": limit}])
    assert (tmp_path / "tree/src/new/a.py").read_text() == "a = 1\n"
    written = told.answers("fs/write_text_file")
    assert [("code" in (each or {})) for each in written] == [False, True, True, True]
    assert not list(tmp_path.rglob("b.py")) + list(tmp_path.rglob("a.md"))
    first, none, secret = told.answers("fs/read_text_file")
    assert (first, none) == ({"content": "a = 1\n"}, {"content": ""})
    assert secret["code"] == -32602
    assert len(told.denied) == 3
    assert told.outcome.status is AgentStatus.RATE_LIMITED


def test_one_that_ends_at_a_refusal_is_told_why(tmp_path: Path) -> None:
    """In the same session, with the reason that the protocol has no place for; not for ever."""
    refused = [{"ask": call(1, "edit", "TREE/docs/a.md")}]
    told = talk(tmp_path, *[refused] * 9)
    assert told.prompts[0] == "Do it.\n"
    assert "docs/a.md is outside this package's scope" in told.prompts[1]
    assert len(told.prompts) == 6
    assert (told.outcome.finish, told.outcome.tokens_input) == (FinishKind.OK, 60)


@pytest.mark.parametrize(
    ("code", "message", "data", "finish"),
    [
        (-32000, "Authentication required", None, FinishKind.AUTH),
        (401, "no", None, FinishKind.AUTH),
        (-32603, "Internal error", {"details": "429 Too Many Requests"}, FinishKind.RATE_LIMIT),
        (-32603, "Internal error", {"message": "overloaded"}, FinishKind.API_ERROR),
        (-32603, "Internal error", None, FinishKind.API_ERROR),
    ],
)
def test_an_error_is_its_final_word(
    code: int, message: str, data: object, finish: FinishKind
) -> None:
    """By its code, or by its words."""
    error = acp.RequestError(code, message, data)
    assert acp_client._kind(error) is finish


def test_one_that_ends_without_an_answer_has_crashed(tmp_path: Path) -> None:
    """Whatever its exit code is."""
    told = talk(tmp_path, [{"exit": 0}])
    assert told.outcome.finish is FinishKind.CRASHED
    assert told.code == 1


def test_a_stop_cancels_the_session(tmp_path: Path) -> None:
    """The agent is told, and ends."""
    told = talk(tmp_path, [{"wait": True}], stop=True)
    assert {"cancelled": {"sessionId": "s-1"}} in told.heard
    assert told.outcome.finish is FinishKind.CANCELLED
    assert told.heard[-1] == {"ended": True}
