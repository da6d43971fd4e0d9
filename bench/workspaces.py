"""What a workspace costs from the pool and from an overlay, against a fresh `git worktree add`."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from bench.ground import Ground
from bench.repositories import make_repository
from bench.table import Row
from plait.git import Layout, WorktreePool, discover, overlay_lack
from plait.ports import Workspace
from plait.process import run_main

FILES = 10_000
CHANGED, ADDED = 20, 10  # files that each use of a workspace changes and adds
POOL_TARGET = 0.15
OVERLAY_TARGET = 0.05
_LAID = ("overlay, the same base", "overlay, a base 20 files on")
CREATIONS, AT_ONCE, SMALL = 1_000, 64, 100


def measure(ground: Ground, *, rounds: int, creations: int = CREATIONS) -> list[Row]:
    """Time each kind in the same run, round after round; then make many at once."""
    repository = make_repository(ground, "workspaces", files=FILES)
    lack = overlay_lack(ground.folder)
    with environment(ground):
        times = run_main(_interleave, repository, rounds, lack)
    shutil.rmtree(repository, ignore_errors=True)
    fresh = median(times["git worktree add"])
    print(f"workspaces, {FILES:,} files, medians of {rounds}")
    for name, each in times.items():
        print(f"  {name:44} {median(each) * 1e3:8.1f} ms  {median(each) / fresh:6.3f}")
    if lack is not None:
        print(f"  no overlays here: {lack}")
    rows = [_row("pool", times["pool, to be made clean"], fresh, POOL_TARGET)]
    if lack is None:
        rows += (_row(name, times[name], fresh, OVERLAY_TARGET) for name in _LAID)
    small = make_repository(ground, "small", files=SMALL)
    for backend in ("fresh", "overlay") if lack is None else ("fresh",):
        began = time.perf_counter()
        with environment(ground):
            failures = run_main(_many, small, backend, creations)
        took = time.perf_counter() - began
        told = f"{creations:,} creations, {AT_ONCE} at a time, {backend}"
        print(f"  {told:44} {took / creations * 1e3:8.1f} ms  {failures} failures")
        rows.append(Row(what=f"workspaces, failures of {told}", ratio=failures, target=0.0))
    print()
    shutil.rmtree(small, ignore_errors=True)
    return rows


def _row(kind: str, times: list[float], fresh: float, target: float) -> Row:
    what = f"workspaces, {FILES:,} files, {kind} to worktree add"
    return Row(what=what, ratio=median(times) / fresh, target=target)


async def _interleave(root: Path, rounds: int, lack: str | None) -> dict[str, list[float]]:
    """One workspace of each kind in turn; the first round warms up and is not counted."""
    repository = await discover(root)
    bases = _commits(root, 2)
    state = root / ".plait"
    state.mkdir(exist_ok=True)
    (state / ".gitignore").write_text("*\n")
    times: dict[str, list[float]] = {}

    async def timed(
        name: str, act: Callable[[], Awaitable[Workspace]], *, count: bool
    ) -> Workspace:
        began = time.perf_counter()
        workspace = await act()
        if count:
            times.setdefault(name, []).append(time.perf_counter() - began)
        return workspace

    def pool(backend: str) -> WorktreePool:
        layout = Layout(backend=backend)
        return WorktreePool(repository, state / backend, state=state / backend, layout=layout)

    async with pool("pool") as plain, pool("overlay") as laid:
        await plain.close(await plain.open(bases[0]))
        if lack is None:
            await laid.close(await laid.open(bases[0]))
        for number in range(rounds + 1):
            count, base = number > 0, bases[number % 2]
            took = _worktree_add(root, base)
            if count:
                times.setdefault("git worktree add", []).append(took)
            opened = await timed("pool, to be made clean", partial(plain.open, base), count=count)
            _work(opened.path, number)
            await plain.commit(opened, onto=base, message="work\n")
            await plain.close(opened)
            name = "pool, what it holds is known"
            opened = await timed(name, partial(plain.open, base), count=count)
            _work(opened.path, number)
            await plain.close(opened)  # nobody looked at it: all of it is looked at next time
            for name, each in zip(_LAID, bases if lack is None else (), strict=False):
                opened = await timed(name, partial(laid.open, each), count=count)
                _work(opened.path, number)
                await laid.commit(opened, onto=each, message="work\n")
                await laid.close(opened)
    return times


async def _many(root: Path, backend: str, creations: int) -> int:
    """How many of so many workspaces, opened side by side, were not whole."""
    import anyio

    repository = await discover(root)
    state = root / ".plait"
    state.mkdir(exist_ok=True)
    (state / ".gitignore").write_text("*\n")
    expected = len(_git(root, "ls-files", "*.py").split())
    limit, failures = anyio.CapacityLimiter(AT_ONCE), 0
    layout = Layout(backend=backend)
    async with WorktreePool(repository, state / "w", state=state, layout=layout) as pool:

        async def one() -> None:
            nonlocal failures
            async with limit:
                try:
                    workspace = await pool.open(repository.head)
                    found = sum(1 for _ in workspace.path.rglob("*.py"))
                    await pool.close(workspace)
                    failures += found != expected
                except Exception as error:  # noqa: BLE001 - whatever it is, it is what is counted
                    print(f"  {error!r}")
                    failures += 1

        async with anyio.create_task_group() as tasks:
            for _ in range(creations):
                tasks.start_soon(one)
    return failures


def _worktree_add(root: Path, base: str) -> float:
    """The time of git's own way, whose tree is removed again."""
    tree = root.with_name("added")
    began = time.perf_counter()
    _git(root, "worktree", "add", "--quiet", "--detach", str(tree), base)
    took = time.perf_counter() - began
    _git(root, "worktree", "remove", "--force", str(tree))
    return took


def _work(tree: Path, number: int) -> None:
    """What an agent does: files changed, files added, some that are ignored by nobody."""
    paths = sorted((tree / "packages").rglob("*.py"))[:: FILES // (2 * CHANGED)][:CHANGED]
    for path in paths:
        path.write_text(f"{number}\n")
    for each in range(ADDED):
        place = tree / f"added/{each}.txt"
        place.parent.mkdir(exist_ok=True)
        place.write_text(f"{number}\n")


def _commits(root: Path, count: int) -> list[str]:
    return _git(root, "rev-list", f"--max-count={count}", "HEAD").split()


def _git(root: Path, *argv: str) -> str:
    done = subprocess.run(["git", *argv], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout


@contextmanager
def environment(ground: Ground) -> Iterator[None]:
    """The bench's environment in this very process: what is timed runs in it."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(ground.environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
