"""The shim's work: start an agent, watch over it, end its family, write how it ended.

The shim outlives whoever started it. It holds the lock on `alive.lock` from before its first
instruction until it is gone, so the lock is free if and only if nobody supervises. It reads its
order from its standard input, a nameless file: an environment holds secrets, and is neither in
the process list nor on the disk.

| file in its folder | what it is |
|---|---|
| `alive.lock` | locked while the shim lives; a line for each fact; its time is the last tick |
| `orders` | a named pipe; `end SECONDS` ends the family, with this grace; `wake` continues it |
| `lease` | if there: the second of the system's uptime at which the family is ended |
| `exit.json` | how it ended; written whole, once the family is gone |

This module imports nothing of Plait but `family`, and little of Python: from the order to the
agent's first instruction must pass next to no time.
"""

from __future__ import annotations

import os
import select
import sys
import time

from plait.process.family import LINUX, Ending, Family, adopt_orphans, started_at
from plait.process.relay import Relay

try:
    import _signal as signal  # type: ignore[import-not-found]  # signal itself brings enum
except ImportError:  # another Python
    import signal

ALIVE, ORDERS, LEASE, EXIT = "alive.lock", "orders", "lease", "exit.json"
TICK_S = 1.0
NO_SPACE = 1 << 20  # bytes: with less than this free a disk is as good as full
RESERVE = 4096  # bytes kept for the exit from the start on
WRITE_PATIENCE_S = 60.0  # how long a full disk is waited for where that was in vain
_CAN_LOOK = hasattr(os, "waitid")


class Order:
    """What a shim is told. `lock` and `stdin` are descriptors it inherits.

    `secrets` are texts that must not stand in the logs.
    """

    __slots__ = ("argv", "cwd", "env", "grace_s", "lock", "secrets", "stdin", "timeout_s")

    def __init__(
        self,
        *,
        argv: list[str],
        cwd: str,
        env: dict[str, str],
        lock: int,
        stdin: int,
        timeout_s: float | None,
        grace_s: float,
        secrets: list[str] | None = None,
    ) -> None:
        """Hold it."""
        self.argv = argv
        self.cwd = cwd
        self.env = env
        self.lock = lock
        self.stdin = stdin
        self.timeout_s = timeout_s
        self.grace_s = grace_s
        self.secrets = secrets or []

    def encode(self) -> bytes:
        """As bytes. Raises ValueError for a NUL in an argument, as a start would."""
        timeout = "" if self.timeout_s is None else repr(self.timeout_s)
        variables = [f"{name}={value}" for name, value in self.env.items()]
        head = [self.cwd, str(self.lock), str(self.stdin), timeout, repr(self.grace_s)]
        secrets = [str(len(self.secrets)), *self.secrets]
        parts = [*head, *secrets, str(len(self.argv)), *self.argv, *variables]
        if any("\0" in part for part in parts):
            raise ValueError("embedded null byte")
        return b"\0".join(map(os.fsencode, parts))

    @staticmethod
    def decode(raw: bytes) -> Order:
        """Read what `encode` wrote."""
        cwd, lock, stdin, timeout, grace, told, *rest = map(os.fsdecode, raw.split(b"\0"))
        secrets, rest = rest[: int(told)], rest[int(told) :]
        count, rest = int(rest[0]), rest[1:]
        pairs = [each.partition("=") for each in rest[count:]]
        return Order(
            argv=rest[:count],
            cwd=cwd,
            env={name: value for name, _, value in pairs},
            lock=int(lock),
            stdin=int(stdin),
            timeout_s=float(timeout) if timeout else None,
            grace_s=float(grace),
            secrets=secrets,
        )


class Supervision:
    """One agent, from its start to what is written of its end."""

    def __init__(self, folder: str, order: Order) -> None:
        """Listen to signals and orders; nothing is started yet."""
        self.order = order
        os.chdir(folder)  # short names from here on; its own stays right if it is moved
        for descriptor in (order.lock, order.stdin):
            os.set_inheritable(descriptor, False)
        self.wake, wake = os.pipe()
        for descriptor in (self.wake, wake):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self.stopped = ""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # it wakes, that is all
        # Open for writing too: it is never at its end.
        self.orders = os.open(ORDERS, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self.grace_s = order.grace_s
        self.timed_out = False
        self.status: int | None = None
        self.error = ""
        self.no_space = False
        values = [os.fsencode(each) for each in order.secrets]
        self.relays = [Relay(log, values) for log in (1, 2)]  # its own output goes to the logs
        self.family: Family | None = None

    def run(self) -> None:
        """Start it, watch, end what is left, write it down."""
        reaper = adopt_orphans()
        liveness, held = os.pipe()
        os.set_blocking(liveness, False)
        pipe = f"pipe:[{os.fstat(liveness).st_ino}]" if LINUX else ""
        self._note(f"shim {os.getpid()} {started_at(os.getpid())}\npipe {pipe}\n")
        self.began = time.monotonic()
        self.leader = self._start(held)
        os.close(held)
        since = started_at(self.leader)
        self._note(f"agent {self.leader} {since}\n")
        self._reserve()
        family = Family(
            self.leader,
            since=since,
            mark=self._mark(),
            pipe=pipe,
            liveness=liveness,
            reaper=reaper,
            running=lambda: not self._exited(),
        )
        self.family = family
        try:
            self._watch()
        finally:
            duration_s = time.monotonic() - self.began
            self.no_space = _is_full(self.order.cwd)  # before anything of it is cleared away
            why = "" if self._exited() or self.timed_out else self.stopped
            lingering = self._end(family)
            for relay in self.relays:
                relay.finish()
        self._write_exit(why, duration_s=duration_s, lingering=lingering)

    def _start(self, held: int) -> int:
        """Start the agent in a session of its own; what hinders it stands in `error`."""
        told, telling = os.pipe()  # closed by a start that succeeds
        pid = os.fork()
        if pid == 0:
            self._become(held, telling)
        os.close(telling)
        for relay in self.relays:
            os.close(relay.end)
        with os.fdopen(told, "rb") as said:
            self.error = said.read().decode("utf-8", "surrogateescape")
        return pid

    def _become(self, held: int, telling: int) -> None:
        """In the child: become the agent."""
        what = self.order.cwd
        try:
            os.setsid()
            os.dup2(self.order.stdin, 0)
            for number, relay in enumerate(self.relays, start=1):
                os.dup2(relay.end, number)
            os.set_inheritable(held, True)
            os.chdir(self.order.cwd)
            for name in ("SIGPIPE", "SIGXFSZ"):  # Python ignores them; an agent must not
                if hasattr(signal, name):
                    signal.signal(getattr(signal, name), signal.SIG_DFL)
            what = self.order.argv[0]
            os.execvpe(what, self.order.argv, self.order.env)  # noqa: S606 - agents are programs
        except OSError as error:
            words = f"{what}: {os.strerror(error.errno or 0)}"
            os.write(telling, words.encode("utf-8", "surrogateescape"))
        finally:
            os._exit(127)

    def _watch(self) -> None:
        """Wait for the end: the agent's own, or a reason to bring it about."""
        deadline = None
        if self.order.timeout_s is not None:
            deadline = self.began + self.order.timeout_s
        while not self._exited() and not self.stopped:
            now = time.monotonic()
            if deadline is not None and now >= deadline:
                self.timed_out = True
                return
            rest_s = TICK_S if deadline is None else min(TICK_S, deadline - now)
            self._tick()
            self._listen(rest_s)

    def _end(self, family: Family) -> bool:
        """End the family; whether something outlived that."""
        ending = Ending(family, self.grace_s)
        while (pause_s := ending.step()) is not None:
            before_s = self.grace_s
            self._listen(pause_s)
            self._tick()
            if self.grace_s < before_s:
                ending.hasten(self.grace_s)
        self._exited()
        return ending.lingering

    def _listen(self, seconds: float) -> None:
        """Wait so long at most for a signal, an order, or something that the agent writes."""
        relays = {each.source: each for each in self.relays if each.source >= 0}
        wanted = [self.wake, self.orders, *relays]
        ready, _, _ = select.select(wanted, [], [], max(0.0, seconds))
        for source in relays.keys() & ready:
            relays[source].take()
        if self.wake in ready:
            os.read(self.wake, 4096)
            self._reap()
        if self.orders in ready:
            for line in os.read(self.orders, 4096).decode("ascii", "replace").splitlines():
                word, _, grace = line.partition(" ")
                if word == "wake" and self.family is not None:  # who was stopped goes on
                    members = self.family.members() if LINUX else {}
                    self.family.tell(members, signal.SIGCONT, group=True)
                if word == "end":
                    self.stopped = self.stopped or "order"
                    given_s = _seconds(grace)
                    self.grace_s = self.grace_s if given_s is None else given_s

    def _on_signal(self, _number: int, _frame: object) -> None:
        self.stopped = self.stopped or "signal"

    def _exited(self) -> bool:
        """Whether the agent has; it stays unreaped, so that its number stays its own."""
        if self.status is None and _CAN_LOOK:
            look = os.WEXITED | os.WNOHANG | os.WNOWAIT
            return os.waitid(os.P_PID, self.leader, look) is not None
        if self.status is None:
            pid, status = os.waitpid(self.leader, os.WNOHANG)
            self.status = status if pid else None
        return self.status is not None

    def _reap(self) -> None:
        """Bury adopted orphans; not the agent, whose number must not be given away."""
        while _CAN_LOOK:
            try:
                gone = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if gone is None or gone.si_pid == self.leader:
                return
            os.waitpid(gone.si_pid, os.WNOHANG)

    def _tick(self) -> None:
        """Show that somebody supervises, and look whether the lease has run out."""
        os.utime(self.order.lock)
        try:
            with open(LEASE, "rb") as file:
                until = _seconds(file.read(64).decode("ascii", "replace"))
        except OSError:  # there is none, or not yet
            return
        if until is not None and uptime() > until:
            self.stopped = self.stopped or "lease"

    def _mark(self) -> bytes:
        """The mark that whoever started the shim noted first."""
        first = os.pread(self.order.lock, 256, 0).partition(b"\n")[0]
        return first.removeprefix(b"mark ")

    def _note(self, facts: str) -> None:
        os.write(self.order.lock, facts.encode())

    def _reserve(self) -> None:
        """Take the space that the exit will need: what the agent does may fill the disk."""
        try:
            with open(f"{EXIT}.new", "wb") as file:
                file.write(b" " * RESERVE)
        except OSError:  # it is full already: it may be less so in the end
            pass

    def _write_exit(self, why: str, *, duration_s: float, lingering: bool) -> None:
        """Write it whole or not at all, where space was reserved; a full disk is waited for."""
        code = self._code()
        error = self.error or ("" if code is not None else "it outlived SIGKILL")
        if self.error:
            code = None
        text = (
            f'{{"code": {"null" if code is None else code}, "duration_s": {duration_s:.6f}, '
            f'"timed_out": {_json(self.timed_out)}, "lingering": {_json(lingering)}, '
            f'"stopped": {_quoted(why)}, "error": {_quoted(error)}, '
            f'"no_space": {_json(self.no_space)}}}\n'
        )
        give_up = time.monotonic() + WRITE_PATIENCE_S
        while True:
            try:
                with open(os.open(f"{EXIT}.new", os.O_WRONLY | os.O_CREAT, 0o666), "wb") as file:
                    file.write(text.encode("ascii"))
                    file.truncate()
                    file.flush()
                    os.fsync(file.fileno())
                os.rename(f"{EXIT}.new", EXIT)
            except OSError:
                if time.monotonic() >= give_up:
                    raise
                time.sleep(TICK_S)
            else:
                return

    def _code(self) -> int | None:
        if self.status is None:
            pid, status = os.waitpid(self.leader, os.WNOHANG)
            self.status = status if pid else None
        return None if self.status is None else os.waitstatus_to_exitcode(self.status)


def _is_full(folder: str) -> bool:
    """Whether hardly anything can be written there."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < NO_SPACE or (disk.f_files > 0 and disk.f_favail == 0)


def uptime() -> float:
    """Seconds since the system started: one clock for all its processes, which nobody sets."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def main() -> None:
    """Do what standard input says, in the folder that the first argument names."""
    with open(0, "rb", closefd=False) as given:
        order = Order.decode(given.read())
    Supervision(sys.argv[1], order).run()


def _seconds(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _json(value: bool) -> str:  # noqa: FBT001 - it is the value
    return "true" if value else "false"


def _quoted(text: str) -> str:
    """A JSON string; the json package costs as much as Python's own start."""
    return '"' + "".join(c if _plain(c) else _escaped(c) for c in text) + '"'


def _plain(char: str) -> bool:
    return " " <= char <= "~" and char not in '"\\'


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
