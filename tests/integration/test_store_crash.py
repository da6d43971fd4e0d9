"""What the store on SQLite holds when processes die, write at once, or find the disk full."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.fakes.clock import ManualClock
from tests.fakes.runs import RUN
from tests.fakes.stored import begin, seen

from plait.core.event import RunContinued
from plait.core.run import Run, fold
from plait.errors import EnvironmentLack
from plait.ports import Advance, Store
from plait.store import open_store

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "plait.db"


@contextmanager
def child(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """The writing process, killed at the end if it still lives."""
    command = [sys.executable, "-m", "tests.integration.store_child", *map(str, arguments)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def told(process: subprocess.Popen[str], lines: int | None = None) -> list[str]:
    """The next lines that a child prints, or all that are left."""
    assert process.stdout is not None
    if lines is None:
        return process.stdout.read().split("\n")[:-1]
    return [process.stdout.readline().strip() for _ in range(lines)]


def assert_whole(store: Store, *, acknowledged: int) -> None:
    """Events have no gap, none that was acknowledged is lost, and rows are what they add up to."""
    events = store.events(RUN)
    folded = fold(Run(id=RUN, plan=store.plan(RUN)), events)
    row = store.run(RUN)
    assert [recorded.seq for recorded in events] == list(range(1, len(events) + 1))
    assert len(events) >= acknowledged
    assert (row.status, row.head) == (folded.status, folded.head)
    for package in store.packages(RUN):
        state = folded.packages[package.id]
        assert (package.status, package.attempts, package.commit, package.reason) == (
            state.status,
            state.attempts_used,
            state.commit,
            state.reason,
        )
        assert package.epoch - state.epoch in {0, 1}  # a claim stands before its first event


def test_a_killed_writer_leaves_a_whole_run(path: Path) -> None:
    """However often a writer is killed: acknowledged events stay, and rows agree with them."""
    for lines in (1, 30, 90):
        with child("write", path) as process:
            acknowledged = int(told(process, lines)[-1])
            process.send_signal(signal.SIGKILL)
            acknowledged = max([acknowledged, *map(int, told(process))])
        store = open_store(path, clock=ManualClock())
        assert_whole(store, acknowledged=acknowledged)
        store.close()


def test_a_writer_killed_between_two_writes_leaves_neither(path: Path) -> None:
    """Killed with the events written and the packages not, inside one call: neither stands."""
    with child("die", path) as process:
        acknowledged = int(told(process)[-1])
        assert process.wait(timeout=30) == -signal.SIGKILL
    store = open_store(path, clock=ManualClock())
    assert len(store.events(RUN)) == acknowledged
    assert_whole(store, acknowledged=acknowledged)
    store.close()


def test_a_reader_is_not_held_up_by_a_writer(path: Path) -> None:
    """While another process writes, each look shows a run without gaps that only grows."""
    with child("write", path) as process:
        first = int(told(process, 1)[0])
        reader = open_store(path, clock=ManualClock())
        seqs, looks = [0], 0
        while seqs[-1] < first + 200:
            events = reader.events(RUN, after=seqs[-1])
            assert [recorded.seq for recorded in events] == list(
                range(seqs[-1] + 1, seqs[-1] + 1 + len(events))
            )
            assert len(reader.packages(RUN)) == 200
            seqs += [recorded.seq for recorded in events]
            looks += 1
        assert process.poll() is None
    assert looks > 1
    assert_whole(reader, acknowledged=seqs[-1])
    reader.close()


def test_what_was_written_is_there_for_the_next_process(path: Path) -> None:
    """Everything of a run and its approvals is read by a store opened later on the same file."""
    first = open_store(path, clock=ManualClock())
    lease = first.claim(begin(first), first.packages(RUN)[0].id, holder="h", ttl_s=60)
    first.advance(RUN, [Advance(events=(RunContinued(pid=1),), head="1" * 40)])
    approval = first.approve(first.run(RUN).digest, who="ann", plan="p")
    expected = (*seen(first, RUN), first.plan(RUN), first.options(RUN), first.runs())
    first.close()

    second = open_store(path, clock=ManualClock())

    assert (*seen(second, RUN), second.plan(RUN), second.options(RUN), second.runs()) == expected
    assert second.approvals(approval.digest) == (approval,)
    assert second.claim(RUN, lease.package, holder="h", ttl_s=60).epoch == lease.epoch + 1
    second.close()


def test_threads_take_turns(path: Path) -> None:
    """Calls from many threads at once are all written, each with numbers of its own."""
    store = open_store(path, clock=ManualClock())
    begin(store)
    threads = [
        threading.Thread(
            target=lambda pid=pid: [
                store.advance(RUN, [Advance(events=(RunContinued(pid=pid),) * 2)])
                for _ in range(25)
            ]
        )
        for pid in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    events = store.events(RUN)
    store.close()

    assert [recorded.seq for recorded in events] == list(range(1, 201))
    pids = [recorded.event.pid for recorded in events]  # type: ignore[union-attr]
    assert {pid: pids.count(pid) for pid in range(4)} == dict.fromkeys(range(4), 50)
    assert pids[::2] == pids[1::2]  # the two of one call stand together


def test_many_processes_may_make_one_store(path: Path) -> None:
    """Processes that open a file at once, none of which found it, all get the one store."""
    code = (
        "import sys; from plait.store import open_store; from tests.fakes.clock import ManualClock;"
        "print('ready', flush=True); sys.stdin.readline();"
        "s = open_store(sys.argv[1], clock=ManualClock());"
        "s.approve('sha256:7', who='x', plan='p'); s.close()"
    )
    pipe = subprocess.PIPE
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, path], cwd=ROOT, stdin=pipe, stdout=pipe, text=True
        )
        for _ in range(4)
    ]
    for process in processes:
        assert told(process, 1) == ["ready"]
    for process in processes:
        process.communicate("go\n", timeout=30)

    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM approval").fetchone() == (4,)
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
    connection.close()


def test_a_write_beyond_the_limit_of_a_file_is_a_full_disk(path: Path) -> None:
    """Where the system lets the file grow no more: DISK_FULL, and what was written stands."""
    with child("fill", path, 800_000) as process:
        lines = told(process)
        assert process.wait(timeout=60) == 0
    assert lines[-1] == f"DISK_FULL {path}"
    store = open_store(path, clock=ManualClock())
    assert_whole(store, acknowledged=int(lines[-2]))
    store.close()


def test_a_run_goes_on_once_there_is_room_again(path: Path) -> None:
    """A full disk refuses a call as a whole; the same store works on when there is room."""
    store = open_store(path, clock=ManualClock())
    begin(store)
    many = Advance(events=tuple(RunContinued(pid=number) for number in range(2000)))
    with store._reading.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    before = seen(store, RUN)

    with pytest.raises(EnvironmentLack) as refused:
        store.advance(RUN, [many])

    assert (refused.value.code, refused.value.where) == ("DISK_FULL", str(path))
    assert "resume" in refused.value.hint
    assert seen(store, RUN) == before
    with store._reading.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert store.advance(RUN, [many])[-1].seq == 2000
    store.close()
