"""A claim that somebody else has taken: whoever lost it lets go, and nothing is landed twice."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from tests.acceptance.conftest import Story, end_with, wait_until
from tests.acceptance.test_takeover import HASTY, SLOW
from tests.fakes.plans import Piece
from tests.fakes.processes import living_below


@pytest.mark.long
def test_a_package_that_was_claimed_by_somebody_else_is_let_go(story: Story) -> None:
    """Its agent is ended, its work kept, the refusal told; free again it starts anew, and lands."""
    story.begin()
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b"))
    command = [sys.executable, "-c", HASTY, "run", "p", "--yes", "--json"]
    with subprocess.Popen(
        [*command, "--agent", f"command:{SLOW}"],
        cwd=story.repo,
        env=story.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    ) as process:
        wait_until(lambda: len(story.note("starts")) == 2)
        with closing(sqlite3.connect(story.repo / ".plait" / "plait.db", timeout=10)) as database:
            database.execute(
                "UPDATE package SET epoch = epoch + 1, holder = 'somebody' WHERE id = 'wp-a'"
            )
            database.commit()
        wait_until(lambda: "wp-a 3" in story.note("starts"))
        (story.notes / "go").touch()
        out, _ = process.communicate(timeout=60)

    assert process.returncode == 0, out
    events = [json.loads(line) for line in out.splitlines()]
    (lost,) = (each for each in events if each["type"] == "claim_lost")
    assert (lost["package"], lost["data"]["held"], lost["data"]["current"]) == ("wp-a", 1, 2)
    assert story.git("show", f"{lost['data']['kept_ref']}:begun.txt") == "begun"
    assert sorted(story.note("starts")) == ["wp-a 1", "wp-a 3", "wp-b 1"]
    assert [each["package"] for each in events if each["type"] == "landed"].count("wp-a") == 1
    assert living_below(story.root) == []


@pytest.mark.long
def test_a_candidate_whose_key_another_run_took_lands_once_it_is_free(story: Story) -> None:
    """Resumed it waits and says for whom, while everything else goes on; then both have landed."""
    waits = "while ! test -e $NOTES/{}; do sleep 0.02; done"
    held = f"test $PLAIT_STAGE = baseline || {waits.format('checked')}"
    story.begin({"plait.toml": f'[checks]\nland = ["{held}"]\n'})
    key = "db:schema:users"
    story.plans("p", Piece(id="wp-a", keys=[key]), Piece(id="wp-b", needs=["wp-a"]))
    story.plans("q", Piece(id="wp-z", keys=[key]))
    write = 'echo "$PLAIT_PACKAGE" >> "$NOTES/starts"; mkdir -p "src/$PLAIT_PACKAGE"; '
    agent = f"command:{write} echo ok > src/$PLAIT_PACKAGE/x"
    first = story.starts("run", "p", "--yes", "--agent", agent)
    wait_until(lambda: "landing" in story.plait("status").out)
    assert end_with(first, signal.SIGINT)[0] == 130
    (story.notes / "checked").touch()

    second = story.starts("run", "q", "--yes", "--agent", f"{agent}; {waits.format('go')}")
    wait_until(lambda: "wp-z" in story.note("starts"))
    second.kill()  # its agent lives, and holds the key
    second.communicate()
    p_run, q_run = sorted(each.name for each in (story.repo / ".plait/runs").iterdir())
    resumed = story.starts("resume", p_run)
    told = f"{key} is held by package wp-z of run {q_run}"
    wait_until(lambda: told in story.plait("status", p_run).out)
    assert resumed.poll() is None
    (story.notes / "go").touch()
    _out, err = resumed.communicate(timeout=60)
    assert resumed.returncode == 0, err
    assert story.plait("resume", q_run).code == 0
    assert sorted(story.note("starts")) == ["wp-a", "wp-b", "wp-z"]
