"""The adapters of opencode, Copilot, pi, mini-swe-agent and aider: how started, how read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.fakes.desks import entries, lines, summed, task_at

from plait import agents
from plait.agents.opencode import edits
from plait.core.event import AgentStatus
from plait.core.plan import Confidence, Scope
from plait.core.profile import AgentLimits, AgentProfile, plain
from plait.core.transcript import FinishKind, Retried, Said, ToolDenied, ToolEnded
from plait.ports import AgentOutcome, Invocation
from plait.process import Exit

NAMES = ("aider", "copilot", "mini-swe-agent", "opencode", "pi")
DONE = Exit(code=0, duration_s=1.0)


def started(root: Path, name: str, **more: Any) -> Invocation:
    """How an agent of that name begins."""
    return agents.find(name).invocation(task_at(root, more.pop("profile", plain(name)), **more))


def judged(root: Path, name: str, output: bytes, code: int = 0) -> AgentOutcome:
    """What came of a program that printed this and ended with that code."""
    task = task_at(root, plain(name))
    (task.directory / "stdout.log").write_bytes(output)
    return agents.find(name).outcome(task, Exit(code=code, duration_s=1.0))


@pytest.mark.parametrize("name", NAMES)
def test_a_long_brief_is_no_argument(tmp_path: Path, name: str) -> None:
    """A brief of 200 kB goes in by standard input or by a file: arguments are limited."""
    brief = "Do it: 'quoted' \x1b {{braces}} \U0001f600.\n" * 6000
    told = started(tmp_path, name, brief=brief)
    assert max(map(len, (*told.argv, *told.env.values()))) < 50_000
    given_over = [told.stdin, *told.files.values()]
    assert any(len(each) >= len(brief) for each in given_over)


@pytest.mark.parametrize("name", NAMES)
def test_everything_of_its_own_lies_in_its_home(tmp_path: Path, name: str) -> None:
    """Files are written into the home alone; the environment is a list; the model is handed on."""
    profile = AgentProfile(name=name, use=name, model="vendor/model-1", args=("--more",))
    told = started(tmp_path, name, profile=profile)
    home = tmp_path / "attempt" / "home"
    assert all(path.is_relative_to(home) for path in told.files)
    assert told.env["HOME"] == str(home)
    assert told.inherit is not None
    assert "PATH" in told.inherit
    assert set(told.secrets) <= set(told.inherit)
    assert "vendor/model-1" in told.argv
    assert told.argv[-1] == "--more"


@pytest.mark.parametrize("name", [each for each in NAMES if agents.find(each).can.resume])
def test_a_session_is_taken_up(tmp_path: Path, name: str) -> None:
    """Where the program can go on with a session, it is told which."""
    assert "s-1" in started(tmp_path, name, session="s-1").argv
    assert "s-1" not in started(tmp_path, name).argv


def test_servers_of_tools_are_told_in_each_ones_form(tmp_path: Path) -> None:
    """Opencode and Copilot know MCP, each in a spelling of its own."""
    servers: dict[str, dict[str, Any]] = {
        "near": {"command": "serve", "args": ["--now"], "env": {"A": "1"}},
        "far": {"url": "http://localhost:1/mcp", "headers": {"X": "y"}},
    }
    profile = AgentProfile(name="x", use="x", mcp=servers)
    told = json.loads(started(tmp_path, "opencode", profile=profile).env["OPENCODE_CONFIG_CONTENT"])
    assert told["mcp"]["near"]["command"] == ["serve", "--now"]
    assert told["mcp"]["near"]["environment"] == {"A": "1"}
    assert told["mcp"]["far"]["type"] == "remote"
    copilot = started(tmp_path, "copilot", profile=profile)
    path = next(each[1:] for each in copilot.argv if each.startswith("@"))
    made = json.loads(copilot.files[Path(path)])["mcpServers"]
    assert made["near"] == {"type": "local", "tools": ["*"], **servers["near"]}
    assert made["far"]["type"] == "http"


def test_opencodes_permissions_follow_a_declared_scope() -> None:
    """Its patterns are wider than globs, never narrower; nothing is narrowed by a guess."""
    scope = Scope(
        write=("src/**", "docs/a.md", "lib/*.py"),
        deny=("src/gen/**", "src/keep.py", "src/*/x"),
        confidence=Confidence.DECLARED,
    )
    assert edits(scope) == {
        "*": "deny",
        "src/*": "allow",
        "lib/*": "allow",
        "docs/a.md": "allow",
        "src/keep.py": "deny",
        "src/gen/*": "deny",
    }
    assert edits(replace(scope, confidence=Confidence.INFERRED)) == {"*": "allow"}


def test_opencode_takes_over_what_its_user_says_of_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the file that a variable names, all of it; from the user's own, models alone."""
    own = tmp_path / "own"
    (own / ".config" / "opencode").mkdir(parents=True)
    (own / ".config" / "opencode" / "opencode.json").write_text(
        json.dumps({"provider": {"mine": {}}, "plugin": ["x"], "permission": {"bash": "ask"}})
    )
    monkeypatch.setenv("HOME", str(own))
    monkeypatch.delenv("OPENCODE_CONFIG", raising=False)
    settings_path = tmp_path / "attempt/home/.config/opencode/opencode.json"
    told = started(tmp_path, "opencode")
    assert json.loads(told.files[settings_path]) == {"provider": {"mine": {}}}
    named = tmp_path / "named.jsonc"
    named.write_text("{ /* mine */ }")
    monkeypatch.setenv("OPENCODE_CONFIG", str(named))
    assert started(tmp_path, "opencode").files[settings_path] == b"{ /* mine */ }"


@pytest.mark.parametrize("name", ["opencode", "pi"])
def test_a_service_of_ones_own_is_named_by_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Address and model; the key stays in its variable, and is written nowhere."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:1/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-private")
    assert "own/m-1" not in started(tmp_path, name).argv
    monkeypatch.setenv("OPENAI_MODEL", "m-1")
    told = started(tmp_path, name)
    assert "own/m-1" in told.argv
    written = b"".join([*told.files.values(), *map(str.encode, told.env.values())])
    assert b"http://localhost:1/v1" in written
    assert b"sk-private" not in written
    assert "OPENAI_API_KEY" in told.secrets
    profile = AgentProfile(name=name, use=name, model="m-2")
    assert "own/m-2" in started(tmp_path, name, profile=profile).argv


def test_aider_is_given_the_files_that_the_scope_names(tmp_path: Path) -> None:
    """Those that are there and stand in it one by one; no pattern, nothing that is not there."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.py").write_text("")
    scope = Scope(write=("a.py", "b.py", "src/**"))
    argv = started(tmp_path, "aider", scope=scope).argv
    assert [argv[at + 1] for at, each in enumerate(argv) if each == "--file"] == ["a.py"]


def test_mini_is_held_to_turns_and_cost(tmp_path: Path) -> None:
    """It is the one of these that can be told; the brief stands unharmed in its settings."""
    import yaml

    limits = AgentLimits(turns=7, cost_usd=1.5)
    profile = AgentProfile(name="m", use="mini-swe-agent", limits=limits)
    told = started(tmp_path, "mini-swe-agent", profile=profile, brief="a: {{b}}\x1b\U0001f600")
    made = yaml.safe_load(told.files[tmp_path / "attempt/home/plait.yaml"])
    assert made["agent"]["step_limit"] == 7
    assert made["agent"]["cost_limit"] == 1.5
    assert made["run"]["task"] == "a: {{b}}\x1b\U0001f600"


# What each program prints, in the shapes that were seen of it.


def oc(kind: str, **part: Any) -> dict[str, Any]:
    return {"type": kind, "timestamp": 1, "sessionID": "ses_1", "part": part}


def oc_step(reason: str) -> dict[str, Any]:
    tokens = {"total": 115, "input": 100, "output": 10, "reasoning": 1}
    tokens["cache"] = {"read": 3, "write": 1}  # type: ignore[assignment]
    return oc("step_finish", reason=reason, tokens=tokens, cost=0.5)


def oc_tool(status: str, **state: Any) -> dict[str, Any]:
    told = {"status": status, "input": {"filePath": "/w/a.py", "content": "x"}, **state}
    return oc("tool_use", tool="write", callID="call_0", state=told)


def oc_error(status: int, message: str = "no", **headers: str) -> dict[str, Any]:
    data = {"message": message, "statusCode": status, "responseHeaders": headers}
    return {"type": "error", "sessionID": "ses_1", "error": {"name": "APIError", "data": data}}


UNASKED = "The user rejected permission to use this specific tool call."
RULE = "The user has specified a rule which prevents you from using this specific tool call."
OPENCODE = [
    oc("step_start"),
    oc("text", text="Now I write"),
    oc_tool("completed", output="Wrote file successfully."),
    oc_step("tool-calls"),
    oc("step_start"),
    oc("text", text="All done."),
    oc_step("stop"),
]


def co(kind: str, **data: Any) -> dict[str, Any]:
    return {"type": kind, "data": data, "id": "i", "timestamp": "t"}


def co_result(code: int) -> dict[str, Any]:
    return {"type": "result", "sessionId": "s-1", "exitCode": code, "usage": {}}


def co_denied() -> list[dict[str, Any]]:
    given = {"path": "/out/a.py", "file_text": "x"}
    error = {"message": "Denied by preToolUse hook: not yours", "code": "denied"}
    return [
        co("tool.execution_start", toolCallId="c", toolName="create", arguments=given),
        co("tool.execution_complete", toolCallId="c", success=False, error=error),
    ]


COPILOT = [
    co("session.tools_updated", model="m-1"),
    co("assistant.turn_start", turnId="0"),
    co("assistant.message", content="Now I write", toolRequests=[{}]),
    co("tool.execution_start", toolCallId="c", toolName="create", arguments={"path": "a.py"}),
    co("tool.execution_complete", toolCallId="c", success=True, result={"content": "Created"}),
    co("assistant.turn_start", turnId="1"),
    co("assistant.message", content="All done.", toolRequests=[]),
    co_result(0),
]


def co_failed(status: int | None, told: str, message: str) -> list[dict[str, Any]]:
    extra = {} if status is None else {"statusCode": status}
    return [
        co("model.call_failure", errorMessage=message, **extra),
        co("assistant.turn_retry", reason="x"),
        co("session.error", errorType=told, message=message, **extra),
        co_result(1),
    ]


def pi_message(reason: str, said: str = "", error: str = "") -> dict[str, Any]:
    told: dict[str, Any] = {"role": "assistant", "content": [{"type": "text", "text": said}]}
    told["usage"] = {"input": 100, "output": 10, "cacheRead": 4, "cost": {"total": 0.5}}
    told["stopReason"] = reason
    return {**told, "errorMessage": error} if error else told


def pi_end(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"type": "agent_end", "messages": [{"role": "user", "content": []}, *messages]}


def pi_failed(error: str) -> list[dict[str, Any]]:
    last = pi_message("error", error=error)
    return [{"type": "turn_start"}, {"type": "message_end", "message": last}, pi_end(last)]


PI = [
    {"type": "session", "version": 3, "id": "s-1", "cwd": "/w"},
    {"type": "turn_start"},
    {"type": "message_end", "message": {"role": "user", "content": []}},
    {"type": "message_end", "message": pi_message("toolUse", "Now I write")},
    {
        "type": "tool_execution_start",
        "toolCallId": "c",
        "toolName": "write",
        "args": {"path": "a.py"},
    },
    {
        "type": "tool_execution_end",
        "toolCallId": "c",
        "toolName": "write",
        "result": {"content": [{"type": "text", "text": "Wrote"}]},
        "isError": False,
    },
    {"type": "turn_start"},
    {"type": "message_end", "message": pi_message("stop", "All done.")},
    pi_end(pi_message("stop", "All done.")),
]


def mini(kind: str, **more: Any) -> dict[str, Any]:
    return {"plait": 1, "type": kind, **more}


def mini_exit(status: str, content: str = "", **more: Any) -> dict[str, Any]:
    return mini("message", role="exit", content=content, status=status, **more)


MINI = [
    mini("start", version="2.4.6"),
    mini("message", role="system", content="You are"),
    mini(
        "message",
        role="assistant",
        content="Now I write",
        actions=[{"command": "touch a.py", "tool_call_id": "c"}],
        cost=0.25,
        usage={"prompt_tokens": 100, "completion_tokens": 10},
    ),
    mini("message", role="tool", content="", call="c", returncode=0),
    mini(
        "message",
        role="assistant",
        content="All done.",
        actions=[],
        cost=0.75,
        usage={"prompt_tokens": 108, "completion_tokens": 10},
    ),
    mini_exit("Submitted", "all done\n", submission="all done\n"),
]

AIDER_HEAD = """Update git name with: git config user.name "Your Name"
Aider v0.86.2
Model: openai/m-1 with whole edit format
Git repo: .git with 1 files
Repo-map: disabled

"""
AIDER = (
    AIDER_HEAD
    + """I make it.

a.py
```
x
```

Tokens: 1.1k sent, 10 received. Cost: $0.50 message, $0.50 session.
Applied edit to a.py
All done.
Tokens: 1,100 sent, 5 cache hit, 10 received. Cost: $0.50 message, $1.00 session.
"""
).encode()


def aider_error(name: str, said: str, *, again: bool = False) -> bytes:
    told = f"litellm.{name}: {name}: OpenAIException - {said}\nThe API provider says no.\n"
    return (AIDER_HEAD + told + ("Retrying in 0.2 seconds...\n" if again else "")).encode()


GOOD = {
    "opencode": lines(OPENCODE),
    "copilot": lines(COPILOT),
    "pi": lines(PI),
    "mini-swe-agent": b"Building agent config\n" + lines(MINI),
    "aider": AIDER,
}


@pytest.mark.parametrize("name", NAMES)
def test_work_that_is_done_is_summed_up(tmp_path: Path, name: str) -> None:
    """Two turns, one tool, its last words; done, as its final word says."""
    agent = agents.find(name)
    account = summed(agent, task_at(tmp_path, plain(name)), GOOD[name])
    assert account.finished is not None
    assert account.finished.kind is FinishKind.OK
    assert (account.turns, account.tool_calls, account.unread) == (2, 1, 0)
    assert account.last_words == "All done."
    assert bool(account.session) is agent.can.resume
    if agent.can.tells_cost:
        assert account.cost_usd == 1.0
    if name != "copilot":  # which says so in a file
        assert account.tokens_input in {208, 2200}
        assert account.tokens_output in {20, 22}
    outcome = judged(tmp_path, name, GOOD[name])
    assert outcome.status is AgentStatus.COMPLETED
    assert outcome.finish is FinishKind.OK


FAULTS: Sequence[tuple[str, bytes, int, FinishKind]] = [
    ("opencode", lines([oc_error(401)]), 1, FinishKind.AUTH),
    ("opencode", lines([oc_error(429)]), 1, FinishKind.RATE_LIMIT),
    ("opencode", lines([oc_error(500)]), 1, FinishKind.API_ERROR),
    ("opencode", lines([oc("step_start"), oc_step("unknown")]), 0, FinishKind.API_ERROR),
    ("opencode", lines([oc("step_start"), oc("text", text="x")]), 0, FinishKind.API_ERROR),
    ("opencode", lines(OPENCODE), -9, FinishKind.CRASHED),
    ("opencode", lines(OPENCODE[:4]), -15, FinishKind.CRASHED),
    (
        "opencode",
        lines(
            [
                oc("step_start"),
                oc_tool("error", error=UNASKED),
            ]
        ),
        0,
        FinishKind.DENIED,
    ),
    ("copilot", lines(co_failed(401, "authentication", "bad key")), 1, FinishKind.AUTH),
    ("copilot", lines(co_failed(429, "rate_limit", "slow down")), 1, FinishKind.RATE_LIMIT),
    ("copilot", lines(co_failed(None, "query", "missing finish_reason")), 1, FinishKind.API_ERROR),
    ("copilot", lines(COPILOT[:-1]), 0, FinishKind.CRASHED),
    ("copilot", lines([*COPILOT[:-1], co("abort", reason="user"), co_result(0)]), 0,
     FinishKind.CANCELLED),
    ("pi", lines(pi_failed("401 bad key")), 0, FinishKind.AUTH),
    ("pi", lines(pi_failed("429 slow down")), 0, FinishKind.RATE_LIMIT),
    ("pi", lines(pi_failed("500 oh")), 0, FinishKind.API_ERROR),
    ("pi", lines([pi_end(pi_message("aborted"))]), 143, FinishKind.CANCELLED),
    ("pi", lines(PI[:-1]), 0, FinishKind.CRASHED),
    ("pi", b"", 0, FinishKind.CRASHED),
    ("mini-swe-agent", lines([mini_exit("AuthenticationError", "no")]), 1, FinishKind.AUTH),
    ("mini-swe-agent", lines([mini_exit("RateLimitError", "no")]), 1, FinishKind.RATE_LIMIT),
    ("mini-swe-agent", lines([mini_exit("InternalServerError", "no")]), 1, FinishKind.API_ERROR),
    ("mini-swe-agent", lines([mini_exit("LimitsExceeded", spent=0.1, budget=0)]), 0,
     FinishKind.TURN_CAP),
    ("mini-swe-agent", lines([mini_exit("LimitsExceeded", spent=3.1, budget=3)]), 0,
     FinishKind.BUDGET_CAP),
    ("mini-swe-agent", lines(MINI[:-1]), -15, FinishKind.CRASHED),
    ("aider", aider_error("AuthenticationError", "no"), 0, FinishKind.AUTH),
    ("aider", aider_error("RateLimitError", "no", again=True), 0, FinishKind.RATE_LIMIT),
    ("aider", aider_error("InternalServerError", "no", again=True), 0, FinishKind.API_ERROR),
    ("aider", AIDER + b"Only 3 reflections allowed, stopping.\n", 0, FinishKind.TURN_CAP),
    ("aider", AIDER, -9, FinishKind.CRASHED),
    ("aider", AIDER_HEAD.encode(), 0, FinishKind.CRASHED),
]  # fmt: skip


@pytest.mark.parametrize(("name", "output", "code", "kind"), FAULTS)
def test_its_words_count_and_not_its_exit_code(
    tmp_path: Path, name: str, output: bytes, code: int, kind: FinishKind
) -> None:
    """Every way to fail has its kind, also where the program ends with 0."""
    outcome = judged(tmp_path, name, output, code)
    assert outcome.finish is kind
    assert outcome.status is not AgentStatus.COMPLETED
    assert outcome.summary


def test_refusals_are_told_with_their_path(tmp_path: Path) -> None:
    """By a rule of opencode, by the hook of Copilot, by the extension of pi."""
    pi_told: list[dict[str, Any]] = [
        {
            "type": "tool_execution_start",
            "toolCallId": "c",
            "toolName": "write",
            "args": {"path": "/out/a.py"},
        },
        {
            "type": "tool_execution_end",
            "toolCallId": "c",
            "result": {"content": [{"type": "text", "text": "plait: not yours"}]},
            "isError": True,
        },
    ]
    for name, output, path in (
        ("opencode", [oc_tool("error", error=f"{RULE} Here are some: []")], "/w/a.py"),
        ("copilot", co_denied(), "/out/a.py"),
        ("pi", pi_told, "/out/a.py"),
    ):
        found = entries(agents.find(name), task_at(tmp_path, plain(name)), lines(output))
        denied = [each for each in found if isinstance(each, ToolDenied)]
        assert [each.paths for each in denied] == [(path,)]
        assert denied[0].tool in {"write", "create"}
        assert not any(isinstance(each, ToolEnded) for each in found)


def test_when_it_may_come_back_is_told(tmp_path: Path) -> None:
    """From a header that opencode repeats, or from the words."""
    header = lines([oc_error(429, **{"retry-after": "17"})])
    assert judged(tmp_path, "opencode", header).retry_after_s == 17
    millis = lines([oc_error(429, **{"retry-after-ms": "1500"})])
    assert judged(tmp_path, "opencode", millis).retry_after_s == 1.5
    words = lines(co_failed(429, "rate_limit", "please try again in 2 minutes"))
    assert judged(tmp_path, "copilot", words).retry_after_s == 120


def test_a_retry_is_told_with_its_kind(tmp_path: Path) -> None:
    """What is tried again, why, and after how long."""
    told = {"type": "auto_retry_start", "attempt": 1, "delayMs": 2000, "errorMessage": "429 no"}
    outputs = {
        "pi": lines([told]),
        "copilot": lines(co_failed(429, "rate_limit", "no")[:2]),
        "mini-swe-agent": lines([mini("retry", message="Retrying x as it raised RateLimitError")]),
        "aider": aider_error("RateLimitError", "no", again=True),
    }
    for name, output in outputs.items():
        found = entries(agents.find(name), task_at(tmp_path, plain(name)), output)
        retried = [each for each in found if isinstance(each, Retried)]
        assert [each.kind for each in retried] == [FinishKind.RATE_LIMIT]
    assert summed(agents.find("pi"), task_at(tmp_path, plain("pi")), outputs["pi"]).retried == (
        Retried(kind=FinishKind.RATE_LIMIT, message="429 no", delay_s=2.0)
    )


def test_what_pi_repeats_is_not_decoded(tmp_path: Path) -> None:
    """Each update holds the whole message so far; not even its syntax is looked at."""
    update = b'{"type":"message_update","message":{"content":[' + b"x" * 100_000
    assert entries(agents.find("pi"), task_at(tmp_path, plain("pi")), update) == []


def test_an_answer_after_an_error_clears_it(tmp_path: Path) -> None:
    """What failed once and then went well has gone well."""
    output = lines([*co_failed(500, "query", "oh")[:3], *COPILOT])
    assert judged(tmp_path, "copilot", output).finish is FinishKind.OK
    again = aider_error("InternalServerError", "oh", again=True) + b"It goes.\n"
    done = again + b"Tokens: 10 sent, 1 received.\n"
    found = entries(agents.find("aider"), task_at(tmp_path, plain("aider")), done)
    assert Said(text="It goes.") in found
    assert judged(tmp_path, "aider", done).finish is FinishKind.OK


def test_copilots_tokens_stand_in_its_file(tmp_path: Path) -> None:
    """They are added up over its models; a file that is no such thing adds nothing."""
    used = {"usage": {"inputTokens": 100, "outputTokens": 10}}
    path = tmp_path / "attempt" / "home" / "copilot-usage.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"modelMetrics": {"a": used, "b": used, "c": 3}}))
    outcome = judged(tmp_path, "copilot", GOOD["copilot"])
    assert (outcome.tokens_input, outcome.tokens_output) == (200, 20)
    path.write_text("[")
    assert judged(tmp_path, "copilot", GOOD["copilot"]).tokens_input is None


def test_copilots_file_tells_of_the_whole_session(tmp_path: Path) -> None:
    """What it said before the session was taken up is no use of this attempt's."""
    path = tmp_path / "attempt" / "home" / "copilot-usage.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"modelMetrics": {"a": {"usage": {"inputTokens": 100, "outputTokens": 10}}}}')
    task = task_at(tmp_path, plain("copilot"), session="s")
    for file, content in agents.find("copilot").invocation(task).files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    path.write_text('{"modelMetrics": {"a": {"usage": {"inputTokens": 250, "outputTokens": 30}}}}')
    outcome = judged(tmp_path, "copilot", GOOD["copilot"])
    assert (outcome.tokens_input, outcome.tokens_output) == (150, 20)


def mangled(draw: st.DrawFn, value: Any) -> Any:
    """The value with anything in place of some of its parts."""
    if draw(st.integers(0, 9)) == 0:
        return draw(
            st.none() | st.booleans() | st.floats() | st.text(max_size=5)
            | st.just([]) | st.just({}) | st.just([1, {"a": []}]) | st.integers()
        )  # fmt: skip
    if isinstance(value, dict):
        return {key: mangled(draw, each) for key, each in value.items()}
    if isinstance(value, list):
        return [mangled(draw, each) for each in value]
    return value


EVENTS: dict[str, Sequence[Any]] = {
    "opencode": [*OPENCODE, oc_error(429, **{"retry-after": "x"}), oc_tool("error", error=RULE)],
    "copilot": [*COPILOT, *co_denied(), *co_failed(429, "rate_limit", "x")],
    "pi": [*PI, *pi_failed("429 x")],
    "mini-swe-agent": [*MINI, mini_exit("LimitsExceeded", spent=1, budget=1)],
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_mangled_events_are_read_without_harm(data: st.DataObject) -> None:
    """Whatever stands where something else is expected, reading raises nothing."""
    name = data.draw(st.sampled_from(sorted(EVENTS)))
    made = data.draw(st.composite(lambda draw: mangled(draw, list(EVENTS[name])))())
    reader = agents.find(name).reader(task_of_none())
    assert reader is not None
    for each in made if isinstance(made, list) else [made]:
        list(reader.read(json.dumps(each).encode()))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(NAMES), st.lists(st.binary(max_size=60), max_size=5), st.booleans())
def test_garbage_is_read_without_harm(name: str, made: list[bytes], after: bool) -> None:
    """Any bytes, alone or after good output."""
    reader = agents.find(name).reader(task_of_none())
    assert reader is not None
    for each in [*(GOOD[name].splitlines() if after else ()), *made]:
        list(reader.read(each))


def task_of_none() -> Any:
    """No task: these readers ask nothing of it."""
    return None
