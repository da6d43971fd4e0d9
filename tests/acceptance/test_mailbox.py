"""The run's own agents ask the coordinator by files, held or not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.acceptance.conftest import Story
from tests.fakes.plans import Piece

ASK = """
ask() {{ printf '%s' "$2" > "$PLAIT_REQUESTS/$1.json"
  n=0; until test -e "$PLAIT_REQUESTS/$1.answer.json"; do
    n=$((n+1)); test $n -gt 400 && exit 9; sleep 0.05; done
  cp "$PLAIT_REQUESTS/$1.answer.json" "$PLAIT_OUT/$1.answer.json"; }}
PLAIT_OUT={out}; mkdir -p "$PLAIT_OUT" src/wp-a
"""
WORK = "echo made > src/wp-a/made.txt"


def answers(story: Story, *names: str) -> list[Any]:
    """What was answered."""
    return [
        json.loads(story.git("show", f"openspec/add-one:src/wp-a/asked/{each}.answer.json"))
        for each in names
    ]


@pytest.mark.parametrize("sandbox", ["none", "auto"])
def test_an_agent_asks_and_is_answered(story: Story, sandbox: str) -> None:
    """By the same verbs as workers from elsewhere, as itself, whatever the request says."""
    story.begin()
    story.plans("add-one", Piece(id="wp-a"))
    agent = ASK.format(out="src/wp-a/asked") + "\n".join(
        (
            """ask lock '{"verb": "acquire_lock", "keys": ["flag:mine"], "reason": "trying"}'""",
            """ask who '{"verb": "get_profile"}'""",
            """ask no '{"verb": "get_work"}'""",
            """ask odd '{"verb": "acquire_lock", "paths": ["../../x"]}'""",
            """ask none '[1, 2'""",
            'ln -s /etc/passwd "$PLAIT_REQUESTS/link.json"',
            WORK,
        )
    )
    outcome = story.run("add-one", agent, "--sandbox", sandbox)
    assert outcome.code == 0, outcome.err
    lock, who, no, odd, none = answers(story, "lock", "who", "no", "odd", "none")
    assert lock["ok"]
    assert lock["answer"]["locks"][0]["key"] == "flag:mine"
    assert who["answer"]["agent"] == "command at wp-a"
    run = story.report()["run"]
    assert who["answer"]["run"] == run
    assert [each["code"] for each in (no, odd, none)] == ["DENIED", "OUTSIDE", "INVALID_REQUEST"]


def test_locks_of_an_attempt_end_with_it(story: Story) -> None:
    """The next attempt gets what the last one had locked."""
    story.begin({"plait.toml": "[retry]\nbackoff = 0\n"})
    story.plans("add-one", Piece(id="wp-a", checks=["test -e src/wp-a/good"], retry_budget=1))
    lock = """ask lock '{"verb": "acquire_lock", "keys": ["flag:mine"]}'"""
    agent = "\n".join(
        (
            ASK.format(out="src/wp-a/asked"),
            lock,
            'test "$PLAIT_ATTEMPT" = 1 || : > src/wp-a/good',
            WORK,
        )
    )
    outcome = story.run("add-one", agent)
    assert outcome.code == 0, outcome.err
    (told,) = answers(story, "lock")
    assert told["ok"], told
