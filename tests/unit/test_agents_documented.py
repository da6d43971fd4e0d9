"""docs/reference/agents.md says of each agent what its adapter declares and starts."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from tests.fakes import agent_pages

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "agents.md").read_text("utf-8")


def section(name: str) -> str:
    """What stands below an agent's heading."""
    found = re.search(rf"^## {re.escape(name)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/reference/agents.md has no section {name!r}"
    return found[1]


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither keys nor logins are there."""
    for name in set(os.environ) - {"PATH"}:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_the_table_says_what_each_agent_can() -> None:
    """As its adapter declares it; a new agent is missing here until it is written down."""
    assert agent_pages.table() in PAGE


@pytest.mark.parametrize("name", agent_pages.documented())
def test_each_agent_is_started_as_the_page_says(name: str, tmp_path: Path) -> None:
    """Its arguments, variables, files, keys and what it heeds of its profile."""
    agent = agent_pages.documented()[name]
    told = section(name)
    for line in agent_pages.block(name, agent, tmp_path).splitlines():
        assert line in told.splitlines(), line
