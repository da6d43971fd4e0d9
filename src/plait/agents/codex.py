"""`codex`: Codex, headless (`codex exec`)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plait.agents.codex_events import CodexEvents
from plait.agents.codex_session import usage_of_session
from plait.agents.vendor import (
    VendorAgent,
    hook_command,
    host,
    login,
    prompt,
    value_of,
)
from plait.core.profile import AgentProfile
from plait.ports import AgentTask, Capabilities, Invocation, Reader, Usage

RETRIES = 3
HOOK_S = 60
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Codex(VendorAgent):
    """Codex, by key or by the user's own login."""

    adapter = "codex"
    programs = ("codex",)
    keys = ("OPENAI_API_KEY", "CODEX_API_KEY")
    settings = ("OPENAI_BASE_URL", "OPENAI_ORGANIZATION", "OPENAI_PROJECT")
    oldest = "0.160"
    log_in = "set OPENAI_API_KEY, or log in with `codex login`"

    @property
    def can(self) -> Capabilities:
        """No cap on turns, and no cost: it does not know what its model costs."""
        return Capabilities(resume=True, total_usage=True, hooks=True, mcp=True)

    def found(self, profile: AgentProfile | None) -> str | None:
        """The program itself, where what is on the PATH is a script that starts it."""
        program = super().found(profile)
        if program is None:
            return None
        packages = Path(program).resolve().parent.parent.parent
        inner = packages.glob("codex-*/vendor/*/bin/codex")
        return next((str(each) for each in inner), program)

    def start(self, task: AgentTask) -> Invocation:
        """The brief on standard input; settings and hook from files in its home."""
        folder = task.home / ".codex"
        hook = {"type": "command", "command": hook_command(task, "codex"), "timeout": HOOK_S}
        files: dict[Path, bytes] = {
            folder / "config.toml": self._config(task).encode(),
            folder / "hooks.json": json.dumps(
                {"hooks": {"PreToolUse": [{"matcher": "*", "hooks": [hook]}]}}
            ).encode(),
        }
        key = next((each for each in self.keys if value_of(task, each)), "")
        credentials = None if key else login(".codex", "auth.json")
        if credentials is not None:
            files[folder / "auth.json"] = _unrenewable(credentials)
        again = ("resume", task.session) if task.session else ()
        return Invocation(
            argv=(
                "exec", *again, "--json", "--skip-git-repo-check",
                "--dangerously-bypass-hook-trust", "--disable", "plugins", "--disable", "apps",
                "-",
            ),
            env={"CODEX_HOME": str(folder)},
            stdin=prompt(task).encode(),
            files=files,
            hosts=self._hosts(task, by_login=credentials is not None),
        )  # fmt: skip

    def usage(self, task: AgentTask) -> Usage | None:
        """What its session's file tells: its events do so only at the end."""
        return None if task.session else usage_of_session(task.home / ".codex" / "sessions")

    def reader(self, task: AgentTask) -> Reader:  # noqa: ARG002 - all sessions read alike
        """Reads `--json`."""
        return CodexEvents()

    def _hosts(self, task: AgentTask, *, by_login: bool) -> tuple[str, ...]:
        if by_login:
            return ("chatgpt.com", "auth.openai.com")
        return (host(value_of(task, "OPENAI_BASE_URL"), "api.openai.com"),)

    def _config(self, task: AgentTask) -> str:
        """Its settings: never ask; write in the worktree and beside the result alone."""
        url = value_of(task, "OPENAI_BASE_URL")
        key = next((each for each in self.keys if value_of(task, each)), "")
        model = task.profile.model
        settings: dict[str, Any] = {
            **({"model": model} if model else {}),
            "approval_policy": "never",
            "sandbox_mode": "danger-full-access" if task.confined else "workspace-write",
            "check_for_update_on_startup": False,
            "cli_auth_credentials_store": "file",
            "analytics": {"enabled": False},
            "history": {"persistence": "none"},
            "sandbox_workspace_write": {
                "writable_roots": [str(task.result_path.parent)],
                "network_access": True,
                "exclude_slash_tmp": True,
                "exclude_tmpdir_env_var": True,
            },
            "projects": {str(task.worktree): {"trust_level": "trusted"}},
            "mcp_servers": {
                name: {**server, "required": True, "default_tools_approval_mode": "approve"}
                for name, server in task.profile.mcp.items()
            },
        }
        if key:
            settings["model_provider"] = "plait"
            settings["model_providers"] = {
                "plait": {
                    "name": "OpenAI",
                    "base_url": url or "https://api.openai.com/v1",
                    "env_key": key,
                    "wire_api": "responses",
                    "request_max_retries": RETRIES,
                    "stream_max_retries": RETRIES,
                }
            }
        return toml(settings)


def toml(settings: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    """Settings as TOML: plain values first, then tables."""
    plain = [(key, value) for key, value in settings.items() if not isinstance(value, Mapping)]
    tables = [(key, value) for key, value in settings.items() if isinstance(value, Mapping)]
    lines = [f"{_key(key)} = {_value(value)}\n" for key, value in plain]
    if path and (lines or not tables):
        lines.insert(0, f"\n[{'.'.join(map(_key, path))}]\n")
    return "".join([*lines, *(toml(value, (*path, key)) for key, value in tables)])


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)


def _unrenewable(credentials: bytes) -> bytes:
    """The login without what renews it: a renewal here would end the user's own."""
    try:
        told = json.loads(credentials)
        told["tokens"]["refresh_token"] = ""
    except (ValueError, RecursionError, TypeError, KeyError):
        return credentials
    return json.dumps(told).encode()
