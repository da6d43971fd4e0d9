"""A plan that can write what others are writing."""

from __future__ import annotations

import pytest
from tests.acceptance.conftest import Story
from tests.contract.test_coordination import do, joined
from tests.fakes.plans import Piece

from plait.app.project import SystemClock
from plait.engine.coordinator.desk import Desk
from plait.store import open_store


@pytest.mark.long
def test_a_plan_that_meets_another_run_is_told_so(story: Story) -> None:
    """At check and at run, as a warning; or refused, if the owner says so; never by itself."""
    story.begin()
    story.plans("p", Piece(id="wp-a", write=["src/**"]))
    story.plans("q", Piece(id="wp-b", write=["src/wp-b/**"]), Piece(id="wp-c", write=["docs/**"]))
    assert "FEATURE_CONFLICT" not in story.plait("check", "q").out
    assert story.run("p", "exit 75").code == 3  # blocked: it may go on
    assert "FEATURE_CONFLICT" not in story.plait("check", "p").out
    checked = story.plait("check", "q", "--json").report()
    (found,) = (each for each in checked["findings"] if each["code"] == "FEATURE_CONFLICT")
    assert found["severity"] == "warning"
    run = story.report()["run"]
    assert (
        f"wp-b may write src/wp-b/x, and so may package wp-a of run {run} (p)" in (found["message"])
    )
    store = open_store(story.repo / ".plait" / "plait.db", clock=SystemClock())
    ada = joined(Desk(store=store), "ada")
    do(Desk(store=store), ada, "register_feature", feature="manual", paths=["docs/guide.md"])
    store.close()
    assert "wp-c may write docs/guide.md, and so may the feature manual" in (
        story.plait("check", "q").out
    )
    agent = "F=docs; test $PLAIT_PACKAGE = wp-c || F=src/wp-b; mkdir -p $F; echo 1 > $F/x"
    strict = story.repo / "plait.toml"
    strict.write_text('[run]\nfeature_conflicts = "refuse"\n')
    refused = story.run("q", agent)
    assert (refused.code, "FEATURE_CONFLICT" in refused.err) == (3, True)
    strict.unlink()
    assert story.run("q", agent).code == 0
    warned = [each for each in story.report()["warnings"] if each["code"] == "FEATURE_CONFLICT"]
    assert sorted(each["package"] for each in warned) == ["wp-b", "wp-c"]
