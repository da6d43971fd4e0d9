"""Plait under attack: `python launcher.py ARGS…` is `plait ARGS…`, which dies where it is told to.

The product knows nothing of this. Every side effect of the orchestrator is a point: a file that it
opens to write, renames or deletes, a program that it starts, a transaction. They are seen from
outside: by Python's audit hook, and by wrapping the methods that `points` lists.

PLAIT_CRASH holds the orders, as JSON:

| order | means |
|---|---|
| `root` | the repository; what lies outside is nobody's business |
| `record` | a file to which each point that is passed is appended |
| `at`, `nth` | die at the n-th passing of this point |
| `once` | die at the first point that this file does not name, and add it there |
| `after`, `wait_s` | die so many seconds after so many points |
| `fill` | where the repository lies, the disk is full from this many points on |
| `term` | at this point, the first time, somebody asks it to stop: SIGTERM |
| `clock` | the clock is set back by an hour after so many looks at it |
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HOUR_S = 3600.0
SLOW = 'sleep 0.3; exec "$0" "$@"'  # a program that is at work while the orchestrator dies
_NO_FOLDER = -1  # what a name is relative to: where it is another folder, it is in the trash
# How many paths the event names; the last one counts.
_CHANGES = {
    "os.rename": 2,
    "os.remove": 1,
    "os.mkdir": 1,
    "os.rmdir": 1,
    "os.symlink": 2,
    "os.link": 2,
    "os.truncate": 1,
    "shutil.rmtree": 1,
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Orders:
    """What was told, and what has been passed."""

    def __init__(self, told: dict[str, Any]) -> None:
        """Open what is written to, before anything is watched."""
        self.root = told["root"]
        self.at, self.nth = told.get("at"), told.get("nth", 1)
        self.after, self.wait_s = told.get("after", 0), told.get("wait_s", 0.0)
        self.term = told.get("term")
        self.fill = told.get("fill", 0)
        self.clock = told.get("clock", 0)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self.record = os.open(told["record"], flags) if "record" in told else None
        self.once: int | None = None
        self.died: set[str] = set()
        if "once" in told:
            self.once = os.open(told["once"], flags)
            self.died = set(Path(told["once"]).read_text(encoding="utf-8").splitlines())
        self.passed: Counter[str] = Counter()
        self.lock = threading.RLock()

    def is_last(self, point: str) -> bool:
        """Whether the end comes at the next passing of this point."""
        if self.once is not None:
            return point not in self.died
        return point == self.at and self.passed[point] + 1 == self.nth

    def passing(self, point: str) -> None:
        """Note it; die, if it is the place."""
        with self.lock:
            last = self.is_last(point)
            self.passed[point] += 1
            if self.record is not None:
                os.write(self.record, f"{point}\n".encode())
            if point == self.term:
                self.term = None
                os.kill(os.getpid(), signal.SIGTERM)
            elif last:
                self.die(point)
            if self.fill and self.passed.total() == self.fill:
                fill(Path(self.root).parent / "filler")
            if self.after and self.passed.total() == self.after:
                threading.Timer(self.wait_s, self.die, [point]).start()

    def die(self, point: str) -> None:
        """Be killed here, and stay here until it has come."""
        if self.once is not None:
            self.died.add(point)
            os.write(self.once, f"{point}\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)  # another thread may run on until it has come; this one does nothing more


def fill(path: Path) -> None:
    """Leave no room on a disk."""
    filler = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC)
    for size in (1 << 20, 1 << 12, 1):
        with contextlib.suppress(OSError):
            while True:
                os.write(filler, b"x" * size)
    os.close(filler)


def watch(orders: Orders) -> None:
    """Make a point of every file that is written and of every program that is started."""
    from tests.crash.points import place, program

    def passing(name: str | None) -> None:
        if name is not None:
            orders.passing(name)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _mode, flags = arguments
            if flags & _WRITING and isinstance(path, str | os.PathLike):
                passing(place("open", os.fspath(path), orders.root))
        elif event in _CHANGES:
            *_, path = arguments[: _CHANGES[event]]
            if isinstance(path, str | Path) and arguments[-1] == _NO_FOLDER:
                passing(place(event.partition(".")[2], str(path), orders.root))

    opening = io.open

    @functools.wraps(opening)
    def opened(file: Any, mode: str = "r", *args: Any, **more: Any) -> Any:
        result = opening(file, mode, *args, **more)
        if "w" in mode and isinstance(file, str | os.PathLike):
            passing(place("empty", os.fspath(file), orders.root))
        return result

    starting = subprocess.Popen.__init__

    @functools.wraps(starting)
    def started(self: Any, argv: Sequence[Any], *args: Any, **more: Any) -> None:
        name = program(argv)
        if name is not None and orders.is_last(f"start {name}"):
            argv = ("/bin/sh", "-c", SLOW, *argv)
        starting(self, argv, *args, **more)
        if name is not None:
            passing(f"start {name}")

    sys.addaudithook(hook)
    io.open = builtins.open = opened
    subprocess.Popen.__init__ = started  # type: ignore[assignment,method-assign]


def wrap(orders: Orders) -> None:
    """Make a point of each return of the methods that `points` lists."""
    from tests.crash.points import METHODS

    for method in METHODS:
        owner: Any = method.owner()
        original = getattr(owner, method.name)
        setattr(owner, method.name, _told(original, orders, method.points))


def _told(
    original: Callable[..., Any], orders: Orders, points: Callable[..., Sequence[str]]
) -> Callable[..., Any]:
    import inspect

    if inspect.iscoroutinefunction(original):

        @functools.wraps(original)
        async def awaited(*args: Any, **named: Any) -> Any:
            result = await original(*args, **named)
            for point in points(*args, **named):
                orders.passing(point)
            return result

        return awaited

    @functools.wraps(original)
    def called(*args: Any, **named: Any) -> Any:
        result = original(*args, **named)
        for point in points(*args, **named):
            orders.passing(point)
        return result

    return called


def set_back(orders: Orders) -> None:
    """Give the run a clock that somebody sets back by an hour, and leases measured by it."""
    from plait.app import project
    from plait.store import database

    looks = 0

    def now(_self: object) -> float:
        nonlocal looks
        looks += 1
        return time.time() - (HOUR_S if looks > orders.clock else 0.0)

    project.SystemClock.now = now  # type: ignore[assignment,method-assign]
    database.open_store = functools.partial(database.open_store, lease_clock=project.SystemClock())


def command() -> None:
    """Run the command under the orders."""
    told = os.environ.pop("PLAIT_CRASH", None)
    if told is not None:
        orders = Orders(json.loads(told))
        if orders.clock:
            set_back(orders)
        wrap(orders)
        watch(orders)
    from plait.cli.main import main

    main()


def serve() -> None:
    """Start commands as they come in, one a line, each as a process of its own.

    Of what a start costs, nine parts in ten are Python's imports: here they are made once. Told
    are the process id and, once it has ended, how.
    """
    import plait.app.launching
    import plait.cli.resume
    import plait.cli.run
    import plait.store.database  # noqa: F401 - loaded, so that children need not

    for line in sys.stdin:
        told = json.loads(line)
        pid = os.fork()
        if pid == 0:
            for number, name in ((0, os.devnull), (1, told["out"]), (2, told["err"])):
                os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
            os.chdir(told["cwd"])
            os.environ.clear()
            os.environ.update(told["env"])
            sys.argv[1:] = told["argv"]
            return command()
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        _pid, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()
    return None


def main() -> None:
    """Serve, or be the command."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests/fakes/plugin")]  # an agent with sessions is there
    if sys.argv[1:] == ["--serve"]:
        serve()
    else:
        command()


if __name__ == "__main__":
    main()
