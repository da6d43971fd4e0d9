"""`claude`: Claude Code, headless. It is asked nothing: its hook answers for the owner."""

from __future__ import annotations

import json
from pathlib import Path

from plait.agents.claude_events import ClaudeEvents
from plait.agents.vendor import (
    VendorAgent,
    has_key,
    hook_command,
    host,
    login,
    prompt,
    value_of,
)
from plait.ports import AgentTask, Capabilities, Invocation, Reader

RETRIES = "3"  # of one request; Plait parks an agent that is refused for its rate
HOOK_S = 60
# Nobody is there to be asked, nor to look at a plan; it works in the worktree it is given, now,
# and has nobody to talk to.
USELESS = (
    "AskUserQuestion", "EnterPlanMode", "ExitPlanMode", "EnterWorktree", "ExitWorktree",
    "CronCreate", "ScheduleWakeup", "ListAgents",
)  # fmt: skip


class Claude(VendorAgent):
    """Claude Code, by key, by token, or by the user's own login."""

    adapter = "claude"
    programs = ("claude",)
    keys = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")
    settings = (
        "ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL", "ANTHROPIC_CUSTOM_HEADERS",
        "ANTHROPIC_DEFAULT_OPUS_MODEL", "ANTHROPIC_DEFAULT_SONNET_MODEL",
        "ANTHROPIC_DEFAULT_HAIKU_MODEL", "CLAUDE_CODE_MAX_OUTPUT_TOKENS", "MAX_THINKING_TOKENS",
    )  # fmt: skip
    oldest = "2.1.300"
    log_in = "set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN, or log in with `claude`"

    @property
    def can(self) -> Capabilities:
        """All of it, but for leaving the writing of files to us."""
        return Capabilities(
            resume=True, total_usage=True, turn_cap=True, tells_cost=True, hooks=True, mcp=True
        )

    def start(self, task: AgentTask) -> Invocation:
        """The brief on standard input; settings, hook and MCP servers from files in its home."""
        folder = task.home / ".claude"
        settings, servers = folder / "plait-settings.json", folder / "plait-mcp.json"
        files: dict[Path, bytes] = {
            settings: _json({"hooks": {"PreToolUse": [_hook(task)]}}),
            servers: _json({"mcpServers": dict(task.profile.mcp)}),
        }
        credentials = None if has_key(task, self.keys) else login(".claude", ".credentials.json")
        if credentials is not None:
            files[folder / ".credentials.json"] = _unrenewable(credentials)
        limits, model = task.profile.limits, task.profile.model
        return Invocation(
            argv=(
                "-p", "--output-format", "stream-json", "--verbose",
                "--permission-mode", "dontAsk", "--disallowedTools", ",".join(USELESS),
                "--setting-sources", "project", "--settings", str(settings),
                "--mcp-config", str(servers), "--strict-mcp-config",
                *(("--model", model) if model else ()),
                *(("--max-turns", str(limits.turns)) if limits.turns else ()),
                *(("--max-budget-usd", f"{limits.cost_usd:g}") if limits.cost_usd else ()),
                *(("--resume", task.session) if task.session else ()),
            ),
            env={
                "CLAUDE_CONFIG_DIR": str(folder),
                "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
                "CLAUDE_CODE_MAX_RETRIES": RETRIES,
                "DISABLE_AUTOUPDATER": "1",
                "DISABLE_TELEMETRY": "1",
                "DISABLE_ERROR_REPORTING": "1",
            },
            stdin=prompt(task).encode(),
            files=files,
            hosts=(host(value_of(task, "ANTHROPIC_BASE_URL"), "api.anthropic.com"),),
        )  # fmt: skip

    def reader(self, task: AgentTask) -> Reader:  # noqa: ARG002 - all sessions read alike
        """Reads `--output-format stream-json`."""
        return ClaudeEvents()


def _hook(task: AgentTask) -> dict[str, object]:
    command = hook_command(task, "claude")
    hook = {"type": "command", "command": command, "timeout": HOOK_S, "onFailure": "block"}
    return {"matcher": "*", "hooks": [hook]}


def _unrenewable(credentials: bytes) -> bytes:
    """The login without what renews it: a renewal here would end the user's own."""
    try:
        told = json.loads(credentials)
        told["claudeAiOauth"]["refreshToken"] = None
    except (ValueError, RecursionError, TypeError, KeyError):
        return credentials
    return _json(told)


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1).encode()
