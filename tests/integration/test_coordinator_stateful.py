"""Locks and the queue over HTTP, by several clients at once, against a model of what they promise.

The model says who holds which key and which task is in which state; time passes only as told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.fakes.agreed import KEYS, OVER, TTL_S, Held, Job, Model, Session, asked, conflict
from tests.fakes.inside import Inside, inside

from plait.engine.coordinator import desk as desk_module
from plait.engine.coordinator.desk import VERBS
from plait.engine.coordinator.sessions import RENEWED_WITHIN

CLIENTS = 5
clients = st.integers(0, CLIENTS - 1)


class Coordinator(RuleBasedStateMachine):
    """Rules that clients carry out, alone and all at once."""

    service: Inside

    def __init__(self) -> None:
        super().__init__()
        self.pool = ThreadPoolExecutor(CLIENTS)
        self.model = Model(now=self.service.clock.now())
        self.sessions: list[Session] = []
        self.gone: list[Session] = []

    @initialize()
    def begin(self) -> None:
        """What earlier examples left is over; all join."""
        self.service.clock.advance(1e6)
        self.model.now = self.service.clock.now()
        self.kind = f"k-{self.model.now}"
        for number in range(CLIENTS):
            self.sessions.append(self.join(number))

    def join(self, number: int) -> Session:
        """Register a client."""
        client = self.service.client()
        answer = client.post(
            "/api/register_session", json={"agent": f"a-{number}", "ttl_s": TTL_S}
        ).json()
        client.headers["Plait-Session"] = answer["credential"]
        return Session(client, answer["session"], self.model.now + TTL_S)

    def teardown(self) -> None:
        """Let go of connections."""
        for each in self.sessions:
            each.client.close()
        self.pool.shutdown()

    # What the model expects of a request as such

    def alive(self, session: Session) -> bool:
        """Whether a session counts as alive."""
        return not session.ended and session.until > self.model.now

    def heard(self, session: Session) -> None:
        """A request that was carried out is a sign of life."""
        if session.until - self.model.now < RENEWED_WITHIN * TTL_S:
            session.until = self.model.now + TTL_S

    def reaped(self) -> None:
        """What was not heard of in time ends before work or a lock is given."""
        self.model.reap([*self.sessions, *self.gone])

    def ask(self, session: Session, verb: str, **given: Any) -> tuple[int, Any]:
        """Status and answer; one whose session is over hears that."""
        answer = session.client.post(f"/api/{verb}", json=given)
        told = answer.json()
        assert answer.status_code < 500, told
        if not self.alive(session):
            assert told["code"] == "SESSION_OVER", (verb, told)
        elif answer.is_error and VERBS[verb].needs_session:
            self.heard(session)  # what is refused is a sign of life, too
        return answer.status_code, told

    def together(self, act: Callable[[Session], tuple[int, Any]]) -> list[tuple[int, Any]]:
        """All clients do it at once."""
        return list(self.pool.map(act, self.sessions))

    # Rules

    @rule(seconds=st.sampled_from([1.0, 4.0, 11.0, 21.0]))
    def time_passes(self, seconds: float) -> None:
        """Nobody says anything meanwhile."""
        self.service.clock.advance(seconds)
        self.model.now = self.service.clock.now()

    @rule(who=clients)
    def heartbeat(self, who: int) -> None:
        """Session, claims and locks last on."""
        session = self.sessions[who]
        status, _ = self.ask(session, "heartbeat")
        if not self.alive(session):
            return
        assert status == 200
        session.until = until = self.model.now + TTL_S
        for job in self.model.jobs.values():
            if job.state == "claimed" and job.session == session.name:
                job.until = until
        for key, held in self.model.locks.items():
            if held.session == session.name and self.model.holds(key):
                held.until = until

    @rule(who=clients)
    def joins_anew(self, who: int) -> None:
        """A session that is over is followed by another of the same client."""
        if not self.alive(self.sessions[who]):
            old = self.sessions[who]
            if not old.ended:
                self.gone.append(old)  # it is still to be reaped
            old.client.close()
            self.sessions[who] = self.join(who)

    @rule(who=clients, priority=st.sampled_from([1, 5]), data=st.data())
    def submit(self, who: int, priority: int, data: st.DataObject) -> None:
        """A task that needs others waits for them."""
        session = self.sessions[who]
        known = sorted(self.model.jobs)
        needs = data.draw(
            st.lists(st.sampled_from(known), max_size=2, unique=True) if known else st.just([])
        )
        status, told = self.ask(
            session, "submit_work",
            type=self.kind, title="t", needs=needs, priority=priority, most_claims=2,
        )  # fmt: skip
        if not self.alive(session):
            return
        states = [self.model.jobs[need].state for need in needs]
        if {"failed", "cancelled"} & set(states):
            assert (status, told["code"]) == (409, "NEEDS_FAILED")
            return
        assert status == 200, told
        self.heard(session)
        state = "open" if all(each == "completed" for each in states) else "waiting"
        assert told["state"] == state
        number = len(self.model.jobs)
        self.model.jobs[told["task"]] = Job(number, priority, tuple(needs), state)

    @rule(who=clients)
    def get_work(self, who: int) -> None:
        """The first that is open, with a token that is higher than the last one's."""
        session = self.sessions[who]
        status, told = self.ask(session, "get_work", types=[self.kind])
        if self.alive(session):
            self.reaped()
            expected = self.model.queue()[:1]
            self.given(session, status, told, expected)

    def given(self, session: Session, status: int, told: Any, expected: list[str]) -> None:
        """What a session was given is what it had to be given."""
        assert status == 200, told
        self.heard(session)
        work = told["work"]
        assert (work is not None) == bool(expected), (told, expected)
        if work is None:
            return
        assert work["task"] in expected
        job = self.model.jobs[work["task"]]
        assert job.state == "open"
        assert work["token"] == job.token + 1
        job.state, job.session, job.token = "claimed", session.name, work["token"]
        job.claims, job.until = job.claims + 1, self.model.now + TTL_S

    @rule()
    def all_get_work(self) -> None:
        """As many as there are, each to one of those who ask."""
        answers = self.together(lambda each: self.ask(each, "get_work", types=[self.kind]))
        living = [
            (each, *answer)
            for each, answer in zip(self.sessions, answers, strict=True)
            if self.alive(each)
        ]
        if not living:
            return
        self.reaped()
        expected = self.model.queue()[: len(living)]
        got = [told["work"]["task"] for _, _, told in living if told["work"] is not None]
        assert sorted(got) == sorted(expected)
        for session, status, told in living:
            self.given(session, status, told, expected if told["work"] else [])

    @precondition(lambda self: self.model.jobs)
    @rule(who=clients, late=st.booleans(), fails=st.booleans(), data=st.data())
    def complete(self, who: int, late: bool, fails: bool, data: st.DataObject) -> None:
        """It is taken from the one who has it, with its token, in time; from nobody else."""
        session = self.sessions[who]
        mine = [n for n, each in self.model.jobs.items() if each.session == session.name]
        name = data.draw(st.sampled_from(sorted(mine or self.model.jobs)))
        job = self.model.jobs[name]
        token = max(0, job.token - 1) if late else job.token
        status = "failed" if fails else "completed"
        code, told = self.ask(
            session, "complete_work", task=name, token=token, status=status, result={"n": 1}
        )
        if not self.alive(session):
            return
        own = job.session == session.name and token == job.token
        if own and job.state == "claimed" and job.until > self.model.now:
            assert (code, told["state"]) == (200, status), told
            self.heard(session)
            job.result = status
            if fails:
                self.model.fail(name, "failed")
            else:
                self.model.complete(name)
        elif own and job.result is not None:
            assert code == (200 if job.result == status else 409), told
            if code == 200:
                self.heard(session)
        else:
            assert code in {403, 409}, told
            assert told["code"] in {"NOT_YOURS", "STALE_CLAIM"}, told

    @rule(
        who=clients,
        wanted=st.lists(st.sampled_from(sorted(KEYS)), min_size=1, max_size=2, unique=True),
    )
    def acquire(self, who: int, wanted: list[str]) -> None:
        """All of it, or nothing; what is held already is renewed."""
        session = self.sessions[who]
        status, told = self.ask(session, "acquire_lock", **asked(wanted))
        if self.alive(session):
            self.reaped()
            self.locked(session, wanted, status, told)

    def locked(self, session: Session, wanted: list[str], status: int, told: Any) -> None:
        """What came of an acquisition is what had to."""
        free = not any(
            conflict(key, other) and held.session != session.name
            for key in wanted
            for other in self.model.locks
            if (held := self.model.holds(other)) is not None and not self._has(session, key)
        )
        assert (status == 200) == free, (wanted, told, self.model.locks)
        if not free:
            assert told["code"] == "LOCKED"
            return
        self.heard(session)
        until = self.model.now + TTL_S
        assert {each["key"] for each in told["locks"]} == set(wanted)
        for each in told["locks"]:
            known = self.model.holds(each["key"])
            if known is not None:
                assert known.token == each["token"]
                known.until = until
            else:
                assert each["token"] > self.model.last_token
                self.model.locks[each["key"]] = Held(session.name, each["token"], until)
        self.model.last_token = max(
            self.model.last_token, *(each["token"] for each in told["locks"])
        )

    def _has(self, session: Session, key: str) -> bool:
        held = self.model.holds(key)
        return held is not None and held.session == session.name

    @rule(key=st.sampled_from(sorted(KEYS)))
    def all_acquire(self, key: str) -> None:
        """One gets it, if nobody has anything of it; nobody else does."""
        answers = self.together(lambda each: self.ask(each, "acquire_lock", **asked([key])))
        living = [
            (each, *answer)
            for each, answer in zip(self.sessions, answers, strict=True)
            if self.alive(each)
        ]
        if not living:
            return
        self.reaped()
        # As if the one who got it had been the first.
        for session, status, told in sorted(living, key=lambda each: each[1]):
            self.locked(session, [key], status, told)
        assert sum(status == 200 for _, status, _ in living) <= 1

    @rule(who=clients)
    def release(self, who: int) -> None:
        """All that it holds is free."""
        session = self.sessions[who]
        status, told = self.ask(session, "release_lock")
        if not self.alive(session):
            return
        assert status == 200
        self.heard(session)
        held = {key for key in self.model.locks if self._has(session, key)}
        assert set(told["keys"]) == held
        for key in held:
            del self.model.locks[key]

    @rule(who=clients)
    def leave(self, who: int) -> None:
        """What it held is free, and its work goes back."""
        session = self.sessions[who]
        status, _ = self.ask(session, "end_session")
        if self.alive(session):
            assert status == 200
            self.model.end(session)

    @invariant()
    def the_service_says_what_the_model_says(self) -> None:
        """Tasks are as far as they are in the model; held is what is held there."""
        if not self.sessions:
            return
        found = self.service.desk.store.look(lambda rows: [rows.task(n) for n in self.model.jobs])
        for task, job in zip(found, self.model.jobs.values(), strict=True):
            assert task is not None
            assert (task.state, task.claims, task.token) == (job.state, job.claims, job.token)
            assert job.state in OVER or task.session == job.session, (task, job)
        with self.service.client() as client:
            held = client.post("/api/check_locks", json={}).json()["held"]
            expected = {key for key in self.model.locks if self.model.holds(key)}
            assert {each["held"] for each in held} == expected


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.long)])
def service(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Inside]:
    """A service on an empty store, which looks for what is over with each request."""
    monkeypatch.setattr(desk_module, "REAP_S", 0.0)
    place: Any = tmp_path / "plait.db"
    if request.param == "postgres":
        place = request.getfixturevalue("postgres_url")
    with inside(place) as found:
        yield found


def _hold(service: Inside, examples: int, steps: int = 30) -> None:
    machine = type("Machine", (Coordinator,), {"service": service})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_clients_at_once_find_what_the_model_says(service: Inside) -> None:
    """A short look; the long one follows."""
    _hold(service, 3, 15)


@pytest.mark.long
def test_clients_at_once_find_what_the_model_says_at_length(service: Inside) -> None:
    """Whatever they do, in whatever order, alone and together, and however long they are silent."""
    _hold(service, 30)
