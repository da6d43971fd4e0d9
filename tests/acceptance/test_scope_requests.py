"""Agents at work ask for more scope through the coordinator; what is granted binds."""

from __future__ import annotations

import json

from tests.acceptance.conftest import Story
from tests.contract.test_coordination import do, joined
from tests.fakes.plans import Piece

from plait.app.project import SystemClock
from plait.engine.coordinator.desk import Desk
from plait.store import open_store

# Asks for a path by the folder of requests, notes each answer, then writes there.
ASKS = """
case $PLAIT_PACKAGE in
  wp-a) path=docs/a.md writes=docs/a.md wait=20;;
  wp-b) path='docs/*.md' writes=docs/b.md wait=1
    while ! test -e "$NOTES/wp-a-1"; do sleep 0.02; done;;
  wp-c) path=plait.toml writes=plait.toml wait=20;;
esac
ask() {
  asked='{"verb": "request_paths", "paths": ["'$path'"], "wait_s": '$2'}'
  echo "$asked" > "$PLAIT_REQUESTS/$1.json"
  while ! test -s "$PLAIT_REQUESTS/$1.answer.json"; do sleep 0.02; done
  grep -o '"state": *"[a-z]*"' "$PLAIT_REQUESTS/$1.answer.json" > "$NOTES/$PLAIT_PACKAGE-$1"
}
ask 1 $wait
test $PLAIT_PACKAGE = wp-b && { touch "$NOTES/queued"; ask 2 30; }
while test $PLAIT_PACKAGE = wp-a -a ! -e "$NOTES/queued"; do sleep 0.02; done
cp "$PLAIT_SCOPE" "$NOTES/$PLAIT_PACKAGE.json"
mkdir -p docs src/$PLAIT_PACKAGE
echo $PLAIT_PACKAGE >> $writes
echo ok > src/$PLAIT_PACKAGE/x
"""


def test_what_is_granted_lands_and_what_another_has_is_waited_for(story: Story) -> None:
    """One gets the path at once; the other, who wants it too, once the first has landed.

    The report tells both; the plan's scope stays as it is. A path that was refused is a
    violation, as without any request.
    """
    story.begin({"docs/a.md": "begun\n"})
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b"), Piece(id="wp-c"))
    done = story.run("p", ASKS)
    assert done.code == 1, done.out + done.err
    answers = {name: story.note(name)[0].split('"')[-2] for name in ("wp-a-1", "wp-b-1", "wp-b-2")}
    assert answers == {"wp-a-1": "granted", "wp-b-1": "queued", "wp-b-2": "granted"}
    assert '"refused"' in story.note("wp-c-1")[0]
    scope = json.loads((story.notes / "wp-a.json").read_text())
    assert scope["granted"] == ["docs/a.md"]
    assert "docs/a.md" in scope["write"]

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
    assert "command at wp-a asked to write docs/a.md for wp-a" in told
    assert "command at wp-a was granted docs/a.md for wp-a" in told
    assert "wp-a was granted docs/a.md, as command at wp-a asked" in story.plait("report").out


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
