"""`plait audit verify` over a store that somebody tampered with: SQLite and PostgreSQL alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DatabaseError
from tests.fakes.clock import ManualClock
from tests.fakes.runs import RUN
from tests.fakes.stored import begin

from plait.app.auditing import entries, verify
from plait.core.plan import Digest
from plait.store import copy_store, open_store
from plait.store.engines import parse


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store of either kind with an order and two approvals, of a repository at tmp_path."""
    (tmp_path / ".git").mkdir()
    monkeypatch.delenv("PLAIT_DATABASE_URL", raising=False)
    place = str(tmp_path / ".plait" / "plait.db")
    if request.param == "postgres":
        place = request.getfixturevalue("postgres_url")
        monkeypatch.setenv("PLAIT_DATABASE_URL", place)
    else:
        (tmp_path / ".plait").mkdir()
    store = open_store(place, clock=ManualClock())
    begin(store)
    store.ask(RUN, "pause", {}, who="ann")
    for number in range(2):
        store.approve(Digest(f"sha256:{number}"), who="bob", plan="p")
    store.close()
    return place


def tamper(url: str, *statements: str) -> None:
    """As somebody would who may write the database, and knows of the triggers."""
    engine = create_engine(parse(url))
    postgres = engine.dialect.name == "postgresql"
    drops = (
        ["DROP TRIGGER audit_is_kept ON audit"]
        if postgres
        else ["DROP TRIGGER audit_is_not_changed", "DROP TRIGGER audit_is_not_deleted"]
    )
    with engine.begin() as connection:
        for each in (*drops, *statements):
            connection.execute(text(each))
    engine.dispose()


def found(tmp_path: Path, head: str = "") -> list[str]:
    """What verifying tells."""
    return [f"row {each.number} {each.how}" for each in verify(tmp_path, head=head).breaks]


def test_a_store_that_nobody_touched_is_whole(url: str, tmp_path: Path) -> None:
    """And its head is found again after more was added."""
    told = verify(tmp_path)
    assert (told.whole, told.rows) == (True, 3)
    store = open_store(url, clock=ManualClock())
    store.approve(Digest("sha256:9"), who="bob", plan="p")
    store.close()
    again = verify(tmp_path, head=told.head)
    assert (again.whole, again.rows, again.noted_row) == (True, 4, 3)
    assert not verify(tmp_path, head="f" * 64).whole
    assert [each.kind for each in entries(tmp_path, RUN)] == ["asked"]


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["UPDATE audit SET who = 'eve' WHERE number = 2"], ["row 2 was changed"]),
        (["DELETE FROM audit WHERE number = 2"], ["row 2 is missing"]),
        (["DELETE FROM audit WHERE number = 3"], ["row 3 is missing"]),
        (
            [
                "UPDATE audit SET number = 9 WHERE number = 2",
                "UPDATE audit SET number = 2 WHERE number = 3",
                "UPDATE audit SET number = 3 WHERE number = 9",
            ],
            ["row 2 was changed", "row 3 was changed"],
        ),
    ],
    ids=["changed", "removed", "cut off", "reordered"],
)
def test_what_was_tampered_with_is_named(
    url: str, tmp_path: Path, statements: list[str], expected: list[str]
) -> None:
    """By the row's number."""
    tamper(url, *statements)
    assert [each for each in found(tmp_path) if "follow" not in each] == expected
    assert not verify(tmp_path).whole


@pytest.mark.parametrize("statement", ["UPDATE audit SET who = 'eve'", "DELETE FROM audit"])
def test_the_database_itself_keeps_the_rows(url: str, tmp_path: Path, statement: str) -> None:
    """Without taking its triggers away nobody changes or deletes one."""
    engine = create_engine(parse(url))
    with pytest.raises(DatabaseError, match="kept as they are"), engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
    assert verify(tmp_path).whole


def test_rows_of_many_writers_are_one_chain(url: str, tmp_path: Path) -> None:
    """Whoever comes second waits, and follows."""

    def write(writer: int) -> None:
        store = open_store(url, clock=ManualClock())
        for number in range(5):
            store.approve(Digest(f"sha256:{writer}-{number}"), who=f"w{writer}", plan="p")
            store.ask(RUN, "pause", {}, who=f"w{writer}")
        store.close()

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(write, range(4)))
    told = verify(tmp_path)
    assert (told.whole, told.rows) == (True, 43)


def test_a_copy_has_the_same_chain(url: str, tmp_path: Path) -> None:
    """Row by row; times survive another kind of database."""
    target = tmp_path / "other" / ".plait" / "plait.db"
    target.parent.mkdir(parents=True)
    copy_store(url, target)
    store = open_store(target, clock=ManualClock())
    copied, count = store.audit(), store.audited()
    store.close()
    assert copied[-1].hash == verify(tmp_path).head
    assert count == len(copied) == 3


def test_where_nothing_was_begun_there_is_nothing_to_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No store is made for it; a head that was noted is missed all the same."""
    monkeypatch.delenv("PLAIT_DATABASE_URL", raising=False)
    (tmp_path / ".git").mkdir()
    assert verify(tmp_path).whole
    assert not (tmp_path / ".plait").exists()
    assert not verify(tmp_path, head="0" * 64).whole
