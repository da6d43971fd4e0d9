"""Guardrails around real programs: ordinary work goes on, what reaches further is refused."""

from __future__ import annotations

import json

import pytest
from tests.agents import desk
from tests.agents.conftest import Scene, told_of
from tests.agents.programs import PROGRAMS, Program
from tests.fakes.plans import Piece

HOOKED = [name for name in PROGRAMS if desk.adapter(name).can.hooks]
MADE = "src/wp-a/made.txt"
# Each may be lost, and is: what is left at the end proves that all of it was run.
WORK = f"""\
wp-a:
- shell: mkdir -p src/wp-a/old build && touch src/wp-a/old/x build/y && rm -rf build src/wp-a/old
- shell: echo wrong >> src/wp-a/read.me && git checkout -- . && git reset --hard && git clean -fd
- shell: for f in src/wp-a/read.me; do mv "$f" src/wp-a/moved.me; done; OUT=src/wp-a/$X; ls $OUT
- shell: git push --force origin HEAD:main; echo pushed > src/wp-a/pushed.txt
- shell: rm -rf ../../other; echo gone > src/wp-a/gone.txt
- shell: sh -c 'test -d src/wp-a/old || echo made > {MADE}'
- finish: made
"""


@pytest.fixture(params=HOOKED)
def hooked(request: pytest.FixtureRequest) -> Program:
    """Each program whose adapter says that it asks a hook."""
    found = PROGRAMS[request.param]
    if found.missing:
        pytest.skip(found.missing)
    return found


@pytest.mark.parametrize("tier", ["none", "bwrap"])
def test_ordinary_work_goes_on_and_what_reaches_further_does_not(
    scene: Scene, hooked: Program, tier: str
) -> None:
    """Of two refused commands nothing is run, and the model reads why."""
    scene.begin({"src/wp-a/read.me": "one\n"})
    scene.plans("add-a", Piece(id="wp-a", checks=[f"test -f {MADE}"]))
    with scene.model(WORK, [hooked]) as model:
        outcome = scene.plait(
            "run", "add-a", "--agent", hooked.name, "--sandbox", tier, "--yes", "--json"
        )
        bodies = json.dumps([each.get("body") for each in model.asked()][-1])
    assert outcome.code == 0, told_of(outcome)
    assert [each["status"] for each in scene.packages().values()] == ["landed"]
    left = scene.git("ls-tree", "-r", "--name-only", "openspec/add-a", "src/wp-a").split()
    assert left == [MADE, "src/wp-a/moved.me"]
    # Where Plait does not hold it, codex has a sandbox of its own, in which git writes nothing.
    kept = "one\nwrong" if (hooked.name, tier) == ("codex", "none") else "one"
    assert scene.git("show", "openspec/add-a:src/wp-a/moved.me") == kept
    assert "git push --force" in bodies
    assert "[guardrails] git" in bodies
    assert scene.survivors() == []
