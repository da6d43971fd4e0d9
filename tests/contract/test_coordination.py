"""What the coordinator promises, on each kind of store: claims, locks, sessions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.clock import ManualClock

from plait.engine.coordinator.desk import VERBS, Desk
from plait.engine.coordinator.refusal import Refusal
from plait.engine.coordinator.synonyms import SYNONYMS
from plait.engine.coordinator.verb import Caller
from plait.store import open_store


@pytest.fixture(params=["sqlite", "postgres"])
def desk(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Iterator[Desk]:
    """A coordinator on an empty store whose time stands still."""
    where: Any = tmp_path / "plait.db"
    if request.param == "postgres":
        where = request.getfixturevalue("postgres_url")
    store = open_store(where, clock=clock, lease_clock=clock)
    yield Desk(store=store)
    store.close()


def do(desk: Desk, caller: Caller, name: str, **given: Any) -> Any:
    """Carry a verb out."""
    verb, asked = desk.read(name, given)
    desk._reaped = -1.0
    return desk.do(caller, verb, asked)


def joined(desk: Desk, agent: str = "ada", *, trust: int = 2, **given: Any) -> Caller:
    """An agent that has registered a session."""
    told = do(desk, Caller(trust=trust), "register_session", agent=agent, **given)
    return Caller(trust=trust, credential=told.credential)


def refused(desk: Desk, caller: Caller, name: str, **given: Any) -> Refusal:
    """The refusal that a verb answers with."""
    with pytest.raises(Refusal) as caught:
        do(desk, caller, name, **given)
    return caught.value


def test_a_task_is_claimed_by_one_session_and_completed_once(desk: Desk) -> None:
    """The second who asks gets nothing; the completion again is answered alike."""
    ada, bob = joined(desk), joined(desk, "bob")
    task = do(desk, ada, "submit_work", type="review", title="look at it", input={"n": 1})
    work = do(desk, bob, "get_work").work
    assert (work.task, work.token, work.input) == (task.task, 1, {"n": 1})
    assert do(desk, ada, "get_work").work is None
    told = {"task": work.task, "token": work.token, "result": {"found": 3}}
    assert refused(desk, ada, "complete_work", **told).code == "NOT_YOURS"
    assert do(desk, bob, "complete_work", **told).state == "completed"
    assert do(desk, bob, "complete_work", **told).state == "completed"
    again = refused(desk, bob, "complete_work", **{**told, "result": {"found": 4}})
    assert again.code == "ALREADY_COMPLETED"
    assert do(desk, ada, "get_task", task=work.task).result["found"] == 3


def test_what_a_silent_session_held_goes_to_others(desk: Desk, clock: ManualClock) -> None:
    """Its claim is open again with a higher token, its locks are free, it is told so."""
    ada, bob = joined(desk, ttl_s=30), joined(desk, "bob", ttl_s=300)
    task = do(desk, bob, "submit_work", type="x", title="t").task
    first = do(desk, ada, "get_work").work
    do(desk, ada, "acquire_lock", keys=["flag:a"], ttl_s=1000)
    assert refused(desk, bob, "acquire_lock", keys=["flag:a"]).code == "LOCKED"
    clock.advance(31)
    second = do(desk, bob, "get_work").work
    assert (second.task, second.token) == (task, first.token + 1)
    assert do(desk, bob, "acquire_lock", keys=["flag:a"]).locks[0].token > 1
    late = refused(desk, ada, "complete_work", task=task, token=first.token)
    assert late.code == "SESSION_OVER"


def test_a_request_that_is_refused_is_a_sign_of_life(desk: Desk, clock: ManualClock) -> None:
    """Who tries again and again for a lock is not taken for dead."""
    ada, bob = joined(desk, ttl_s=1000), joined(desk, "bob", ttl_s=30)
    do(desk, ada, "acquire_lock", keys=["flag:a"])
    for _ in range(5):
        clock.advance(20)
        assert refused(desk, bob, "acquire_lock", keys=["flag:a"]).code == "LOCKED"
    assert do(desk, bob, "heartbeat").session


def test_a_claim_that_ran_out_is_not_completed(desk: Desk, clock: ManualClock) -> None:
    """Also where nobody has claimed it since, and the session lives."""
    ada = joined(desk, ttl_s=300)
    task = do(desk, ada, "submit_work", type="x", title="t").task
    work = do(desk, ada, "get_work", ttl_s=5).work
    clock.advance(6)
    assert refused(desk, ada, "complete_work", task=task, token=work.token).code == "STALE_CLAIM"


def test_needs_are_looked_at_as_work_is_submitted(desk: Desk) -> None:
    """Unknown ones are refused, failed ones too; failure goes on to all that need it."""
    ada = joined(desk)
    assert refused(desk, ada, "submit_work", type="x", title="t", needs=["t-no"]).code == (
        "NO_SUCH_TASK"
    )
    a = do(desk, ada, "submit_work", type="x", title="a").task
    b = do(desk, ada, "submit_work", type="x", title="b", needs=[a])
    c = do(desk, ada, "submit_work", type="x", title="c", needs=[b.task]).task
    assert b.state == "waiting"
    work = do(desk, ada, "get_work").work
    assert work.task == a
    assert do(desk, ada, "get_work").work is None
    done = do(desk, ada, "complete_work", task=a, token=work.token, status="failed", summary="no")
    assert set(done.cancelled) == {b.task, c}
    assert refused(desk, ada, "submit_work", type="x", title="d", needs=[c]).code == "NEEDS_FAILED"


def test_locks_are_taken_all_or_none_and_know_folders(desk: Desk) -> None:
    """A folder stands for what is in it; nothing is taken where one of several is held."""
    ada, bob = joined(desk), joined(desk, "bob")
    do(desk, ada, "acquire_lock", paths=["src/app/"], keys=["api:GET /v1/users/{id}"])
    held = refused(desk, bob, "acquire_lock", paths=["docs/x.md", "src/app/main.py"])
    assert (held.code, held.data["held"][0]["agent"]) == ("LOCKED", "ada")
    assert do(desk, bob, "check_locks", paths=["docs/x.md"]).free
    assert refused(desk, bob, "acquire_lock", keys=["api:get /v1/users/{user}"]).code == "LOCKED"
    assert do(desk, ada, "release_lock").keys
    assert do(desk, bob, "acquire_lock", paths=["src/app/main.py"]).locks


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "a/../../x", "~/x", "C:\\x", ".git/config", ".plait/x", ""]
)
def test_paths_that_lead_out_are_refused(desk: Desk, path: str) -> None:
    """Whatever way they are written."""
    with pytest.raises(Refusal) as caught:
        do(desk, joined(desk), "acquire_lock", paths=[path])
    assert caught.value.code in {"OUTSIDE", "INVALID_REQUEST"}


def test_names_that_other_coordinators_have_are_understood(desk: Desk) -> None:
    """Skills written for them get the same work done; the verb's own names count first."""
    ada = joined(desk, current_task="trying")
    first = do(desk, ada, "submit_work", task_type="review", description="look\n\nat it all")
    told = {"task_type": "review", "title": "then", "depends_on": [first.task], "priority": 1}
    second = do(desk, ada, "submit_work", **told)
    assert (first.title, first.input) == ("look", {"description": "look\n\nat it all"})
    assert (second.state, second.needs) == ("waiting", (first.task,))
    assert do(desk, ada, "get_work", task_types=["build"]).work is None
    work = do(desk, ada, "get_work", task_types=["review"]).work
    assert do(desk, ada, "get_task", task_id=work.task).state == "claimed"
    done = do(desk, ada, "complete_work", task_id=work.task, success=True, result={"n": 1})
    assert (done.state, done.opened) == ("completed", (second.task,))
    lock = do(desk, ada, "acquire_lock", file_path="src/a.py", ttl_minutes=2).locks[0]
    assert (lock.key, lock.until) == ("file:src/a.py", 1120.0)
    assert not do(desk, joined(desk, "bob"), "check_locks", file_path="src/a.py").free
    assert refused(desk, ada, "acquire_lock", file_path=7).code == "INVALID_REQUEST"
    assert refused(desk, ada, "complete_work", task_id=second.task, success="no").code == (
        "INVALID_REQUEST"
    )


def test_synonyms_mean_fields_that_there_are() -> None:
    """And none is the name of a field itself."""
    for verb, names in SYNONYMS.items():
        fields = set(VERBS[verb].asks.model_fields)
        for name, meaning in names.items():
            assert name not in fields, (verb, name)
            assert set(meaning("x")) <= fields, (verb, name)
