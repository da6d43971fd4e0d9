"""A newer Plait goes on with an older one's run."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing

from tests.acceptance.conftest import Story, wait_until
from tests.fakes.plans import Piece

WRITE = 'mkdir -p "src/$PLAIT_PACKAGE" && echo ok > "src/$PLAIT_PACKAGE/made.txt"'


def test_a_run_of_revision_0001_is_resumed(story: Story) -> None:
    """Killed under the first schema, looked at and resumed under the newest: it lands."""
    story.begin()
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b", needs=["wp-a"]))
    call = ("run", "p", "--yes", "--allow-unchecked", "--agent", f"command:sleep 0.3; {WRITE}")
    process = story.starts(*call)
    wait_until(lambda: "wp-a" in story.plait("status").out)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    with closing(sqlite3.connect(story.repo / ".plait" / "plait.db")) as database, database:
        for later in ("lock_key", "counter", "trunk", "step", "request"):
            database.execute(f"DROP TABLE {later}")
        database.execute("UPDATE alembic_version SET version_num = '0001'")

    assert story.plait("status").code == 0
    outcome = story.plait("resume")

    assert outcome.code == 0, outcome.err
    assert {each["status"] for each in story.packages().values()} == {"landed"}
