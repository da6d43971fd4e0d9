"""The quick look at a store answers what the store answers."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.fakes.clock import ManualClock
from tests.fakes.runs import begin as start, landed, package, plan

from plait.core.event import PackageSkipped, RunId, RunStatus, UsageReported
from plait.core.plan import Digest, PackageId
from plait.core.run import PackageState, PackageStatus
from plait.core.spent import Used
from plait.ports import Advance
from plait.store import glance, open_store


def fill(path: Path) -> None:
    """Two runs, one of them with something in every column."""
    clock = ManualClock(1000.0)
    store = open_store(path, clock=clock)
    for name in ("first", "second"):
        store.create_run(
            RunId(name), plan(package("b"), package("a")), branch="x", base="0" * 40, options={}
        )
        clock.advance(5.0)
    store.ask(RunId("second"), "retry", {"package": "a"}, who="ann")
    lease = store.claim(RunId("second"), PackageId("a"), holder="h", ttl_s=60)
    state = PackageState(
        id=PackageId("a"),
        status=PackageStatus.SKIPPED,
        epoch=lease.epoch,
        reason="because",
        commit="c" * 40,
    )
    store.advance(
        RunId("second"),
        [
            Advance(
                events=(PackageSkipped(package=PackageId("a"), reason="because"),),
                packages=(state,),
                status=RunStatus.PARTIAL,
                head="1" * 40,
            )
        ],
    )
    for name in ("b", "a"):
        store.claim(RunId("first"), PackageId(name), holder="h", ttl_s=60)
        store.advance(RunId("first"), [Advance(events=(start(name),))])
        clock.advance(7.0)
        store.advance(RunId("first"), [Advance(events=(landed(name),))])
    told = {"package": PackageId("b"), "attempt": 1, "epoch": 1}
    for cost, tokens in ((0.25, 9), (0.5, None)):
        said = UsageReported(**told, cost_usd=cost, tokens_input=tokens)
        store.advance(RunId("first"), [Advance(events=(said,))])
    for who, digest in (("zoe", "sha256:1"), ("ann", "sha256:2")):
        store.approve(Digest(digest), who=who, plan="p")
    store.close()


def test_a_look_sees_what_the_store_sees(tmp_path: Path) -> None:
    """Runs newest first, packages in the plan's order, every column."""
    path = tmp_path / "plait.db"
    fill(path)
    store, quick = open_store(path, clock=ManualClock(2000.0)), glance(path)
    assert quick is not None
    assert quick.runs() == store.runs()
    assert [row.id for row in quick.runs()] == ["second", "first"]
    for row in store.runs():
        assert quick.packages(row.id) == store.packages(row.id)
        assert quick.plan(row.id) == store.plan(row.id)
    again = glance(path)  # a second one in the same process
    assert again is not None
    again.close()
    assert quick.packages(RunId("second"))[1].reason == "because"
    assert quick.approved("p") == store.approved("p") != ()
    assert quick.requests(RunId("second")) == store.requests(RunId("second")) != ()
    assert quick.durations() == store.durations() != ()
    first = RunId("first")
    assert quick.used(first) == store.used(first) == {"b": Used(cost_usd=0.5, tokens_input=9)}
    assert quick.used(RunId("second")) == {}
    quick.close()
    store.close()


def test_a_look_goes_on_while_a_writer_writes(tmp_path: Path) -> None:
    """`status` during a run neither waits nor disturbs."""
    path = tmp_path / "plait.db"
    fill(path)
    writer = sqlite3.connect(path)
    writer.execute("BEGIN IMMEDIATE")
    quick = glance(path)
    assert quick is not None
    assert len(quick.runs()) == 2
    quick.close()
    writer.close()


def test_what_it_cannot_read_it_leaves_to_the_store(tmp_path: Path) -> None:
    """Another revision, no store, no file: no answer, and nothing is created."""
    path = tmp_path / "plait.db"
    fill(path)
    with sqlite3.connect(path) as other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
    other.close()
    assert glance(path) is None
    text = tmp_path / "text.db"
    text.write_text("no database, but a text that is long enough to be looked at twice " * 20)
    assert glance(text) is None
    assert glance(tmp_path / "none.db") is None
    assert not (tmp_path / "none.db").exists()
