"""Candidates that do not fit onto the row: with whom they conflict, at what cost, until when."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.contract.test_trunk import commit
from tests.fakes.repositories import git, make_repository

from plait.core.event import ConflictFound, Event
from plait.core.package import Attempt, PackageState
from plait.core.plan import PackageId
from plait.engine.land import Misfit, Placed
from plait.engine.unfit import Unfit
from plait.git import GitTrunk, discover
from plait.ports import Conflict, Merged
from plait.process import run_main

MISFIT = Misfit(code="MERGE_CONFLICT", reason="it conflicts", paths=("a",))


class _Counting(GitTrunk):
    """A trunk that notes what was merged with what."""

    def note(self) -> None:
        """Begin to."""
        self.merged: list[tuple[str, str]] = []

    async def merge(self, onto: str, candidate: str) -> Merged | Conflict:
        """As it is, noted."""
        self.merged.append((onto, candidate))
        return await super().merge(onto, candidate)


def candidate(name: str, made: str, *files: str) -> PackageState:
    """A package whose work waits to land."""
    attempt = Attempt(
        number=1,
        epoch=1,
        agent="a",
        worktree="w",
        base="0",
        directory="d",
        started_at=0.0,
        setup_s=0.0,
        files=files,
    )
    return PackageState(id=PackageId(name), commit=made, attempts=(attempt,), epoch=1)


def placed(state: PackageState) -> Placed:
    """It in the row."""
    commit = state.commit or ""
    files = state.attempts[-1].files
    return Placed(candidate=state, onto="", commit=commit, tree="", files=files)


def test_only_those_that_changed_the_same_are_merged_with_one_another(
    tmp_path: Path, monkeypatch
) -> None:
    """Whom it conflicts with is told once; until that one is gone it is not tried again."""
    monkeypatch.setenv("HOME", str(tmp_path))
    root = make_repository(tmp_path / "repo", {"a": "1\n", "b": "1\n"})
    one = candidate("one", commit(root, {"a": "one\n"}), "a")
    alike = candidate("alike", commit(root, {"a": "two\n", "c": "c\n"}), "a", "c")
    apart = candidate("apart", commit(root, {"b": "2\n"}), "b")
    late = candidate("late", commit(root, {"a": "two\n"}), "a")
    row = [placed(one), placed(alike), placed(apart)]
    told: list[Event] = []

    async def record(*events: Event) -> None:
        told.extend(events)

    async def main() -> None:
        async with _Counting(await discover(root)) as trunk:
            assert isinstance(trunk, _Counting)
            trunk.note()
            journal = SimpleNamespace(record=record)
            context: Any = SimpleNamespace(trunk=trunk, journal=journal)
            unfit = Unfit()
            for _ in range(3):
                await unfit.add(context, late, MISFIT, row)
            assert trunk.merged == [(one.commit, late.commit), (alike.commit, late.commit)]
            unfit.look_again()
            assert unfit.waits(late, row)
            assert not unfit.waits(late, row[1:])
            assert not unfit.waits(apart, row)

    run_main(main)
    (found,) = told
    assert isinstance(found, ConflictFound)
    assert (found.package, found.against, found.landed) == ("late", ("one",), False)
    assert git(root, "status", "--porcelain") == ""


def test_what_is_not_known_to_conflict_with_anyone_is_tried_whenever_the_row_changes() -> None:
    """A candidate that leaves its scope by the merge, for one."""
    unfit = Unfit()
    one = candidate("one", "1", "a")

    async def main() -> None:
        context: Any = SimpleNamespace()
        await unfit.add(context, one, Misfit(code="SCOPE_VIOLATION", reason="x"), [placed(one)])

    run_main(main)
    assert unfit.waits(one, [])
    unfit.look_again()
    assert not unfit.waits(one, [])
