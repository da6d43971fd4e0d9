"""The coordinator's rows within one transaction: the port on SQLAlchemy Core."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, update

from plait.core.audit import Entry, Fact
from plait.core.codec import decode
from plait.core.coordination import (
    Demand,
    HeldLock,
    Session,
    SessionState,
    Task,
    TaskState,
)
from plait.core.event import RunId
from plait.core.lease import HeldKey
from plait.core.locked import met
from plait.core.plan import PackageId, Plan
from plait.ports.coordination import CoordinationRows
from plait.store import audit, leases, statements
from plait.store.bulk import Among, listed
from plait.store.coordination.asking import SqlAsking
from plait.store.coordination.leasing import SqlLeasing
from plait.store.coordination.notes import SqlNotes
from plait.store.coordination.records import Records
from plait.store.database_clock import moment
from plait.store.quick import changed, quick
from plait.store.refusals import only
from plait.store.schema import (
    TASK_NUMBER,
    counter,
    demand,
    package,
    run,
    session,
    session_lock,
    task,
    task_need,
)

_SESSIONS = Records(Session, session, "id")
_TASKS = Records(Task, task, "id")
_LOCKS = Records(HeldLock, session_lock, "token")
_DEMANDS = Records(Demand, demand, "session")
_PAGE = 50

_NOW = select(moment())
_LIVE = (
    select(*_SESSIONS.columns)
    .where(session.c.state == SessionState.LIVE.value)
    .order_by(session.c.created_at, session.c.id)
)
_SILENT = (
    select(*_SESSIONS.columns)
    .where(session.c.state == SessionState.LIVE.value, session.c.until <= bindparam("now"))
    .order_by(session.c.until)
)
_FOUND_TASKS = (
    select(*_TASKS.columns)
    .where(
        Among(task.c.state, "states"),
        (bindparam("any_run") == 1) | (task.c.run == bindparam("run")),
        (bindparam("any_session") == 1) | (task.c.session == bindparam("session")),
    )
    .order_by(task.c.priority, task.c.number)
    .limit(bindparam("most"))
)


@cache
def _claimable(*, of_run: bool, of_types: bool) -> Select[*tuple[Any, ...]]:
    """Open tasks, in order: asked of one run and of some types, or of any."""
    found = select(*_TASKS.columns).where(
        task.c.state == TaskState.OPEN.value, task.c.trust <= bindparam("trust")
    )
    if of_run:
        found = found.where(task.c.run == bindparam("run"))
    if of_types:
        found = found.where(Among(task.c.type, "types"))
    found = found.order_by(task.c.priority, task.c.number)
    return found.limit(bindparam("most")).offset(bindparam("skip"))


_LAPSED = (
    select(*_TASKS.columns)
    .where(task.c.state == TaskState.CLAIMED.value, task.c.until <= bindparam("now"))
    .order_by(task.c.number)
)
_DEPENDENTS = (
    select(*_TASKS.columns)
    .join(task_need, task_need.c.task == task.c.id)
    .where(task_need.c.needs == bindparam("needs"), task.c.state == TaskState.WAITING.value)
    .order_by(task.c.number)
)
_ADD_NEED = insert(task_need)
_NEXT_NUMBER = (
    update(counter)
    .where(counter.c.name == TASK_NUMBER)
    .values(value=counter.c.value + 1)
    .returning(counter.c.value)
)
_HELD = (
    select(*_LOCKS.columns)
    .where(
        session_lock.c.until > bindparam("now"),
        (bindparam("any_session") == 1) | (session_lock.c.session == bindparam("session")),
    )
    .order_by(session_lock.c.token)
)
_KEYS = (
    select(session_lock.c.token, session_lock.c.key)
    .where(
        session_lock.c.until > bindparam("now"),
        session_lock.c.session != bindparam("session"),
        func.substr(session_lock.c.key, 1, bindparam("size")) == bindparam("space"),
    )
    .order_by(session_lock.c.token)
)
_DROP_LOCK = delete(session_lock).where(session_lock.c.token == bindparam("of_token"))
_RENEW_LOCK = (
    update(session_lock)
    .where(session_lock.c.token == bindparam("of_token"))
    .values(until=bindparam("new_until"))
)
_AT_WORK = (
    select(package.c.run, package.c.id)
    .where(package.c.holder.is_not(None), package.c.lease_until > moment())
    .order_by(package.c.run, package.c.position)
)
_UNWANT = delete(demand).where(Among(demand.c.session, "sessions"))
_DEMANDED = (
    select(*_DEMANDS.columns).where(demand.c.until > bindparam("now")).order_by(demand.c.until)
)
_HAS_RUN = select(func.count()).select_from(run).where(run.c.id == bindparam("run"))


class SqlRows(SqlNotes, SqlAsking, SqlLeasing, CoordinationRows):
    """The rows as a connection sees them; `at` is the time instead of the database's, for tests."""

    def __init__(self, connection: Connection, *, at: float | None = None) -> None:
        """Look at the database's clock once."""
        self._connection = connection
        self._at = at
        self._now: float | None = at
        self.facts: list[Fact] = []
        self._tasks: dict[str, Task] = {}  # as they stand in the database
        self._unwanted: set[str] = set()

    def forget(self) -> None:
        """Take nothing for known: some of what was written was undone."""
        self._tasks.clear()
        self._unwanted.clear()

    @property
    def put_off(self) -> int:
        """How much is still to be written."""
        return len(self._unwanted)

    def flush(self) -> None:
        """Write what is put off until there is more of it."""
        if self._unwanted:
            changed(self._connection, _UNWANT, {"sessions": listed(sorted(self._unwanted))})
            self._unwanted.clear()

    @property
    def now(self) -> float:
        """Unix time by the store's clock."""
        if self._now is None:
            self._now = quick(self._connection, _NOW, {"at": None})[0][0]
        return self._now

    def session(self, session: str) -> Session | None:
        """One session."""
        return _SESSIONS.one(self._connection, session)

    def sessions(self) -> Sequence[Session]:
        """All sessions that live, the oldest first."""
        return _SESSIONS.all(self._connection, _LIVE, {})

    def silent(self) -> Sequence[Session]:
        """Sessions that live and were not heard of in time."""
        return _SESSIONS.all(self._connection, _SILENT, {"now": self.now})

    def write_session(self, session: Session) -> None:
        """Add a session, or write it anew."""
        if not _SESSIONS.write(self._connection, session):
            _SESSIONS.add(self._connection, [session])

    def task(self, task: str) -> Task | None:
        """One task."""
        found = _TASKS.one(self._connection, task)
        return None if found is None else self._seen(found)

    def tasks(
        self,
        *,
        run: str | None = None,
        states: Collection[TaskState] = (),
        session: str | None = None,
        most: int = 1000,
    ) -> Sequence[Task]:
        """Tasks by priority, then by number; without states, in any."""
        given = {
            "any_run": int(run is None),
            "run": run or "",
            "any_session": int(session is None),
            "session": session or "",
            "states": listed(states or TaskState),
            "most": most,
        }
        return [self._seen(each) for each in _TASKS.all(self._connection, _FOUND_TASKS, given)]

    def claimable(self, *, run: str, types: Collection[str], trust: int) -> Iterator[Task]:
        """Open tasks that so much trust is enough for, the first to do first; empty: any."""
        asked = _claimable(of_run=bool(run), of_types=bool(types))
        given: dict[str, Any] = {"trust": trust}
        given |= {"run": run} if run else {}
        given |= {"types": listed(types)} if types else {}
        skip, most = 0, 1  # the first one will do, most often
        while found := _TASKS.all(self._connection, asked, {**given, "skip": skip, "most": most}):
            yield from map(self._seen, found)
            skip, most = skip + len(found), _PAGE

    def lapsed(self) -> Sequence[Task]:
        """Claimed tasks whose time is over."""
        found = _TASKS.all(self._connection, _LAPSED, {"now": self.now})
        return [self._seen(each) for each in found]

    def dependents(self, task: str) -> Sequence[Task]:
        """Waiting tasks that need this one."""
        found = _TASKS.all(self._connection, _DEPENDENTS, {"needs": task})
        return [self._seen(each) for each in found]

    def add_task(self, task: Task) -> None:
        """Add a task, with what it needs."""
        _TASKS.add(self._connection, [task])
        if task.needs:
            needs = [{"task": task.id, "needs": each} for each in dict.fromkeys(task.needs)]
            self._connection.execute(_ADD_NEED, needs)

    def write_task(self, task: Task) -> None:
        """Write a task anew; what it needs stays."""
        _TASKS.write(self._connection, task, known=self._tasks.get(task.id))
        self._tasks[task.id] = task

    def next_number(self) -> int:
        """A number that was never given out."""
        number: int = quick(self._connection, _NEXT_NUMBER, {})[0][0]
        return number

    def next_tokens(self, count: int) -> range:
        """Tokens of locks that were never given out."""
        last: int = quick(self._connection, statements.NEXT_TOKENS, {"count": count})[0][0]
        return range(last - count + 1, last + 1)

    def locks(self, *, session: str | None = None) -> Sequence[HeldLock]:
        """Locks that sessions hold and that have not run out, by token."""
        given = {
            "now": self.now,
            "any_session": int(session is None),
            "session": session or "",
        }
        return _LOCKS.all(self._connection, _HELD, given)

    def meeting(self, key: str, *, session: str) -> Sequence[HeldLock]:
        """Locks of other sessions that claim something of what a key claims, by token."""
        space, colon, _ = key.partition(":")
        space = f"{space}:" if colon else ""
        given = {"now": self.now, "session": session, "space": space, "size": len(space)}
        found = quick(self._connection, _KEYS, given)
        tokens = [token for token, held in found if met(key, held)]
        locks = (_LOCKS.one(self._connection, token) for token in tokens)
        return [lock for lock in locks if lock is not None]

    def add_locks(self, locks: Iterable[HeldLock]) -> None:
        """Add locks."""
        _LOCKS.add(self._connection, locks)

    def drop_locks(self, tokens: Collection[int]) -> None:
        """Give locks back."""
        for each in tokens:
            changed(self._connection, _DROP_LOCK, {"of_token": each})

    def renew_locks(self, tokens: Collection[int], until: float) -> None:
        """Let locks last until then."""
        for each in tokens:
            changed(self._connection, _RENEW_LOCK, {"of_token": each, "new_until": until})

    def package_keys(self) -> Sequence[HeldKey]:
        """Lock keys that packages hold, in all runs."""
        return leases.held(self._connection)

    def packages_at_work(self) -> Sequence[tuple[RunId, PackageId]]:
        """Packages that somebody has claimed, in all runs."""
        found = self._connection.execute(_AT_WORK, {"at": self._at})
        return [(RunId(of), PackageId(name)) for of, name in found]

    def plan(self, run: RunId) -> Plan:
        """The plan that a run executes. Raises UsageError `NO_SUCH_RUN`."""
        (document,) = only(self._connection, statements.PLAN, run)
        return _plan(document)

    def has_run(self, run: RunId) -> bool:
        """Whether there is such a run."""
        return bool(self._connection.execute(_HAS_RUN, {"run": run}).scalar_one())

    def want(self, demand: Demand) -> None:
        """Note that a session waits for work."""
        self._unwanted.discard(demand.session)
        if not _DEMANDS.write(self._connection, demand):
            _DEMANDS.add(self._connection, [demand])

    def unwant(self, session: str) -> None:
        """Note that it does not."""
        self._unwanted.add(session)  # of all parts of a transaction, in one statement

    def _seen(self, task: Task) -> Task:
        self._tasks[task.id] = task
        return task

    def demands(self) -> Sequence[Demand]:
        """Who waits for work now."""
        self.flush()
        return _DEMANDS.all(self._connection, _DEMANDED, {"now": self.now})

    def record(self, facts: Sequence[Fact]) -> None:
        """Add facts to the audit, with the others of the transaction."""
        self.facts += facts

    def tell(self) -> None:
        """Write the facts down: the last thing that a transaction does."""
        self.flush()
        audit.append(self._connection, self.facts, self.now)
        self.facts = []

    def audit(self, *, after: int, most: int) -> Sequence[Entry]:
        """Rows of the audit behind a number, in order."""
        return audit.read(self._connection, after, most)

    def find_audit(
        self, *, run: str, who: str, kind: str, after: int | None, most: int
    ) -> Sequence[Entry]:
        """Rows of the audit, in order: those behind a number, or the newest."""
        return audit.find(self._connection, run=run, who=who, kind=kind, after=after, most=most)


@lru_cache(maxsize=8)
def _plan(document: str) -> Plan:
    return decode(Plan, json.loads(document))
