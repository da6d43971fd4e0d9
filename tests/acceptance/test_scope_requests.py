"""Agents at work ask for more scope through the coordinator; what is granted binds."""

from __future__ import annotations

import json
import sys

from tests.acceptance.conftest import Story
from tests.contract.test_coordination import do, joined
from tests.fakes.plans import Piece

from plait.app.project import SystemClock
from plait.engine.coordinator.desk import Desk
from plait.store import open_store

# Asks for what it is told to, notes the answer, writes there, and in its own scope.
ASKS = f"""{sys.executable} - <<'END'
import json, os, pathlib, sys, anyio
from plait.app.project import SystemClock
from plait.engine.coordinator.desk import Desk
from plait.engine.coordinator.verb import Caller
from plait.store import open_store

here = pathlib.Path.cwd()
root = next(each for each in here.parents if each.name == ".plait")
own, notes = os.environ["PLAIT_PACKAGE"], pathlib.Path(os.environ["NOTES"])
path, writes, turn = json.loads((notes / "asks.json").read_text())[own]

async def main():
    desk = Desk(store=open_store(root / "plait.db", clock=SystemClock()))
    joined = await desk.carry_out(Caller(), "register_session", {{"agent": own}})
    caller = Caller(credential=joined.credential)
    asked = {{"run": os.environ["PLAIT_RUN"], "package": own, "paths": [path],
              "epoch": int(os.environ["PLAIT_EPOCH"])}}
    told = await desk.carry_out(caller, "request_paths", {{**asked, "wait_s": 1 if turn else 20}})
    (notes / own).write_text(told.state)
    if told.state == "queued":
        (notes / "queued").touch()
        told = await desk.carry_out(caller, "request_paths", {{**asked, "wait_s": 30}})
    (notes / f"{{own}}-then").write_text(told.state)
    scope = json.loads(pathlib.Path(os.environ["PLAIT_SCOPE"]).read_text())
    (notes / f"{{own}}-scope").write_text(json.dumps(scope.get("granted", [])))
    while turn == 0 and not (notes / "queued").exists():
        await anyio.sleep(0.02)
    desk.store.close()

anyio.run(main)
for each in (writes, f"src/{{own}}/x"):
    place = here / each
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text((place.read_text() if place.exists() else "") + own + chr(10))
END
"""

# wp-b asks once wp-a has what it wants.
FIRST = "test $PLAIT_PACKAGE != wp-b || while ! test -e $NOTES/wp-a-then; do sleep 0.02; done; "


def test_what_is_granted_lands_and_what_another_has_is_waited_for(story: Story) -> None:
    """One gets the path at once; the other, who wants it too, once the first has landed.

    The report tells both; the plan's scope stays as it is. A path that was refused is a
    violation, as without any request.
    """
    story.begin({"docs/a.md": "begun\n"})
    asks = {
        "wp-a": ("docs/a.md", "docs/a.md", 0),
        "wp-b": ("docs/*.md", "docs/b.md", 1),
        "wp-c": ("plait.toml", "plait.toml", 1),
    }
    (story.notes / "asks.json").write_text(json.dumps(asks))
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b"), Piece(id="wp-c"))
    done = story.run("p", FIRST + ASKS)
    assert done.code == 1, done.out + done.err
    assert story.note("wp-a") == ["granted"]
    assert story.note("wp-b") == ["queued"]
    assert story.note("wp-b-then") == ["granted"]
    assert story.note("wp-c") == ["refused"]
    assert story.note("wp-a-scope") == ['["docs/a.md"]']

    report = story.report()
    states = {each["id"]: each for each in report["packages"]}
    assert [states[each]["status"] for each in sorted(states)] == ["landed", "landed", "failed"]
    assert states["wp-c"]["attempts"][0]["violations"] == ["plait.toml"]
    assert story.git("show", "openspec/p:docs/a.md") == "begun\nwp-a"
    assert story.git("show", "openspec/p:docs/b.md") == "wp-b"
    assert [(each["package"], each["paths"]) for each in report["grants"]] == [
        ("wp-a", ["docs/a.md"]),
        ("wp-b", ["docs/*.md"]),
    ]
    told = [f"{each['who']} {each['text']}" for each in report["audit"]]
    assert "wp-a asked to write docs/a.md for wp-a" in told
    assert "wp-a was granted docs/a.md for wp-a" in told
    assert "wp-a was granted docs/a.md, as wp-a asked" in story.plait("report").out


def test_a_person_answers_what_an_agent_from_elsewhere_asks(story: Story) -> None:
    """`plait status` shows the question and the progress, `plait answer` answers at once."""
    story.begin()
    story.plans("p", Piece(id="wp-a"))
    assert story.run("p", "mkdir -p src/wp-a; echo 1 > src/wp-a/x").code == 0
    name = story.report()["run"]
    store = open_store(story.repo / ".plait" / "plait.db", clock=SystemClock())
    ada = joined(Desk(store=store), "ada")
    question = do(
        Desk(store=store), ada, "ask", run=name, question="left\x1b[2J or right?"
    ).question
    task = do(Desk(store=store), ada, "submit_work", type="x", title="t", run=name).task
    do(Desk(store=store), ada, "get_work")
    do(Desk(store=store), ada, "report_progress", task=task, percent=40, message="digging")

    status = story.plait("status").out
    assert f"{task}: 40 % digging (ada" in status
    assert f"ada asks ({question}):" in status
    assert f'plait answer {name} {question} "TEXT"' in status
    assert "\x1b" not in status
    told = story.plait("status", "--json").report()
    assert (told["questions"][0]["id"], told["progress"][0]["percent"]) == (question, 40)
    done = story.plait("answer", question, "left")
    assert (done.code, done.out) == (0, "ada is told\n")
    assert story.plait("answer", question, "right").code == 2
    assert do(Desk(store=store), ada, "get_answer", question=question).answer == "left"
    assert "asks" not in story.plait("status").out
    store.close()
