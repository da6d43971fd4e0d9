"""`qwen`: Qwen Code, headless. It tells of its work as Claude Code does."""

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
from plait.core.transcript import Finished, FinishKind
from plait.ports import AgentTask, Capabilities, Invocation, Reader
from plait.process import Exit

HOOK_MS = 60_000
TURNS_OVER, BUDGET_OVER = 53, 55  # exit codes that nothing else has
RETRIES = 0  # beyond the seven tries of each request that it makes in any case


class Qwen(VendorAgent):
    """Qwen Code: a service with OpenAI's interface by key, or the user's own login."""

    adapter = "qwen"
    programs = ("qwen",)
    keys = ("OPENAI_API_KEY", "DASHSCOPE_API_KEY", "BAILIAN_CODING_PLAN_API_KEY")
    settings = ("OPENAI_BASE_URL", "OPENAI_MODEL", "QWEN_MODEL")
    oldest = "0.24"
    log_in = "set OPENAI_API_KEY (and OPENAI_BASE_URL), or log in with `qwen`"

    @property
    def can(self) -> Capabilities:
        """No cost: it does not know what its model costs."""
        return Capabilities(resume=True, turn_cap=True, hooks=True, mcp=True)

    def start(self, task: AgentTask) -> Invocation:
        """The brief on standard input; settings and hook from a file in its home."""
        folder, limits, model = task.home / ".qwen", task.profile.limits, task.profile.model
        creds = None if has_key(task, self.keys) else login(".qwen", "oauth_creds.json")
        files: dict[Path, bytes] = {folder / "settings.json": _settings(task, by_login=bool(creds))}
        if creds:
            files[folder / "oauth_creds.json"] = creds
        return Invocation(
            argv=(
                "-o", "stream-json", "--approval-mode", "yolo",
                "--auth-type", "qwen-oauth" if creds else "openai",
                *(("-m", model) if model else ()),
                *(("--max-session-turns", str(limits.turns)) if limits.turns else ()),
                *(("--resume", task.session) if task.session else ()),
            ),
            env={"QWEN_CODE_SUPPRESS_YOLO_WARNING": "1", "NO_COLOR": "1"},
            stdin=prompt(task).encode(),
            files=files,
            hosts=(host(value_of(task, "OPENAI_BASE_URL"), "dashscope.aliyuncs.com"),),
        )  # fmt: skip

    def reader(self, task: AgentTask) -> Reader:  # noqa: ARG002 - all sessions read alike
        """Reads `--output-format stream-json`."""
        return ClaudeEvents(by_answer=True)

    def unsaid(self, task: AgentTask, ended: Exit) -> Finished | None:  # noqa: ARG002 - the same
        """At a cap it ends with an exit code and a word on its standard error alone."""
        if ended.code == TURNS_OVER:
            return Finished(kind=FinishKind.TURN_CAP)
        return Finished(kind=FinishKind.BUDGET_CAP) if ended.code == BUDGET_OVER else None


def _settings(task: AgentTask, *, by_login: bool) -> bytes:
    hook = {"type": "command", "command": hook_command(task, "qwen"), "timeout": HOOK_MS}
    return json.dumps(
        {
            "general": {"enableAutoUpdate": False, "disableAutoUpdate": True},
            "privacy": {"usageStatisticsEnabled": False},
            "telemetry": {"enabled": False},
            # It would ask its model again after each turn, for memories that nobody will read.
            "memory": {
                "enableManagedAutoMemory": False,
                "enableManagedAutoDream": False,
                "enableAutoSkill": False,
            },
            "security": {
                "auth": {"selectedType": "qwen-oauth" if by_login else "openai"},
                "folderTrust": {"enabled": False},
            },
            "model": {"generationConfig": {"maxRetries": RETRIES}},
            "tools": {"exclude": ["ask_user_question", "enter_worktree", "exit_worktree"]},
            "hooks": {"PreToolUse": [{"matcher": "*", "hooks": [hook]}]},
            "mcpServers": {
                name: _server(dict(server)) for name, server in task.profile.mcp.items()
            },
        },
        indent=1,
    ).encode()


def _server(server: dict[str, object]) -> dict[str, object]:
    if "url" in server and server.get("type") != "sse":
        server["httpUrl"] = server.pop("url")
    server.pop("type", None)
    return {**server, "trust": True}
