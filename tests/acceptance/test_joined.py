"""Workers join a run over the faces, beside the run's own agents; what they did lands."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from threading import Thread
from typing import Any

import anyio.from_thread
import pytest
from tests.acceptance.conftest import Story, wait_until
from tests.fakes.plans import Piece
from tests.fakes.served import LEGACY, MODERN, Faces, serving

OWN = (  # they leave something for those who are slow to come
    'n=0; until test -e "$NOTES/joined-0" -a -e "$NOTES/joined-1"; do n=$((n+1)); '
    "test $n -gt 600 && break; sleep 0.1; done; "
    'mkdir -p "src/$PLAIT_PACKAGE" && echo own > "src/$PLAIT_PACKAGE/made.txt"; sleep 0.3; '
    'echo "$PLAIT_PACKAGE" >> "$NOTES/own"'
)


def works(face: Any, done: list[str], over: list[bool], joined: Path, others: list[Path]) -> None:
    """Claim, do and complete packages until the run is over; a second one once all have one."""
    while not over:
        answer = face.call("get_work", types=["package"], wait_s=1.0)
        work = answer.value["work"]
        if work is None:
            continue
        assert not face.call("heartbeat", doing=work["title"]).code
        path = Path(work["input"]["workspace"]["path"]) / "src" / work["package"] / "made.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("theirs\n")
        told = face.call("complete_work", task=work["task"], token=work["token"], summary="done")
        assert told.value["state"] == "completed"
        done.append(work["package"])
        joined.touch()
        wait_until(lambda: bool(over) or all(each.exists() for each in others), timeout=60)


@pytest.mark.long
@pytest.mark.parametrize(
    "kinds",
    [
        ("http", f"mcp/{LEGACY}"),
        (f"stdio/{MODERN}", f"mcp/{MODERN}"),
        (f"stdio/{LEGACY}", "http"),
    ],
    ids="-".join,
)
def test_two_workers_join_beside_two_of_the_run(story: Story, kinds: tuple[str, ...]) -> None:
    """Every package lands once, whoever did it; each worker did some."""
    story.begin()
    names = [f"p{number}" for number in range(8)]
    check = "grep -q . src/{0}/made.txt"
    story.plans("add", *(Piece(id=each, checks=[check.format(each)]) for each in names))
    over: list[bool] = []
    done: list[list[str]] = [[], []]
    with serving(story.repo, env=story.env) as service, ExitStack() as stack:
        portal = stack.enter_context(anyio.from_thread.start_blocking_portal())
        threads = []
        notes = [story.notes / f"joined-{number}" for number in range(2)]
        for kind, mine, note in zip(kinds, done, notes, strict=True):
            faces = Faces(kind=kind, service=service, repo=story.repo, stack=stack, portal=portal)
            told = (faces.agent(kind[:4]), mine, over, note, notes)
            threads.append(Thread(target=works, args=told))
        for thread in threads:
            thread.start()
        run = story.starts("run", "add", "--yes", "--agent", f"command:{OWN}", "--max-agents", "2")
        _, err = run.communicate(timeout=120)
        over.append(True)
        for thread in threads:
            thread.join(20)
        assert run.returncode == 0, err
    own = story.note("own")
    assert sorted([*done[0], *done[1], *own]) == names
    assert all((done[0], done[1], own))
    assert {each["status"] for each in story.packages().values()} == {"landed"}


@pytest.mark.long
def test_who_went_away_has_claimed_nothing(story: Story) -> None:
    """A client that waits for work and leaves gets none of what comes later."""
    story.begin()
    with serving(story.repo, env=story.env) as service, service.client() as client:
        told = client.post("/api/register_session", json={}).json()
        client.headers["plait-session"] = told["credential"]
        with service.client(**{"plait-session": told["credential"]}) as waiting, ExitStack() as end:

            def wait() -> None:
                with pytest.raises(Exception, match="timed out"):
                    waiting.post("/api/get_work", json={"wait_s": 30}, timeout=0.5)

            thread = Thread(target=wait)
            thread.start()
            end.callback(thread.join)
        time.sleep(0.3)  # until the service has seen that it is gone
        client.post("/api/submit_work", json={"type": "x", "title": "t"})
        time.sleep(0.3)
        tasks = client.get("/api/list_work").json()["tasks"]
        assert [each["state"] for each in tasks] == ["open"]
        assert client.post("/api/get_work", json={}).json()["work"]
        wait_until(lambda: client.get("/health").status_code == 200)
