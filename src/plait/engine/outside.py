"""Workers from elsewhere: their demand seen, attempts offered to them, what they say taken in.

An attempt for such a worker is one whose process only waits (`Capabilities.outside`). While it
waits it stands in the store as a task, which a session claims and completes; both are seen here,
a few times a second. What a session says ends the wait, and the attempt goes on as all do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import anyio
from anyio import to_thread

from plait.core.action import Outside as Seen
from plait.core.coordination import OFFER, OVER, Demand, Task, TaskState
from plait.core.locked import FILE, paths_met
from plait.core.package import PackageStatus
from plait.core.plan import PackageId, WorkPackage
from plait.core.run import Run
from plait.engine.coordinator.claims import reap, withdraw
from plait.errors import LockHeld
from plait.ports.coordination import Coordination, CoordinationRows
from plait.ports.git import Workspace, Workspaces

NOBODY_CAME = "nobody came for it"
UNCLAIMED_S = 5.0  # an offer that nobody waits for any more stands for so long
_AT_WORK = frozenset({PackageStatus.RUNNING, PackageStatus.VERIFYING})


@dataclass(slots=True, kw_only=True)
class Outside:
    """The outside of one run. Without a store there is nobody.

    Args:
        store: Where sessions and tasks are.
        run: The run.
        only: Whether the run has no agents of its own, so that offers stand until they are taken.
    """

    store: Coordination | None = None
    run: str = ""
    only: bool = False
    _demands: tuple[Demand, ...] = ()
    _tasks: dict[str, Task] = field(default_factory=dict)  # of attempts that wait here
    _open: int = 0
    _offered: set[PackageId] = field(default_factory=set)
    _news: anyio.Event = field(default_factory=anyio.Event)
    _rooms: dict[PackageId, Workspace] = field(default_factory=dict)

    def seen(self, lent: frozenset[PackageId]) -> Seen:
        """Whom the loop may begin attempts for; `lent` are being begun, or at work."""
        coming = len(lent - self._offered)
        waiting = sorted((each.trust for each in self._demands), reverse=True)
        return Seen(waiting=tuple(waiting[self._open + coming :]), starting=lent)

    async def look(self, run: Callable[[], Run]) -> bool:
        """Look at the store; whether the loop has something to decide anew."""
        if self.store is None:
            return False
        before = (self._demands, self._open)
        await to_thread.run_sync(self._look, self.store, run)
        self._news.set()
        self._news = anyio.Event()
        return bool(self._demands) and (self._demands, self._open) != before

    async def offer(self, package: WorkPackage, offer: Task) -> None:
        """Put an attempt into the store as a task, unless it stands there already."""
        assert self.store is not None  # noqa: S101 - nobody else lends attempts

        def put(rows: CoordinationRows) -> Task:
            known = rows.task(offer.id)
            if known is not None:
                return known
            now = rows.now
            task = replace(offer, number=rows.next_number(), created_at=now, updated_at=now)
            rows.add_task(task)
            return task

        task = await to_thread.run_sync(self.store.transact, put)
        self._tasks[offer.id] = task
        if package.id not in self._offered:
            self._offered.add(package.id)
            self._open += task.state is TaskState.OPEN  # until it is counted anew

    async def until_over(self, task: str) -> Task:
        """Wait until a task is over: completed, lost, or taken back."""
        while self._tasks[task].state not in OVER:
            await self._news.wait()
        return self._tasks[task]

    async def forget(self, package: PackageId, name: str) -> None:
        """An attempt is over: nobody can claim its task any more, or complete it."""
        self._offered.discard(package)
        task = self._tasks.pop(name, None)
        if task is None or self.store is None or task.state in OVER:
            return
        await to_thread.run_sync(self.store.transact, _withdrawing(task.id, "its attempt is over"))

    async def require_unlocked(self, package: WorkPackage) -> None:
        """Look whether a session has locked what a package may write.

        Raises:
            LockHeld: One has.
        """
        if self.store is None:
            return
        for lock in await to_thread.run_sync(self.store.look, lambda rows: rows.locks()):
            if not lock.key.startswith(FILE):
                continue  # keys are compared as the package takes its own
            path = paths_met(lock.key, package.reach)
            if path is not None:
                raise LockHeld(f"{FILE}{path}", held=lock.key, run=lock.run, session=lock.session)

    async def apart(
        self, workspaces: Workspaces, package: PackageId, workspace: Workspace, commit: str
    ) -> Workspace:
        """Another workspace at an attempt's commit: its worker cannot write there."""
        room = self._rooms[package] = await workspaces.open(commit, once=self.only)
        return workspaces.move(room, workspace.base)

    async def leave(self, workspaces: Workspaces, package: PackageId) -> None:
        """Give back the workspace that `apart` opened, if it did."""
        room = self._rooms.pop(package, None)
        if room is not None:
            await workspaces.close(room, reusable=not self.only)

    def _look(self, store: Coordination, run: Callable[[], Run]) -> None:
        found = store.look(self._read)
        if found.late:
            store.transact(reap)
            found = store.look(self._read)
        now = run()  # not before: an attempt is begun first, and offered then
        for task in [*found.tasks.values()]:
            reason = _unwanted(task, now, found.now, wanted=self.only or bool(found.demands))
            if reason:
                gone = store.transact(_withdrawing(task.id, reason))
                found.tasks[task.id] = gone or task
        self._demands = found.demands
        self._open = sum(each.state is TaskState.OPEN for each in found.tasks.values())
        self._tasks |= {name: task for name, task in found.tasks.items() if name in self._tasks}

    def _read(self, rows: CoordinationRows) -> _Found:
        """Tasks first: a claim that comes in between takes its demand with it."""
        live = rows.tasks(run=self.run, states=(TaskState.OPEN, TaskState.CLAIMED))
        tasks = {each.id: each for each in live if each.is_offer}
        for name, known in [*self._tasks.items()]:
            if name not in tasks and known.state not in OVER:
                tasks[name] = rows.task(name) or known
        demands = tuple(
            each
            for each in rows.demands()
            if each.run in {"", self.run} and (not each.types or OFFER in each.types)
        )
        claimed = [each for each in tasks.values() if each.state is TaskState.CLAIMED]
        late = any(each.until <= rows.now for each in claimed) or bool(rows.silent())
        return _Found(tasks=tasks, demands=demands, late=late, now=rows.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What stands in the store; `late`: of something the time is over."""

    tasks: dict[str, Task]
    demands: tuple[Demand, ...]
    late: bool
    now: float


def _unwanted(task: Task, run: Run, now: float, *, wanted: bool) -> str:
    """Why nobody is to claim or complete a task any more; empty: it stands."""
    if task.state in OVER:
        return ""
    state = run.packages.get(PackageId(task.package))
    if state is None or state.epoch != task.epoch or state.status not in _AT_WORK:
        return "its attempt is over"
    if task.state is TaskState.OPEN and not wanted and now - task.updated_at >= UNCLAIMED_S:
        return NOBODY_CAME
    return ""


def _withdrawing(name: str, reason: str) -> Callable[[CoordinationRows], Task | None]:
    return lambda rows: withdraw(rows, name, reason)
