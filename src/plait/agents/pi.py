"""`pi`: pi, headless. It has no permissions of its own; an extension of ours checks its tools."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from plait.agents.compatible import KEY, PROVIDER, SETTINGS, Endpoint, service
from plait.agents.hosts import addresses_in, needed, table_of
from plait.agents.pi_events import PiEvents
from plait.agents.vendor import VendorAgent, hook_command, login, prompt, value_of
from plait.ports import AgentTask, Capabilities, Invocation, Reader

EXTENSION = Path(__file__).with_name("pi_scope.ts")


class Pi(VendorAgent):
    """pi, by key or by the user's own login; its models as the user has set them."""

    adapter = "pi"
    programs = ("pi",)
    keys = (
        "ANTHROPIC_API_KEY", "ANTHROPIC_OAUTH_TOKEN", "OPENAI_API_KEY", "GEMINI_API_KEY",
        "OPENROUTER_API_KEY", "GROQ_API_KEY", "MISTRAL_API_KEY", "DEEPSEEK_API_KEY",
        "XAI_API_KEY", "CEREBRAS_API_KEY", "FIREWORKS_API_KEY", "AI_GATEWAY_API_KEY",
        "ZAI_API_KEY", "AZURE_OPENAI_API_KEY",
    )  # fmt: skip
    settings = ("AZURE_OPENAI_BASE_URL", "AZURE_OPENAI_RESOURCE_NAME", *SETTINGS)
    oldest = "0.73"
    log_in = "set the key of its provider, or run `pi` and /login once"

    @property
    def can(self) -> Capabilities:
        """It goes on with sessions, tells costs, and asks our extension before each tool."""
        return Capabilities(resume=True, tells_cost=True, hooks=True)

    def start(self, task: AgentTask) -> Invocation:
        """The brief on standard input; login and models copied into a folder of its own."""
        folder = task.home / ".pi" / "agent"
        extension = task.home / "plait-scope.ts"
        files = {
            folder / "settings.json": json.dumps({**_chosen(task), **_SETTINGS}).encode(),
            extension: EXTENSION.read_bytes(),
        }
        for name in ("auth.json", "models.json"):
            found = _users(task, name)
            if found is not None:
                files[folder / name] = found
        own, session = service(task), task.session
        if own is not None:
            files[folder / "models.json"] = json.dumps(_provider(own)).encode()
        model = own.named if own else task.profile.model
        return Invocation(
            argv=(
                "-p", "--mode", "json", "--no-extensions", "--no-prompt-templates", "--no-themes",
                "-e", str(extension),
                *(("--model", model) if model else ()),
                *(("--session", session) if session else ()),
            ),
            env={
                "PI_CODING_AGENT_DIR": str(folder),
                "PI_OFFLINE": "1",
                "PI_TELEMETRY": "0",
                "PLAIT_SCOPE_CHECK": json.dumps(shlex.split(hook_command(task, "claude"))),
            },
            stdin=prompt(task).encode(),
            files=files,
            hosts=needed(
                task,
                (*self.keys, *self.settings),
                logins=table_of(files.get(folder / "auth.json")),
                addresses=addresses_in(
                    table_of(files.get(folder / "models.json")).get("providers"), "baseUrl"
                ),
            ),
        )  # fmt: skip

    def reader(self, task: AgentTask) -> Reader:  # noqa: ARG002 - all sessions read alike
        """Reads `--mode json`."""
        return PiEvents()


_SETTINGS = {
    "enableInstallTelemetry": False,
    "quietStartup": True,
    "collapseChangelog": True,
    "retry": {"enabled": True, "maxRetries": 2},
}


def _provider(own: Endpoint) -> dict[str, object]:
    models = [{"id": own.model}]
    made = {"baseUrl": own.url, "api": "openai-completions", "apiKey": KEY, "models": models}
    return {"providers": {PROVIDER: made}}


_CHOICES = ("defaultProvider", "defaultModel", "defaultThinkingLevel", "enabledModels")


def _chosen(task: AgentTask) -> dict[str, object]:
    """Which model the user's own pi asks; nothing else of its settings is taken over."""
    try:
        told = json.loads(_users(task, "settings.json") or b"{}")
    except (ValueError, RecursionError):
        return {}
    return {key: told[key] for key in _CHOICES if key in told} if isinstance(told, dict) else {}


def _users(task: AgentTask, name: str) -> bytes | None:
    """A file of the folder in which the user's own pi keeps its login and models."""
    folder = value_of(task, "PI_CODING_AGENT_DIR")
    if not folder:
        return login(".pi", "agent", name)
    return login(*Path(folder).expanduser().absolute().parts, name)
