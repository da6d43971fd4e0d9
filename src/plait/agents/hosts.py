"""Which hosts an agent's program has to reach: its model's, by the keys and logins that it has.

`[sandbox] hosts` is the owner's list of what agents may reach; these are added to it, so that a
short list does not keep a program from its model. A provider that is not known here, and that
no address names, the owner names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from plait.agents.vendor import host, value_of
from plait.ports import AgentTask

GITHUB = ("api.github.com", "*.githubcopilot.com")
_CHATGPT = ("chatgpt.com", "auth.openai.com")
_PROVIDERS: Mapping[str, tuple[str, ...]] = {  # as programs call them in their logins
    "anthropic": ("api.anthropic.com",),
    "cerebras": ("api.cerebras.ai",),
    "deepseek": ("api.deepseek.com",),
    "fireworks": ("api.fireworks.ai",),
    "github-copilot": GITHUB,
    "google": ("generativelanguage.googleapis.com",),
    "google-gemini-cli": ("cloudcode-pa.googleapis.com", "oauth2.googleapis.com"),
    "groq": ("api.groq.com",),
    "mistral": ("api.mistral.ai",),
    "openai": ("api.openai.com",),
    "openai-codex": _CHATGPT,
    "opencode": ("opencode.ai",),
    "openrouter": ("openrouter.ai",),
    "vercel": ("ai-gateway.vercel.sh",),
    "xai": ("api.x.ai",),
    "zai": ("api.z.ai",),
}
_KEYS = {
    "AI_GATEWAY_API_KEY": "vercel",
    "ANTHROPIC_API_KEY": "anthropic",
    "ANTHROPIC_OAUTH_TOKEN": "anthropic",
    "CEREBRAS_API_KEY": "cerebras",
    "DEEPSEEK_API_KEY": "deepseek",
    "FIREWORKS_API_KEY": "fireworks",
    "GEMINI_API_KEY": "google",
    "GOOGLE_GENERATIVE_AI_API_KEY": "google",
    "GROQ_API_KEY": "groq",
    "MISTRAL_API_KEY": "mistral",
    "OPENAI_API_KEY": "openai",
    "OPENCODE_API_KEY": "opencode",
    "OPENROUTER_API_KEY": "openrouter",
    "XAI_API_KEY": "xai",
    "ZAI_API_KEY": "zai",
}
_BY_LOGIN = {  # beside what its keys lead to
    "anthropic": ("console.anthropic.com",),
    "openai": _CHATGPT,
}
_INSTEAD = {  # an address that is set takes the place of the provider's own
    "anthropic": ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_BASE"),
    "openai": ("OPENAI_BASE_URL", "OPENAI_API_BASE"),
}
_ADDRESSES = ("_BASE_URL", "_API_BASE")  # how variables are called that hold one
_OLLAMA, _OLLAMA_AT = "OLLAMA_API_BASE", "localhost:11434"
_AZURE = "AZURE_OPENAI_RESOURCE_NAME"


def needed(
    task: AgentTask,
    names: Iterable[str],
    *,
    logins: Iterable[str] = (),
    addresses: Iterable[str] = (),
    written: Mapping[str, str] | None = None,
    model: str = "",
) -> tuple[str, ...]:
    """The hosts of all that a program could ask, each once.

    Args:
        task: Whose variables count.
        names: Those that the program is handed.
        logins: Providers to which it is logged in.
        addresses: URLs that its own configuration names.
        written: Variables that stand in a file of its own.
        model: The one that it is told to ask, as `PROVIDER/NAME`.
    """
    values = {**(written or {}), **{each: told for each in names if (told := value_of(task, each))}}
    found = [url for name, url in values.items() if name.endswith(_ADDRESSES)]
    hosts = [host(each, "") for each in (*found, *addresses)]
    for name in values:
        provider = _KEYS.get(name, "")
        if not any(each in values for each in _INSTEAD.get(provider, ())):
            hosts += _PROVIDERS.get(provider, ())
    for each in logins:
        hosts += (*_PROVIDERS.get(each, ()), *_BY_LOGIN.get(each, ()))
    if model.startswith("ollama") and _OLLAMA not in values:
        hosts.append(_OLLAMA_AT)
    if values.get(_AZURE):
        hosts.append(f"{values[_AZURE]}.openai.azure.com")
    return tuple(dict.fromkeys(filter(None, hosts)))


def table_of(content: bytes | None) -> Mapping[str, Any]:
    """A program's own file of JSON; nothing, if it holds no table."""
    try:
        told = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def addresses_in(providers: object, *keys: str) -> Iterator[str]:
    """The addresses that a configuration gives its providers, each below these keys."""
    for each in providers.values() if isinstance(providers, dict) else ():
        place: object = each
        for key in keys:
            place = place.get(key) if isinstance(place, dict) else None
        if isinstance(place, str):
            yield place


def variables_in(content: bytes | None) -> Mapping[str, str]:
    """What a file of lines `NAME=VALUE` sets."""
    lines = (content or b"").decode("utf-8", "replace").splitlines()
    pairs = (line.strip().removeprefix("export ").partition("=") for line in lines)
    told = {name.strip(): value.strip().strip("'\"") for name, _, value in pairs}
    return {name: value for name, value in told.items() if value and not name.startswith("#")}
