"""What agents' programs have to reach, where their owner lists hosts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.fakes.desks import task_at

from plait import agents
from plait.core.profile import AgentProfile

OWN = "http://127.0.0.1:99/v1"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without keys and logins."""
    for name in set(os.environ) - {"PATH"}:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    return tmp_path / "user"


def hosts(home: Path, name: str, **more: object) -> set[str]:
    """What an agent's invocation names."""
    settings = {"name": name, "use": name, **more}
    task = task_at(home.parent, AgentProfile(**settings))
    return set(agents.find(name).invocation(task).hosts)


def write(path: Path, told: object) -> None:
    """A program's own file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(told if isinstance(told, str) else json.dumps(told), encoding="utf-8")


@pytest.mark.parametrize("name", ["opencode", "pi", "mini-swe-agent", "aider"])
def test_keys_lead_to_their_providers(
    home: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And to no other; an address that is set takes the place of the provider's own."""
    monkeypatch.setenv("GROQ_API_KEY", "k")
    monkeypatch.setenv("GITHUB_TOKEN", "k")
    assert hosts(home, name) == {"api.groq.com"}
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    assert hosts(home, name) == {"api.groq.com", "api.openai.com"}
    assert hosts(home, name, set_env={"OPENAI_BASE_URL": OWN}) == {"api.groq.com", "127.0.0.1:99"}


def test_a_program_s_own_settings_and_logins_count(home: Path) -> None:
    """Of opencode and pi, by their files; a file that is none says nothing."""
    assert hosts(home, "opencode") == {"opencode.ai"}
    write(home / ".local/share/opencode/auth.json", {"anthropic": {"type": "oauth"}})
    provider = {"test": {"options": {"baseURL": "http://gate:8/v1"}}, "odd": [], "none": {}}
    write(home / ".config/opencode/opencode.json", {"provider": provider})
    assert hosts(home, "opencode") == {"api.anthropic.com", "console.anthropic.com", "gate:8"}
    write(home / ".pi/agent/auth.json", {"github-copilot": {}})
    write(home / ".pi/agent/models.json", {"providers": {"a": {"baseUrl": "http://gate:9"}}})
    assert hosts(home, "pi") == {"api.github.com", "*.githubcopilot.com", "gate:9"}
    write(home / ".pi/agent/models.json", "[")
    write(home / ".pi/agent/auth.json", "[]")
    assert hosts(home, "pi") == set()


def test_mini_swe_agent_s_file_of_variables_counts(home: Path) -> None:
    """Its keys and its addresses; so does a model on this machine."""
    write(home / ".config/mini-swe-agent/.env", "#X_API_KEY=1\nMISTRAL_API_KEY='k'\nodd\n")
    assert hosts(home, "mini-swe-agent") == {"api.mistral.ai"}
    assert hosts(home, "aider", model="ollama_chat/qwen") == {"localhost:11434"}


def test_copilot_asks_github_or_an_enterprise_or_a_service_of_one_s_own(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its variables."""
    assert hosts(home, "copilot") == {"api.github.com", "*.githubcopilot.com"}
    monkeypatch.setenv("GH_HOST", "acme.ghe.com")
    assert hosts(home, "copilot") == {"api.acme.ghe.com", "copilot-api.acme.ghe.com"}
    monkeypatch.setenv("COPILOT_PROVIDER_BASE_URL", OWN)
    monkeypatch.setenv("COPILOT_OFFLINE", "true")
    assert hosts(home, "copilot") == {"127.0.0.1:99"}


def test_mcp_servers_are_reached(home: Path) -> None:
    """Those that have an address, of every agent that takes them; an odd one is nobody's."""
    servers = {"docs": {"url": "https://docs.example/mcp"}, "own": {"command": "x"}}
    assert hosts(home, "claude", mcp=servers) == {"api.anthropic.com", "docs.example"}
    assert hosts(home, "claude", mcp={"odd": {"url": "http://[x"}}) == {"api.anthropic.com"}
