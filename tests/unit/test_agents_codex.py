"""Codex and Gemini CLI: how they are started, and what is read of their events."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from tests.fakes.desks import entries, lines, summed, task_at

from plait import agents
from plait.agents.codex import toml
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
from plait.ports import AgentTask, Usage

MCP = {"docs": {"url": "http://localhost:1/mcp"}, "run": {"command": "x", "args": ["-y"]}}


def item(what: str, kind: str, **more: Any) -> dict[str, Any]:
    """An event of Codex about an item."""
    return {"type": f"item.{what}", "item": {"id": "i1", "type": kind, **more}}


def test_a_session_of_codex_is_read(tmp_path: Path) -> None:
    """A turn begins first, and after each tool."""
    agent, task = agents.find("codex"), task_at(tmp_path, plain("codex"))
    changes = [{"path": "/w/a.py", "kind": "add"}]
    command: dict[str, Any] = {"command": "bash -lc ls"}
    output = lines(
        [
            {"type": "thread.started", "thread_id": "t-1"},
            item("completed", "error", message="Enabled hooks may run without review."),
            {"type": "turn.started"},
            item("completed", "agent_message", text="I begin"),
            item("started", "file_change", changes=changes, status="in_progress"),
            item("completed", "file_change", changes=changes, status="completed"),
            item("started", "command_execution", **command, exit_code=None),
            item("completed", "command_execution", **command, exit_code=2, aggregated_output="no"),
            item("completed", "todo_list", items=[]),
            item("completed", "mcp_tool_call", server="docs", tool="get", arguments={"q": 1}),
            item("completed", "agent_message", text="Done."),
            {"type": "turn.completed", "usage": {"input_tokens": 9, "output_tokens": 3}},
        ]
    )
    assert entries(agent, task, output) == [
        Started(session="t-1"),
        Turn(),
        Said(text="I begin"),
        ToolCalled(call="i1", tool="file_change", input={"changes": changes}, paths=("/w/a.py",)),
        ToolEnded(call="i1"),
        Turn(),
        ToolCalled(call="i1", tool="command_execution", input=command),
        ToolEnded(call="i1", output="no", failed=True),
        Turn(),
        ToolEnded(call="i1"),
        Turn(),
        Said(text="Done."),
        Used(tokens_input=9, tokens_output=3, total=True),
        Finished(kind=FinishKind.OK),
    ]


def test_a_call_that_codex_refused_is_told(tmp_path: Path) -> None:
    """As far as it says so: what its hook refuses, it keeps to itself."""
    agent, task = agents.find("codex"), task_at(tmp_path, plain("codex"))
    changes = [{"path": "/x", "kind": "add"}]
    output = lines([item("completed", "file_change", changes=changes, status="declined")])
    assert ToolDenied(tool="file_change", call="i1", paths=("/x",)) in entries(agent, task, output)


@pytest.mark.parametrize(
    ("message", "kind", "wait_s"),
    [
        ("unexpected status 401 Unauthorized: bad key, url: http://x", FinishKind.AUTH, None),
        ("exceeded retry limit, last status: 429 Too Many Requests", FinishKind.RATE_LIMIT, None),
        ("You've hit your usage limit. Try again in 2 hours.", FinishKind.RATE_LIMIT, 7200.0),
        ("stream disconnected before completion", FinishKind.API_ERROR, None),
    ],
)
def test_a_failure_of_codex_is_told_by_its_words(
    tmp_path: Path, message: str, kind: FinishKind, wait_s: float | None
) -> None:
    """It tells no more than those; tries before the last are told as such."""
    agent, task = agents.find("codex"), task_at(tmp_path, plain("codex"))
    output = lines(
        [
            {"type": "error", "message": f"Reconnecting... 1/3 ({message})"},
            {"type": "error", "message": message},
            {"type": "turn.failed", "error": {"message": message}},
        ]
    )
    tried, ended = entries(agent, task, output)
    assert isinstance(tried, Retried)
    assert tried.kind is kind
    assert ended == Finished(kind=kind, message=message, retry_after_s=wait_s)


def test_codex_is_started_with_what_its_profile_says(tmp_path: Path) -> None:
    """Never asked; servers required and approved; its own sandbox leaves the result writable."""
    profile = AgentProfile(
        name="codex",
        use="codex",
        model="gpt",
        mcp=MCP,
        set_env={"OPENAI_BASE_URL": "http://gate/v1", "OPENAI_API_KEY": "k"},
    )
    task = task_at(tmp_path, profile, session="t-1")
    started = agents.find("codex").invocation(task)
    assert started.argv[1:4] == ("exec", "resume", "t-1")
    assert started.argv[-1] == "-"
    files = {path.name: text for path, text in started.files.items()}
    config = tomllib.loads(files["config.toml"].decode())
    assert (config["model"], config["approval_policy"]) == ("gpt", "never")
    assert config["model_providers"]["plait"]["base_url"] == "http://gate/v1"
    assert config["model_providers"]["plait"]["env_key"] == "OPENAI_API_KEY"
    assert config["sandbox_workspace_write"]["writable_roots"] == [str(task.directory)]
    assert config["mcp_servers"]["docs"]["required"] is True
    assert config["mcp_servers"]["run"]["args"] == ["-y"]
    assert "PreToolUse" in json.loads(files["hooks.json"])["hooks"]


@pytest.mark.parametrize(
    ("confined", "mode"), [(False, "workspace-write"), (True, "danger-full-access")]
)
def test_codex_brings_its_own_sandbox_where_there_is_no_other(
    tmp_path: Path, confined: bool, mode: str
) -> None:
    """One cannot be set up inside another."""
    task = task_at(tmp_path, plain("codex"), confined=confined)
    files = agents.find("codex").invocation(task).files
    config = tomllib.loads(files[task.home / ".codex" / "config.toml"].decode())
    assert config["sandbox_mode"] == mode


_VALUES = st.recursive(
    st.text() | st.booleans() | st.integers(0, 100), lambda inner: st.lists(inner, max_size=3)
)


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.text(max_size=5), _VALUES | st.dictionaries(st.text(max_size=5), _VALUES, max_size=3)
    )
)
def test_settings_survive_being_written_as_toml(given_: dict[str, Any]) -> None:
    """Whatever a name or a path holds."""
    assert tomllib.loads(toml(given_)) == given_


def test_a_session_of_gemini_is_read(tmp_path: Path) -> None:
    """Words that come in pieces are put together."""
    agent, task = agents.find("gemini"), task_at(tmp_path, plain("gemini"))
    parameters = {"file_path": "a.py", "content": "x"}
    called = {"tool_name": "write_file", "tool_id": "c1", "parameters": parameters}
    output = lines(
        [
            {"type": "init", "session_id": "g-1", "model": "m"},
            {"type": "message", "role": "user", "content": "Do it."},
            {"type": "message", "role": "assistant", "content": "I b", "delta": True},
            {"type": "message", "role": "assistant", "content": "egin", "delta": True},
            {"type": "tool_use", **called},
            {"type": "tool_result", "tool_id": "c1", "status": "success"},
            {"type": "message", "role": "assistant", "content": "Done."},
            {
                "type": "result",
                "status": "success",
                "stats": {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7},
            },
        ]
    )
    assert entries(agent, task, output) == [
        Started(session="g-1", model="m"),
        Turn(),
        Said(text="I begin"),
        ToolCalled(call="c1", tool="write_file", input=parameters, paths=("a.py",)),
        ToolEnded(call="c1"),
        Turn(),
        Said(text="Done."),
        Used(tokens_input=5, tokens_output=2),
        Finished(kind=FinishKind.OK),
    ]


@pytest.mark.parametrize("name", ["codex", "gemini"])
def test_hooks_and_servers_are_in_the_private_home(tmp_path: Path, name: str) -> None:
    """Nothing is read of the user's own settings."""
    profile = AgentProfile(name=name, use=name, mcp=MCP, limits=AgentLimits(turns=4))
    task = task_at(tmp_path, profile)
    started = agents.find(name).invocation(task)
    assert all(path.is_relative_to(task.home) for path in started.files)
    assert any(b"hook.py" in text for text in started.files.values())


def test_gemini_is_started_with_what_its_profile_says(tmp_path: Path) -> None:
    """A cap on its turns; servers trusted; an `@` names no file elsewhere."""
    profile = AgentProfile(name="gemini", use="gemini", mcp=MCP, limits=AgentLimits(turns=4))
    task = task_at(tmp_path, profile, brief="/use @app.route, @/etc/passwd")
    started = agents.find("gemini").invocation(task)
    told = json.loads(started.files[task.home / ".gemini" / "settings.json"])
    assert told["model"] == {"maxSessionTurns": 4}
    assert told["mcpServers"]["docs"] == {"httpUrl": "http://localhost:1/mcp", "trust": True}
    assert told["hooks"]["BeforeTool"][0]["matcher"] == "*"
    assert started.stdin == b"\n/use @app.route, @ /etc/passwd"


_SHAPES: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(
        ["type", "subtype", "message", "item", "error", "usage", "stats", "permission_denials",
         "modelUsage", "content", "tool_id", "status", "id", "text", "input", "delta"]
    ),
    st.sampled_from(
        ["assistant", "user", "system", "result", "init", "tool_use", "tool_result", "message",
         "item.completed", "item.started", "turn.completed", "turn.failed", "error", "text", "",
         None, True, -1, 2.5, 1e999, [], {}, [{}], [1, {"type": "text"}], {"content": [{}, 3]},
         {"type": "tool_result"}, {"content": [{"type": "tool_use", "input": 3, "id": {}}]}]
    ),
    max_size=6,
)  # fmt: skip
_READERS = {name: agents.find(name) for name in ("claude", "codex", "gemini", "qwen")}


@settings(max_examples=60)
@given(name=st.sampled_from(sorted(_READERS)), events=st.lists(_SHAPES, max_size=8))
def test_events_of_any_shape_are_read_without_complaint(
    name: str, events: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A program of a later version may say anything; sums stay sums."""
    task = task_at(tmp_path_factory.getbasetemp(), plain(name))
    told = summed(_READERS[name], task, lines(events))
    assert told.tokens_input >= 0
    assert told.cost_usd is None or told.cost_usd >= 0


def _session(task: AgentTask, *told: str) -> None:
    folder = task.home / ".codex" / "sessions" / "2026" / "11" / "21"
    folder.mkdir(parents=True)
    text = "".join(f"{each}\n" for each in told)
    (folder / "rollout-1.jsonl").write_text(text, encoding="utf-8")


def test_what_codex_has_used_is_known_while_it_works(tmp_path: Path) -> None:
    """Its events tell it only at the end; the newest count of its session's file holds."""
    codex, task = agents.find("codex"), task_at(tmp_path, plain("codex"))
    assert codex.usage(task) is None
    counts = [
        {
            "type": "token_count",
            "info": {"total_token_usage": {"input_tokens": n, "output_tokens": 2}},
        }
        for n in (5, 9)
    ]
    _session(task, *(json.dumps({"payload": each}) for each in counts), "{}")
    assert codex.usage(task) == Usage(tokens_input=9, tokens_output=2)


@pytest.mark.parametrize(
    "told",
    ["", "token_count", '{"payload": {"type": "token_count", "info": null}}',
     '"token_count"', '["token_count"]',
     '{"payload": {"x": "token_count", "info": {"total_token_usage": {"input_tokens": -1, '
     '"output_tokens": "many"}}}}'],
)  # fmt: skip
def test_a_session_of_any_shape_is_read_without_complaint(tmp_path: Path, told: str) -> None:
    """The file is the agent's own: it may hold anything."""
    task = task_at(tmp_path, plain("codex"))
    _session(task, told)
    assert agents.find("codex").usage(task) is None
