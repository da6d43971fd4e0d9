"""Killed at every side effect, a run ends as if nothing had been; the long form is `make crash`."""

from __future__ import annotations

import pytest
from tests.crash.attacks import differing, in_a_row, undisturbed
from tests.crash.points import (
    DECLARED,
    EXCUSED_EVENTS,
    EXCUSED_METHODS,
    METHODS,
    place,
    program,
)
from tests.crash.scene import Scene, Server, new_folder
from tests.crash.stories import PATHS, in_turn
from tests.crash.truth import faults
from tests.fakes.forge import CodeHost, serving

from plait.core.event import EVENTS
from plait.ports import Store
from plait.ports.coordination import Coordination


@pytest.mark.crash
@pytest.mark.skipif("sys.platform != 'linux'")
def test_killed_at_every_point_in_a_row(tmp_path):
    """Each declared point is reached and died at once; in the end everything is as it should be."""
    died, reached, told = tmp_path / "died", set(), []
    with Server() as server, serving(CodeHost("gitea")) as host:
        for name, story in in_turn(host):
            tree, passed = undisturbed(story, server)
            outcome = in_a_row(story, server, tree, died=died, name=name)
            told += outcome.faults
            reached |= {*passed, *outcome.reached}
    assert told == []
    assert list(differing(reached)) == []


@pytest.mark.long
def test_the_rules_can_fail(tmp_path):
    """What is judged at the end is wrong before the beginning, in most respects."""
    with Server() as server:
        scene = Scene(new_folder(), PATHS, server)
        assert scene.begin(*scene.call, at="recorded attempt_started", nth=2).end()[0] == -9
        (scene.repo / ".git/refs/heads/feat/attack.lock").touch()
        (scene.repo / "README.md").write_text("mine\n")
        told = "\n".join(faults(scene, scene.git("rev-parse", "main^{tree}")))
        assert scene.resume()[0] == 0
        (scene.notes / "passed").write_text("")
        told += "\n".join(faults(scene, scene.tree()))
    for each in (
        "landed 0 times",
        "tree differs",
        "a lock was left",
        "still lent",
        "user's",
        "not tested",
    ):
        assert each in told, told


def test_every_event_and_every_write_of_the_store_is_a_point():
    """What is new in the store's port or among the events is declared, or excused with a reason."""
    events = {each.removeprefix("recorded ") for each in DECLARED if each.startswith("recorded")}
    assert events | set(EXCUSED_EVENTS) == set(EVENTS)
    assert not events & set(EXCUSED_EVENTS)
    wrapped = {each.name for each in METHODS if each.owned_by == "SqlStore"}
    ports = (*Store.__mro__, *Coordination.__mro__)
    methods = {name for each in ports for name in vars(each) if not name.startswith("_")}
    assert wrapped | set(EXCUSED_METHODS) == methods
    assert all((*EXCUSED_EVENTS.values(), *EXCUSED_METHODS.values()))


def test_points_are_named_by_what_is_done_to_what():
    """Names of runs, packages and slots do not matter; what only reads is no point."""
    run = "/r/.plait/runs/20250101-120000-1f2e"
    assert place("open", f"{run}/api/2/brief.md", "/r") == "open ATTEMPT/brief.md"
    assert place("rename", "/r/.git/worktrees/w3/index", "/r") == "rename ADMIN/index"
    assert place("open", "/elsewhere/x", "/r") is None
    assert program(("git", "cat-file", "commit", "x")) is None
    assert program(("git", "update-ref", "-m", "x", "refs/heads/feat/a", "1", "2")) == (
        "git update-ref BRANCH"
    )
