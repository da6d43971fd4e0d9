"""Children that outlive this process: started under a shim, adopted by a later process.

Each has a folder of its own; `supervision` tells what is in it. The lock there is taken before
the shim is started and handed down to it, so there is no moment at which a living shim's lock
is free: whoever can take it knows that nobody supervises, and that nothing will be started.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plait.process.child import POLL_S, end, scratch
from plait.process.exit import Exit
from plait.process.family import FAMILY, KILL_PATIENCE_S, LINUX, Family, started_at
from plait.process.memory import family_memory
from plait.process.supervision import ALIVE, EXIT, LEASE, ORDERS, Order, uptime

if TYPE_CHECKING:
    import subprocess

SHIM = Path(__file__).with_name("shim.py")
OBSERVE_S = 5.0  # between two looks at the ticks of a shim
STALLED_S = 30.0  # a shim without a tick for so long is woken, after as long again killed


def keep(
    argv: Sequence[str],
    *,
    folder: Path,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bytes = b"",
    stdout: Path,
    stderr: Path,
    timeout_s: float | None,
    grace_s: float = 5.0,
    lease_s: float | None = None,
    secrets: Sequence[str] = (),
) -> Kept:
    """Start a child that lives on if this process ends, and whose whole family ends with it.

    Args:
        argv: The program, looked up in the PATH of `env`, and its arguments.
        folder: Where the shim keeps its files; one a child.
        cwd: Where it starts.
        env: Its whole environment; `PLAIT_FAMILY` is added.
        stdin: What it reads.
        stdout: Where its output goes, appended a line at a time.
        stderr: Where its errors go, likewise.
        timeout_s: Seconds until the shim ends it; None for no limit.
        grace_s: Seconds between SIGTERM and SIGKILL.
        lease_s: Seconds after which the shim ends it unless `renew` was called; None for ever.
        secrets: Texts that are struck out of what it writes, as keys of well-known forms are.

    Raises:
        OSError: A file cannot be opened; `BlockingIOError` if the folder's child still lives.
        ValueError: An argument holds a NUL.
    """
    import subprocess

    mark, above = os.urandom(8).hex(), env.get(FAMILY) or os.environ.get(FAMILY)
    with ExitStack() as files:
        lock = _prepare(folder, files, mark)
        (kept := Kept(folder=folder)).renew(lease_s)
        source = files.enter_context(scratch(stdin))
        order = Order(
            argv=list(argv),
            cwd=str(cwd),
            env={**env, FAMILY: f"{above}:{mark}" if above else mark},
            lock=lock,
            stdin=source.fileno(),
            timeout_s=timeout_s,
            grace_s=grace_s,
            secrets=list(secrets),
        )
        kept.shim = subprocess.Popen(
            _shim(folder),
            env={FAMILY: above} if above else {},
            stdin=files.enter_context(scratch(order.encode())),
            stdout=files.enter_context(stdout.open("ab", buffering=0)),
            stderr=files.enter_context(stderr.open("ab", buffering=0)),
            pass_fds=(lock, source.fileno()),
            start_new_session=True,
        )
    return kept


def adopt(folder: Path) -> Kept | None:
    """The child that an earlier process started here, living or not; None if there was none."""
    return Kept(folder=folder) if (folder / ALIVE).exists() else None


async def end_strays(variable: str, value: str, *, spare: Iterable[Kept] = ()) -> bool:
    """End whatever carries a variable in its environment, but not what was kept here.

    Returns:
        Whether something outlived that. Where there is no /proc, nothing is found.
    """
    spared = tuple(each.mark for each in spare)
    family = Family(0, mark=f"{variable}={value}\0".encode(), spared=spared, pinned=False)
    return LINUX and await end(family, KILL_PATIENCE_S)


def lives(variable: str, value: str) -> bool:
    """Whether a process carries a variable in its environment; not to be told without /proc."""
    return LINUX and bool(Family(0, mark=f"{variable}={value}\0".encode(), pinned=False).members())


@dataclass(slots=True, kw_only=True)
class Kept:
    """A child that was started here, by this process (`shim` is its own child) or another."""

    folder: Path
    shim: subprocess.Popen[bytes] | None = None
    stalled_s: float = STALLED_S
    _tick: float = field(default=0.0, init=False)
    _seen: float = field(default=0.0, init=False)  # when the tick was first seen, by our clock
    _woken: bool = field(default=False, init=False)

    @property
    def living(self) -> bool:
        """Whether a shim supervises it."""
        try:
            with (self.folder / ALIVE).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:  # somebody deleted it: we still know our own child
            return self.shim is not None and self.shim.poll() is None
        return False

    @property
    def mark(self) -> bytes:
        """What stands in the environment of its family."""
        return self._facts().get("mark", "").encode()

    @property
    def exit(self) -> Exit | None:
        """How it ended, as far as its shim has written that."""
        try:
            told = json.loads((self.folder / EXIT).read_bytes())
            return _exit(told)
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None

    async def ended(self) -> Exit:
        """Wait for its end. A shim that was killed is told of as `lost`, its family ended."""
        await self._shim_gone()
        return self.exit or await self._lost()

    async def end(self, grace_s: float) -> Exit:
        """End its family: SIGTERM, a grace, SIGKILL; return once nothing of it is left.

        A shim that does not obey in time is killed, and what it supervised ended without it.
        """
        import anyio

        self._order(f"end {grace_s}")
        with anyio.move_on_after(grace_s + 2 * KILL_PATIENCE_S):
            await self._shim_gone()
        if self.living:
            self._signal_shim(signal.SIGKILL)
        return await self.ended()

    def nudge(self) -> None:
        """Let go on whatever of its family was stopped (`SIGCONT`)."""
        self._order("wake")

    def renew(self, lease_s: float | None) -> None:
        """Let it live for so many seconds from now; None: as long as it likes."""
        if lease_s is None:
            (self.folder / LEASE).unlink(missing_ok=True)
            return
        new = self.folder / f"{LEASE}.new"
        new.write_text(f"{uptime() + lease_s}\n", encoding="ascii")
        new.replace(self.folder / LEASE)

    def memory(self, *, above: int = 0) -> int | None:
        """What its family takes, in bytes; None if that cannot be told.

        What is shared is counted once if the sum could be more than `above`.
        """
        shim = self._fact("shim")[0]
        return family_memory(shim, above=above) if LINUX and shim else None

    def _order(self, line: str) -> None:
        with suppress(OSError):  # nobody reads: it is gone
            orders = os.open(self.folder / ORDERS, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                os.write(orders, f"{line}\n".encode())
            finally:
                os.close(orders)

    async def _shim_gone(self) -> None:
        """Return once nobody supervises; see to it that a stalled shim does not last for ever."""
        import anyio

        while self.living:
            pidfd = self._pin()
            try:
                with anyio.move_on_after(min(OBSERVE_S, self.stalled_s / 4)):
                    if pidfd is not None:
                        await anyio.wait_readable(pidfd)
                    else:
                        while self._runs():  # noqa: ASYNC110 - nothing tells of it
                            await anyio.sleep(POLL_S)
            finally:
                if pidfd is not None:
                    os.close(pidfd)
            self._observe()
        if self.shim is not None:
            self.shim.wait()

    def _runs(self) -> bool:
        return self.living if self.shim is None else self.shim.poll() is None

    def _observe(self) -> None:
        """Compare the ticks with our own clock: a suspended machine has stalled nobody."""
        tick, now = _touched(self.folder / ALIVE), time.monotonic()
        if tick != self._tick:
            self._tick, self._seen, self._woken = tick, now, False
        elif now - self._seen >= self.stalled_s:
            self._signal_shim(signal.SIGKILL if self._woken else signal.SIGCONT)
            self._seen, self._woken = now, True

    def _pin(self) -> int | None:
        """A descriptor of the living shim; None where there is none to be had."""
        if not LINUX:
            return None
        if self.shim is not None:
            return os.pidfd_open(self.shim.pid)
        pid, started = self._fact("shim")
        if not pid:  # it has not said so yet
            return None
        try:
            pidfd = os.pidfd_open(pid)
        except OSError:
            return None
        if started_at(pid) == started:
            return pidfd
        os.close(pidfd)
        return None

    def _signal_shim(self, number: signal.Signals) -> None:
        pidfd = self._pin()
        if pidfd is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(pidfd, number)
            os.close(pidfd)
        elif self.shim is not None:
            self.shim.send_signal(number)

    async def _lost(self) -> Exit:
        """End what a killed shim left behind."""
        leader, since = self._fact("agent")
        mark, pipe = self.mark, self._facts().get("pipe", "")
        family = Family(leader, since=since, mark=mark, pipe=pipe, pinned=False)
        lingering = bool(mark) and await end(family, KILL_PATIENCE_S)
        worked_s = _touched(self.folder / ALIVE) - _touched(self.folder / ORDERS)
        return Exit(
            code=None,
            duration_s=max(0.0, worked_s),
            lingering=lingering,
            stopped="lost",
            error="its supervising process was killed",
        )

    def _facts(self) -> dict[str, str]:
        try:
            text = (self.folder / ALIVE).read_text(encoding="ascii", errors="replace")
        except FileNotFoundError:
            return {}
        return {
            name: value for name, _, value in (line.partition(" ") for line in text.split("\n"))
        }

    def _fact(self, name: str) -> tuple[int, int]:
        """A process id and the tick at which it started."""
        pid, _, started = self._facts().get(name, "").partition(" ")
        return (int(pid), int(started)) if pid.isdigit() and started.isdigit() else (0, 0)


def _shim(folder: Path) -> list[str]:
    return [sys.executable, "-I", "-S", str(SHIM), str(folder)]


def _prepare(folder: Path, files: ExitStack, mark: str) -> int:
    """Take the folder's lock, and clear away what an earlier child left."""
    lock = os.open(folder / ALIVE, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    files.callback(os.close, lock)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.ftruncate(lock, 0)
    os.write(lock, f"mark {mark}\n".encode())
    for name in (ORDERS, LEASE, EXIT, f"{EXIT}.new"):
        (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / ORDERS, 0o600)
    return lock


def _touched(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _exit(told: Mapping[str, Any]) -> Exit:
    code = told["code"]
    return Exit(
        code=None if code is None else int(code),
        duration_s=float(told["duration_s"]),
        timed_out=bool(told["timed_out"]),
        lingering=bool(told["lingering"]),
        stopped=str(told["stopped"]),
        error=str(told["error"]),
        no_space=bool(told.get("no_space", False)),
    )
