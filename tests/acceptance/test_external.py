"""Workers from elsewhere in real runs: claimed, completed, lost, late, beside the run's own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from tests.acceptance.conftest import Story, end_with, wait_until
from tests.fakes.plans import Piece

from plait.engine.coordinator.desk import Desk
from plait.engine.coordinator.refusal import Refusal
from plait.engine.coordinator.verb import Caller
from plait.store import open_store
from plait.store.sql import SqlStore

OWN = (
    'mkdir -p "src/$PLAIT_PACKAGE" && echo own > "src/$PLAIT_PACKAGE/made.txt"; '
    'echo "$PLAIT_PACKAGE" >> "$NOTES/own"'
)


Begin = Callable[..., "subprocess.Popen[bytes]"]


class WallClock:
    """The time of day."""

    def now(self) -> float:
        """Unix time."""
        return time.time()


class Worker:
    """An agent from elsewhere, in this process, with a store of its own."""

    def __init__(self, store: SqlStore, agent: str, **given: Any) -> None:
        """Join."""
        self.desk = Desk(store=store)
        self.caller = Caller()
        told = self.do("register_session", agent=agent, **given)
        self.caller = Caller(credential=told.credential)

    def do(self, name: str, **given: Any) -> Any:
        """Carry a verb out."""
        verb, asked = self.desk.read(name, given)
        return self.desk.do(self.caller, verb, asked)

    def work(self, *, patience_s: float = 30) -> Any:
        """Ask for work until there is some."""
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            found = self.do("get_work").work
            if found is not None:
                return found
            time.sleep(0.05)
        raise AssertionError(f"there was no work: {self.told()}")

    def told(self) -> object:
        """How the runs stand, for whoever reads of a failure."""
        store: Any = self.desk.store
        runs = [(run.id, run.status, store.packages(run.id)) for run in store.runs()]
        return runs, store.look(lambda rows: (rows.tasks(), rows.demands(), rows.now))

    def writes(self, work: Any, text: str = "theirs") -> None:
        """Do what a package asks for, in the workspace."""
        root = Path(work.input["workspace"]["path"])
        path = root / "src" / work.package / "made.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")

    def completes(self, work: Any, **given: Any) -> Any:
        """Say that it is done."""
        return self.do("complete_work", task=work.task, token=work.token, **given)


Join = Callable[..., Worker]


@pytest.fixture
def join(story: Story) -> Iterator[Callable[..., Worker]]:
    """Join the story's coordinator."""
    opened: list[SqlStore] = []

    def joined(agent: str, **given: Any) -> Worker:
        wait_until((story.repo / ".plait" / "plait.db").exists)
        store = open_store(story.repo / ".plait" / "plait.db", clock=WallClock())
        opened.append(store)
        return Worker(store, agent, **given)

    yield joined
    for store in opened:
        store.close()


def plan(story: Story, *names: str, **given: Any) -> None:
    """Packages that have nothing to do with one another, each with a check of its own file."""
    story.begin({"plait.toml": "[retry]\nbackoff = 0\n"})
    given.setdefault("retry_budget", 1)
    checks = ["grep -q . src/{0}/made.txt && ! grep -q bad src/{0}/made.txt"]
    story.plans(
        "add-some", *(Piece(id=n, checks=[c.format(n) for c in checks], **given) for n in names)
    )


@pytest.fixture
def begin(story: Story) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Begin a run in the background; it ends with the test at the latest."""
    begun: list[subprocess.Popen[bytes]] = []

    def run(*more: str, agent: str = "external") -> subprocess.Popen[bytes]:
        begun.append(story.starts("run", "add-some", "--agent", agent, "--yes", *more))
        return begun[-1]

    yield run
    for each in begun:
        if each.poll() is None:
            end_with(each, signal.SIGINT)
        elif each.stdout is not None and not each.stdout.closed:
            each.communicate()


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Its exit code and what it said."""
    out, err = process.communicate(timeout=90)
    return process.returncode, (out + err).decode()


def test_two_workers_from_elsewhere_and_two_of_plaits_own(
    story: Story, join: Join, begin: Begin
) -> None:
    """All of it lands; those who came to work were given work beside the run's own agents."""
    names = [f"wp-{each}" for each in "abcdefgh"]
    plan(story, *names)
    slow = f"{OWN}; sleep 0.4"
    run = begin("--max-agents", "2", agent=f"command:{slow}")
    done: list[str] = []

    def serve(worker: Worker) -> None:
        while run.poll() is None:
            work = worker.do("get_work").work
            if work is None:
                time.sleep(0.05)
                continue
            worker.writes(work)
            worker.completes(work)
            done.append(work.package)

    threads = [Thread(target=serve, args=[join(name)]) for name in ("ada", "bob")]
    for each in threads:
        each.start()
    code, said = ended(run)
    for each in threads:
        each.join()
    assert code == 0, said
    assert len(done) == len(set(done)) >= 2
    assert len(story.note("own")) >= 2
    assert sorted([*done, *story.note("own")]) == names
    attempts = {name: each["attempts"] for name, each in story.packages().items()}
    assert {name for name in names if attempts[name][-1]["agent"] == "external"} == set(done)


def test_completing_decides_nothing(story: Story, join: Join, begin: Begin) -> None:
    """Red checks and paths outside the scope are told to the next attempt, whoever makes it."""
    plan(story, "wp-a", retry_budget=2)
    run = begin()
    ada = join("ada")
    work = ada.work()
    assert "made.txt" in work.input["checks"][0]["command"]
    ada.writes(work, "bad")
    assert ada.completes(work, result={"status": "completed"}).state == "completed"
    work = ada.work()
    assert work.input["attempt"] == 2
    assert "bad" in work.input["brief"]
    root = Path(work.input["workspace"]["path"])
    (root / "elsewhere.txt").write_text("x\n")
    ada.writes(work)
    ada.completes(work)
    work = ada.work()
    assert "elsewhere.txt" in work.input["brief"]
    ada.writes(work)
    ada.completes(work)
    code, said = ended(run)
    assert code == 0, said
    codes = [each.get("error_code") for each in story.packages()["wp-a"]["attempts"]]
    assert codes == ["VERIFICATION_FAILED", "SCOPE_VIOLATION", None]


def test_what_a_lost_worker_had_goes_to_another_one(story: Story, join: Join, begin: Begin) -> None:
    """In a new worktree; what the first had written is kept; its late word is refused."""
    plan(story, "wp-a")
    run = begin()
    ada = join("ada", ttl_s=2)
    first = ada.work()
    ada.writes(first, "half")
    ada.do("acquire_lock", keys=["flag:mine"])
    bob = join("bob")
    second = bob.work()
    assert second.input["epoch"] > first.input["epoch"]
    assert second.input["workspace"]["path"] != first.input["workspace"]["path"]
    assert bob.do("acquire_lock", keys=["flag:mine"]).locks
    with pytest.raises(Refusal) as caught:
        ada.completes(first)
    assert caught.value.code == "SESSION_OVER"
    ada.writes(first, "bad")  # it does not know better
    bob.writes(second)
    bob.completes(second)
    code, said = ended(run)
    assert code == 0, said
    attempts = story.packages()["wp-a"]["attempts"]
    assert [each.get("error_code") for each in attempts] == ["WORKER_LOST", None]
    assert story.git("show", f"{attempts[0]['kept_ref']}:src/wp-a/made.txt") == "half"
    assert story.git("show", "openspec/add-some:src/wp-a/made.txt") == "theirs"


def test_a_worker_goes_on_while_plait_is_killed_and_taken_up_again(
    story: Story, join: Join, begin: Begin
) -> None:
    """It completes while nobody decides the run; the run that is taken up lands its work."""
    plan(story, "wp-a")
    run = begin()
    ada = join("ada", ttl_s=300)
    work = ada.work()
    run.kill()
    run.communicate()
    ada.writes(work)
    assert ada.completes(work).state == "completed"
    outcome = story.plait("resume")
    assert outcome.code == 0, outcome.err
    (attempt,) = story.packages()["wp-a"]["attempts"]
    assert attempt["agent"] == "external"


@pytest.mark.long
def test_a_commit_that_was_pushed_is_taken(story: Story, join: Join, begin: Begin) -> None:
    """From a clone, to the hidden ref that the envelope names; an unknown one is the worker's."""
    plan(story, "wp-a", retry_budget=2)
    run = begin()
    ada = join("ada")
    work = ada.work()
    ada.completes(work, commit="0" * 40)
    work = ada.work()
    assert work.input["push"]["ref"] in work.input["brief"] or "0" * 40 in work.input["brief"]
    clone = story.root / "clone"
    story.git("clone", "-q", str(story.repo), str(clone))

    def git(*argv: str) -> str:
        done = subprocess.run(
            ["git", *argv], cwd=clone, env=story.env, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("fetch", "-q", "origin", work.input["workspace"]["base"])
    git("checkout", "-q", "FETCH_HEAD")
    (clone / "src" / "wp-a").mkdir(parents=True)
    (clone / "src" / "wp-a" / "made.txt").write_text("pushed\n")
    git("add", "-A")
    git("commit", "-qm", "made")
    git("push", "-q", "origin", f"HEAD:{work.input['push']['ref']}")
    ada.completes(work, commit=git("rev-parse", "HEAD"))
    code, said = ended(run)
    assert code == 0, said
    assert story.git("show", "openspec/add-some:src/wp-a/made.txt") == "pushed"
    assert not story.git("for-each-ref", "refs/plait/in/")


@pytest.mark.long
def test_nobody_came_so_its_own_agents_do_it(story: Story, join: Join, begin: Begin) -> None:
    """A worker that asked and went away holds nothing up for long."""
    plan(story, "wp-a", "wp-b")
    run = begin("--max-agents", "1", agent=f"command:sleep 1; {OWN}")
    ada = join("ada", ttl_s=2)
    assert ada.do("get_work").work is None
    code, said = ended(run)
    assert code == 0, said
    assert sorted(set(story.note("own"))) == ["wp-a", "wp-b"]


@pytest.mark.long
def test_a_cancelled_package_is_told_to_its_worker(story: Story, join: Join, begin: Begin) -> None:
    """With its next heartbeat; to complete it then is refused."""
    plan(story, "wp-a", "wp-b")
    run = begin()
    ada = join("ada")
    work = ada.work()
    assert story.plait("cancel", work.input["run"], work.package).code == 0
    wait_until(lambda: ada.do("heartbeat").claims[0].state == "cancelled")
    with pytest.raises(Refusal) as caught:
        ada.completes(work)
    assert caught.value.code == "STALE_CLAIM"
    other = ada.work()
    ada.writes(other)
    ada.completes(other)
    code, said = ended(run)
    assert code == 1, said


@pytest.mark.long
def test_a_session_that_locked_a_path_is_waited_for(story: Story, join: Join, begin: Begin) -> None:
    """Nothing begins on it; and no session gets a lock on what a package writes."""
    plan(story, "wp-a", "wp-b")
    story.plait("init")  # the store is there before the run
    run = begin()
    ada = join("ada")
    work = ada.work()
    with pytest.raises(Refusal) as caught:
        ada.do("acquire_lock", paths=[f"src/{work.package}/made.txt"])
    assert caught.value.data["held"][0]["package"] == work.package
    ada.writes(work)
    ada.completes(work)
    other = ada.work()
    ada.writes(other)
    ada.completes(other)
    code, said = ended(run)
    assert code == 0, said


@pytest.mark.long
def test_the_shell_that_waits_is_nobodys_agent(story: Story, join: Join, begin: Begin) -> None:
    """Killed from outside, the attempt begins anew, and its worker hears that it is over."""
    plan(story, "wp-a")
    run = begin()
    ada = join("ada")
    work = ada.work()
    pipe = story.repo / ".plait" / "runs" / work.input["run"] / work.package / "1" / "over"
    wait_until(pipe.exists)
    found = subprocess.run(
        ["pgrep", "-f", "mkfifo -m 600.*" + work.package + "/1/over"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    assert found
    os.kill(int(found[-1]), signal.SIGKILL)
    again = ada.work()
    assert again.input["epoch"] > work.input["epoch"]
    ada.writes(again)
    ada.completes(again)
    code, said = ended(run)
    assert code == 0, said
