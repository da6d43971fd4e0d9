"""Opening the store on SQLite: making, upgrading and refusing databases."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Insert, create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql import ClauseElement
from tests.fakes.clock import ManualClock
from tests.fakes.runs import RUN
from tests.fakes.stored import A, begin, seen, state

from plait.core.event import RunContinued
from plait.core.run import PackageStatus
from plait.errors import EnvironmentLack, UsageError
from plait.ports import Advance
from plait.store import engines, open_store, statements
from plait.store.revision import HEAD_REVISION
from plait.store.schema import metadata
from plait.store.sql import SqlStore
from plait.store.upgrade import MIGRATIONS, upgrade


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "plait.db"


def opened(place: str | Path) -> SqlStore:
    return open_store(place, clock=ManualClock())


def refusal(act: Callable[[], object]) -> EnvironmentLack:
    """What the machine is said to lack."""
    with pytest.raises(EnvironmentLack) as refused:
        act()
    assert refused.value.hint
    return refused.value


def sql(path: Path, statement: str, *parameters: object) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement, parameters).fetchall()


def schema_of(path: Path) -> list[tuple[str, str]]:
    """Every table and index with the words that made it, blanks apart."""
    made = sql(path, "SELECT name, sql FROM sqlite_master ORDER BY name")
    return [(name, " ".join((text or "").split())) for name, text in made]


# -- the schema and its migrations -------------------------------------------------------------


def test_a_fresh_schema_is_what_the_migrations_make(tmp_path: Path) -> None:
    """A database made at once and one migrated from nothing are alike to the letter."""
    fresh, migrated = tmp_path / "fresh.db", tmp_path / "migrated.db"
    opened(fresh).close()
    engine = create_engine(f"sqlite:///{migrated}")
    with engine.begin() as connection:
        upgrade(connection, None, place=str(migrated))
    engine.dispose()

    assert schema_of(fresh) == schema_of(migrated)
    revision = "SELECT version_num FROM alembic_version"
    assert sql(fresh, revision) == sql(migrated, revision) == [(HEAD_REVISION,)]


def test_the_head_revision_is_the_newest_migration() -> None:
    """HEAD_REVISION names what Alembic takes for its head."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    assert ScriptDirectory.from_config(config).get_current_head() == HEAD_REVISION


def test_an_older_database_is_upgraded(path: Path) -> None:
    """A database that no migration has reached yet is brought to the newest when opened."""
    sql(path, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")

    store = opened(path)
    begin(store)
    store.close()

    assert sql(path, "SELECT version_num FROM alembic_version") == [(HEAD_REVISION,)]
    assert sql(path, "SELECT id FROM run") == [(RUN,)]


def test_a_failed_upgrade_leaves_the_database_as_it_was(path: Path) -> None:
    """An upgrade that stops half way is undone as a whole."""
    sql(path, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    sql(path, "CREATE TABLE event (in_the_way INTEGER)")  # the third table of the first migration
    before = schema_of(path)

    with pytest.raises(Exception, match="event already exists"):
        opened(path)

    assert schema_of(path) == before


def test_postgresql_would_take_every_statement() -> None:
    """Nothing in the schema or the statements is SQLite's alone; writers lock what they read."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in metadata.sorted_tables:
        assert str(CreateTable(table).compile(dialect=dialect))
    for name, statement in vars(statements).items():
        if name.isupper() and not name.startswith("_") and isinstance(statement, ClauseElement):
            keys = statement.table.c.keys() if isinstance(statement, Insert) else None
            assert str(statement.compile(dialect=dialect, column_keys=keys))
    assert "FOR UPDATE" in str(statements.EPOCHS.compile(dialect=dialect))


# -- opening -----------------------------------------------------------------------------------


def test_opening_what_is_up_to_date_imports_no_migrations(path: Path) -> None:
    """Making a store, opening it again and reading it never import Alembic."""
    code = (
        "import sys; from plait.store import open_store; from tests.fakes.clock import ManualClock;"
        "s = open_store(sys.argv[1], clock=ManualClock()); s.runs(); s.close();"
        "s = open_store(sys.argv[1], clock=ManualClock()); s.runs(); s.close();"
        "print([m for m in sys.modules if m.split('.')[0] in {'alembic', 'mako'}])"
    )
    root = Path(__file__).parents[2]

    done = subprocess.run(
        [sys.executable, "-c", code, path], cwd=root, capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"


def test_the_database_is_safe_and_shared(path: Path) -> None:
    """The file keeps a write-ahead log; commits are synced; references are held."""
    store = opened(path)
    with store._reading.connect() as connection:
        asked = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    store.close()

    assert asked == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }


def test_a_store_that_cannot_be_written_can_be_read(path: Path) -> None:
    """Opening and reading write nothing; writing where that is not allowed: STORE_READ_ONLY."""
    store = opened(path)
    before = seen(store, begin(store))
    store.close()
    reader = opened(f"sqlite:///file:{path}?mode=ro&uri=true")

    assert seen(reader, RUN) == before
    lack = refusal(lambda: reader.claim(RUN, A, holder="h", ttl_s=1))
    reader.close()

    assert lack.code == "STORE_READ_ONLY"
    assert str(path) in lack.where


def test_a_url_names_the_same_file_as_its_path(path: Path) -> None:
    """`sqlite:///FILE` and FILE open one store."""
    store = opened(f"sqlite:///{path}")
    begin(store)
    store.close()
    again = opened(path)

    assert [row.id for row in again.runs()] == [RUN]
    again.close()


# -- refusing ----------------------------------------------------------------------------------


def test_a_database_of_a_newer_version_is_refused(path: Path) -> None:
    """A revision that this version does not know: STORE_TOO_NEW, and nothing is changed."""
    opened(path).close()
    sql(path, "UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()

    lack = refusal(lambda: opened(path))

    assert (lack.code, lack.where) == ("STORE_TOO_NEW", str(path))
    assert "9999" in lack.message
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("a_type_to_come", "{}"),
        ("run_ended", '{"status": "a status to come"}'),
        ("run_ended", "{}"),
        ("run_ended", "{cut"),
    ],
)
def test_an_event_of_a_newer_version_is_refused(path: Path, kind: str, data: str) -> None:
    """An event that this version cannot read: STORE_TOO_NEW, naming it."""
    store = opened(path)
    begin(store)
    store.close()
    sql(
        path, "INSERT INTO event (run, seq, at, type, data) VALUES (?, 1, 0, ?, ?)", RUN, kind, data
    )
    store = opened(path)

    lack = refusal(lambda: store.events(RUN))
    store.close()

    assert (lack.code, lack.where) == ("STORE_TOO_NEW", str(path))
    assert kind in lack.message


@pytest.mark.parametrize(
    "content", [b"this is no database, though it is long enough to be one" * 20, b"\0" * 5000]
)
def test_a_file_that_is_no_database_is_refused(path: Path, content: bytes) -> None:
    """Any other file: STORE_UNREADABLE with its path, and it is left as it was."""
    path.write_bytes(content)

    lack = refusal(lambda: opened(path))

    assert (lack.code, lack.where) == ("STORE_UNREADABLE", str(path))
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_refused(path: Path) -> None:
    """A database with tables that are not Plait's: STORE_UNREADABLE, and it is left as it was."""
    sql(path, "CREATE TABLE invoices (id INTEGER)")
    before = path.read_bytes()

    lack = refusal(lambda: opened(path))

    assert (lack.code, lack.where) == ("STORE_UNREADABLE", str(path))
    assert path.read_bytes() == before


def test_damage_is_found_when_it_is_read(path: Path) -> None:
    """A file whose inner pages were overwritten: STORE_UNREADABLE where they are needed."""
    store = opened(path)
    begin(store)
    store.advance(RUN, [Advance(events=tuple(RunContinued(pid=n) for n in range(2000)))])
    store.close()
    content = path.read_bytes()
    path.write_bytes(content[:-81920] + b"\xff" * 40960 + content[-40960:])
    store = opened(path)

    lack = refusal(lambda: store.events(RUN))
    store.close()

    assert (lack.code, lack.where) == ("STORE_UNREADABLE", str(path))


def test_a_place_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A folder that does not exist, or a folder in place of a file: STORE_UNREADABLE."""
    for place in (tmp_path / "nowhere" / "plait.db", tmp_path):
        lack = refusal(partial(opened, place))
        assert (lack.code, lack.where) == ("STORE_UNREADABLE", str(place))


def test_a_place_without_a_log_beside_the_file_is_refused(path: Path) -> None:
    """Where SQLite cannot share memory, as on network filesystems: refused, with what to do."""
    lack = refusal(lambda: opened(f"sqlite:///file:{path}?vfs=unix-dotfile&uri=true"))

    assert lack.code == "STORE_UNREADABLE"
    assert "local disk" in lack.hint


def test_a_lock_that_does_not_end_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process that keeps writing for longer than we wait: STORE_BUSY."""
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_S", 0.05)
    store = opened(path)
    begin(store)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        lack = refusal(lambda: store.claim(RUN, A, holder="h", ttl_s=1))
    assert lack.code == "STORE_BUSY"
    assert store.claim(RUN, A, holder="h", ttl_s=1).epoch == 1
    store.close()


@pytest.mark.parametrize("url", ["mysql://ann:secret@db/plait", "x://:secret@:secret"])
def test_other_databases_are_refused_without_their_password(url: str) -> None:
    """A URL of another kind: STORE_UNSUPPORTED; what may hold a password is not repeated."""
    with pytest.raises(UsageError) as refused:
        opened(url)

    assert refused.value.code == "STORE_UNSUPPORTED"
    assert "secret" not in f"{refused.value.message} {refused.value.hint}"


# -- text --------------------------------------------------------------------------------------


def test_text_that_no_database_takes_is_stored_readable(path: Path) -> None:
    """NUL and halves of surrogate pairs in a reason are replaced in the row that people see."""
    store = opened(path)
    begin(store)
    broken = state(A, 0, status=PackageStatus.FAILED, reason="caf\udce9 \0 \U0001f600")

    store.advance(RUN, [Advance(events=(), packages=(broken,))])
    reasons = {row.id: row.reason for row in store.packages(RUN)}
    store.close()

    assert reasons[A] == "caf\ufffd \ufffd \U0001f600"
