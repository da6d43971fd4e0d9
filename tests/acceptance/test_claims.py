"""A claim that somebody else has taken: whoever lost it lets go, and nothing is landed twice."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing

from tests.acceptance.conftest import Story, wait_until
from tests.acceptance.test_takeover import HASTY, SLOW
from tests.fakes.plans import Piece
from tests.fakes.processes import living_below


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
