"""`copilot`: GitHub's Copilot CLI, headless. A hook of ours is asked before each of its tools."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from plait.agents.copilot_events import CopilotEvents
from plait.agents.hosts import GITHUB
from plait.agents.json_lines import count, table
from plait.agents.vendor import VendorAgent, has_key, hook_command, host, login, prompt, value_of
from plait.core.profile import AgentProfile
from plait.core.transcript import Account
from plait.ports import AgentOutcome, AgentTask, Capabilities, Invocation, Reader
from plait.process import Exit

HOOK_S = 60
USAGE = "copilot-usage.json"  # of the whole session
BEFORE = "copilot-used-before.json"
LARGEST_USAGE = 1024 * 1024


class Copilot(VendorAgent):
    """Copilot CLI, by token, by the user's own login, or with a model service of one's own."""

    adapter = "copilot"
    programs = ("copilot",)
    keys = (
        "COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "COPILOT_PROVIDER_API_KEY",
        "COPILOT_PROVIDER_BEARER_TOKEN",
    )  # fmt: skip
    settings = (
        "COPILOT_PROVIDER_BASE_URL", "COPILOT_PROVIDER_TYPE", "COPILOT_PROVIDER_WIRE_API",
        "COPILOT_PROVIDER_TRANSPORT", "COPILOT_PROVIDER_AZURE_API_VERSION",
        "COPILOT_PROVIDER_MODEL_ID", "COPILOT_PROVIDER_WIRE_MODEL",
        "COPILOT_PROVIDER_MAX_PROMPT_TOKENS", "COPILOT_PROVIDER_MAX_OUTPUT_TOKENS",
        "COPILOT_PROVIDER_HEADERS", "COPILOT_MODEL", "COPILOT_OFFLINE", "GH_HOST",
        "COPILOT_GH_HOST",
    )  # fmt: skip
    oldest = "1.0.100"
    log_in = "set COPILOT_GITHUB_TOKEN, or run `copilot login` once"

    @property
    def can(self) -> Capabilities:
        """Sessions, hooks, servers of tools; it counts requests, not dollars."""
        return Capabilities(resume=True, hooks=True, mcp=True)

    def found(self, profile: AgentProfile | None) -> str | None:
        """The program itself: a signal to the script that npm puts before it ends that alone."""
        path = super().found(profile)
        if path is None:
            return None
        real = Path(path).resolve()
        if real.name != "npm-loader.js":
            return path
        beside = real.parent.parent.glob("copilot-*/copilot")
        inside = real.parent.glob("node_modules/@github/copilot-*/copilot")
        return next((str(each) for each in (*beside, *inside)), path)

    def start(self, task: AgentTask) -> Invocation:
        """The brief on standard input; hook and MCP servers from files in its home."""
        folder = task.home / ".copilot"
        servers = folder / "plait-mcp.json"
        made = {name: _server(server) for name, server in task.profile.mcp.items()}
        files = {
            folder / "settings.json": json.dumps(_settings(task)).encode(),
            servers: json.dumps({"mcpServers": made}).encode(),
        }
        if task.session:
            files[task.home / BEFORE] = _content(task.home / USAGE)
        own = None if has_key(task, self.keys) else login(".copilot", "config.json")
        if own is not None:
            files[folder / "config.json"] = own
        model, session = task.profile.model, task.session
        return Invocation(
            argv=(
                "--output-format", "json", "--no-auto-update", "--no-ask-user", "--no-color",
                "--no-remote", "--no-remote-export", "--disable-client-telemetry",
                "--disable-builtin-mcps", "--allow-all-tools", "--allow-all-urls",
                "--disallow-temp-dir", "--add-dir", str(task.result_path.parent),
                "--log-dir", str(task.home / "logs"),
                "--usage-output-file", str(task.home / USAGE),
                *(("--additional-mcp-config", f"@{servers}") if made else ()),
                *(("--model", model) if model else ()),
                *(("--session-id", session) if session else ()),
            ),
            env={
                "COPILOT_HOME": str(folder),
                "XDG_CACHE_HOME": str(task.home / ".cache"),
                "XDG_STATE_HOME": str(task.home / ".local" / "state"),
                "COPILOT_AUTO_UPDATE": "false",
                "NO_COLOR": "1",
            },
            stdin=prompt(task).encode(),
            files=files,
            hosts=_hosts(task),
        )  # fmt: skip

    def reader(self, task: AgentTask) -> Reader:  # noqa: ARG002 - all sessions read alike
        """Reads `--output-format json`."""
        return CopilotEvents()

    def outcome(self, task: AgentTask, ended: Exit, account: Account | None = None) -> AgentOutcome:
        """By its final event; its tokens stand in a file that it writes as it ends."""
        summed = self.read(task) if account is None else account
        used, before = _used(task.home / USAGE), _used(task.home / BEFORE)
        if used != (0, 0):
            new = [max(0, now - then) for now, then in zip(used, before, strict=True)]
            summed = replace(summed, tokens_input=new[0], tokens_output=new[1])
        return super().outcome(task, ended, summed)


def _hosts(task: AgentTask) -> tuple[str, ...]:
    """GitHub's, or those of an enterprise; a model service of one's own."""
    own = host(value_of(task, "COPILOT_PROVIDER_BASE_URL"), "")
    if own and value_of(task, "COPILOT_OFFLINE") == "true":
        return (own,)
    place = value_of(task, "COPILOT_GH_HOST") or value_of(task, "GH_HOST")
    theirs = (f"api.{place}", f"copilot-api.{place}") if place else GITHUB
    return tuple(filter(None, (own, *theirs)))


def _settings(task: AgentTask) -> dict[str, Any]:
    # By this spelling of the event it speaks as others do; a hook that fails is a refusal here.
    hook = {"type": "command", "command": hook_command(task, "claude"), "timeout": HOOK_S}
    return {"disableAllHooks": False, "hooks": {"PreToolUse": [hook]}, "banner": "never"}


def _server(server: Mapping[str, Any]) -> dict[str, Any]:
    kind = "http" if "url" in server else "local"
    return {"type": kind, "tools": ["*"], **server}


def _content(path: Path) -> bytes:
    """The file, if it is one of a sensible size; else nothing."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST_USAGE:
            return b"{}"
        return path.read_bytes()
    except OSError:
        return b"{}"


def _used(path: Path) -> tuple[int, int]:
    """Tokens in and out, of all models; nothing if the file does not say."""
    try:
        told = json.loads(_content(path))
    except (ValueError, RecursionError):
        return 0, 0
    models = table(told, "modelMetrics") if isinstance(told, dict) else {}
    used = [table(each, "usage") for each in models.values() if isinstance(each, dict)]
    return sum(count(each, "inputTokens") for each in used), sum(
        count(each, "outputTokens") for each in used
    )
