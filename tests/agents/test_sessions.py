"""Sessions: a program takes up the one it is told to, and its totals are told apart."""

from __future__ import annotations

import json

import pytest
from tests.agents import desk
from tests.agents.conftest import Scene, told_of
from tests.agents.programs import PROGRAMS, Program
from tests.fakes.plans import Piece

MADE = "src/wp-a/made.txt"
USED = (1000, 100)  # of each answer of the model's, in and out
TWICE = f"""\
wp-a:
- - usage: {{input: {USED[0]}, output: {USED[1]}}}
  - finish: the word is heron
- - usage: {{input: {USED[0]}, output: {USED[1]}}}
  - write: {{path: {MADE}, text: "made\\n"}}
  - finish: made
"""
ONCE = f"wp-a:\n- usage: {{input: {USED[0]}, output: {USED[1]}}}\n- finish: the word is heron\n"
RESUMING = [name for name in PROGRAMS if desk.adapter(name).can.resume]


@pytest.fixture(params=RESUMING)
def resuming(request: pytest.FixtureRequest) -> Program:
    """Each program whose adapter says that it goes on with a session."""
    found = PROGRAMS[request.param]
    if found.missing:
        pytest.skip(found.missing)
    return found


def test_a_session_is_taken_up_again(
    scene: Scene, resuming: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its model is shown what was said before; the session stays the same."""
    agent = desk.adapter(resuming.name)
    with scene.model(TWICE, [resuming]) as model:
        desk.seen(scene, monkeypatch)
        first = desk.task_of(scene, resuming.name, "Tell the word.")
        told = desk.work(agent, first, scene.env)
        assert told.session, desk.said_of(first)
        again = desk.task_of(scene, resuming.name, "Go on.", attempt=2, session=told.session)
        more = desk.work(agent, again, scene.env)
        asked = [each for each in model.asked() if each["attempt"] == 2]
    assert more.session == told.session, desk.said_of(again)
    assert (again.worktree / MADE).read_text("utf-8") == "made\n", desk.said_of(again)
    shown = json.dumps(asked[0]["body"])
    assert "the word is heron" in shown
    assert "Tell the word." in shown


def test_a_package_that_is_not_accepted_goes_on_in_its_session(
    scene: Scene, resuming: Program
) -> None:
    """Its second attempt is told there what was wrong; what each of them used is told apart."""
    scene.begin({"src/wp-a/read.me": ""})
    scene.plans("add-a", Piece(id="wp-a", checks=[f"test -f {MADE}"], retry_budget=1))
    with scene.model(ONCE, [resuming]) as model:
        outcome = scene.plait("run", "add-a", "--agent", resuming.name, "--yes", "--json")
        asked = model.asked()
    assert outcome.code == 1, told_of(outcome)  # the second is in vain too
    events = [json.loads(each) for each in outcome.out.splitlines()]
    begun = [each["data"] for each in events if each["type"] == "attempt_started"]
    ended = [each["data"] for each in events if each["type"] == "agent_ended"]
    assert len(ended) == 2
    assert begun[1]["session"] == ended[0]["session"] == ended[1]["session"] != ""
    first, second = (json.dumps(each["body"]) for each in asked)
    assert "the word is heron" in second
    assert "exited 1: test -f" in second
    assert "exited 1: test -f" not in first
    assert [(each["tokens_input"], each["tokens_output"]) for each in ended] == [USED, USED]
