"""Limits that Plait holds an attempt to, whatever its agent's own program does."""

from __future__ import annotations

import json
import sys

import pytest
from tests.acceptance.conftest import Story, lines
from tests.acceptance.test_transcripts import DONE, PLUGIN, WRITE, events, says
from tests.fakes.plans import Piece
from tests.fakes.processes import living_below

CHILD = "setsid sleep 300 > /dev/null 2>&1 &"  # in a session of its own
HANG = "while :; do echo '{}'; sleep 0.1; done"
EATS = f"{sys.executable} -c 'x = bytearray(200 << 20); import time; time.sleep(60)'"
LIMITS = {  # of which kind: what a profile says, what an agent does, its code
    "turns": ("turns = 2", lines(*[says("turn")] * 3), "TURN_LIMIT"),
    "tokens": ("tokens = 100", says("usage", tokens_input=90, tokens_output=20), "TOKEN_LIMIT"),
    "cost": ("cost = 0.5", says("usage", cost_usd=0.6), "COST_LIMIT"),
    "memory": ('memory = "100 MiB"', f"setsid {EATS} &", "MEMORY_LIMIT"),
    "output": ("output = 20_000", "seq 10000", "OUTPUT_LIMIT"),
    "silence": ("turns = 9", "exec sleep 300", "STALLED"),
    "time": ("turns = 9", ":", "TIMEOUT"),
    "none": ("turns = 9", f"{WRITE}; {DONE}; exit", None),
}


def configuration() -> str:
    """A profile for each limit, with an agent that goes over it, for the package of its name."""
    told = ['[agent]\nstall = "1s"\n\n[run]\nagents = [']
    told += [f'  {{ agent = "{name}", match = "wp-{name}" }},' for name in LIMITS]
    told.append("]\n")
    for name, (limit, does, _) in LIMITS.items():
        agent = json.dumps(f"talker:{lines(CHILD, does, HANG)}")
        told.append(f"[agents.{name}]\nuse = {agent}\nlimits = {{ {limit} }}\n")
    return "\n".join(told)


def plan() -> str:
    """A package for each limit; one has but three seconds."""
    told = ["version: 1", "id: limits", "packages:"]
    for name in LIMITS:
        told += [f"  - id: wp-{name}", f"    title: {name}", f"    write: src/wp-{name}/**"]
        told += ["    retries: 0", *(["    timeout: 3s"] if name == "time" else [])]
    return "\n".join(told) + "\n"


@pytest.mark.parametrize("tier", ["auto", "none"])
def test_an_attempt_over_a_limit_is_ended_and_typed(story: Story, tier: str) -> None:
    """Each with all that it started, in its own session too; the rest goes on."""
    story.env["PYTHONPATH"] = str(PLUGIN)
    story.begin({"plait.toml": configuration(), "plait.yaml": plan()})
    many = ("--max-agents", str(len(LIMITS)), "--sandbox", tier, "--allow-unchecked")
    outcome = story.plait("run", "plait.yaml", *many, "--yes", "--json")
    assert outcome.code == 3, outcome.out + outcome.err  # one asks
    packages = story.packages()
    codes = {
        name: [each.get("error_code") for each in packages[f"wp-{name}"]["attempts"]]
        for name in LIMITS
    }
    assert codes == {name: [code] for name, (_, _, code) in LIMITS.items()}
    assert packages["wp-none"]["status"] == "landed"
    assert packages["wp-cost"]["status"] == "blocked"  # it would cost as much again
    assert "0.60 USD" in packages["wp-cost"]["question"]
    ended = events(outcome.out, "agent_ended")
    assert [each["status"] for each in ended].count("limited") == 5
    # Whether a program has time to say that it was told to stop makes no difference.
    assert {each["finish"] for each in ended if each["status"] != "completed"} == {"cancelled"}
    assert living_below(story.repo) == []


def test_an_agent_that_was_quiet_because_of_its_rate_rests(story: Story) -> None:
    """What waits in silence to be let in again is ended, rests, and has used up no attempt."""
    story.env["PYTHONPATH"] = str(PLUGIN)
    story.begin({"plait.toml": '[agent]\nstall = "0.5s"\n[retry]\nbackoff = "0s"\n'})
    story.plans("add-a", Piece(id="wp-a", retry_budget=0))
    waits = says("finished", finish="rate_limit", message="too many requests")
    first = lines('if test "$PLAIT_EPOCH" = 1', f"then {waits}", "exec sleep 60", "fi")
    agent = lines(first, WRITE, DONE)
    outcome = story.plait("run", "add-a", "--agent", f"talker:{agent}", "--yes", "--json")
    assert outcome.code == 0, outcome.out
    assert len(events(outcome.out, "provider_parked")) == 1
    (lost,) = events(outcome.out, "attempt_lost")
    assert lost["error_code"] == "RATE_LIMITED"
    assert "too many requests" in lost["reason"]
