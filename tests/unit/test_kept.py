"""Refs, branches and worktrees are told as what they are: somebody's work, kept for a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes.stories import BEGIN, RUN, ended_story

from plait.core.event import RunId
from plait.core.kept import (
    Kept,
    Tried,
    Where,
    attributed,
    branch_name,
    choose,
    explained,
    from_ref,
    in_order,
    slot_of,
    unlisted,
)
from plait.core.plan import PackageId
from plait.errors import UsageError

COMMIT = "c0" * 20


def ref(name: str, *, commit: str = COMMIT, at: float = BEGIN) -> Kept:
    """What a ref's name tells."""
    kept = from_ref(name, commit, at)
    assert kept is not None
    return kept


@pytest.mark.parametrize(
    ("name", "run", "package", "epoch", "code"),
    [
        ("refs/plait/keep/r1/api/3", "r1", "api", 3, ""),
        ("refs/plait/keep/r1/web/api/3", "r1", "web/api", 3, ""),
        ("refs/plait/keep/r1/api/3-0123456789ab", "r1", "api", 3, ""),
        ("refs/plait/keep/recovered/w12", None, None, None, "CRASHED"),
        ("refs/plait/keep/clean/w1-0123456789ab", None, None, None, "CLEANED"),
        ("refs/plait/keep/whatever", None, None, None, ""),
        ("refs/heads/plait/r1/web/api", "r1", "web/api", None, "NOT_LANDED"),
    ],
)
def test_a_ref_tells_whose_work_it_keeps(name, run, package, epoch, code):
    """Run, package and epoch are read off the name, whatever slashes the package's id has."""
    kept = ref(name)
    assert (kept.run, kept.package, kept.epoch, kept.code) == (run, package, epoch, code)


def test_other_refs_keep_nothing():
    """A branch of the user's, or a ref of Plait's of another kind, is not listed."""
    assert from_ref("refs/heads/main", COMMIT, BEGIN) is None
    assert from_ref("refs/plait/other/x", COMMIT, BEGIN) is None


def test_an_attempts_own_reason_is_told():
    """A kept ref has title, attempt, base, time and reason of the attempt under its epoch."""
    run = ended_story().run
    kept = explained(ref(f"refs/plait/keep/{RUN}/ui/1"), run)
    assert kept is not None
    attempt = run.packages[PackageId("ui")].attempts[0]
    assert (kept.title, kept.attempt, kept.code) == ("Search box", 1, "SCOPE_VIOLATION")
    assert (kept.base, kept.at) == (attempt.base, attempt.finished_at)
    assert kept.why == "it wrote outside its scope: src/api/routes.py"


def test_the_branch_of_a_landed_package_is_no_lost_work():
    """Its content is on the run's branch; one of a package that did not land is told."""
    run = ended_story().run
    assert explained(ref(f"refs/heads/plait/{RUN}/db"), run) is None
    assert explained(ref(f"refs/heads/plait/{RUN}/ui"), run) is not None


def test_a_worktrees_content_belongs_to_the_attempt_that_never_ended():
    """The latest attempt in the slot that began before; one that was judged kept its own work."""
    run = ended_story().run
    state = run.packages[PackageId("api")]
    ended = Tried(run=run, package=state.id, attempt=state.attempts[-1])
    cut = replace(ended, attempt=replace(state.attempts[-1], outcome=None))
    kept = ref("refs/plait/keep/recovered/w1", at=state.attempts[-1].started_at + 1)
    assert attributed(kept, [cut]).package == "api"
    assert attributed(kept, [ended]).package is None
    assert attributed(replace(kept, at=BEGIN - 1), [cut]).package is None
    folder = unlisted("/tree/w1", "w1", COMMIT, at=kept.at)
    assert attributed(folder, [ended]).package == "api"
    assert (slot_of(folder), slot_of(kept), slot_of(ref("refs/plait/keep/r/w1/1"))) == (
        "w1",
        "w1",
        None,
    )


def test_the_newest_run_stands_first_and_nothing_twice():
    """By run, then by time; a branch that a hidden ref equals is left out; no run stands last."""
    old = ref("refs/plait/keep/20250101-1/a/1")
    first = ref("refs/plait/keep/20260101-1/a/1", commit="aa" * 20)
    second = ref("refs/plait/keep/20260101-1/b/1", at=BEGIN + 1)
    nobody = ref("refs/plait/keep/whatever", at=BEGIN + 9)
    same = ref("refs/heads/plait/20260101-1/a", commit="aa" * 20)
    other = ref("refs/heads/plait/20260101-1/b", commit="bb" * 20, at=BEGIN - 1)
    told = in_order([nobody, same, old, other, first, second])
    assert told == (second, first, other, old, nobody)


def test_the_last_claim_is_meant_unless_one_is_named():
    """Of one epoch the newest; a source is taken at its word; what is not there is told."""
    one, two = ref("refs/plait/keep/r/a/1", at=BEGIN + 5), ref("refs/plait/keep/r/a/2")
    again = ref("refs/plait/keep/r/a/2-0123456789ab", at=BEGIN + 1)
    found = [one, two, again]
    assert choose(found, package="A", epoch=None, source=None) == again
    assert choose(found, package="a", epoch=1, source=None) == one
    assert choose(found, package=None, epoch=None, source=two.source) == two
    for wanted in (
        {"package": "a", "epoch": 9, "source": None},
        {"package": "b", "epoch": None, "source": None},
        {"package": None, "epoch": None, "source": "refs/x"},
    ):
        with pytest.raises(UsageError) as caught:
            choose(found, **wanted)
        assert caught.value.code == "NOTHING_KEPT"
        assert caught.value.hint


def test_a_branch_is_called_by_package_and_epoch():
    """Where neither is known, by the ref or the worktree it came from."""
    kept = ref("refs/plait/keep/r/web/api/3")
    assert branch_name(kept) == "recovered/web/api-3"
    assert branch_name(ref("refs/heads/plait/r/api")) == "recovered/api"
    assert branch_name(ref("refs/plait/keep/recovered/w1")) == "recovered/recovered-w1"
    folder = Kept(where=Where.WORKTREE, source="w1", commit=COMMIT, at=BEGIN, run=RunId("r"))
    assert branch_name(folder) == "recovered/w1"
