"""Databases of earlier versions, and what is measured by the database's own clock."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, inspect, select
from tests.fakes.clock import ManualClock
from tests.fakes.runs import RUN
from tests.fakes.stored import PLAN, A, B, begin, ended

from plait.core.codec import encode
from plait.core.event import RunContinued
from plait.errors import LeaseHeld
from plait.ports import Advance
from plait.store import open_store, schema
from plait.store.coordination.tables import WORDS
from plait.store.engines import parse
from plait.store.revision import HEAD_REVISION
from plait.store.sql import SqlStore
from plait.store.upgrade import MIGRATIONS

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return str(tmp_path / "plait.db")
    postgres_url: str = request.getfixturevalue("postgres_url")
    return postgres_url


def opened(url: str) -> SqlStore:
    return open_store(url, clock=ManualClock())


@contextmanager
def connected(url: str) -> Iterator[Engine]:
    engine = create_engine(parse(url))
    yield engine
    engine.dispose()


def make_0001(url: str) -> None:
    """A database as the first version left it in mid-run: A claimed and begun, B claimed."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    lease = {"holder": "orchestrator", "lease_until": time.time() + 86400}
    with connected(url) as engine, engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            schema.run.insert(),
            {
                "id": RUN,
                "number": 1,
                "plan": "p",
                "digest": "sha256:0",
                "branch": "b",
                "base": "0" * 40,
                "head": "0" * 40,
                "status": "running",
                "seq": 1,
                "created_at": 1.0,
                "updated_at": 2.0,
                "options": "{}",
            },
        )
        plan = {"run": RUN, "document": json.dumps(encode(PLAN))}
        connection.execute(schema.plan.insert(), plan)
        common = {"run": RUN, "status": "running", "attempts": 0, "reason": "", "updated_at": 2.0}
        packages = [
            {**common, **lease, "id": name, "position": place, "title": name, "epoch": epoch}
            for place, (name, epoch) in enumerate([("a", 3), ("b", 1)])
        ]
        connection.execute(schema.package.insert(), packages)
        event = {"run": RUN, "seq": 1, "at": 2.0, "type": "run_continued", "data": '{"pid": 7}'}
        connection.execute(schema.event.insert(), event)
        approval = {"digest": "sha256:0", "number": 1, "who": "ann", "plan": "p", "at": 1.0}
        connection.execute(schema.approval.insert(), approval)


def test_a_run_of_revision_0001_goes_on(url: str) -> None:
    """All of it is there; claims go on by the same holder, events by the next number."""
    make_0001(url)

    store = opened(url)

    assert store.plan(RUN) == PLAN
    assert [(row.id, row.epoch) for row in store.packages(RUN)] == [(A, 3), (B, 1)]
    assert [each.event for each in store.events(RUN)] == [RunContinued(pid=7)]
    assert [each.who for each in store.approved("p")] == ["ann"]
    lease = store.claim(RUN, A, holder="orchestrator", ttl_s=60)
    assert lease.epoch == 4
    (key,) = store.acquire(RUN, A, 4, ["db:x"])
    assert key.token == 1
    assert [each.seq for each in store.advance(RUN, [Advance(events=(ended(A, 4),))])] == [2]
    store.close()
    with connected(url) as engine:
        tables = set(inspect(engine).get_table_names())
        tables = {each for each in tables if not each.startswith(WORDS)}  # SQLite's own index
        with engine.connect() as connection:
            revision = connection.execute(select(schema.version.c.version_num)).scalar_one()
    assert tables == {*schema.metadata.tables, "alembic_version"}
    assert revision == HEAD_REVISION


def test_processes_that_upgrade_at_once_all_succeed(url: str) -> None:
    """One of them migrates, the others wait for it and find the run."""
    make_0001(url)
    code = (
        "import sys; from plait.store import open_store; from tests.fakes.clock import ManualClock;"
        "print(len(open_store(sys.argv[1], clock=ManualClock()).runs()))"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, url],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]

    assert [(*each.communicate(), each.returncode) for each in processes] == [("1\n", "", 0)] * 3


def test_leases_are_measured_by_the_databases_clock(url: str) -> None:
    """A caller's clock that is years off neither shortens nor lengthens a lease."""
    ahead = open_store(url, clock=ManualClock(9e9))
    behind = open_store(url, clock=ManualClock(1.0))
    run = begin(ahead)
    before = time.time()
    lease = behind.claim(run, A, holder="alice", ttl_s=60)
    assert abs(lease.until - before - 60) < 20  # one machine, one clock; it may be busy

    with pytest.raises(LeaseHeld) as refused:
        ahead.claim(run, A, holder="bob", ttl_s=60)
    short = behind.claim(run, B, holder="alice", ttl_s=0.05)
    time.sleep(0.1)

    assert 0 < refused.value.remaining_s <= 60
    assert ahead.expired(run) == (short,)
    assert ahead.claim(run, B, holder="bob", ttl_s=60).epoch == 2
    assert behind.renew(run, A, lease.epoch, ttl_s=60).until >= lease.until
    ahead.close()
    behind.close()


def test_of_processes_that_claim_at_once_one_wins(url: str) -> None:
    """Each package is had by one holder, the others are told its name."""
    store = opened(url)
    begin(store)
    code = (
        "import sys; from plait.store import open_store; from tests.fakes.clock import ManualClock;"
        "from plait.errors import LeaseHeld, LockHeld; from tests.fakes.runs import RUN\n"
        "s = open_store(sys.argv[1], clock=ManualClock())\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "for name in 'abc':\n"
        "  try:\n"
        "    e = s.claim(RUN, name, holder=sys.argv[2], ttl_s=60).epoch\n"
        "    s.acquire(RUN, name, e, ['db:one:*']); print(name, 'key')\n"
        "  except LeaseHeld as held: pass\n"
        "  except LockHeld as held: print(name, 'claim')\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, url, f"worker-{number}"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for each in processes:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    told = [each.communicate("go\n", timeout=60)[0].splitlines() for each in processes]
    won = sorted(line for lines in told for line in lines)
    store.close()

    assert [line.split()[0] for line in won] == ["a", "b", "c"]
    assert sum(line.endswith("key") for line in won) == 1
