"""The attacks: what is done to a run, and what came of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.crash.points import DECLARED, LANDING, RARE
from tests.crash.scene import BRANCH, Scene, Server, Story, new_folder
from tests.crash.stories import ROW
from tests.crash.truth import faults

ENVIRONMENT = 4
FEW = 2  # kills in a run that is otherwise disturbed, too
MOST_RESUMES = 12  # with nothing killing it, a run is taken up once, or a little more often
KILLED, TERMINATED = -signal.SIGKILL, 128 + signal.SIGTERM


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What an attack did, how often, and all that was wrong afterwards."""

    name: str
    kills: int = 0
    runs: int = 0
    faults: list[str] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)


def undisturbed(story: Story, server: Server) -> tuple[str, Counter[str]]:
    """The tree that a run ends with, and the points that it passes, each with its count."""
    tree, passed = recorded(story, server)
    return tree, Counter(passed)


def recorded(story: Story, server: Server) -> tuple[str, list[str]]:
    """The tree that a run ends with, and the points that it passes, one after another."""
    root = new_folder()
    scene = Scene(root / "scene", story, server)
    (scene.notes / "calm").touch()
    code, said = scene.start(record=str(root / "record"))
    wrong: list[str] = []
    if code != story.code or (wrong := faults(scene, scene.tree())):
        raise AssertionError((code, said, wrong, root))
    return scene.tree(), (root / "record").read_text().splitlines()


def judged(scene: Scene, code: int, said: str, tree: str, **more: Any) -> list[str]:
    """All that is wrong with how a run ended, each with the place to look at."""
    wrong = [] if code == scene.story.code else [f"exit code {code}: {said.strip()[-400:]}"]
    wrong += faults(scene, tree, **more)
    return [f"{each} [{scene.root}]" for each in wrong]


def settled(scene: Scene) -> tuple[int, str]:
    """Take a run up again until it is over, with nothing in its way."""
    for _ in range(MOST_RESUMES):
        code, said = scene.resume()
        if code not in {KILLED, TERMINATED}:
            break
    return code, said


def in_a_row(story: Story, server: Server, tree: str, *, died: Path, name: str) -> Outcome:
    """One run, killed at each point that it passes and that is not in `died`, where it is noted.

    Somebody asks it to stop until that has been recorded, and was died at. Where several runners
    test a row of candidates, it dies at each point of landing whatever `died` says of it.
    """
    root = new_folder()
    outcome = Outcome(name=name, runs=1)
    died.touch()
    if story is ROW:
        others = [each for each in died.read_text().splitlines() if each not in LANDING]
        died.write_text("".join(f"{each}\n" for each in others))
    orders = {"record": str(root / "record"), "once": str(died)}
    scene = Scene(root / "scene", story, server)
    code, said = scene.start(**orders)
    while code in {KILLED, TERMINATED}:
        outcome.kills += 1
        told = "recorded run_interrupted" in died.read_text()
        code, said = scene.resume(**orders, term="" if told else "recorded attempt_started")
    outcome.faults = judged(scene, code, said, tree)
    outcome.reached = set((root / "record").read_text().splitlines())
    if missed := outcome.reached - set(died.read_text().splitlines()):
        outcome.faults.append(f"passed and not died at: {sorted(missed)}")
    return outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A place to die at: the n-th time that a point is passed."""

    name: str
    nth: int


def prepared(passed: Sequence[str]) -> Iterator[Point]:
    """Where a session is prepared, from the end of the agent before to the start of the next."""
    middle = passed.index("start git reset")
    begin = max(n for n, name in enumerate(passed[:middle]) if name == "end agent")
    end = middle + passed[middle:].index("start shim")
    for number in range(begin, end + 1):
        yield Point(name=passed[number], nth=passed[: number + 1].count(passed[number]))


def alone(story: Story, server: Server, tree: str, point: Point) -> Outcome:
    """One run, killed at one point."""
    root = new_folder()
    outcome = Outcome(name=f"{point.name} ({point.nth})", runs=1)
    scene = Scene(root, story, server)
    code, said = scene.start(at=point.name, nth=point.nth)
    if code == KILLED:
        outcome.kills += 1
        code, said = settled(scene)
    outcome.faults = judged(scene, code, said, tree)
    tidy(root, outcome)
    return outcome


def at_random(story: Story, server: Server, tree: str, *, chance: Random, kills: int) -> Outcome:
    """One run, killed so many times at random."""
    root = new_folder()
    outcome = Outcome(name="random", runs=1)
    scene = Scene(root, story, server)
    code, said = scene.start(**_some_time(chance))
    while code == KILLED and outcome.kills < kills:
        outcome.kills += 1
        code, said = scene.resume(**(_some_time(chance) if outcome.kills < kills else {}))
    outcome.faults = judged(scene, code, said, tree)
    tidy(root, outcome)
    return outcome


def with_others(
    story: Story, server: Server, tree: str, *, chance: Random, mark: str, name: str
) -> Outcome:
    """One run, killed at random, and with it all its processes that carry a mark."""
    root = new_folder()
    outcome = Outcome(name=name, runs=1)
    scene = Scene(root, story, server)
    code, said = scene.start(**_some_time(chance))
    while code == KILLED and outcome.kills < FEW:
        outcome.kills += 1
        for pid in scene.holders(mark):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        code, said = scene.resume(**(_some_time(chance) if outcome.kills < FEW else {}))
    outcome.faults = judged(scene, code, said, tree)
    tidy(root, outcome)
    return outcome


def with_full_disk(story: Story, server: Server, tree: str, *, chance: Random) -> Outcome:
    """One run whose disk fills up at a random point, and is freed before it is taken up again."""
    root = new_folder()
    outcome = Outcome(name="full disk", runs=1)
    disk = root / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk], check=True)
    try:
        scene = Scene(root / "scene", story, server, repo=disk / "repo")
        code, said = scene.start(fill=chance.randint(1, 600))
        (disk / "filler").unlink(missing_ok=True)
        if code != story.code:
            outcome.kills += 1
            if code != ENVIRONMENT:
                outcome.faults.append(f"on a full disk: exit code {code}: {said[-300:]} [{root}]")
            code, said = settled(scene)
        outcome.faults += judged(scene, code, said, tree)
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)
    tidy(root, outcome)
    return outcome


def with_locks(story: Story, server: Server, tree: str, *, chance: Random) -> Outcome:
    """One run, killed at random, in whose repository killed gits left their locks."""
    root = new_folder()
    outcome = Outcome(name="git's locks", runs=1)
    scene = Scene(root, story, server)
    code, said = scene.start(**_some_time(chance))
    if code == KILLED:
        outcome.kills += 1
        theirs = _plant(scene)
        code, said = scene.resume()
        shared = scene.repo / ".git/packed-refs.lock"
        if code == ENVIRONMENT and "GIT_LOCKED" in said and str(shared) in said:
            shared.unlink()  # as the hint says: it may be anybody's, so a person decides
            theirs -= {shared}
            code, said = settled(scene)
        outcome.faults = judged(scene, code, said, tree, planted=theirs)
    else:
        outcome.faults = judged(scene, code, said, tree)
    tidy(root, outcome)
    return outcome


def _plant(scene: Scene) -> frozenset[Path]:
    """Leave locks as killed gits do; those that are none of Plait's."""
    git = scene.repo / ".git"
    own = [git / f"refs/heads/{BRANCH}.lock"]
    runs = scene.repo / ".plait/runs"
    for run in runs.iterdir() if runs.is_dir() else ():
        for work in scene.works:
            own.append(git / f"refs/heads/plait/{run.name}/{work.id}.lock")
            own += [git / f"refs/plait/keep/{run.name}/{work.id}/{n}.lock" for n in range(1, 4)]
    for admin in (git / "worktrees").glob("w*"):
        own += [admin / "index.lock", admin / "HEAD.lock"]
    theirs = [git / "index.lock", git / "HEAD.lock", git / "packed-refs.lock"]
    for lock in (*own, *theirs):
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
    return frozenset(theirs)


def with_clock(story: Story, server: Server, tree: str, *, chance: Random) -> Outcome:
    """One run whose clock is set back by an hour, and which is killed at random after that."""
    root = new_folder()
    outcome = Outcome(name="clock set back", runs=1)
    scene = Scene(root, story, server)
    code, said = scene.start(clock=chance.randint(2, 40), **_some_time(chance))
    while code == KILLED and outcome.kills < FEW:
        outcome.kills += 1
        more = _some_time(chance) if outcome.kills < FEW else {}
        code, said = scene.resume(clock=1, **more)
    outcome.faults = judged(scene, code, said, tree)
    tidy(root, outcome)
    return outcome


def _some_time(chance: Random) -> dict[str, Any]:
    """Some time after a run has begun, or was taken up: so many points on, and a moment more."""
    return {"after": chance.randint(10, 400), "wait_s": chance.uniform(0, 0.05)}


def tidy(root: Path, outcome: Outcome) -> None:
    """Delete what no longer interests; what went wrong stays, to be looked at."""
    if not outcome.faults:
        shutil.rmtree(root, ignore_errors=True)


def differing(reached: set[str]) -> Iterator[str]:
    """What the list of points does not have, and what of it was never passed."""
    yield from (f"not declared: {each}" for each in sorted(reached - DECLARED - set(RARE)))
    yield from (f"never reached: {each}" for each in sorted(DECLARED - reached))
