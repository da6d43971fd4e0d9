"""Verbs of the coordinator by sixteen clients at once, against bare transactions of SQL.

The baseline does with one statement, in a transaction of its own on the same store's connections,
what the verb is for: it takes the next open task, adds a lock and drops it, marks a task as
completed. It knows no sessions, no policy, no audit and no fencing.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Barrier, Thread
from typing import Any

from bench.ground import plait
from bench.table import Row
from plait.app.project import SystemClock
from plait.core.coordination import Task, TaskState
from plait.engine.coordinator.desk import Desk
from plait.engine.coordinator.verb import Caller
from plait.ports.coordination import CoordinationRows
from plait.store import open_store
from plait.store.sql import SqlStore

CLIENTS = 16
ROUNDS = 3
TASKS = 1600
TARGET = 2.0  # times what a bare transaction takes: half of its throughput
RESULT = {"found": 3, "files": ["src/a.py", "src/b.py"]}
CLAIM = (
    "UPDATE task SET state = 'claimed' WHERE id = (SELECT id FROM task WHERE state = 'open' "
    "ORDER BY priority, number LIMIT 1) RETURNING id"
)
LOCK = (
    "INSERT INTO session_lock (token, key, session, agent, until, run, reason) "
    "VALUES ({token}, 'flag:{token}', '{session}', 'bench', 9e9, '', '')"
)
UNLOCK = "DELETE FROM session_lock WHERE token = {token}"
COMPLETE = "UPDATE task SET state = 'completed', result = '{{}}' WHERE id = '{task}'"
VERBS = ("get_work", "acquire_lock, release_lock", "complete_work")
Act = Callable[[str, Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Client:
    """One of the sixteen: what it can do to a store."""

    session: str
    act: Act


@dataclass(slots=True)
class Times:
    """Seconds for all of each verb, by rounds."""

    bare: list[list[float]]
    verbs: list[list[float]]
    served: list[list[float]]


def measure(*, tasks: int = TASKS, rounds: int = ROUNDS) -> list[Row]:
    """By turns, on each kind of store there is; print throughputs."""
    rows: list[Row] = []
    for kind, places in (("SQLite", _files), ("PostgreSQL", _databases)):
        with places() as place:
            if place is None:
                print(f"coordinator, {kind}: no server to be had here\n")
                continue
            rows += _measure(kind, place, tasks, rounds)
    return rows


def _measure(kind: str, place: Callable[[], str], tasks: int, rounds: int) -> list[Row]:
    times = Times([], [], [])
    for number in range(rounds + 1):  # the first warms up and is not counted
        sides = [(_bare, times.bare), (_by_desk, times.verbs)]
        for side, found in sides if number % 2 else reversed(sides):
            taken = side(place(), tasks)
            if number:
                found.append(taken)
    times.served.append(_by_http(place(), tasks))
    print(f"coordinator, {kind}, {CLIENTS} clients at once, {tasks} of each")
    rows = []
    for at, verb in enumerate(VERBS):
        bare, desk = (median(each[at] for each in side) for side in (times.bare, times.verbs))
        served = times.served[0][at]
        told = ", ".join(f"{tasks / each:7,.0f}" for each in (bare, desk, served))
        print(f"  {verb:28}{told} a second: bare SQL, the verb, over HTTP; {bare / desk:.2f}")
        rows.append(
            Row(what=f"{verb}, {kind}, to a bare transaction", ratio=desk / bare, target=TARGET)
        )
    print()
    return rows


def _bare(place: str, tasks: int) -> list[float]:
    with _filled(place, tasks) as (store, sessions):
        names = [f"t-{number}" for number in range(tasks)]
        numbers = iter(range(10_000_000))

        def sql(*texts: str) -> int:
            touched = 0
            for text in texts:
                with store._transaction(store._writing) as connection:  # noqa: SLF001
                    done = connection.exec_driver_sql(text)
                    touched += len(done.all()) if done.returns_rows else done.rowcount
            return touched

        def claims(_session: str) -> int:
            return sql(CLAIM)

        def locks(session: str) -> int:
            token = next(numbers)
            return sql(
                LOCK.format(token=token, session=session.partition(".")[0]),
                UNLOCK.format(token=token),
            )

        def completes(_session: str) -> int:
            return sql(COMPLETE.format(task=names.pop()))

        return [_together(sessions, tasks, one) for one in (claims, locks, completes)]


def _by_desk(place: str, tasks: int) -> list[float]:
    with _filled(place, tasks) as (store, sessions):
        desk = Desk(store=store)

        def act(session: str, name: str, **given: Any) -> Any:
            verb, asked = desk.read(name, given)
            return desk.do(Caller(credential=session), verb, asked).model_dump(mode="json")

        return _verbs(sessions, tasks, act)


def _by_http(place: str, tasks: int) -> list[float]:
    with _filled(place, tasks) as (_, sessions), _serving(place) as port, ExitStack() as stack:
        lines = {each: stack.enter_context(_line(port)) for each in sessions}

        def act(session: str, name: str, **given: Any) -> Any:
            line = lines[session]
            headers = {"content-type": "application/json", "plait-session": session}
            line.request("POST", f"/api/{name}", json.dumps(given), headers)
            answer = line.getresponse()
            told = json.loads(answer.read())
            if answer.status != 200:
                raise SystemExit(f"{name} was answered with {told}")
            return told

        return _verbs(sessions, tasks, act)


def _verbs(sessions: Sequence[str], tasks: int, act: Callable[..., Any]) -> list[float]:
    mine: dict[str, list[tuple[str, int]]] = {each: [] for each in sessions}
    numbers = iter(range(10_000_000))

    def claims(session: str) -> int:
        work = act(session, "get_work")["work"]
        mine[session].append((work["task"], work["token"]))
        return 1

    def locks(session: str) -> int:
        key = f"flag:{next(numbers)}"
        act(session, "acquire_lock", keys=[key])
        return 1 + len(act(session, "release_lock", keys=[key])["keys"])

    def completes(session: str) -> int:
        task, token = mine[session].pop()
        act(session, "complete_work", task=task, token=token, result=RESULT)
        return 1

    taken = [_together(sessions, tasks, claims), _together(sessions, tasks, locks)]
    every = [task for held in mine.values() for task, _ in held]
    if len(every) != len(set(every)) or len(every) != tasks:
        raise SystemExit(f"{len(every)} claims of {len(set(every))} tasks: not {tasks}, each once")
    return [*taken, _together(sessions, tasks, completes)]


def _together(sessions: Sequence[str], tasks: int, one: Callable[[str], int]) -> float:
    """Seconds for all of it, shared out evenly; each must have touched a row."""
    start, failed = Barrier(len(sessions) + 1), list[str]()

    def work(session: str) -> None:
        start.wait()
        try:
            for _ in range(tasks // len(sessions)):
                if not one(session):
                    failed.append("nothing was touched")
        except (Exception, SystemExit) as error:  # noqa: BLE001 - told below
            failed.append(repr(error))

    threads = [Thread(target=work, args=[each]) for each in sessions]
    for each in threads:
        each.start()
    start.wait()
    began = time.perf_counter()
    for each in threads:
        each.join()
    if failed:
        raise SystemExit(f"a client failed: {failed[0]}")
    return time.perf_counter() - began


@contextmanager
def _filled(place: str, tasks: int) -> Iterator[tuple[SqlStore, list[str]]]:
    """A store with open tasks, and the credentials of sixteen sessions that live."""
    store = open_store(place, clock=SystemClock())
    try:
        desk = Desk(store=store)
        asks = [
            desk.read("register_session", {"agent": f"a-{n}", "ttl_s": 3600})
            for n in range(CLIENTS)
        ]
        told: list[Any] = [desk.do(Caller(), verb, asked) for verb, asked in asks]

        def fill(rows: CoordinationRows) -> None:
            for number in range(tasks):
                rows.add_task(_task(number, rows.now))

        store.transact(fill)
        yield store, [each.credential for each in told]
    finally:
        store.close()


def _task(number: int, now: float) -> Task:
    return Task(
        id=f"t-{number}",
        type="review",
        title=f"look at part {number} of it",
        number=number + 1,
        state=TaskState.OPEN,
        input={"files": [f"src/{number}.py"], "brief": "Look at it. " * 20},
        by="bench",
        created_at=now,
        updated_at=now,
    )


@contextmanager
def _serving(place: str) -> Iterator[int]:
    """`plait serve` on a store, at a free port."""
    with tempfile.TemporaryDirectory(prefix="plait-bench-served-") as folder:
        repo = Path(folder)
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", "init", "-q", "."], cwd=repo, check=True)
        subprocess.run(["git", *who, "commit", "-qm", "one", "--allow-empty"], cwd=repo, check=True)
        (repo / "plait.toml").write_text("[serve]\nrate = 1000000\n")
        url = place if "://" in place else f"sqlite:///{place}"
        process = subprocess.Popen(
            plait("serve", "--port", "0", "--json"),
            cwd=repo,
            env={**os.environ, "PLAIT_DATABASE_URL": url},
            stdout=subprocess.PIPE,
        )
        try:
            assert process.stdout is not None
            yield int(json.loads(process.stdout.readline())["url"].rpartition(":")[2])
        finally:
            process.terminate()
            process.communicate(timeout=30)


@contextmanager
def _line(port: int) -> Iterator[http.client.HTTPConnection]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        yield line
    finally:
        line.close()


@contextmanager
def _files() -> Iterator[Callable[[], str]]:
    """Places of files, in a folder on the disk: in memory there is nothing to wait for."""
    folder = Path(tempfile.mkdtemp(prefix=".bench-coordinator-", dir=Path.cwd()))
    numbers = iter(range(1000))
    try:
        yield lambda: str(folder / f"{next(numbers)}.db")
    finally:
        shutil.rmtree(folder)


@contextmanager
def _databases() -> Iterator[Callable[[], str] | None]:
    """Empty databases of a server of its own that syncs as one does that is relied upon."""
    from tests.fakes.postgres import NoPostgresError, server

    durable = "-c listen_addresses='' -c max_connections=60"
    try:
        with server(durable) as made:
            yield made.new_database
    except NoPostgresError:
        yield None
