"""Limits that Plait holds an attempt to, whatever its agent's own program does."""

from __future__ import annotations

import sys

import pytest
from tests.acceptance.conftest import Story, lines
from tests.acceptance.test_transcripts import DONE, PLUGIN, WRITE, events, says
from tests.fakes.plans import Piece
from tests.fakes.processes import living_below

HANG = "while :; do sleep 0.1; done"
EATS = f"{sys.executable} -c 'x = bytearray(200 << 20); import time; time.sleep(60)'"


@pytest.mark.parametrize(
    ("limit", "does", "code"),
    [
        ("turns = 2", lines(*[says("turn")] * 3), "TURN_LIMIT"),
        ("tokens = 100", says("usage", tokens_input=90, tokens_output=20), "TOKEN_LIMIT"),
        ('memory = "100 MiB"', f"(setsid {EATS} &)", "MEMORY_LIMIT"),
        ("output = 1000", "seq 1000", "OUTPUT_LIMIT"),
    ],
    ids=["turns", "tokens", "memory", "output"],
)
def test_an_attempt_over_a_limit_is_ended_and_typed(story: Story, limit, does, code) -> None:
    """The agent and all that it started are ended; the code says why; the rest goes on."""
    story.env["PYTHONPATH"] = str(PLUGIN)
    story.begin({"plait.toml": f"[agent]\nlimits = {{ {limit} }}\n"})
    story.plans("add-a", Piece(id="wp-a", retry_budget=0), Piece(id="wp-b"))
    agent = lines('if test "$PLAIT_PACKAGE" = wp-a', f"then {does}", HANG, "fi", WRITE, DONE)
    outcome = story.plait("run", "add-a", "--agent", f"talker:{agent}", "--yes", "--json")
    assert outcome.code == 1, outcome.out
    packages = story.packages()
    assert [each["error_code"] for each in packages["wp-a"]["attempts"]] == [code]
    assert packages["wp-b"]["status"] == "landed"
    assert {each["status"] for each in events(outcome.out, "agent_ended")} == {
        "limited",
        "completed",
    }
    assert living_below(story.repo) == []


def test_an_agents_own_cost_limit_asks(story: Story) -> None:
    """A limit of the profile; what costs too much would cost as much again, so a person decides."""
    story.env["PYTHONPATH"] = str(PLUGIN)
    agent = lines(says("usage", cost_usd=0.6), HANG)
    told = agent.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    profile = f'[agents.mine]\nuse = "talker:{told}"\nlimits = {{ cost = 0.5 }}\n'
    story.begin({"plait.toml": profile})
    story.plans("add-a", Piece(id="wp-a"))
    outcome = story.plait("run", "add-a", "--agent", "mine", "--yes")
    assert outcome.code == 3, outcome.out
    package = story.packages()["wp-a"]
    assert package["status"] == "blocked"
    assert "0.60 USD" in package["question"]
