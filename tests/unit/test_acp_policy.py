"""What Plait's client of the Agent Client Protocol answers to a request to run something."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.desks import task_at

from plait.agents.acp_policy import Policy
from plait.agents.vendor import guard_rules
from plait.core.profile import plain


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    """The policy of an attempt of the agent `acp:x`, at the default trust."""
    task = task_at(tmp_path, plain("acp:x"))
    return Policy(
        worktree=str(task.worktree),
        scope=str(task.scope_path),
        own=(str(task.home), str(task.directory)),
        rules=guard_rules(task),
    )


@pytest.mark.parametrize(
    "call",
    [
        {"kind": "execute", "rawInput": {"command": "git push -f"}},
        {"kind": "execute", "rawInput": {"command": ["sh", "-c", "git push -f"]}},
        {"kind": "execute", "title": "`git push -f`"},
        {"kind": "other", "rawInput": {"cmd": "git push -f"}},
    ],
)
def test_a_command_that_is_not_allowed_is_refused(policy: Policy, call: dict[str, Any]) -> None:
    """Wherever the agent says what it would run."""
    assert "git push --force" in policy.asked(call)


@pytest.mark.parametrize(
    "call",
    [
        {"kind": "execute", "rawInput": {"command": "make test"}},
        {"kind": "execute", "title": "Run the tests"},
        {"kind": "fetch", "rawInput": {"url": "https://example.com"}},
        {"kind": "execute"},
        {},
    ],
)
def test_what_is_innocent_goes_on(policy: Policy, call: dict[str, Any]) -> None:
    """So does what runs nothing."""
    assert policy.asked(call) == ""


def test_it_fails_closed(tmp_path: Path, policy: Policy) -> None:
    """Rules that cannot be read refuse every command."""
    broken = Policy(worktree=str(tmp_path), scope="", own=(), rules=json.dumps({"trust": 2}))
    assert "refused" in broken.asked({"kind": "execute", "rawInput": {"command": "ls"}})
