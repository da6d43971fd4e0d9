"""`opencode`: opencode, headless. Its permissions are settled by its configuration: it never asks.

It has hooks only for plug-ins, which it loads over the network; so it is held by its permissions,
by the sandbox, and by the check of the commit. It repeats a failed request without a word, for
as long as it likes: that is bounded by the limits on silence and on time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from plait.agents.compatible import KEY, PROVIDER, SETTINGS, Endpoint, service
from plait.agents.hosts import addresses_in, needed, table_of
from plait.agents.opencode_events import OpencodeEvents
from plait.agents.vendor import VendorAgent, login, prompt, value_of
from plait.core.glob import shapes
from plait.core.plan import Confidence, Scope
from plait.core.transcript import Account, Finished, FinishKind
from plait.ports import AgentOutcome, AgentTask, Capabilities, Invocation, Reader
from plait.process import Exit

# What a user's own configuration says of models; nothing else of it is taken over.
_LOCK = {"packages": {"": {"dependencies": {"@opencode-ai/plugin": "*"}}}}
_OF_MODELS = ("provider", "model", "small_model", "enabled_providers", "disabled_providers")


class Opencode(VendorAgent):
    """opencode, by key or by the user's own login; its models as the user has set them."""

    adapter = "opencode"
    programs = ("opencode",)
    keys = (
        "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENROUTER_API_KEY", "GEMINI_API_KEY",
        "GOOGLE_GENERATIVE_AI_API_KEY", "GROQ_API_KEY", "MISTRAL_API_KEY", "DEEPSEEK_API_KEY",
        "XAI_API_KEY", "GITHUB_TOKEN", "OPENCODE_API_KEY", "OPENCODE_AUTH_CONTENT",
    )  # fmt: skip
    settings = SETTINGS
    oldest = "1.18"
    log_in = "set the key of its provider, or run `opencode auth login` once"

    @property
    def can(self) -> Capabilities:
        """It goes on with sessions and tells costs; turns it cannot be kept to."""
        return Capabilities(resume=True, tells_cost=True, mcp=True)

    def start(self, task: AgentTask) -> Invocation:
        """The brief on standard input; permissions in a variable that no project overrides."""
        settings = task.home / ".config" / "opencode" / "opencode.json"
        files = {
            settings: _user_models(task),
            # With these, it takes its plug-ins' library for installed, and fetches nothing.
            settings.with_name("package-lock.json"): json.dumps(_LOCK).encode(),
            settings.parent / "node_modules" / ".package-lock.json": b"{}",
        }
        auth = login(".local", "share", "opencode", "auth.json")
        if auth is not None:
            files[task.home / ".local" / "share" / "opencode" / "auth.json"] = auth
        own, session = service(task), task.session
        model = own.named if own else task.profile.model
        return Invocation(
            argv=(
                "run", "--format", "json", "--pure",
                *(("--model", model) if model else ()),
                *(("--session", session) if session else ()),
            ),
            env={
                "OPENCODE_CONFIG_CONTENT": json.dumps(configuration(task)),
                "OPENCODE_DISABLE_PROJECT_CONFIG": "1",
                "OPENCODE_DISABLE_AUTOUPDATE": "1",
                "OPENCODE_DISABLE_MODELS_FETCH": "1",
                "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
                "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
                "OPENCODE_DISABLE_SHARE": "1",
                "XDG_DATA_HOME": str(task.home / ".local" / "share"),
                "XDG_CACHE_HOME": str(task.home / ".cache"),
                "XDG_STATE_HOME": str(task.home / ".local" / "state"),
            },
            stdin=prompt(task).encode(),
            files=files,
            hosts=self._hosts(task, files[settings], auth),
        )  # fmt: skip

    def _hosts(self, task: AgentTask, settings: bytes, auth: bytes | None) -> tuple[str, ...]:
        own = addresses_in(table_of(settings).get("provider"), "options", "baseURL")
        names = (*self.keys, *self.settings)
        found = needed(task, names, logins=table_of(auth), addresses=own)
        return found or ("opencode.ai",)  # whose models it asks where it has nothing else

    def reader(self, task: AgentTask) -> Reader:  # noqa: ARG002 - all sessions read alike
        """Reads `--format json`."""
        return OpencodeEvents()

    def outcome(self, task: AgentTask, ended: Exit, account: Account | None = None) -> AgentOutcome:
        """It has no final event: that of its last step counts, and no other code than 0 with it."""
        summed = self.read(task) if account is None else account
        return super().outcome(task, ended, _settled(summed, ended))


def configuration(task: AgentTask) -> dict[str, Any]:
    """What Plait sets: nothing is asked, nothing is shared, nothing outside is written."""
    own = service(task)
    return {
        **(_provider(own) if own else {}),
        "autoupdate": False,
        "share": "disabled",
        "permission": {
            "edit": edits(task.scope),
            "bash": "allow",
            "webfetch": "allow",
            "doom_loop": "deny",
            "question": "deny",
            "external_directory": {"*": "deny", f"{task.result_path.parent}/*": "allow"},
        },
        "mcp": {name: _server(server) for name, server in task.profile.mcp.items()},
    }


def edits(scope: Scope) -> dict[str, str]:
    """Its patterns for what may be edited; the last that matches holds. Its `*` crosses `/`."""
    if scope.confidence is not Confidence.DECLARED:
        return {"*": "allow"}
    wild = {f"{each.prefix}*": "allow" for glob in scope.write for each in _wild(glob)}
    exact = {each.prefix: "allow" for glob in scope.write for each in shapes(glob) if each.exact}
    denied = {each.prefix: "deny" for glob in scope.deny for each in shapes(glob) if each.exact}
    below = {
        f"{each.prefix}*": "deny"
        for glob in scope.deny
        for each in _wild(glob)
        if glob.removesuffix("**") == each.prefix
    }
    return {"*": "deny", **wild, **exact, **denied, **below}


def _wild(glob: str) -> list[Any]:
    return [each for each in shapes(glob) if not each.exact]


def _provider(own: Endpoint) -> dict[str, Any]:
    options = {"baseURL": own.url, "apiKey": f"{{env:{KEY}}}"}
    models = {own.model: {"name": own.model}}
    made = {"npm": "@ai-sdk/openai-compatible", "options": options, "models": models}
    return {"provider": {PROVIDER: made}, "model": own.named, "small_model": own.named}


def _server(server: Mapping[str, Any]) -> dict[str, Any]:
    if "url" in server:
        headers = {"headers": dict(server["headers"])} if server.get("headers") else {}
        return {"type": "remote", "url": server["url"], "enabled": True, **headers}
    command = [server.get("command", ""), *server.get("args", ())]
    made: dict[str, Any] = {"type": "local", "command": command, "enabled": True}
    return {**made, "environment": dict(server["env"])} if server.get("env") else made


def _user_models(task: AgentTask) -> bytes:
    """The file that `OPENCODE_CONFIG` names, as it is; or what the user's own says of models."""
    named = value_of(task, "OPENCODE_CONFIG")
    try:
        if named:
            return Path(named).expanduser().read_bytes()
        told = json.loads(login(".config", "opencode", "opencode.json") or b"{}")
    except (OSError, ValueError, RecursionError):
        return b"{}"
    kept = {key: told[key] for key in _OF_MODELS if key in told} if isinstance(told, dict) else {}
    return json.dumps(kept).encode()


def _settled(summed: Account, ended: Exit) -> Account:
    if summed.finished is None and ended.code == 0 and summed.turns:
        said = Finished(kind=FinishKind.API_ERROR, message="the model's answer broke off")
        return replace(summed, finished=said)
    if ended.code and summed.finished and summed.finished.kind is FinishKind.OK:
        return replace(summed, finished=None)
    return summed
