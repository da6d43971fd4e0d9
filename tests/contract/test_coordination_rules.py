"""Guardrails, policy, audit and ports for sessions, on each kind of store."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from typing import Any

import pytest
from tests.contract.test_coordination import do, joined, refused
from tests.fakes.clock import ManualClock
from tests.fakes.stored import begin

from plait.core.lodged import FIRST, LAST, candidates
from plait.core.plan import Digest
from plait.core.policy import VERBS as POLICY
from plait.engine.coordinator.desk import VERBS, Desk
from plait.engine.coordinator.verb import Caller
from plait.engine.lodging import Lodgings


@pytest.mark.parametrize(
    ("text", "trust", "verdict", "category"),
    [
        ("make test && git status", 2, "allow", ""),
        ("git push --force origin main", 2, "ask", "git"),
        ("git push --force origin main", 3, "allow", ""),
        ("bash -c 'rm -rf /'", 2, "deny", "file"),
        ("", 2, "allow", ""),
    ],
)
def test_a_command_is_judged_by_trust(
    desk: Desk, text: str, trust: int, verdict: str, category: str
) -> None:
    """With what it rests on; nothing is run."""
    told = do(desk, Caller(trust=trust), "check_guardrails", operation_text=text)
    assert (told.verdict, told.held[0].category if told.held else "") == (verdict, category)
    assert bool(told.reason) is (verdict != "allow")


def test_a_command_is_judged_by_the_owners_word(desk: Desk) -> None:
    """`[guardrails]` comes before trust."""
    force = {"operation_text": "git push --force"}
    for word in ("allow", "ask", "deny"):
        strict = replace(desk, guardrails={"git": word})
        assert do(strict, Caller(trust=4), "check_guardrails", **force).verdict == word


def test_paths_count_as_files_that_are_written(desk: Desk) -> None:
    """Outside the repository, git's own, and what sets the rules."""

    def verdict(*paths: str) -> str:
        told = do(desk, Caller(trust=2), "check_guardrails", file_paths=list(paths))
        return str(told.verdict)

    assert verdict("src/app.py", "docs/") == "allow"
    assert verdict("plait.toml") == "ask"
    assert verdict("src/app.py", "../x") == "deny"
    assert verdict(".git/hooks/pre-commit") == "deny"


def test_policy_tells_who_may_what(desk: Desk) -> None:
    """By the session's trust, with the rule; a verb that is unknown is denied."""
    ada = Caller(trust=1)
    assert do(desk, ada, "check_policy", verb="recall").allowed
    told = do(desk, ada, "check_policy", verb="submit_work")
    assert (told.allowed, told.rule) == (False, "write_needs_trust")
    assert do(desk, ada, "check_policy", verb="nothing").rule == "unknown_verb"


def test_policy_and_the_registry_name_the_same_verbs() -> None:
    """A verb that is offered is known to the policy, and what the policy knows is offered.

    `read_run` is what HTTP calls the reading of runs, which is no verb.
    """
    assert {*VERBS, "read_run"} == set(POLICY)


def test_the_audit_is_queried(desk: Desk) -> None:
    """The newest first to be told, in order; by run, by whom, by what; a session's own run."""
    store: Any = desk.store
    run = begin(store)
    for number in range(3):
        store.approve(Digest(f"sha256:{number}"), who="ann", plan="p")
    ada = joined(desk, run=run)
    newest = do(desk, Caller(), "query_audit", limit=2)
    assert [each.kind for each in newest.rows] == ["approved", "session_registered"]
    assert newest.truncated
    assert [each.number for each in do(desk, Caller(), "query_audit", after=0, limit=3).rows] == [
        1, 2, 3,
    ]  # fmt: skip
    approved = do(desk, Caller(), "query_audit", agent="ann", kind="approved")
    assert [each.data["digest"] for each in approved.rows] == ["sha256:0", "sha256:1", "sha256:2"]
    assert not approved.truncated
    assert [each.kind for each in do(desk, ada, "query_audit").rows] == ["session_registered"]
    assert refused(desk, ada, "query_audit", run="another").code == "OTHER_RUN"
    assert refused(desk, ada, "query_audit", limit=201).code == "INVALID_REQUEST"


def test_a_session_has_ports_of_its_own(desk: Desk, clock: ManualClock) -> None:
    """The same again, others for others; free when the session is over."""
    ada, bob = joined(desk), joined(desk, "bob")
    mine = do(desk, ada, "allocate_ports")
    assert [each.name for each in mine.ports] == ["db", "rest", "realtime", "api"]
    assert do(desk, ada, "allocate_ports") == mine
    assert mine.env["DB_PORT"] == str(mine.ports[0].port)
    assert f"export DB_PORT={mine.ports[0].port}\n" in mine.snippet
    theirs = do(desk, bob, "allocate_ports", names=["db", "web"])
    numbers = {each.port for each in (*mine.ports, *theirs.ports)}
    assert len(numbers) == 6
    assert {each.port for each in do(desk, bob, "port_status").ports} == numbers
    gone = do(desk, bob, "release_ports", names=["web"]).ports
    assert [each.name for each in gone] == ["web"]
    assert do(desk, bob, "release_ports", names=["web"]).ports == ()
    clock.advance(3600)
    cy = joined(desk, "cy")
    do(desk, cy, "allocate_ports", names=["x"])
    assert [each.name for each in do(desk, cy, "port_status").ports] == ["x"]


def test_ports_are_not_those_of_attempts_nor_in_use(desk: Desk) -> None:
    """Neither of the range that attempts have, nor one that a run of another repository holds."""
    ada = joined(desk)
    session = do(desk, ada, "heartbeat").session
    for attempts in ((20_000, 29_999), (12_000, 15_000), (1_024, 40_000)):
        first, last = attempts
        assert not any(first <= port <= last for port in candidates(attempts, session))
    one, two, *_ = candidates(desk.port_range, session)
    assert FIRST <= one <= LAST
    lodgings = Lodgings()
    with socket.socket() as listens:
        listens.bind(("127.0.0.1", one))
        assert lodgings._lock(two)
        given = {each.port for each in do(desk, ada, "allocate_ports").ports}
    os.close(lodgings.held.pop(two))
    assert not given & {one, two}


def test_ports_with_no_name_or_too_many_are_refused(desk: Desk) -> None:
    """What no variable can be called, and more than a session may have."""
    ada = joined(desk)
    assert refused(desk, ada, "allocate_ports", names=["a b"]).code == "BAD_NAME"
    assert refused(desk, ada, "allocate_ports", names=["$(id)"]).code == "BAD_NAME"
    do(desk, ada, "allocate_ports", names=[f"p{number}" for number in range(16)])
    assert refused(desk, ada, "allocate_ports", names=["one_more"]).code == "TOO_MANY_PORTS"
