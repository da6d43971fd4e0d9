"""The audit: the same rows on every store, in one chain, each with the fact it tells of."""

from __future__ import annotations

import json

from tests.fakes.runs import RUN
from tests.fakes.stored import begin

from plait.core.audit import ORIGIN, breaks
from plait.core.event import DeliveryEnded, DeliveryOutcome, RunUnpaused
from plait.core.plan import Digest
from plait.ports import Advance, Store

DELIVERED = DeliveryEnded(outcome=DeliveryOutcome.OPENED, commit="c", url="https://example.org/1")


def test_what_people_do_is_audited(store: Store) -> None:
    """Approvals, claims on runs, orders, answers, deliveries: who, what, in order."""
    store.approve(Digest("sha256:1"), who="ann", plan="p")
    begin(store)
    epoch = store.claim_run(RUN, holder="orchestrator", ttl_s=60).epoch
    assert store.ask(RUN, "pause", {"at_once": True}, who="bob \ud800") == 1
    store.advance(
        RUN,
        [Advance(events=(RunUnpaused(who="ann"), DELIVERED), answers=((1, "done"),))],
        run_epoch=epoch,
    )
    rows = store.audit()
    told = [(each.number, each.kind, each.who.split()[0], each.run) for each in rows]
    assert sorted(told[:3]) == [
        (1, "approved", "ann", ""),
        (2, "claimed", "orchestrator", RUN),
        (3, "asked", "bob", RUN),
    ]
    assert {(kind, who, run) for _, kind, who, run in told[3:]} == {
        ("delivery_ended", "plait", RUN),
        ("answered", "plait", RUN),
    }
    assert json.loads(rows[2].data)["data"] == {"at_once": True}
    assert rows[0].previous == ORIGIN
    assert store.audited() == len(rows) == 5
    assert list(breaks(rows, store.audited())) == []


def test_the_first_answer_alone_is_audited(store: Store) -> None:
    """A second one changed nothing."""
    begin(store)
    store.ask(RUN, "pause", {}, who="ann")
    for told in ("one", "two"):
        store.advance(RUN, [Advance(events=(), answers=((1, told),))])
    answers = [json.loads(each.data)["answer"] for each in store.audit() if each.kind == "answered"]
    assert answers == ["one"]


def test_rows_are_read_some_at_a_time(store: Store) -> None:
    """Behind a number, in order."""
    for number in range(5):
        store.approve(Digest(f"sha256:{number}"), who="ann", plan="p")
    assert [each.number for each in store.audit(after=1, most=2)] == [2, 3]
    assert [each.number for each in store.audit(after=4)] == [5]
    assert store.audit(after=5) == ()
