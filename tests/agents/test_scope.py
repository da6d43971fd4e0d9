"""The hook before each tool: what it refuses is not done, and nothing is where it cannot run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.agents import desk
from tests.agents.conftest import Scene, told_of
from tests.agents.programs import PROGRAMS, Program
from tests.fakes.plans import Piece

from plait.agents import vendor

HOOKED = [name for name in PROGRAMS if desk.adapter(name).can.hooks]
MADE = "src/wp-a/made.txt"
WRITE = f'wp-a:\n- write: {{path: {MADE}, text: "made\\n"}}\n- finish: made\n'
BEYOND = """\
wp-a:
- write: {path: src/other/beyond.txt, text: "no\\n"}
- write: {path: ../beyond.txt, text: "no\\n"}
- write: {path: .git/beyond.txt, text: "no\\n"}
- write: {path: src/wp-a/made.txt, text: "made\\n"}
- finish: made
"""
# What stands in the checker's place: it ends badly, says nothing that can be read, is not there.
BROKEN = {
    "crashes": "raise SystemExit(1)",
    "is killed": "import os; os.kill(os.getpid(), 9)",
    "answers nonsense": "print('{\"hookSpecificOutput\": ')",
    "is missing": None,
}


@pytest.fixture(params=HOOKED)
def hooked(request: pytest.FixtureRequest) -> Program:
    """Each program whose adapter says that it asks a hook."""
    found = PROGRAMS[request.param]
    if found.missing:
        pytest.skip(found.missing)
    return found


def test_what_is_outside_the_scope_is_refused_by_the_hook(scene: Scene, hooked: Program) -> None:
    """No sandbox helps; the model reads why, the one file that it may write lands."""
    scene.begin({"src/wp-a/read.me": "", "src/other/read.me": ""})
    scene.plans("add-a", Piece(id="wp-a", checks=[f"test -f {MADE}"]))
    with scene.model(BEYOND, [hooked]) as model:
        outcome = scene.plait(
            "run", "add-a", "--agent", hooked.name, "--sandbox", "none", "--yes", "--json"
        )
        bodies = [json.dumps(each.get("body")) for each in model.asked()]
    assert outcome.code == 0, told_of(outcome)
    package = scene.packages()["wp-a"]
    assert package["status"] == "landed"
    assert len(package["attempts"]) == 1
    assert not list(scene.root.rglob("beyond.txt"))
    assert "outside this package's scope" in bodies[-1]
    assert "outside the worktree" in bodies[-1] or "Path not in workspace" in bodies[-1]
    assert scene.git("show", f"openspec/add-a:{MADE}") == "made"


@pytest.mark.parametrize("how", BROKEN)
def test_nothing_is_written_where_the_checker_cannot_run(
    scene: Scene, hooked: Program, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that the scope allows is refused too, however the checker fails."""
    checker = scene.root / "checker.py"
    if (text := BROKEN[how]) is not None:
        checker.write_text(text, encoding="utf-8")
    monkeypatch.setattr(vendor, "HOOK", checker)
    with scene.model(WRITE, [hooked]) as model:
        desk.seen(scene, monkeypatch)
        task = desk.task_of(scene, hooked.name)
        desk.work(desk.adapter(hooked.name), task, scene.env)
        assert model.asked(), desk.said_of(task)
    assert not Path(task.worktree, MADE).exists(), desk.said_of(task)


def test_the_checker_by_hand_lets_the_write_pass(
    scene: Scene, hooked: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is the checker's failure that keeps the file from being written above."""
    with scene.model(WRITE, [hooked]):
        desk.seen(scene, monkeypatch)
        task = desk.task_of(scene, hooked.name)
        desk.work(desk.adapter(hooked.name), task, scene.env)
    assert Path(task.worktree, MADE).read_text("utf-8") == "made\n", desk.said_of(task)
