"""Follow what an attempt writes, to the attempt's end; nothing of it is changed."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from plait import process
from plait.core.event import RunId
from plait.core.plan import PackageId, Plan
from plait.core.run import Attempt, Run, fold
from plait.ports import Store

LOOK_S = 0.2
PATIENCE_S = 5.0  # until an end that nobody has told is believed; Plait itself was killed
SLICE = 1 << 20


@dataclass(slots=True, kw_only=True)
class AtWork:
    """Whether an attempt is still at work, or what it wrote not yet taken in."""

    store: Store
    run: RunId
    plan: Plan
    package: PackageId
    attempt: Attempt
    folder: Path
    _since: float | None = field(default=None, init=False)

    def __call__(self) -> bool:
        """Look."""
        kept = process.adopt(self.folder)
        if kept is not None and kept.living:
            self._since = None
            return True
        events = self.store.events(self.run, package=self.package)
        state = fold(Run(id=self.run, plan=self.plan), events).packages[self.package]
        same = [
            each
            for each in state.attempts
            if (each.number, each.epoch) == (self.attempt.number, self.attempt.epoch)
        ]
        over = not same or same[-1].agent_status or same[-1].outcome or same[-1].interrupted
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        return not over and now - self._since < PATIENCE_S


def lines(path: Path, going: Callable[[], bool] | None) -> Iterator[bytes]:
    """The lines of a file, as long as it goes on; an unfinished one at the end."""
    for _, data in pieces([path], going):
        yield from data.splitlines(keepends=True)


def pieces(paths: Sequence[Path], going: Callable[[], bool] | None) -> Iterator[tuple[Path, bytes]]:
    """What stands in files, in whole lines while they grow, and what comes as long as they go on.

    Args:
        paths: The files; one that is not there yet is awaited.
        going: Asked before each look; None: what stands there now is all.
    """
    places = dict.fromkeys(paths, 0)
    while True:
        goes_on = going is not None and going()
        for path in paths:
            while data := _read(path, places[path]):
                whole = data if not goes_on else data[: data.rfind(b"\n") + 1]
                if not whole and len(data) < SLICE:
                    break
                yield path, whole or data
                places[path] += len(whole or data)
        if not goes_on:
            return
        time.sleep(LOOK_S)


def _read(path: Path, place: int) -> bytes:
    """Some bytes from there on, if it is a file: a pipe in its place would never end."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b""
        return os.pread(descriptor, SLICE, place)
    finally:
        os.close(descriptor)
