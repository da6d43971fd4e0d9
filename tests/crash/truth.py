"""What must be true of a repository once a run that was attacked has come to its end."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from tests.crash.scene import BRANCH, Scene

_QUIET_S = 5.0  # in which what is being ended is gone
_OWN_REFS = ("refs/heads/plait/", "refs/plait/", f"refs/heads/{BRANCH}")


def faults(scene: Scene, tree: str, *, planted: frozenset[Path] = frozenset()) -> list[str]:
    """What is not as it should be, in words; `planted` are files that are none of Plait's."""
    found: list[str] = []
    for rule in _RULES:
        try:
            found += rule(scene, tree, planted)
        except (OSError, AssertionError) as error:  # there is not even something to look at
            found.append(f"{rule.__name__.strip('_')}: {error}")
    return found


def _landed_once(scene: Scene, _tree: str, _planted: frozenset[Path]) -> Iterator[str]:
    log = scene.git("log", "--first-parent", "--format=%(trailers:key=Plait-Package)", BRANCH)
    landed = Counter(re.findall(r"Plait-Package: (\S+)", log))
    for work in scene.works:
        if landed[work.id] != work.lands:
            yield f"{work.id} landed {landed[work.id]} times"


def _tested(scene: Scene, _tree: str, _planted: frozenset[Path]) -> Iterator[str]:
    """By the checks' own notes: what they say of a tree, whatever Plait has recorded."""
    key = "--format=%H %T %(trailers:key=Plait-Package,valueonly,separator=%x20)"
    told = scene.git("log", "--first-parent", "--reverse", key, f"main..{BRANCH}").splitlines()
    passed, labels = scene.passed(), {work.id: work.label for work in scene.works}
    wanted: set[str] = set()
    commits: set[str] = {scene.git("rev-parse", "main")}
    for commit, tree, *packages in map(str.split, told):
        commits.add(commit)
        wanted |= {labels[package] for package in packages}
        if not wanted <= {label for of, label in passed if of == tree}:
            yield f"{commit} ({' '.join(packages)}) was not tested"
    moves = scene.git("log", "--walk-reflogs", "--format=%H", BRANCH).split()
    if odd := set(moves) - commits:
        yield f"the branch was at {sorted(odd)}"


def _started_once(scene: Scene, _tree: str, _planted: frozenset[Path]) -> Iterator[str]:
    # (A fix that was cut off begins anew.)
    lines = [line for line in scene.starts() if "-fix-" not in line]
    told = [[*line.split(), ""][:4] for line in lines]
    # Who goes on in a session is in the epoch of the attempt before, and in none but one attempt.
    starts = Counter((each[0], each[2], each[1] if each[3] else "") for each in told)
    for (package, epoch, attempt), times in starts.items():
        if times > 1:
            where = f"attempt {attempt}" if attempt else f"epoch {epoch}"
            yield f"the agent of {package} started {times} times in {where}"
    for work in scene.works:
        if work.lands and not any(package == work.id for package, *_ in starts):
            yield f"the agent of {work.id} never started"


def _same_tree(scene: Scene, tree: str, _planted: frozenset[Path]) -> Iterator[str]:
    if scene.tree() != tree:
        yield f"the tree differs: {scene.git('ls-tree', '-r', '--name-only', BRANCH).split()}"


def _nobody_left(scene: Scene, _tree: str, _planted: frozenset[Path]) -> Iterator[str]:
    give_up = time.monotonic() + _QUIET_S
    while living := scene.living():
        if time.monotonic() > give_up:
            yield from (f"still alive: {each}" for each in living.values())
            return
        time.sleep(0.05)


def _whole(scene: Scene, _tree: str, _planted: frozenset[Path]) -> Iterator[str]:
    told = scene.git("fsck", "--strict", "--no-dangling")
    if told:
        yield f"git fsck: {told}"
    if scene.database.exists():
        with closing(sqlite3.connect(scene.database)) as database:
            ((told,),) = database.execute("PRAGMA integrity_check").fetchall()
            if told != "ok":
                yield f"the store: {told}"


def _no_locks(scene: Scene, _tree: str, planted: frozenset[Path]) -> Iterator[str]:
    for lock in (scene.repo / ".git").rglob("*.lock"):
        if lock not in planted:
            yield f"a lock was left: {lock.relative_to(scene.repo)}"
    for lock in planted:
        if not lock.exists():
            yield f"a lock that is not Plait's was taken away: {lock.relative_to(scene.repo)}"


def _no_worktrees(scene: Scene, _tree: str, _planted: frozenset[Path]) -> Iterator[str]:
    state = scene.repo / ".plait"
    folders = {each.name for each in (state / "worktrees").iterdir()}
    slots = {each.name for each in (state / "slots").iterdir()}
    admins = {each.name for each in (scene.repo / ".git/worktrees").iterdir()}
    if odd := {each for each in folders if not re.fullmatch(r"w\d+", each)}:
        yield f"worktrees set aside: {sorted(odd)}"
    if folders - odd != admins or slots != admins:
        yield f"worktrees {sorted(folders)}, notes on {sorted(slots)}, git's {sorted(admins)}"
    if "prunable" in scene.git("worktree", "list", "--porcelain"):
        yield "git lists a worktree that is not there"
    yield from (f"still lent: {each}" for each in (state / "slots").glob("*/lent"))
    # (The draft of a slot's note may lie there until the slot is used again.)
    half = [*state.glob("*.new"), *state.glob("runs/*/.*.new")]
    yield from (f"half written: {each}" for each in half)


def _untouched(scene: Scene, _tree: str, _planted: frozenset[Path]) -> Iterator[str]:
    if scene.own() != scene.before:
        yield f"what is the user's has changed: {scene.own()}"
    refs = scene.git("for-each-ref", "--format=%(refname)").split()
    own = (*_OWN_REFS, *(("refs/remotes/origin/",) if scene.story.host else ()))
    odd = [each for each in refs if not each.startswith(own) and each != "refs/heads/main"]
    if odd:
        yield f"refs that nobody asked for: {odd}"


def _offered_once(scene: Scene, _tree: str, _planted: frozenset[Path]) -> Iterator[str]:
    host = scene.story.host
    if host is None:
        return
    if len(host.requests) != 1:
        yield f"{len(host.requests)} pull requests"
    if scene.remote(BRANCH) != scene.git("rev-parse", BRANCH):
        yield f"the remote's branch stands at {scene.remote(BRANCH) or 'nothing'}"
    for request in host.requests:
        if "Words of mine." in str(scene.story.offered) and "Words of mine." not in request["body"]:
            yield "what somebody wrote in the request is gone"
        if "offered" not in request["body"]:
            yield "the request does not tell what landed"
    if left := scene.git("ls-remote", "origin", "refs/heads/plait/*"):
        yield f"left on the remote: {left}"
    for path in (scene.repo / ".plait/runs").glob("*/report.json"):
        told = json.loads(path.read_bytes())["pull_request"]
        if told is None or told["outcome"] not in {"opened", "updated", "unchanged"}:
            yield f"the report says of the request: {told}"


def _told(scene: Scene, _tree: str, _planted: frozenset[Path]) -> Iterator[str]:
    for folder in (scene.repo / ".plait/runs").iterdir():
        path = folder / "report.json"
        if not path.exists():
            yield f"{folder.name} has no report"
            continue
        report = json.loads(path.read_bytes())
        if report["status"] != scene.status:
            yield f"the report says {report['status']}"
        for package in report["packages"]:
            review = package.get("review", {})
            rounds = 1 + sum(bool(each.get("status")) for each in review.get("fixes", ()))
            answers = [each for each in review.get("answers", ()) if each.get("outcome")]
            for name, times in Counter(each["reviewer"] for each in answers).items():
                if times > rounds:
                    yield f"{package['id']}: {name} was heard {times} times in {rounds} rounds"
        yield from (f"a negative time: {each}" for each in _negative(report, "report"))


def _negative(value: object, place: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _negative(inner, f"{place}.{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _negative(inner, f"{place}.{number}")
    elif isinstance(value, int | float) and value < 0 and not place.endswith("exit_code"):
        yield f"{place} is {value}"


_RULES: tuple[Callable[[Scene, str, frozenset[Path]], Iterator[str]], ...] = (
    _landed_once,
    _tested,
    _started_once,
    _same_tree,
    _nobody_left,
    _whole,
    _no_locks,
    _no_worktrees,
    _untouched,
    _offered_once,
    _told,
)
