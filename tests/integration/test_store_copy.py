"""A store that is taken to another database is the same store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.contract.test_coordination import do, joined
from tests.fakes.clock import ManualClock
from tests.fakes.runs import RUN, begin as start, landed
from tests.fakes.stored import A, B, begin, seen

from plait.core.event import RunContinued, RunId
from plait.core.plan import Digest
from plait.engine.coordinator.desk import Desk
from plait.engine.coordinator.verb import Caller
from plait.errors import StaleEpoch, UsageError
from plait.ports import Advance
from plait.store import copy_store, open_store
from plait.store.sql import SqlStore

DIGEST = Digest("sha256:1")


@pytest.fixture(params=["sqlite", "postgres"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return _place(request, tmp_path / "source.db")


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return _place(request, tmp_path / "target.db")


def _place(request: pytest.FixtureRequest, path: Path) -> str:
    if request.param == "sqlite":
        return str(path)
    server: Any = request.getfixturevalue("postgres_server")
    url: str = server.new_database()
    return url


def opened(url: str) -> SqlStore:
    return open_store(url, clock=ManualClock())


def everything(store: SqlStore) -> tuple[Any, ...]:
    """All that can be read of a store."""
    runs = store.runs()
    each = [(*seen(store, row.id), store.plan(row.id), store.options(row.id)) for row in runs]
    desk = Desk(store=store)
    found = do(desk, Caller(), "recall", query="broke", least=0).memories
    remembered = [each.model_dump(exclude={"score"}) for each in found]
    notes = do(desk, Caller(), "read_handoff"), remembered
    return runs, each, store.approved("p"), store.durations(), store.held_keys(), notes


def fill(url: str) -> tuple[Any, ...]:
    """Two runs in their middle, with something in every table."""
    store = opened(url)
    begin(store, RunId("earlier"))
    begin(store)
    for package in (A, B):
        store.claim(RUN, package, holder="orchestrator", ttl_s=3600)
    store.acquire(RUN, A, 1, ["db:x", "flag:ü"])
    store.acquire(RUN, B, 1, ["db:y"])
    store.release(RUN, B, 1)
    store.advance(RUN, [Advance(events=(start("a"), landed("a")), head="1" * 40)])
    store.advance(RUN, [Advance(events=tuple(RunContinued(pid=n) for n in range(2500)))])
    store.approve(DIGEST, who="ann", plan="p")
    ada = joined(Desk(store=store))
    do(Desk(store=store), ada, "write_handoff", summary="half of it")
    do(Desk(store=store), ada, "remember", event="error", summary="it broke")
    told = everything(store)
    store.close()
    return told


def test_a_copy_is_the_same_store(source: str, target: str) -> None:
    """Every row arrives, is counted, and nothing is changed where it came from."""
    before = fill(source)

    done = copy_store(source, target)

    copy, original = opened(target), opened(source)
    assert everything(copy) == before == everything(original)
    assert done.rows == {
        "run": 2,
        "plan": 2,
        "trunk": 2,
        "package": 6,
        "request": 0,
        "step": 0,
        "event": 2502,
        "approval": 1,
        "lock_key": 2,
        "counter": 4,
        "audit": 2,
        "session": 1,
        "task": 0,
        "task_need": 0,
        "session_lock": 0,
        "demand": 0,
        "handoff": 1,
        "memory": 1,
        "scope_ask": 0,
        "port_lease": 0,
        "question": 0,
        "progress": 0,
        "feature": 0,
    }
    copy.close()
    original.close()


def test_numbers_go_on_after_a_copy(source: str, target: str) -> None:
    """Runs, events, approvals, epochs and tokens that come next are numbered by what is there."""
    fill(source)
    copy_store(source, target)
    store = opened(target)

    begin(store, RunId("later"))
    assert [row.id for row in store.runs()] == ["later", RUN, "earlier"]
    assert [each.seq for each in store.advance(RUN, [Advance(events=(RunContinued(pid=1),))])] == [
        2503
    ]
    store.approve(DIGEST, who="zoe", plan="p")
    assert [each.who for each in store.approvals(DIGEST)] == ["ann", "zoe"]
    assert store.claim(RUN, B, holder="orchestrator", ttl_s=60).epoch == 2
    with pytest.raises(StaleEpoch):
        store.acquire(RUN, B, 1, ["event:x"])
    assert [each.token for each in store.acquire(RUN, B, 2, ["event:x"])] == [4]
    store.close()


def test_there_and_back_again(postgres_url: str, tmp_path: Path) -> None:
    """From the file to the server and back into a new file: nothing is different."""
    before = fill(str(tmp_path / "first.db"))

    copy_store(tmp_path / "first.db", postgres_url)
    copy_store(postgres_url, tmp_path / "second.db")

    store = opened(str(tmp_path / "second.db"))
    assert everything(store) == before
    store.close()


def test_a_store_with_something_in_it_is_not_written_over(source: str, target: str) -> None:
    """A target with a run: STORE_NOT_EMPTY, and it stays as it is."""
    fill(source)
    store = opened(target)
    begin(store, RunId("mine"))
    before = everything(store)

    with pytest.raises(UsageError) as refused:
        copy_store(source, target)

    assert refused.value.code == "STORE_NOT_EMPTY"
    assert everything(store) == before
    store.close()


def test_a_store_is_not_copied_onto_itself(source: str) -> None:
    """The same place twice: SAME_STORE."""
    fill(source)

    with pytest.raises(UsageError) as refused:
        copy_store(source, source)

    assert refused.value.code == "SAME_STORE"


def test_no_store_is_made_to_be_copied(tmp_path: Path) -> None:
    """A source that is not there: NO_SUCH_STORE, and it is not there afterwards either."""
    with pytest.raises(UsageError) as refused:
        copy_store(tmp_path / "none.db", tmp_path / "target.db")

    assert refused.value.code == "NO_SUCH_STORE"
    assert list(tmp_path.iterdir()) == []
