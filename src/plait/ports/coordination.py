"""What the coordinator needs of a store: rows to read and write within one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from plait.core.audit import Entry, Fact
from plait.core.coordination import Demand, HeldLock, Session, Task, TaskState
from plait.core.event import RunId
from plait.core.lease import HeldKey
from plait.core.plan import PackageId, Plan
from plait.ports.asking import AskingRows
from plait.ports.leasing import LeasingRows
from plait.ports.notes import NoteRows

T = TypeVar("T")


class CoordinationRows(NoteRows, AskingRows, LeasingRows, Protocol):
    """The coordinator's rows, as they are within one transaction.

    Nobody else writes them before it ends. What is written is seen by what is read later in it.
    """

    @property
    def now(self) -> float:
        """Unix time by the store's clock, when the transaction began."""

    def session(self, session: str) -> Session | None:
        """One session."""

    def sessions(self) -> Sequence[Session]:
        """All sessions that live, the oldest first; also those that are silent for too long."""

    def silent(self) -> Sequence[Session]:
        """Sessions that live and were not heard of in time."""

    def write_session(self, session: Session) -> None:
        """Add a session, or write it anew."""

    def task(self, task: str) -> Task | None:
        """One task."""

    def tasks(
        self,
        *,
        run: str | None = None,
        states: Collection[TaskState] = (),
        session: str | None = None,
        most: int = 1000,
    ) -> Sequence[Task]:
        """Tasks by priority, then by number; without states, in any."""

    def claimable(self, *, run: str, types: Collection[str], trust: int) -> Iterable[Task]:
        """Open tasks that so much trust is enough for, the first to do first; empty: any."""

    def lapsed(self) -> Sequence[Task]:
        """Claimed tasks whose time is over."""

    def dependents(self, task: str) -> Sequence[Task]:
        """Waiting tasks that need this one."""

    def add_task(self, task: Task) -> None:
        """Add a task, with what it needs."""

    def write_task(self, task: Task) -> None:
        """Write a task anew; what it needs stays."""

    def next_number(self) -> int:
        """A number that was never given out."""

    def next_tokens(self, count: int) -> range:
        """Tokens of locks that were never given out."""

    def locks(self, *, session: str | None = None) -> Sequence[HeldLock]:
        """Locks that sessions hold and that have not run out, by token."""

    def meeting(self, key: str, *, session: str) -> Sequence[HeldLock]:
        """Locks of other sessions that claim something of what a key claims, by token."""

    def add_locks(self, locks: Iterable[HeldLock]) -> None:
        """Add locks."""

    def drop_locks(self, tokens: Collection[int]) -> None:
        """Give locks back."""

    def renew_locks(self, tokens: Collection[int], until: float) -> None:
        """Let locks last until then."""

    def package_keys(self) -> Sequence[HeldKey]:
        """Lock keys that packages hold, in all runs."""

    def packages_at_work(self) -> Sequence[tuple[RunId, PackageId]]:
        """Packages that somebody has claimed, in all runs."""

    def plan(self, run: RunId) -> Plan:
        """The plan that a run executes. Raises UsageError `NO_SUCH_RUN`."""

    def has_run(self, run: RunId) -> bool:
        """Whether there is such a run."""

    def want(self, demand: Demand) -> None:
        """Note that a session waits for work."""

    def unwant(self, session: str) -> None:
        """Note that it does not."""

    def demands(self) -> Sequence[Demand]:
        """Who waits for work now, the longest waiting first."""

    def record(self, facts: Sequence[Fact]) -> None:
        """Add facts to the audit."""

    def audit(self, *, after: int, most: int) -> Sequence[Entry]:
        """Rows of the audit behind a number, in order."""

    def find_audit(
        self, *, run: str, who: str, kind: str, after: int | None, most: int
    ) -> Sequence[Entry]:
        """Rows of the audit, in order: those behind a number, or the newest; empty: any."""


@runtime_checkable
class Coordination(Protocol):
    """A store as the coordinator sees it. Sync; may be called from any thread."""

    def transact(self, work: Callable[[CoordinationRows], T]) -> T:
        """Do work on the rows in one transaction: all of what it writes, or nothing if it raises.

        It may be done more than once, if a server goes away; what counts is the last time.
        """

    def look(self, work: Callable[[CoordinationRows], T]) -> T:
        """Do work that only reads."""
