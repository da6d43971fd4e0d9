"""`gemini`: Gemini CLI, headless."""

from __future__ import annotations

import json
from pathlib import Path

from plait.agents.gemini_events import GeminiEvents
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

TRIES = 3  # of one request; Plait parks an agent that is refused for its rate
HOOK_MS = 60_000
_LOGIN = ("oauth_creds.json", "google_accounts.json", "installation_id")


class Gemini(VendorAgent):
    """Gemini CLI, by key or by the user's own login."""

    adapter = "gemini"
    programs = ("gemini",)
    keys = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
    settings = (
        "GOOGLE_GEMINI_BASE_URL", "GEMINI_MODEL", "GOOGLE_GENAI_USE_VERTEXAI",
        "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_PROJECT_ID", "GOOGLE_CLOUD_LOCATION",
    )  # fmt: skip
    oldest = "0.60"
    log_in = "set GEMINI_API_KEY, or log in with `gemini`"

    @property
    def can(self) -> Capabilities:
        """No cost: it does not know what its model costs."""
        return Capabilities(resume=True, turn_cap=True, hooks=True, mcp=True)

    def start(self, task: AgentTask) -> Invocation:
        """The brief on standard input; settings and hook from a file in its home."""
        folder, model = task.home / ".gemini", task.profile.model
        logins = {} if has_key(task, self.keys) else _logins(folder)
        files = {folder / "settings.json": self._settings(task, by_login=bool(logins)), **logins}
        return Invocation(
            argv=(
                "-o", "stream-json", "--approval-mode", "yolo",
                *(("-m", model) if model else ()),
                *(("--resume", task.session) if task.session else ()),
            ),
            env={
                "GEMINI_CLI_HOME": str(task.home),
                "GEMINI_CLI_TRUST_WORKSPACE": "true",
                "GEMINI_CLI_NO_RELAUNCH": "true",
                "GEMINI_SANDBOX": "false",
                "NO_COLOR": "1",
            },
            stdin=prompt(task).encode(),
            files=files,
            hosts=self._hosts(task, by_login=bool(logins)),
        )  # fmt: skip

    def reader(self, task: AgentTask) -> Reader:  # noqa: ARG002 - all sessions read alike
        """Reads `--output-format stream-json`."""
        return GeminiEvents()

    def _hosts(self, task: AgentTask, *, by_login: bool) -> tuple[str, ...]:
        if by_login:
            return ("cloudcode-pa.googleapis.com", "oauth2.googleapis.com")
        url = value_of(task, "GOOGLE_GEMINI_BASE_URL")
        return (host(url, "generativelanguage.googleapis.com"),)

    def _settings(self, task: AgentTask, *, by_login: bool) -> bytes:
        """Its settings: nothing is asked, told home or renewed; the hook looks at each tool."""
        hook = {
            "name": "plait-scope", "type": "command", "timeout": HOOK_MS,
            "command": hook_command(task, "gemini"),
        }  # fmt: skip
        kind = "gemini-api-key"
        if by_login:
            kind = "oauth-personal"
        elif value_of(task, "GOOGLE_GENAI_USE_VERTEXAI") == "true":
            kind = "vertex-ai"
        turns = task.profile.limits.turns
        return json.dumps(
            {
                "security": {
                    "auth": {"selectedType": kind},
                    "folderTrust": {"enabled": False},
                },
                "general": {
                    "enableAutoUpdate": False,
                    "enableAutoUpdateNotification": False,
                    "maxAttempts": TRIES,
                },
                "model": {"maxSessionTurns": turns} if turns else {},
                "privacy": {"usageStatisticsEnabled": False},
                "telemetry": {"enabled": False},
                "hooksConfig": {"enabled": True},
                "hooks": {"BeforeTool": [{"matcher": "*", "hooks": [hook]}]},
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


def _logins(folder: Path) -> dict[Path, bytes]:
    found = {name: login(".gemini", name) for name in _LOGIN}
    if not found["oauth_creds.json"]:
        return {}
    return {folder / name: content for name, content in found.items() if content is not None}
