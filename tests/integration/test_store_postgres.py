"""The store on PostgreSQL: opening, refusing, many processes, a server that goes away."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, event, inspect, make_url
from tests.fakes import postgres
from tests.fakes.clock import ManualClock
from tests.fakes.runs import RUN
from tests.fakes.stored import A, begin, seen, state

from plait.core.event import RunContinued, RunId
from plait.core.plan import Digest
from plait.core.run import PackageStatus
from plait.errors import EnvironmentLack, StoreUnreachable
from plait.ports import Advance
from plait.store import open_store
from plait.store.revision import HEAD_REVISION
from plait.store.sql import SqlStore
from plait.store.upgrade import upgrade

ROOT = Path(__file__).parents[2]


@pytest.fixture
def own_server() -> Iterator[postgres.Server]:
    """A server that a test may stop."""
    try:
        with postgres.server() as made:
            yield made
    except postgres.NoPostgresError as why:
        pytest.skip(f"no PostgreSQL here: {why}")


def opened(url: str) -> SqlStore:
    return open_store(url, clock=ManualClock())


def refusal(act: Callable[[], object]) -> EnvironmentLack:
    """What the machine is said to lack."""
    with pytest.raises(EnvironmentLack) as refused:
        act()
    assert refused.value.hint
    return refused.value


def sql(url: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def children(code: str, *arguments: str, count: int) -> list[subprocess.Popen[str]]:
    """Processes that do the same at the same time."""
    command = [sys.executable, "-c", code, *arguments]
    return [
        subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(count)
    ]


# -- opening -----------------------------------------------------------------------------------


def tables_of(url: str) -> dict[str, Any]:
    """Tables with their columns, keys and constraints, as the server tells them."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    look = inspect(engine)
    told = {
        name: (
            [
                (c["name"], str(c["type"]), c["nullable"], c["default"])
                for c in look.get_columns(name)
            ],
            look.get_pk_constraint(name),
            sorted(map(str, look.get_foreign_keys(name))),
            sorted(map(str, look.get_unique_constraints(name))),
            sorted(map(str, look.get_check_constraints(name))),
            sorted(map(str, look.get_indexes(name))),
        )
        for name in look.get_table_names()
    }
    engine.dispose()
    return told


def test_a_fresh_schema_is_what_the_migrations_make(postgres_server: postgres.Server) -> None:
    """A database made at once and one migrated from nothing have the same tables."""
    fresh, migrated = postgres_server.new_database(), postgres_server.new_database()
    opened(fresh).close()
    engine = create_engine(make_url(migrated).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        upgrade(connection, None, place=migrated)
    engine.dispose()

    assert tables_of(fresh) == tables_of(migrated) != {}
    revision = "SELECT version_num FROM alembic_version"
    assert sql(fresh, revision) == sql(migrated, revision) == [(HEAD_REVISION,)]


def test_processes_that_open_an_empty_database_at_once_all_succeed(postgres_url: str) -> None:
    """The tables are made by one of them; the others wait and find them."""
    code = (
        "import sys; from plait.store import open_store; from tests.fakes.clock import ManualClock;"
        "print(len(open_store(sys.argv[1], clock=ManualClock()).runs()))"
    )

    ended = [
        (*each.communicate(), each.returncode) for each in children(code, postgres_url, count=4)
    ]

    assert ended == [("0\n", "", 0)] * 4


def test_a_database_of_another_program_is_refused(postgres_url: str) -> None:
    """A database with tables that are not Plait's: STORE_UNREADABLE, and it is left as it was."""
    sql(postgres_url, "CREATE TABLE invoices (id INTEGER)")

    assert refusal(lambda: opened(postgres_url)).code == "STORE_UNREADABLE"
    assert list(tables_of(postgres_url)) == ["invoices"]


def test_a_database_of_a_newer_version_is_refused(postgres_url: str) -> None:
    """A revision that this version does not know: STORE_TOO_NEW."""
    opened(postgres_url).close()
    sql(postgres_url, "UPDATE alembic_version SET version_num = '9999'")

    assert refusal(lambda: opened(postgres_url)).code == "STORE_TOO_NEW"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("postgresql://ann:secret@127.0.0.1:1/plait", "STORE_UNREACHABLE"),
        ("postgres://ann:secret@nowhere.invalid/plait", "STORE_UNREACHABLE"),
        ("postgresql://ann@127.0.0.1:1/plait?password=secret", "STORE_UNREACHABLE"),
        ("postgresql://ann:secret@127.0.0.1:1/plait?nonsense=1", "STORE_UNREADABLE"),
    ],
)
def test_a_server_that_cannot_be_reached_is_told_without_a_password(url: str, code: str) -> None:
    """No server there, no such name, no such option: told with the place, never the password."""
    lack = refusal(lambda: opened(url))

    assert (lack.code, lack.exit_code) == (code, 4)
    assert "ann@" in lack.where
    assert "secret" not in f"{lack.message} {lack.hint} {lack.where}"


def test_a_database_that_is_not_there_is_named(postgres_server: postgres.Server) -> None:
    """The server is there and the database is not: STORE_UNREACHABLE with the server's words."""
    lack = refusal(lambda: opened(postgres_server.url("nowhere")))

    assert "nowhere" in lack.message


def test_a_missing_driver_is_told_with_its_cure(tmp_path: Path) -> None:
    """Without psycopg: STORE_DRIVER_MISSING, and the command that installs it."""
    (tmp_path / "psycopg.py").write_text("raise ImportError('as if it were not there')\n")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r});"
        "from plait.store import open_store; from plait.errors import EnvironmentLack\n"
        "try: open_store('postgresql://h/d', clock=None)\n"
        "except EnvironmentLack as lack: print(lack.code, lack.exit_code, lack.hint)"
    )

    (child,) = children(code, count=1)
    out, err = child.communicate()

    assert (out, err) == ("STORE_DRIVER_MISSING 4 pip install 'plait[postgres]'\n", "")


# -- many at once ------------------------------------------------------------------------------


def test_processes_advance_one_run_without_a_gap(postgres_url: str) -> None:
    """Events of several processes are numbered without a gap and none is lost."""
    store = opened(postgres_url)
    begin(store)
    code = (
        "import sys; from plait.store import open_store; from tests.fakes.clock import ManualClock;"
        "from plait.core.event import RunContinued; from plait.ports import Advance;"
        "from tests.fakes.runs import RUN; from os import getpid as p;"
        "s = open_store(sys.argv[1], clock=ManualClock());"
        "[s.advance(RUN, [Advance(events=(RunContinued(pid=p()),) * 2)]) for n in range(20)]"
    )

    processes = children(code, postgres_url, count=3)
    ended = [(*each.communicate(), each.returncode) for each in processes]
    events = store.events(RUN)
    store.close()

    assert ended == [("", "", 0)] * 3
    assert [each.seq for each in events] == list(range(1, 121))


def test_runs_and_approvals_made_at_once_all_get_a_number(postgres_url: str) -> None:
    """What is numbered by what is there already is numbered one after the other."""
    stores = [opened(postgres_url) for _ in range(4)]

    def work(number: int) -> None:
        for each in range(5):
            begin(stores[number], RunId(f"run-{number}-{each}"))
            stores[number].approve(Digest("sha256:1"), who="ann", plan="p")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(stores[0].runs()) == len(stores[0].approvals(Digest("sha256:1"))) == 20
    assert sorted(sql(postgres_url, "SELECT number FROM run")) == [(n,) for n in range(1, 21)]
    for store in stores:
        store.close()


# -- a server that goes away -------------------------------------------------------------------


def test_a_restarted_server_loses_nothing_and_doubles_nothing(own_server: postgres.Server) -> None:
    """Killed and started again, three times, under a writer: each advance stands once."""
    store = opened(own_server.new_database())
    begin(store)
    told: list[int] = []
    stopped = threading.Event()

    def write() -> None:
        while not stopped.is_set():
            events = (RunContinued(pid=len(told)), RunContinued(pid=len(told)))
            store.advance(RUN, [Advance(events=events)])
            told.append(len(told))

    writer = threading.Thread(target=write)
    writer.start()
    for number in range(3):
        while len(told) < (number + 1) * 20:
            assert writer.is_alive()
        own_server.stop()
        own_server.start()
    stopped.set()
    writer.join()

    pids = [each.event.pid for each in store.events(RUN) if isinstance(each.event, RunContinued)]
    store.close()
    assert pids == [pid for pid in told for _ in range(2)]


def test_a_server_that_stays_away_is_told_and_the_call_can_be_repeated(
    own_server: postgres.Server,
) -> None:
    """When patience ends: StoreUnreachable; nothing is half written; the next call works."""
    store = opened(own_server.new_database())
    store.patience_s = 0.3
    before = seen(store, begin(store))
    advance = Advance(
        events=(RunContinued(pid=1),), packages=(state(A, 0, status=PackageStatus.RUNNING),)
    )
    own_server.stop()

    with pytest.raises(StoreUnreachable) as refused:
        store.advance(RUN, [advance])
    own_server.start()

    assert refused.value.code == "STORE_UNREACHABLE"
    assert seen(store, RUN) == before
    assert [each.seq for each in store.advance(RUN, [advance])] == [1]
    store.close()


def test_a_commit_whose_answer_was_lost_is_not_written_twice(postgres_url: str) -> None:
    """The connection breaks after the commit and before the answer: the call finds its events."""
    store = opened(postgres_url)
    begin(store)
    lost: list[bool] = []

    def commit_and_break(connection: Any) -> None:
        connection.commit()
        if not lost:
            lost.append(True)
            connection.dbapi_connection.close()
            raise psycopg.OperationalError("the connection is lost")

    dialect: Any = store._writing.dialect
    dialect.do_commit = commit_and_break
    recorded = store.advance(RUN, [Advance(events=(RunContinued(pid=1),))])
    again = store.advance(RUN, [Advance(events=(RunContinued(pid=1),))])

    assert lost == [True]
    assert [each.seq for each in (*recorded, *again)] == [1, 2]
    assert store.events(RUN) == (*recorded, *again)
    store.close()


def test_a_reader_opens_no_transaction(postgres_url: str) -> None:
    """A query is one statement: no round trip is spent on a transaction around it."""
    store = opened(postgres_url)
    begin(store)
    said: list[str] = []
    event.listen(store._reading, "before_cursor_execute", lambda *a: said.append(a[2]))
    store.runs()
    with psycopg.connect(postgres_url) as other:
        idle = other.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
        ).fetchone()
    store.close()

    assert len(said) == 1
    assert idle == (0,)
