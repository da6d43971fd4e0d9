"""The state of record on a server: every command works as with the file."""

from __future__ import annotations

import os
import signal
import time
from functools import partial

import pytest
from tests.acceptance.conftest import Story, wait_until
from tests.fakes import postgres
from tests.fakes.plans import Piece

WRITE = 'mkdir -p "src/$PLAIT_PACKAGE" && echo ok > "src/$PLAIT_PACKAGE/made.txt"; echo said'
SLOW = f'echo "$PLAIT_PACKAGE" >> "$NOTES/worked"; sleep 0.3; {WRITE}'


@pytest.fixture
def served(story: Story, postgres_url: str) -> Story:
    """A user whose store is in PostgreSQL."""
    story.env["PLAIT_DATABASE_URL"] = postgres_url
    story.begin()
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b", needs=["wp-a"], checks=["test -d src"]))
    return story


def test_a_run_is_kept_on_the_server(served: Story) -> None:
    """Run, status, logs, report and doctor work, and no file is made for the store."""
    outcome = served.run("p", WRITE)

    assert outcome.code == 0, outcome.err
    assert {each["status"] for each in served.packages().values()} == {"landed"}
    assert '"landed"' in served.plait("status", "--json").out
    assert served.plait("logs", "wp-a").out == "said\n"
    assert "PostgreSQL, 1 runs recorded" in served.plait("doctor").out
    assert not (served.repo / ".plait" / "plait.db").exists()


def test_a_run_that_was_killed_goes_on_from_the_server(served: Story) -> None:
    """Kill -9 while the first package lands or works; `resume` lands each package once."""
    call = ("run", "p", "--yes", "--agent", f"command:sleep 0.3; {WRITE}")
    process = served.starts(*call)
    wait_until(lambda: "wp-a" in served.plait("status").out)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

    outcome = served.plait("resume")

    assert outcome.code == 0, outcome.err
    subjects = served.git("log", "--first-parent", "--format=%s", "main..openspec/p").splitlines()
    assert sorted(subjects) == ["feat(p): Build wp-a", "feat(p): Build wp-b"]


def test_no_server_is_told_with_what_to_do(story: Story) -> None:
    """Nobody answers: exit code 4, the place, no password."""
    story.env["PLAIT_DATABASE_URL"] = "postgresql://ann:secret@127.0.0.1:1/plait"
    story.begin()

    outcome = story.plait("status")

    assert outcome.code == 4
    assert "STORE_UNREACHABLE" in outcome.err
    assert "ann@127.0.0.1:1/plait" in outcome.err
    assert "secret" not in outcome.err + outcome.out
    assert "secret" not in story.plait("doctor").out


@pytest.mark.parametrize("back", [False, True], ids=["to the server", "to a file"])
def test_a_run_is_taken_to_another_database_in_its_middle(
    story: Story, postgres_url: str, *, back: bool
) -> None:
    """Killed, copied, resumed over there: each package lands once, and the first store rests."""
    places = [str(story.root / "store.db"), postgres_url]
    here, there = reversed(places) if back else places
    story.env["PLAIT_DATABASE_URL"] = here
    story.begin()
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b", needs=["wp-a"], checks=["test -d src"]))
    patient = f'while test ! -e "$NOTES/go"; do sleep 0.1; done; {WRITE}'
    process = story.starts("run", "p", "--yes", "--agent", f"command:{patient}")
    wait_until(lambda: " running " in story.plait("status").out)
    refused = story.plait("store", "copy", "--to", there)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

    copied = story.plait("store", "copy", "--to", there)
    before = story.plait("status", "--json").out
    story.env["PLAIT_DATABASE_URL"] = there
    (story.notes / "go").write_text("")
    outcome = story.plait("resume")

    assert refused.code == 2
    assert "RUN_HELD" in refused.err
    assert copied.code == 0, copied.err
    assert "package 2" in copied.out
    assert outcome.code == 0, outcome.err
    subjects = story.git("log", "--first-parent", "--format=%s", "main..openspec/p").splitlines()
    assert sorted(subjects) == ["feat(p): Build wp-a", "feat(p): Build wp-b"]
    story.env["PLAIT_DATABASE_URL"] = here
    assert story.plait("status", "--json").out == before


def worked(story: Story, number: int) -> bool:
    """Whether so many agents have been at work."""
    return len(story.note("worked")) >= number


@pytest.mark.long
def test_a_server_that_restarts_in_mid_run_is_waited_for(story: Story) -> None:
    """Stopped as by a crash while agents work, and started again: the run ends as if not."""
    try:
        with postgres.server() as server:
            story.env["PLAIT_DATABASE_URL"] = server.new_database()
            story.begin()
            story.plans("p", *[Piece(id=f"wp-{n}", checks=["test -d src"]) for n in range(4)])
            call = ("run", "p", "--yes", "--max-agents", "2", "--agent", f"command:{SLOW}")
            process = story.starts(*call)
            for number in (1, 3):
                wait_until(partial(worked, story, number))
                server.stop()
                time.sleep(0.3)
                server.start()
            _, err = process.communicate(timeout=120)
            assert process.returncode == 0, err.decode()
            assert {each["status"] for each in story.packages().values()} == {"landed"}
    except postgres.NoPostgresError as why:
        pytest.skip(f"no PostgreSQL here: {why}")
    assert len(story.note("worked")) == 4
