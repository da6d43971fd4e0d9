"""A newer Plait goes on with an older one's run.

`tests/fakes/stores` holds a store of each schema there has been, as that version wrote it before
it was killed, and the repository that all of them are about. A new schema gets its own beside them
(`test_every_schema_has_a_store` says so).
"""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from tests.acceptance.conftest import Story

from plait.store.revision import HEAD_REVISION

STORES = Path(__file__).parents[1] / "fakes" / "stores"
REVISIONS = sorted(path.stem for path in STORES.glob("*.sql"))


def test_every_schema_has_a_store() -> None:
    """From the first revision to the newest, none left out."""
    assert [f"{number:04}" for number in range(1, int(HEAD_REVISION) + 1)] == REVISIONS


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_run_of_an_older_schema_is_resumed(story: Story, revision: str) -> None:
    """Killed under that version with two agents at work; looked at, resumed, it lands."""
    story.repo.mkdir()
    story.git("init", "-q", "-b", "main")
    with (STORES / "repository.export").open("rb") as export:
        subprocess.run(
            ["git", "fast-import", "--quiet"],
            cwd=story.repo,
            stdin=export,
            env=story.env,
            check=True,
        )
    story.git("reset", "-q", "--hard", "main")
    (story.repo / ".plait").mkdir()
    text = (STORES / f"{revision}.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(story.repo / ".plait" / "plait.db")) as database:
        database.executescript(text.replace("/repository/", f"{story.repo}/"))

    status = story.plait("status")
    assert (status.code, status.out.count("running")) == (0, 3), status.out
    outcome = story.plait("resume")

    assert outcome.code == 0, outcome.err
    assert {each["status"] for each in story.packages().values()} == {"landed"}
    assert len(story.first_parents("openspec/p")) == 3
    again = story.plait("retry", "wp-a")
    assert (again.code, "RUN_ENDED" in again.err) == (2, True)
