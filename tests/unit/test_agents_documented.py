"""docs/reference/agents.md says of each agent what its adapter declares and starts.

What comes of faults is told by agent-outcomes.md, whose cells `make test-agents` tries.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from tests.fakes import agent_pages

from plait.core.retry import code_of
from plait.core.transcript import FinishKind

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
PAGE = (REFERENCE / "agents.md").read_text("utf-8")
OUTCOMES = (REFERENCE / "agent-outcomes.md").read_text("utf-8")


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


@pytest.mark.parametrize("kind", FinishKind)
def test_each_final_word_stands_in_one_place_with_its_code(kind: FinishKind) -> None:
    """In the page of outcomes, as core has it; the page of agents leads there."""
    code = "none" if kind is FinishKind.OK else f"`{code_of(kind)}`"
    rows = [line for line in OUTCOMES.splitlines() if f"| `{kind}` |" in line]
    assert [f"| `{kind}` | {code}" in row for row in rows] == [True]
    assert f"| `{kind}` |" not in PAGE
    assert "(agent-outcomes.md#final-words)" in PAGE
