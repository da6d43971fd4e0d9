"""A started process and its family: how its members are found, and how they are ended.

A leader's family is all that it started, however far it went: its group and session, what
descends from it, and whatever carries the family's mark in its environment or holds the write
end of its pipe. A process that made itself the reaper of its descendants (Linux) has a family's
orphans as its own children: there even a daemon that closed and forgot everything is found.

This module imports nothing of Plait and little of Python: the shim starts with it.
"""

from __future__ import annotations

import os
import time

try:
    import _signal as signal  # type: ignore[import-not-found]  # signal itself brings enum
except ImportError:  # another Python
    import signal

TYPE_CHECKING = False  # the typing module costs a start too much
if TYPE_CHECKING:
    from collections.abc import Callable

FAMILY = "PLAIT_FAMILY"  # the mark in the environment; nested families append to it
KILL_PATIENCE_S = 2.0  # how long SIGKILL may take before a process counts as lingering
LINUX = hasattr(os, "pidfd_open") and os.path.exists("/proc/self/stat")
_PR_SET_CHILD_SUBREAPER = 36
_MAY_WRITE = 0o200
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.001, 0.05


class Family:
    """How the members of one family are told from all other processes."""

    __slots__ = (
        "leader",
        "liveness",
        "mark",
        "pinned",
        "pipe",
        "reaper",
        "running",
        "since",
        "spared",
    )

    def __init__(
        self,
        leader: int,
        *,
        since: int = 0,
        mark: bytes = b"",
        pipe: str = "",
        liveness: int | None = None,
        pinned: bool = True,
        reaper: bool = False,
        spared: tuple[bytes, ...] = (),
        running: Callable[[], bool] = lambda: False,
    ) -> None:
        """Describe it.

        Args:
            leader: The process that began it, leader of a session and a group of its own.
            since: When the leader started, in the kernel's ticks; older ones are no members.
            mark: What the members' environment holds.
            pipe: What the pipe is called in /proc, and
            liveness: its read end; members hold the other one.
            pinned: The leader is an unreaped child: its number means nobody else.
            reaper: This process adopts the family's orphans, and has no children beside it.
            spared: Marks of other families, whose members are none of this one.
            running: Whether the leader runs; asked where there is no /proc.
        """
        self.leader = leader
        self.since = since
        self.mark = mark
        self.pipe = pipe
        self.liveness = liveness
        self.pinned = pinned
        self.reaper = reaper
        self.spared = spared
        self.running = running

    def members(self) -> dict[int, int]:
        """The living members, each with the tick it started at; needs /proc."""
        found = descendants(os.getpid()) if self.reaper else None
        if found is None or (not found and not self.gone()):
            found = self._search()
        return found

    def gone(self) -> bool:
        """Whether nobody holds the pipe any more."""
        if self.liveness is None:
            return True
        try:
            return os.read(self.liveness, 1) == b""
        except BlockingIOError:
            return False

    def tell(self, members: dict[int, int], number: int, *, group: bool) -> None:
        """Send a signal to members; with `group` to the leader's group as a whole first."""
        group = group and self.pinned
        if group:
            _quietly(os.killpg, self.leader, number)
        if not LINUX:
            return
        for pid, started in members.items():
            try:  # the number may mean another process by now: pin it, look again
                pinned = os.pidfd_open(pid)
            except OSError:
                continue
            facts = stat(pid)
            told = group and bool(facts) and int(facts[2]) == self.leader
            if facts and int(facts[19]) == started and not told:
                _quietly(signal.pidfd_send_signal, pinned, number)
            os.close(pinned)

    def _search(self) -> dict[int, int]:
        """Look at every process there is."""
        table = {pid: facts for pid in _numbers("/proc") if (facts := stat(pid))}
        own = b"%d" % os.getsid(0)  # whoever shares ours was started beside us, not by a member
        table = {pid: facts for pid, facts in table.items() if facts[3] != own}
        found = {pid for pid, facts in table.items() if self._begins(pid, facts)}
        sessions = {table[pid][3] for pid in found}
        grown = bool(found)
        while grown:  # what a member started is one, and who shares its session
            more = {
                pid
                for pid, facts in table.items()
                if pid not in found
                and (int(facts[1]) in found or facts[3] in sessions)
                and int(facts[19]) >= self.since
            }
            found |= more
            sessions |= {table[pid][3] for pid in more}
            grown = bool(more)
        return {pid: int(table[pid][19]) for pid in found if table[pid][0] not in (b"Z", b"X")}

    def _begins(self, pid: int, facts: list[bytes]) -> bool:
        if self.pinned and self.leader in (int(facts[2]), int(facts[3])):  # group, session
            return True
        if int(facts[19]) < self.since:
            return False
        if pid == self.leader and int(facts[19]) == self.since:
            return True
        marked = bool(self.mark) and inherits(pid, self.mark, self.pipe)
        return marked and not any(inherits(pid, each) for each in self.spared)


class Ending:
    """One ending of a family: SIGTERM, a grace, SIGKILL; told in steps, so that others wait."""

    __slots__ = ("_deadline", "_killing", "_pause_s", "_told", "family", "lingering")

    def __init__(self, family: Family, grace_s: float) -> None:
        """Begin it; nothing is sent before the first step."""
        self.family = family
        self.lingering = False
        self._killing = False
        self._deadline = time.monotonic() + grace_s
        self._told: dict[int, int] = {}
        self._pause_s = _FIRST_PAUSE_S

    def hasten(self, grace_s: float) -> None:
        """Leave it no more than this until SIGKILL."""
        if not self._killing:
            self._deadline = min(self._deadline, time.monotonic() + grace_s)

    def step(self) -> float | None:
        """Look, and tell those who were not told; seconds to the next step, None at the end.

        `lingering` says then whether something outlived SIGKILL.
        """
        alive = self._alive()
        # The pipe outlives a look that missed a process between two forks.
        if not alive and self.family.gone():
            return None
        number = signal.SIGKILL if self._killing else signal.SIGTERM
        new = {pid: at for pid, at in alive.items() if self._told.get(pid) != at}
        if new:
            self.family.tell(new, number, group=not self._told)
            self._told.update(new)
        if time.monotonic() >= self._deadline:
            if self._killing:
                self.lingering = True
                return None
            self._killing = True
            self._deadline = time.monotonic() + KILL_PATIENCE_S
            self._told = {}
            self._pause_s = _FIRST_PAUSE_S
            return 0.0
        pause_s = self._pause_s
        self._pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        return pause_s

    def _alive(self) -> dict[int, int]:
        if LINUX:
            return self.family.members()
        family = self.family  # the leader stands for all of them
        return {family.leader: 0} if family.running() or not family.gone() else {}


def descendants(root: int) -> dict[int, int] | None:
    """The living processes below one; None where the system does not list children."""
    found: dict[int, int] = {}
    seen = [root]
    for parent in seen:
        for thread in _numbers(f"/proc/{parent}/task"):
            try:
                with open(f"/proc/{parent}/task/{thread}/children", "rb") as file:
                    children = [int(each) for each in file.read().split()]
            except FileNotFoundError:
                if parent == root and not os.path.exists(f"/proc/{root}/task/{root}/children"):
                    return None
                continue
            except OSError:  # gone meanwhile
                continue
            for child in children:
                facts = stat(child)
                if facts and child not in seen:
                    seen.append(child)
                    if facts[0] not in (b"Z", b"X"):
                        found[child] = int(facts[19])
    return found


def adopt_orphans() -> bool:
    """Make this process the parent of its descendants' orphans; whether the system can."""
    try:
        import _ctypes  # ctypes itself costs as much as Python's own start

        address = _ctypes.dlsym(_ctypes.dlopen(None, 0), "prctl")  # type: ignore[arg-type]
        arguments = (_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        return LINUX and _ctypes.call_function(address, arguments) == 0
    except (ImportError, AttributeError, OSError):  # mark and pipe tell of daemons all the same
        return False


def stat(pid: int) -> list[bytes]:
    """The fields of /proc/PID/stat after the name: state, parent, group, session and so on."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()
    except OSError:  # gone, or no such file system
        return []


def started_at(pid: int) -> int:
    """The tick at which a process started; 0 if it is gone."""
    facts = stat(pid)
    return int(facts[19]) if facts else 0


def inherits(pid: int, mark: bytes, pipe: str = "") -> bool:
    """Whether a process carries a mark in its environment, or can write to the pipe.

    A child that its parent has only just forked still has all that the parent had open, and the
    parent may hold the reading end: that alone makes nobody a member.
    """
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            if mark in file.read():
                return True
        return bool(pipe) and any(
            _writes(f"/proc/{pid}/fd/{each}", pipe) for each in os.listdir(f"/proc/{pid}/fd")
        )
    except OSError:  # gone, or another user's
        return False


def _writes(link: str, pipe: str) -> bool:
    """Whether an open file is this pipe's writing end; the link's own mode tells which it is."""
    try:
        return os.readlink(link) == pipe and bool(os.lstat(link).st_mode & _MAY_WRITE)
    except FileNotFoundError:  # closed meanwhile; others may still be open
        return False


def _numbers(folder: str) -> list[int]:
    try:
        return [int(name) for name in os.listdir(folder) if name.isdigit()]
    except OSError:
        return []


def _quietly(send: Callable[[int, int], None], target: int, number: int) -> None:
    try:
        send(target, number)
    except (ProcessLookupError, PermissionError):
        pass
