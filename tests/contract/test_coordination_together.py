"""Who writes first writes for all who wait: what is refused is undone, for nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any

import pytest

from plait.app.project import SystemClock
from plait.core.audit import Fact
from plait.core.coordination import Task, TaskState
from plait.ports.coordination import CoordinationRows
from plait.store import open_store
from plait.store.sql import SqlStore

MANY = 24


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """An empty store."""
    where: Any = tmp_path / "plait.db"
    if request.param == "postgres":
        where = request.getfixturevalue("postgres_url")
    store = open_store(where, clock=SystemClock())
    yield store
    store.close()


class RefusedError(Exception):
    """What work raises that is refused."""


def adds(number: int, *, fails: bool, late: bool = True) -> Callable[[CoordinationRows], int]:
    """Work that adds a task and tells the audit, and may be refused before that, or after."""

    def work(rows: CoordinationRows) -> int:
        if fails and not late:
            raise RefusedError(number)
        rows.add_task(
            Task(
                id=f"t-{number}",
                type="x",
                title="t",
                number=number + 1,
                created_at=rows.now,
                updated_at=rows.now,
            )
        )
        rows.record([Fact(kind="added", who="ada", run="", data={"number": number})])
        if fails:
            raise RefusedError(number)
        return number

    return work


def held_up(store: SqlStore, works: list[Callable[[CoordinationRows], int]]) -> list[Any]:
    """What comes of works that all wait while one is being written."""
    begun, go_on = Event(), Event()

    def slow(_rows: CoordinationRows) -> None:
        begun.set()
        assert go_on.wait(30)

    first = Thread(target=store.transact, args=[slow])
    first.start()
    assert begun.wait(30)
    start = Barrier(len(works) + 1)

    def one(work: Callable[[CoordinationRows], int]) -> Any:
        start.wait()
        try:
            return store.transact(work)
        except RefusedError as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        found = [pool.submit(one, work) for work in works]
        start.wait()
        while len(store._waiting) < len(works):
            pass
        go_on.set()
        told = [each.result(timeout=60) for each in found]
    first.join()
    return told


@pytest.mark.parametrize("late", [True, False])
def test_each_hears_of_its_own_alone(store: SqlStore, *, late: bool) -> None:
    """Every third is refused, before or after it wrote: the others stand, and the audit tells."""
    works = [adds(number, fails=number % 3 == 0, late=late) for number in range(MANY)]
    told = held_up(store, works)
    good = [number for number in range(MANY) if number % 3]
    for number, answer in enumerate(told):
        if number in good:
            assert answer == number
        else:
            assert answer.args == (number,)
    there = store.look(lambda rows: [rows.task(f"t-{number}") for number in range(MANY)])
    assert [number for number, task in enumerate(there) if task is not None] == good
    entries = store.look(lambda rows: rows.audit(after=0, most=100))
    assert sorted(each.number for each in entries) == list(range(1, len(good) + 1))
    assert store.transact(lambda rows: len(rows.tasks(states=(TaskState.OPEN,)))) == len(good)


def test_what_was_undone_is_not_taken_for_written(store: SqlStore) -> None:
    """A change that was refused does not hide from the next one that it is still to be made."""
    store.transact(adds(0, fails=False))

    def claims(session: str, *, fails: bool) -> Callable[[CoordinationRows], int]:
        def work(rows: CoordinationRows) -> int:
            from dataclasses import replace

            task = rows.task("t-0")
            assert task is not None
            title = "changed" if fails else task.title
            rows.write_task(replace(task, reason="claimed", by=session, title=title))
            if fails:
                raise RefusedError(0)
            return 1

        return work

    told = held_up(store, [claims("one", fails=True), claims("two", fails=False)])
    assert told[1] == 1
    task = store.look(lambda rows: rows.task("t-0"))
    assert task is not None
    assert (task.reason, task.by, task.title) == ("claimed", "two", "t")


def test_a_stranger_among_them_stops_nobody(store: SqlStore) -> None:
    """Thousands of small works by many threads all come to their end."""

    def several(worker: int) -> int:
        done = 0
        for number in range(20):
            try:
                store.transact(adds(worker * 100 + number, fails=number % 5 == 0))
                done += 1
            except RefusedError:
                pass
        return done

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(several, range(16))) == 16 * 16
    assert not store._waiting
    assert len(store.look(lambda rows: rows.tasks())) == 16 * 16
