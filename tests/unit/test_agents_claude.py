"""Claude Code and Qwen Code: how they are started, and what is read of their events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.desks import entries, lines, summed, task_at

from plait import agents
from plait.core.event import AgentStatus
from plait.core.profile import AgentLimits, AgentProfile, plain
from plait.core.transcript import (
    Finished,
    FinishKind,
    Retried,
    Said,
    Started,
    ToolCalled,
    ToolDenied,
    ToolEnded,
    Turn,
    Used,
)
from plait.process import Exit

INIT = {"type": "system", "subtype": "init", "session_id": "s-1", "model": "m"}


def said(own: str, *blocks: dict[str, Any], model: str = "m", **usage: int) -> dict[str, Any]:
    """A message of the model's."""
    message = {"id": own, "model": model, "content": list(blocks), "usage": usage}
    return {"type": "assistant", "message": message}


def used_tool(call: str, name: str, **given: Any) -> dict[str, Any]:
    """A block that calls a tool."""
    return {"type": "tool_use", "id": call, "name": name, "input": given}


def result_of(call: str, output: str, *, failed: bool = False, **more: Any) -> dict[str, Any]:
    """What a tool gave."""
    block = {"type": "tool_result", "tool_use_id": call, "content": output, "is_error": failed}
    return {"type": "user", "message": {"content": [block]}, **more}


def end(**more: Any) -> dict[str, Any]:
    """The last event."""
    return {"type": "result", "subtype": "success", "is_error": False, "result": "Done.", **more}


def test_a_session_of_claude_is_read(tmp_path: Path) -> None:
    """A message comes in several events and is one turn; totals are those of all its models."""
    agent, task = agents.find("claude"), task_at(tmp_path, plain("claude"))
    output = lines(
        [
            {**INIT, "claude_code_version": "2.1.329"},
            said("a", {"type": "text", "text": "I begin"}, input_tokens=5, output_tokens=1),
            said("a", used_tool("c1", "Write", file_path="/w/a.py"), input_tokens=5),
            result_of("c1", "created"),
            said("b", {"type": "thinking", "thinking": "hm"}, cache_read_input_tokens=7),
            end(
                total_cost_usd=0.5,
                usage={"input_tokens": 1},
                modelUsage={
                    "m": {"inputTokens": 10, "outputTokens": 4, "cacheReadInputTokens": 2},
                    "small": {"inputTokens": 1, "outputTokens": 1},
                },
            ),
        ]
    )
    assert entries(agent, task, output) == [
        Started(session="s-1", model="m", version="2.1.329"),
        Turn(),
        Used(tokens_input=5, tokens_output=1),
        Said(text="I begin"),
        ToolCalled(call="c1", tool="Write", input={"file_path": "/w/a.py"}, paths=("/w/a.py",)),
        ToolEnded(call="c1", output="created"),
        Turn(),
        Used(tokens_input=7),
        Said(text="hm", thought=True),
        Used(tokens_input=13, tokens_output=5, cost_usd=0.5, total=True),
        Finished(kind=FinishKind.OK, message="Done."),
    ]


def test_qwen_tells_what_each_answer_used_and_no_total(tmp_path: Path) -> None:
    """One answer comes in several messages; what was read of the cache is counted already."""
    agent, task = agents.find("qwen"), task_at(tmp_path, plain("qwen"))
    output = lines(
        [
            {**INIT, "qwen_code_version": "0.24.4"},
            {"type": "stream_event", "event": {"type": "goal_state"}},
            said("a", {"type": "text", "text": "I begin"}, input_tokens=0),
            said("b", used_tool("c", "edit", file_path="/w/a"), input_tokens=9, output_tokens=2),
            result_of("c", "ok"),
            said("d", {"type": "text", "text": "Done."}, input_tokens=8, cache_read_input_tokens=3),
            end(usage={"input_tokens": 17, "output_tokens": 2}),
        ]
    )
    told = summed(agent, task, output)
    assert (told.turns, told.tool_calls) == (2, 1)
    assert (told.tokens_input, told.tokens_output, told.cost_usd) == (17, 2, None)
    assert told.version == "0.24.4"


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({}, FinishKind.OK),
        ({"is_error": True, "api_error_status": 401}, FinishKind.AUTH),
        ({"is_error": True, "api_error_status": 429}, FinishKind.RATE_LIMIT),
        ({"is_error": True, "api_error_status": 529}, FinishKind.API_ERROR),
        ({"is_error": True, "result": "[API Error: 401 bad key]"}, FinishKind.AUTH),
        ({"is_error": True, "subtype": "error_max_turns"}, FinishKind.TURN_CAP),
        ({"is_error": True, "subtype": "error_max_budget_usd"}, FinishKind.BUDGET_CAP),
        ({"is_error": True, "terminal_reason": "aborted_tools"}, FinishKind.CANCELLED),
        ({"is_error": True, "subtype": "error_during_execution"}, FinishKind.API_ERROR),
        ({"is_error": True, "errors": ["quota exceeded", 3]}, FinishKind.RATE_LIMIT),
    ],
)
def test_the_last_event_is_told_by_more_than_its_subtype(
    tmp_path: Path, more: dict[str, Any], kind: FinishKind
) -> None:
    """`success` is the subtype of most failures too."""
    event = end(**more)
    if "errors" in more:
        del event["result"]
    (found,) = entries(agents.find("claude"), task_at(tmp_path, plain("claude")), lines([event]))
    assert isinstance(found, Finished)
    assert found.kind is kind


def test_a_refused_call_is_told_when_it_happens_and_once(tmp_path: Path) -> None:
    """With the words of whoever refused it; the last event names them all again."""
    agent, task = agents.find("claude"), task_at(tmp_path, plain("claude"))
    refused = {
        "tool_result_meta": [{"id": "c1", "permission_decision": {"decision": "reject"}}],
    }
    denials = [
        {"tool_name": "Write", "tool_use_id": "c1", "tool_input": {"file_path": "/x"}},
        {"tool_name": "Bash", "tool_use_id": "c2", "tool_input": {}},
    ]
    output = lines(
        [
            said("a", used_tool("c1", "Write", file_path="/x"), used_tool("c2", "Bash")),
            result_of("c1", "PreToolUse:Write hook error: not yours", failed=True, **refused),
            result_of("c2", "no", failed=True),
            end(permission_denials=denials),
        ]
    )
    told = [each for each in entries(agent, task, output) if isinstance(each, ToolDenied)]
    assert told == [
        ToolDenied(tool="Write", reason="not yours", call="c1", paths=("/x",)),
        ToolDenied(tool="Bash", reason="no", call="c2"),
    ]


def test_retries_and_limits_are_told_with_their_times(tmp_path: Path) -> None:
    """The reset of a subscription's limit comes in an event of its own."""
    agent, task = agents.find("claude"), task_at(tmp_path, plain("claude"))
    retry = {
        "type": "system", "subtype": "api_retry", "error": "rate_limit", "error_status": 429,
        "retry_delay_ms": 2500,
    }  # fmt: skip
    limit = {
        "type": "rate_limit_event",
        "rate_limit_info": {"status": "rejected", "resetsAt": 4_000_000_000},
    }
    failed = end(is_error=True, api_error_status=429, result="limit")
    assert entries(agent, task, lines([retry, limit, failed])) == [
        Retried(kind=FinishKind.RATE_LIMIT, message="rate_limit", delay_s=2.5),
        Finished(
            kind=FinishKind.RATE_LIMIT,
            message="limit",
            retry_after_s=2.5,
            retry_at=4_000_000_000.0,
        ),
    ]
    outcome = agent.outcome(
        task, Exit(code=-9, duration_s=1.0), summed(agent, task, lines([retry]))
    )
    assert (outcome.status, outcome.retry_after_s) == (AgentStatus.RATE_LIMITED, 2.5)


def test_words_that_the_program_makes_up_are_no_turn(tmp_path: Path) -> None:
    """It puts its errors into the model's mouth."""
    agent, task = agents.find("claude"), task_at(tmp_path, plain("claude"))
    event = said("x", {"type": "text", "text": "API Error"}, model="<synthetic>", input_tokens=1)
    assert entries(agent, task, lines([event])) == [Said(text="API Error")]


@pytest.mark.parametrize(
    ("code", "kind"),
    [(53, FinishKind.TURN_CAP), (55, FinishKind.BUDGET_CAP), (1, FinishKind.CRASHED)],
)
def test_a_cap_of_qwen_is_told_by_its_exit_code_alone(
    tmp_path: Path, code: int, kind: FinishKind
) -> None:
    """It prints no last event then."""
    outcome = agents.find("qwen").outcome(
        task_at(tmp_path, plain("qwen")), Exit(code=code, duration_s=1.0)
    )
    assert outcome.finish is kind


def test_claude_is_started_with_what_its_profile_says(tmp_path: Path) -> None:
    """Model, caps and servers; the hook decides what may be written; the session goes on."""
    profile = AgentProfile(
        name="claude",
        use="claude",
        model="opus",
        limits=AgentLimits(turns=7, cost_usd=1.5),
        mcp={"docs": {"url": "http://localhost:1/mcp"}},
        set_env={"ANTHROPIC_BASE_URL": "http://user@gate:99/x", "ANTHROPIC_API_KEY": "k"},
    )
    task = task_at(tmp_path, profile, session="s-1")
    started = agents.find("claude").invocation(task)
    given = " ".join(started.argv)
    for wanted in (
        "--model opus", "--max-turns 7", "--max-budget-usd 1.5", "--resume s-1",
        "--permission-mode dontAsk", "--strict-mcp-config",
    ):  # fmt: skip
        assert wanted in given
    assert started.stdin == b"Do it.\n"
    assert started.hosts == ("gate:99", "localhost:1")  # its model, and the server it is to ask
    files = {path.name: json.loads(text) for path, text in started.files.items() if b"{" in text}
    assert files["plait-mcp.json"] == {"mcpServers": {"docs": {"url": "http://localhost:1/mcp"}}}
    (hook,) = files["plait-settings.json"]["hooks"]["PreToolUse"]
    assert hook["matcher"] == "*"
    assert hook["hooks"][0]["onFailure"] == "block"
    assert str(task.scope_path) in hook["hooks"][0]["command"]


@pytest.mark.parametrize("name", ["claude", "codex", "gemini", "qwen"])
def test_a_login_is_handed_on_where_there_is_no_key(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For nobody else to read, and without what renews it, which is the user's own."""
    home = tmp_path / "user"
    kept: dict[str, tuple[str, dict[str, Any]]] = {
        "claude": (".claude/.credentials.json", {"claudeAiOauth": {"refreshToken": "R"}}),
        "codex": (".codex/auth.json", {"tokens": {"refresh_token": "R"}}),
        "gemini": (".gemini/oauth_creds.json", {"access_token": "A"}),
        "qwen": (".qwen/oauth_creds.json", {"access_token": "A"}),
    }
    place, told = kept[name]
    (home / place).parent.mkdir(parents=True)
    (home / place).write_text(json.dumps(told))
    agent: Any = agents.find(name)
    for variable in agent.keys:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(Path, "home", lambda: home)
    task = task_at(tmp_path, plain(name))
    files = agent.invocation(task).files
    handed = json.loads(files[task.home / place])
    assert "R" not in json.dumps(handed)
    assert handed.keys() == told.keys()
    monkeypatch.setenv(agent.keys[0], "k")
    assert task.home / place not in agent.invocation(task).files
