"""Answers to a conflict: what is accepted of an agent, and which attempt has one to resolve."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plait.core.event import Verdict
from plait.core.foresight import meeting
from plait.core.package import Attempt, PackageState
from plait.core.plan import PackageId
from plait.core.resolution import Sides, judge, unresolved
from plait.engine.reading import read

CODE = Sides(base=b"x = 10\n", landed=b"x = 20\n", candidate=b"x = 30\n")


@pytest.mark.parametrize(
    ("path", "left", "code"),
    [
        ("a.py", b"x = max(20, 30)\n", None),
        ("a.py", b"x = 20\n", None),
        ("a.py", b"x = 30\n", "LANDED_WORK_LOST"),
        ("a.py", b"x = 30 \n", "LANDED_WORK_LOST"),
        ("a.py", None, "LANDED_WORK_LOST"),
        ("a.py", b"<<<<<<< a\nx = 20\n=======\nx = 30\n>>>>>>> b\n", "CONFLICT_LEFT"),
        ("a.py", b"Here is the merged file:\nx = 20\n", "PROSE_FOR_CODE"),
        ("a.js", b"```js\nx = 20\n```\n", "PROSE_FOR_CODE"),
        ("a.js", b"I merged both.\nx = 20\n", "PROSE_FOR_CODE"),
        ("a.py", b"x = (20\n", "PROSE_FOR_CODE"),
        ("a.md", b"Here is what x is: 20\n", None),
    ],
)
def test_an_answer_is_judged(path, left, code):
    """Markers, talk, and what is gone of what landed are refused; a title in a text is not."""
    wrong = judge({path: CODE}, {path: left}, read)
    assert (None if wrong is None else wrong.code) == code


def test_what_landed_may_move_but_not_come_back():
    """Its words may be found in another file; a file that it deleted stays deleted."""
    moved = {"a.py": CODE, "b.py": Sides(base=None, landed=None, candidate=None)}
    assert judge(moved, {"a.py": None, "b.py": b"x = 20\n"}, read) is None
    gone = replace(CODE, landed=None)
    assert judge({"a.py": gone}, {"a.py": None}, read) is None
    wrong = judge({"a.py": gone}, {"a.py": b"x = 30\n"}, read)
    assert wrong is not None
    assert wrong.code == "LANDED_WORK_LOST"


def attempt(number: int, code: str | None, *, conflicts: tuple[str, ...] = ()) -> Attempt:
    """One that is over."""
    return Attempt(
        number=number,
        epoch=number,
        agent="a",
        worktree="w",
        base="0",
        directory="d",
        started_at=0.0,
        setup_s=0.0,
        outcome=Verdict.REVISE if code else Verdict.PASS,
        error_code=code,
        commit=f"c{number}",
        conflicts=conflicts,
    )


@pytest.mark.parametrize(
    ("attempts", "found"),
    [
        ([], None),
        ([attempt(1, "VERIFICATION_FAILED")], None),
        ([attempt(1, "MERGE_CONFLICT", conflicts=("a",))], 1),
        ([attempt(1, "MERGE_CONFLICT", conflicts=("a",)), attempt(2, "CONFLICT_LEFT")], 1),
        ([attempt(1, "MERGE_CONFLICT", conflicts=("a",)), attempt(2, "LANDING_FAILED")], None),
        ([attempt(1, "MERGE_CONFLICT", conflicts=("a",)), attempt(2, None)], None),
        (
            [
                attempt(1, "MERGE_CONFLICT", conflicts=("a",)),
                attempt(2, "MERGE_CONFLICT", conflicts=("b",)),
            ],
            2,
        ),
    ],
)
def test_a_conflict_stays_until_it_is_resolved(attempts, found):
    """What was refused since then does not resolve it; what passed its checks does."""
    state = PackageState(id=PackageId("p"), attempts=tuple(attempts))
    before = unresolved(state)
    assert (None if before is None else before.number) == found


def test_only_those_meet_that_changed_the_same_files():
    """Also where one changed a file and the other made a folder of its name."""
    a, b, c, d = map(PackageId, "abcd")
    others = {a: ["x/y"], b: ["z"], c: ["x"], d: ["x/y/z"]}
    assert meeting(["x/y"], others) == (a, c, d)
    assert meeting(["q"], others) == ()
