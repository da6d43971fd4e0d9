"""Announcements, and requests for more scope, on each kind of store."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.contract.test_coordination import do, joined, refused
from tests.fakes.clock import ManualClock
from tests.fakes.stored import A, B, begin

from plait.core.event import RunId
from plait.engine.coordinator.desk import Desk
from plait.ports import Advance


@pytest.fixture
def run(desk: Desk) -> RunId:
    """A run with package a at work under epoch 1."""
    store: Any = desk.store
    made = begin(store)
    store.claim(made, A, holder="orchestrator", ttl_s=3600)
    return RunId(made)


def answer(desk: Desk, run: RunId, **told: Any) -> None:
    """What the orchestrator answers to all that is open."""
    store: Any = desk.store
    usual = {"ruling": "granted", "free": [], "waiting": {}, "refused": {}, "writable": True}
    text = json.dumps({**usual, **told})
    answers = tuple((each.number, text) for each in store.requests(run))
    assert answers
    store.advance(run, [Advance(events=(), answers=answers)])


def test_others_hear_what_a_session_announces(desk: Desk) -> None:
    """Who announces the same is told, and discover_agents shows it; nothing is locked."""
    ada, bob = joined(desk), joined(desk, "bob")
    first = do(desk, ada, "announce", paths=["src/app/", "./docs//x.md"])
    assert (first.paths, first.conflicts) == (("src/app/**", "docs/x.md"), ())
    do(desk, ada, "acquire_lock", paths=["lib/"])
    told = do(desk, bob, "announce", paths=["src/app/main.py", "lib/y.py"])
    assert [(each.agent, each.held, each.reason) for each in told.conflicts] == [
        ("ada", "file:lib/**", ""),
        ("ada", "file:src/app/**", "it has announced this"),
    ]
    seen = {each.agent: each.paths for each in do(desk, bob, "discover_agents").agents}
    assert seen == {"ada": ("src/app/**", "docs/x.md"), "bob": ("src/app/main.py", "lib/y.py")}
    assert do(desk, bob, "acquire_lock", paths=["src/app/main.py"]).locks
    assert do(desk, ada, "announce").paths == ()
    assert refused(desk, ada, "announce", paths=["/etc"]).code == "OUTSIDE"


def test_a_request_is_put_to_the_run_once_and_answered(desk: Desk, run: RunId) -> None:
    """While it is open, and while it is queued, asking again puts no other."""
    ada = joined(desk)
    asked = {"run": run, "package": "a", "epoch": 1, "paths": ["docs/x.md", "./docs/y.md"]}
    store: Any = desk.store
    assert do(desk, ada, "request_paths", **asked).state == "asked"
    assert do(desk, ada, "request_paths", **asked).state == "asked"
    (request,) = store.requests(run)
    assert (request.kind, request.who) == ("widen", "ada")
    assert request.data["paths"] == ["docs/x.md", "docs/y.md"]
    answer(desk, run, ruling="queued", waiting={"docs/x.md": "b (running)"})
    queued = do(desk, ada, "request_paths", **asked)
    assert (queued.state, queued.waiting) == ("queued", {"docs/x.md": "b (running)"})
    assert store.requests(run) == ()


def test_a_refusal_stands_for_a_moment_then_it_is_asked_anew(
    desk: Desk, run: RunId, clock: ManualClock
) -> None:
    """Things may be otherwise by then."""
    ada = joined(desk)
    asked = {"run": run, "package": "a", "epoch": 1, "paths": ["plait.toml"]}
    do(desk, ada, "request_paths", **asked)
    answer(desk, run, ruling="refused", refused={"plait.toml": "it is protected"})
    told = do(desk, ada, "request_paths", **asked)
    assert (told.state, told.refused) == ("refused", {"plait.toml": "it is protected"})
    clock.advance(6)
    assert do(desk, ada, "request_paths", **asked).state == "asked"


def test_requests_for_what_is_nobodys_are_refused(desk: Desk, run: RunId) -> None:
    """A package that nobody works on, an earlier claim, another run, a task of another's."""
    ada, bob = joined(desk), joined(desk, "bob")
    paths = {"paths": ["docs/x.md"]}
    for about in (
        {"run": run, "package": str(B), "epoch": 1},
        {"run": run, "package": "a", "epoch": 2},
        {"run": "none", "package": "a", "epoch": 1},
        {"run": run, "package": "zz", "epoch": 0},
        {},
    ):
        assert refused(desk, ada, "request_paths", **paths, **about).code == "NOT_AT_WORK"
    bound = joined(desk, "cy", run=run)
    other = refused(desk, bound, "request_paths", **paths, run="another", package="a", epoch=1)
    assert other.code == "OTHER_RUN"
    task = do(desk, ada, "submit_work", type="x", title="t").task
    assert refused(desk, ada, "request_paths", **paths, task=task).code == "NOT_YOURS"
    do(desk, bob, "get_work")
    assert refused(desk, ada, "request_paths", **paths, task=task).code == "NOT_YOURS"
    assert refused(desk, bob, "request_paths", **paths, task=task).code == "NOT_AT_WORK"
    assert refused(desk, bob, "request_paths", **paths, task="t-no").code == "NO_SUCH_TASK"
    assert refused(desk, bob, "request_paths", paths=["../x"]).code == "OUTSIDE"
    assert refused(desk, bob, "request_paths", paths=[]).code == "INVALID_REQUEST"
