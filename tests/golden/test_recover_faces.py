"""What a person reads of kept work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.fakes.stories import BASE, BEGIN, RUN, ended_story
from tests.golden.conftest import Golden

from plait.core.event import RunId
from plait.core.kept import Kept, explained, from_ref, in_order, unlisted
from plait.core.plan import PackageId
from plait.faces import recover_text

COMMIT = "c0ffee" + "0" * 34


def everything() -> tuple[Kept, ...]:
    """One of each kind, in three runs and in none."""
    run = ended_story().run
    refused = from_ref(f"refs/plait/keep/{RUN}/ui/1", COMMIT, BEGIN)
    assert refused is not None
    told = explained(refused, run)
    assert told is not None
    branch = from_ref(f"refs/heads/plait/{RUN}/audit", COMMIT, BEGIN + 50)
    stopped = from_ref("refs/plait/keep/20260920-080000-0001/web/api/2", COMMIT, BEGIN - 90_000)
    crashed = from_ref("refs/plait/keep/recovered/w2", COMMIT, BEGIN + 10)
    assert branch is not None
    assert stopped is not None
    assert crashed is not None
    folder = replace(
        unlisted(".plait/worktrees/.retired-w3", "w3", COMMIT, at=BEGIN + 300),
        run=RunId(RUN),
        package=PackageId("api"),
        title="Search endpoint\x1b[31m",
        attempt=2,
        epoch=2,
        files=("src/api/search.py",),
        size=312,
    )
    broken = unlisted(
        ".plait/worktrees/.retired-w4", "w4", None, at=BEGIN + 20, why="git cannot hold `git~1`"
    )
    files = ("src/ui/box.ts", "src/api/routes.py", "a", "b", "c")
    measured = replace(told, base=BASE, files=files, size=5_400_000)
    return in_order([measured, branch, stopped, crashed, folder, broken])


def test_the_list_of_kept_work(golden: Golden) -> None:
    """By run, each with when, why, which files and where."""
    golden("recover.txt", recover_text.kept_text(everything(), now=BEGIN + 400))
    golden("recover.json", recover_text.kept_json(everything()))


def test_what_was_restored(golden: Golden) -> None:
    """A branch, a branch with its worktree, a patch."""
    kept = everything()[0]
    ways = [
        {"branch": "recovered/api-2", "is_new": True, "worktree": None, "patch": None},
        {"branch": "recovered/api-2", "is_new": False, "worktree": None, "patch": None},
        {"branch": "mine", "is_new": True, "worktree": Path("../mine"), "patch": None},
        {"branch": None, "is_new": True, "worktree": None, "patch": "work.patch"},
    ]
    golden("restored.txt", "\n".join(recover_text.restored_text(kept, **way) for way in ways))
    golden("restored.json", recover_text.restored_json(kept, **ways[2]))
