"""Real programs by the Agent Client Protocol: asked, answered, written for, cancelled."""

from __future__ import annotations

import json

import pytest
from tests.acceptance.conftest import wait_until
from tests.agents.conftest import Scene, told_of
from tests.agents.programs import MODULES, PROGRAMS, SPEAKING, Program
from tests.fakes.plans import Piece

# Under a name that Plait does not know: who asks before it writes, and who has the client write.
STRANGERS = [
    ("copilot", "--acp", "edit"),
    ("gemini", "--acp", "edit"),
    ("qwen", "--acp --approval-mode yolo --auth-type openai", "write"),
]
MADE = "src/wp-a/made.txt"
BEYOND = f"""\
wp-a:
- write: {{path: src/other/beyond.txt, text: "no\\n"}}
- write: {{path: {MADE}, text: "made\\n"}}
- shell: echo further >> {MADE}
- finish: made
"""
ENDLESS = f"wp-a:\n- shell: touch {MADE} && sleep 600\n- finish: made\n"


@pytest.fixture(params=SPEAKING)
def speaking(request: pytest.FixtureRequest) -> Program:
    """Each program that speaks the protocol by itself."""
    found = PROGRAMS[request.param]
    if found.missing:
        pytest.skip(found.missing)
    return found


def begun(scene: Scene) -> None:
    """A repository and a plan of one package."""
    scene.begin({"src/wp-a/read.me": "", "src/other/read.me": ""})
    scene.plans("add-a", Piece(id="wp-a", checks=[f"test -f {MADE}"], timeout_minutes=3))


@pytest.mark.parametrize("tier", ["none", "bwrap"])
def test_what_it_asks_is_answered_by_the_scope(scene: Scene, speaking: Program, tier: str) -> None:
    """The write outside is refused, the one within lands, as does what the shell adds to it."""
    begun(scene)
    with scene.model(BEYOND, [speaking]) as model:
        outcome = scene.plait(
            "run", "add-a", "--agent", f"acp:{SPEAKING[speaking.name]}", "--sandbox", tier,
            "--yes", "--json",
        )  # fmt: skip
        asked = model.asked()
    assert outcome.code == 0, told_of(outcome)
    package = scene.packages()["wp-a"]
    assert (package["status"], len(package["attempts"])) == ("landed", 1)
    assert scene.git("show", f"openspec/add-a:{MADE}") == "made\nfurther"
    assert {each["api"] for each in asked} == {speaking.api}
    told = [json.loads(each) for each in outcome.out.splitlines()]
    ended = next(each["data"] for each in told if each["type"] == "agent_ended")
    assert (ended["finish"], bool(ended["session"])) == ("ok", True)
    if speaking.name != "opencode":  # which refuses by its own rules
        assert "outside this package's scope" in outcome.out + json.dumps(asked[-1]["body"])
    assert scene.survivors() == []


@pytest.mark.parametrize(("name", "arguments", "tool"), STRANGERS)
def test_a_program_that_nobody_knows_is_held_by_the_client(
    scene: Scene, name: str, arguments: str, tool: str
) -> None:
    """It has no hook of ours: its questions, and what it has written for it, are judged."""
    known = PROGRAMS[name]
    if known.missing:
        pytest.skip(known.missing)
    begun(scene)
    (scene.root / "programs" / "stranger").symlink_to((MODULES / known.place).resolve())
    with scene.model(BEYOND, [known]) as model:
        outcome = scene.plait(
            "run", "add-a", "--agent", f"acp:stranger {arguments}", "--sandbox", "none",
            "--yes", "--json",
        )  # fmt: skip
        assert model.asked(), told_of(outcome)
    assert outcome.code == 0, told_of(outcome)
    assert len(scene.packages()["wp-a"]["attempts"]) == 1
    assert scene.git("show", f"openspec/add-a:{MADE}") == "made\nfurther"
    told = [json.loads(each) for each in outcome.out.splitlines()]
    (denied,) = [each["data"] for each in told if each["type"] == "denied"]
    assert denied["tool"] == tool
    assert "src/other/beyond.txt is outside this package's scope" in denied["reason"]


def test_a_cancel_ends_the_session(scene: Scene, speaking: Program) -> None:
    """While its shell works, and nothing of it is left."""
    begun(scene)
    with scene.model(ENDLESS, [speaking]):
        run = scene.starts(
            "run", "add-a", "--agent", f"acp:{SPEAKING[speaking.name]}", "--yes", "--json"
        )
        wait_until(lambda: any("sleep 600" in each for each in scene.survivors()), timeout=90)
        outcome = scene.plait("cancel", "wp-a")
        assert outcome.code == 0, told_of(outcome)
        out, err = run.communicate(timeout=60)
        assert scene.survivors() == []
    assert run.returncode == 1, err.decode()
    assert scene.packages()["wp-a"]["status"] == "cancelled"
    (place,) = scene.repo.glob(".plait/runs/*/wp-a/1/transcript.jsonl")
    last = json.loads(place.read_text("utf-8").splitlines()[-1])
    assert (last["kind"], last["finish"]) == ("finished", "cancelled"), out.decode()
