"""A run's plan replaced by another version of it: the same on every store."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.runs import RUN, package, plan
from tests.fakes.stored import begin

from plait.core.event import PlanRevised
from plait.core.package import PackageState
from plait.core.plan import Digest, PackageId
from plait.ports import Advance, Store

REVISED = PlanRevised(digest="sha256:1", plan_revision=2, contracts_revision=1)


def test_a_plan_is_replaced_in_the_transaction_that_tells_of_it(store: Store) -> None:
    """Rows stand in the new order; new packages have some, those of removed ones come last."""
    begin(store)
    before = [row.id for row in store.packages(RUN)]
    kept, gone = before[0], before[1:]
    store.claim(RUN, kept, holder="h", ttl_s=60)
    new = replace(
        plan(package("new"), replace(package(kept), title="Anew")), digest=Digest("sha256:1")
    )
    state = PackageState(id=PackageId("new"), reason="it is new")
    (told,) = store.advance(RUN, [Advance(events=(REVISED,), packages=(state,), plan=new)])
    assert told.event == REVISED
    rows = store.packages(RUN)
    assert [row.id for row in rows] == ["new", kept, *gone]
    assert [(row.title, row.epoch) for row in rows[:2]] == [("Build new", 0), ("Anew", 1)]
    assert rows[0].reason == "it is new"
    assert (store.plan(RUN), store.run(RUN).digest) == (new, "sha256:1")
    assert store.claim(RUN, PackageId("new"), holder="h", ttl_s=60).epoch == 1
    again = replace(plan(package(kept), package("new")), digest=Digest("sha256:2"))
    store.advance(RUN, [Advance(events=(replace(REVISED, digest="sha256:2"),), plan=again)])
    assert [row.id for row in store.packages(RUN)] == [kept, "new", *gone]
