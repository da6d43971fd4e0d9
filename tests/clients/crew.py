"""Clients' processes that work in a run beside Plait's own agents, and what came of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.conftest import PLAIT, Story, wait_until
from tests.fakes.plans import Piece
from tests.fakes.served import serving

HERE = Path(__file__).parent
INSTALLED = HERE / "node_modules" / "@modelcontextprotocol" / "sdk"
PYTHON, NODE = "python", "node"
PIPE, HTTP = "pipe", "http"
OWN = (
    'mkdir -p "src/$PLAIT_PACKAGE" && echo own > "src/$PLAIT_PACKAGE/made.txt"; '
    'echo "$PLAIT_PACKAGE" >> "$NOTES/own"; sleep 0.5'
)


def missing(program: str) -> str:
    """Why a client cannot be had here; empty: it can."""
    if program == PYTHON:
        return ""
    if shutil.which("node") is None:
        return "node is not here"
    return "" if INSTALLED.is_dir() else "make test-clients installs the client"


@dataclass(frozen=True, slots=True)
class Worker:
    """A client's process."""

    name: str
    process: subprocess.Popen[str]

    def told(self) -> list[Any]:
        """What it said of each package, once it has ended; it has ended well."""
        out, err = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, err
        return [json.loads(line) for line in out.splitlines()]


@contextmanager
def working(story: Story, name: str, program: str, way: str, target: str) -> Iterator[Worker]:
    """A client that has begun to join."""
    first: list[str | Path] = [sys.executable, HERE / "worker.py"]
    if program == NODE:
        first = [str(shutil.which("node")), HERE / "worker.mjs"]
    process = subprocess.Popen(
        [*first, name, way, target, story.root / "over", PLAIT],
        cwd=HERE,
        env=story.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Worker(name, process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def whole_plan(story: Story, programs: Sequence[str], way: str, *, packages: int = 10) -> None:
    """Clients and two of Plait's own agents land a plan, and each of them did some of it."""
    names = [f"wp-{number:02}" for number in range(packages)]
    story.begin({"plait.toml": "[retry]\nbackoff = 0\n"})
    story.plans("add", *(Piece(id=n, checks=[f"grep -q . src/{n}/made.txt"]) for n in names))
    with ExitStack() as stack:
        target = str(story.repo)
        if way == HTTP:
            target = f"{stack.enter_context(serving(story.repo, env=story.env)).url}/mcp"
        workers = [
            stack.enter_context(working(story, f"{program}-{number}", program, way, target))
            for number, program in enumerate(programs)
        ]
        wait_until(lambda: _live(story) == len(workers))
        run = story.starts(
            *("run", "add", "--yes", "--max-agents", "2", "--agent", f"command:{OWN}")
        )
        out, err = run.communicate(timeout=120)
        assert run.returncode == 0, (out + err).decode()
        (story.root / "over").touch()
        told = {each.name: each.told() for each in workers}
    done = {name: {each["package"] for each in found} for name, found in told.items()}
    assert all(each["state"] == "completed" and each["held"] for f in told.values() for each in f)
    assert all(done.values()), done
    assert story.note("own")
    # Each package was done once, by one of them, and what it wrote is what landed.
    assert sorted([*(each for some in done.values() for each in some), *story.note("own")]) == names
    makers = {each: name for name, some in done.items() for each in some}
    branch = story.report()["branch"]
    for name, package in story.packages().items():
        assert package["status"] == "landed"
        assert len(package["attempts"]) == 1
        made = story.git("show", f"{branch}:src/{name}/made.txt")
        assert made == makers.get(name, "own")


def _live(story: Story) -> int:
    """How many of the workers have joined, and wait for work."""
    from plait.app.project import SystemClock
    from plait.store import open_store

    path = story.repo / ".plait" / "plait.db"
    if not path.exists():
        return 0
    store = open_store(path, clock=SystemClock())
    try:
        return store.look(lambda rows: len(rows.demands()))
    finally:
        store.close()
