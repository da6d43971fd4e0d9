"""Smoke."""

from tests.fakes.clock import ManualClock
from tests.fakes.store import MemoryStore

from plait.core.event import *
from plait.core.plan import *
from plait.core.run import PackageState
from plait.ports import *
from plait.store.database import open_store


def test_x(tmp_path):
    """X."""
    c = ManualClock()
    plan = Plan(
        id="p",
        title="P",
        format="f",
        feature="x",
        branch="feat/x",
        digest="sha256:1",
        files=(),
        packages=(
            WorkPackage(id="a", source_id="a", title="A"),
            WorkPackage(id="b", source_id="b", title="B"),
        ),
    )
    for s in (MemoryStore(clock=c), open_store(tmp_path / "x.db", clock=c)):
        s.create_run("r", plan, branch="b", base="0", options={"x": [1]})
        assert s.plan("r") == plan
        l = s.claim("r", "a", holder="h", ttl_s=5)
        r = s.advance(
            "r",
            [
                Advance(
                    events=(RunContinued(pid=3), GatePassed(package="a", reason="")),
                    packages=(PackageState(id="a", epoch=l.epoch),),
                    head="3",
                )
            ],
        )
        assert s.events("r") == r
        print(
            s.run("r"),
            s.packages("r"),
            s.runs(),
            s.approve("d", who="me", plan="p"),
            s.approvals("d"),
        )
        s.close()
