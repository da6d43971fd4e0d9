"""A real plan in, a landed and tested branch out."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest
from tests.acceptance.conftest import Story, end_with, wait_until
from tests.fakes.plans import Piece

pytestmark = pytest.mark.cold

WRITE = 'mkdir -p "src/$PLAIT_PACKAGE" && echo "$PLAIT_PACKAGE" > "src/$PLAIT_PACKAGE/made.txt"'
SAY_TREE = (
    'tree=$(git rev-parse "HEAD^{tree}"); if test -z "$(ls src/*/broken 2>/dev/null)"; '
    'then echo "$tree pass" >> "$NOTES/trees"; else echo "$tree fail" >> "$NOTES/trees"; exit 1; fi'
)


def diamond() -> list[Piece]:
    """base, two on it, one on both."""
    return [
        Piece(id="wp-base"),
        Piece(id="wp-left", needs=["wp-base"], checks=["test -f src/wp-base/made.txt"]),
        Piece(id="wp-right", needs=["wp-base"], checks=["test -f src/wp-base/made.txt"]),
        Piece(
            id="wp-top",
            needs=["wp-left", "wp-right"],
            checks=["test -f src/wp-left/made.txt && test -f src/wp-right/made.txt"],
        ),
    ]


def test_every_package_lands_and_the_checkout_stays_as_it_was(story: Story) -> None:
    """A diamond runs to a branch that holds all four; the user's checkout is byte-identical."""
    story.begin()
    story.plans("add-diamond", *diamond())
    (story.repo / "README.md").write_text("# dirty\n")
    (story.repo / "scratch.txt").write_text("mine\n")
    before = story.snapshot()

    outcome = story.run("add-diamond", WRITE)

    assert outcome.code == 0, outcome.err
    assert story.snapshot() == before
    assert story.git("fsck", "--strict") == ""
    landed = story.git("ls-tree", "-r", "--name-only", "openspec/add-diamond", "src")
    assert landed.split() == [f"src/wp-{n}/made.txt" for n in ("base", "left", "right", "top")]
    report = story.report()
    assert report["status"] == "succeeded"
    assert {each["status"] for each in report["packages"]} == {"landed"}
    assert report["head"] == story.git("rev-parse", "openspec/add-diamond")


def test_landings_are_two_parent_merges_with_trailers(story: Story) -> None:
    """Each landing names its run and package and has the package's branch as second parent."""
    story.begin()
    story.plans("add-diamond", *diamond())
    assert story.run("add-diamond", WRITE).code == 0
    log = story.git(
        "log",
        "--first-parent",
        "--format=%P|%s|%(trailers:unfold,separator=%x2C)",
        "main..openspec/add-diamond",
    )
    for line in log.splitlines():
        parents, subject, trailers = line.split("|")
        assert len(parents.split()) == 2
        assert subject.startswith("feat(add-diamond): Build wp-")
        assert "Plait-Run: " in trailers
        assert "Plait-Package: wp-" in trailers


def test_the_branch_is_green_at_every_commit(story: Story) -> None:
    """Every first-parent tree was checked, as that very tree, and passed."""
    story.begin()
    pieces = [Piece(id=f"wp-{letter}", checks=[SAY_TREE]) for letter in "abcde"]
    story.plans("add-five", *pieces)
    assert story.run("add-five", WRITE).code == 0
    passed = {line.split()[0] for line in story.note("trees") if line.endswith(" pass")}
    trees = story.first_parents("openspec/add-five")
    assert len(trees) == 5
    assert set(trees) <= passed


def test_green_alone_and_red_together_never_lands(story: Story) -> None:
    """Of two packages whose sum breaks a check the second fails; the branch stays green."""
    story.begin()
    check = 'test "$(cat src/*/made.txt 2>/dev/null | wc -l)" -le 1'
    story.plans("add-two", Piece(id="wp-a", checks=[check]), Piece(id="wp-b", checks=[check]))
    outcome = story.run("add-two", WRITE)
    assert outcome.code == 1
    packages = story.packages()
    assert sorted(each["status"] for each in packages.values()) == ["failed", "landed"]
    failed = next(each for each in packages.values() if each["status"] == "failed")
    assert failed["attempts"][-1]["error_code"] == "LANDING_FAILED"
    kept = failed["attempts"][-1]["kept_ref"]
    assert f"src/{failed['id']}/made.txt" in story.git("ls-tree", "-r", "--name-only", kept)
    assert len(story.first_parents("openspec/add-two")) == 1


def test_a_package_that_breaks_what_landed_before_does_not_land(story: Story) -> None:
    """Its own check is green, but the check of one that landed before it is red on the result."""
    story.begin()
    story.plans(
        "add-two",
        Piece(id="wp-a", checks=["test ! -e src/wp-b/made.txt"]),
        Piece(id="wp-b", needs=["wp-a"], checks=["true"]),
        Piece(id="wp-c"),
    )
    outcome = story.run("add-two", WRITE)
    assert outcome.code == 1
    packages = story.packages()
    assert packages["wp-b"]["status"] == "failed"
    assert "of wp-a" in packages["wp-b"]["reason"]
    assert packages["wp-c"]["status"] == "landed"


def test_a_failed_check_is_mended_by_the_second_attempt(story: Story) -> None:
    """The second brief tells why the first was refused; the second attempt lands."""
    story.begin()
    story.plans(
        "add-one",
        Piece(
            id="wp-a",
            checks=["echo it holds $(cat src/wp-a/n); grep -q 2 src/wp-a/n"],
            retry_budget=1,
        ),
    )
    agent = (
        'mkdir -p src/wp-a; echo "$PLAIT_ATTEMPT" > src/wp-a/n; '
        'cp "$PLAIT_BRIEF" "$NOTES/brief-$PLAIT_ATTEMPT"'
    )
    assert story.run("add-one", agent).code == 0
    attempts = story.packages()["wp-a"]["attempts"]
    assert [each["outcome"] for each in attempts] == ["revise", "pass"]
    assert "it holds 1" in "\n".join(story.note("brief-2"))
    assert "it holds 1" not in "\n".join(story.note("brief-1"))


def test_dependents_of_a_failed_package_are_skipped_with_the_reason(story: Story) -> None:
    """A failure is contained: what needs it is skipped, what does not lands."""
    story.begin()
    story.plans(
        "add-three",
        Piece(id="wp-bad", checks=["false"]),
        Piece(id="wp-after", needs=["wp-bad"]),
        Piece(id="wp-later", needs=["wp-after"]),
        Piece(id="wp-free"),
    )
    outcome = story.run("add-three", WRITE)
    assert outcome.code == 1
    packages = story.packages()
    assert packages["wp-bad"]["status"] == "failed"
    assert packages["wp-after"]["status"] == packages["wp-later"]["status"] == "skipped"
    assert "wp-bad" in packages["wp-after"]["reason"]
    assert packages["wp-free"]["status"] == "landed"


def test_packages_that_share_a_lock_key_or_a_path_never_run_at_once(story: Story) -> None:
    """Agents that hold one key, or may write one path, are never at work together."""
    story.begin()
    pieces = [
        Piece(id=f"wp-{n}", keys=["db:migration-slot"], needs=[], task_type="integrate")
        for n in "abc"
    ]
    story.plans("add-locks", *pieces)
    agent = 'echo "in" >> "$NOTES/turns"; sleep 0.3; echo "out" >> "$NOTES/turns"; ' + WRITE
    assert story.run("add-locks", agent).code == 0
    assert story.note("turns") == ["in", "out"] * 3


def test_an_agent_that_says_it_is_blocked_asks_and_the_rest_goes_on(story: Story) -> None:
    """Exit 75 blocks the package with its question; the run ends with exit 3."""
    story.begin()
    story.plans("ask", Piece(id="wp-a"), Piece(id="wp-b", needs=["wp-a"]), Piece(id="wp-c"))
    agent = f'if test "$PLAIT_PACKAGE" = wp-a; then echo "which port?"; exit 75; fi; {WRITE}'
    outcome = story.run("ask", agent)
    assert outcome.code == 3
    packages = story.packages()
    assert packages["wp-a"]["status"] == "blocked"
    assert "which port?" in packages["wp-a"]["reason"]
    assert packages["wp-b"]["status"] == "skipped"
    assert packages["wp-c"]["status"] == "landed"


def test_ctrl_c_ends_every_agent_with_its_children(story: Story) -> None:
    """Exit 130, and nothing that an agent started lives on."""
    story.begin()
    story.plans("slow", Piece(id="wp-a"))
    agent = "sleep 300 & echo $! > $NOTES/pid; wait"
    process = story.starts("run", "slow", "--yes", "--agent", f"command:{agent}")
    wait_until(lambda: bool(story.note("pid")))
    code, _out, err = end_with(process, signal.SIGINT)
    assert code == 130, err
    pid = int(story.note("pid")[0])
    wait_until(lambda: not Path(f"/proc/{pid}").exists())


def test_a_stopped_run_goes_on_where_it_was(story: Story) -> None:
    """Ctrl-C keeps what landed; the second call continues that run and uses up no attempt."""
    story.begin()
    story.plans("stop", Piece(id="wp-a"), Piece(id="wp-b", needs=["wp-a"]))
    slow = (
        'if test "$PLAIT_PACKAGE" = wp-b && test ! -e "$NOTES/go"; then '
        f'echo x > partial.txt; echo 1 >> "$NOTES/b"; sleep 300; fi; {WRITE}'
    )
    process = story.starts("run", "stop", "--yes", "--agent", f"command:{slow}")
    wait_until(lambda: bool(story.note("b")))
    code, _out, err = end_with(process, signal.SIGINT)
    assert code == 130
    assert "plait resume" in err
    kept = story.git("for-each-ref", "--format=%(refname)", "refs/plait/keep")
    assert "partial.txt" in story.git("ls-tree", "-r", "--name-only", kept.split()[0])
    (story.notes / "go").write_text("")
    outcome = story.run("stop", slow)
    assert outcome.code == 0, outcome.err
    assert "going on with run" in outcome.err
    attempts = story.packages()["wp-b"]["attempts"]
    assert [each["number"] for each in attempts] == [1, 1]
    assert story.packages()["wp-a"]["status"] == "landed"


def test_a_plan_that_is_not_committed_begins_the_branch_with_its_files(story: Story) -> None:
    """Plan files that the base lacks are the branch's first commit, and nothing else is."""
    story.begin()
    story.plans("new", Piece(id="wp-a"), commit=False)
    assert story.run("new", WRITE).code == 0
    first = story.git("rev-list", "--first-parent", "--reverse", "main..openspec/new").split()[0]
    names = story.git("diff-tree", "-r", "--name-only", "--no-commit-id", first).split()
    assert all(name.startswith("openspec/changes/new/") for name in names)
    assert "openspec/changes/new/work-packages.yaml" in names


def test_a_second_run_of_a_finished_plan_builds_on_its_branch(story: Story) -> None:
    """What landed is done before; what failed is tried again on the same branch."""
    story.begin()
    story.plans("again", Piece(id="wp-a"), Piece(id="wp-b", checks=['test -e "$NOTES/go"']))
    assert story.run("again", WRITE).code == 1
    head = story.git("rev-parse", "openspec/again")
    (story.notes / "go").write_text("")
    assert story.run("again", WRITE).code == 0
    packages = story.packages()
    assert packages["wp-a"]["status"] == "done_before"
    assert packages["wp-b"]["status"] == "landed"
    assert story.git("rev-parse", "openspec/again^1") == head


def test_a_branch_of_the_users_is_never_overwritten(story: Story) -> None:
    """A branch of that name that Plait did not make is refused, and --fresh takes the next name."""
    story.begin()
    story.plans("mine", Piece(id="wp-a"))
    story.git("branch", "openspec/mine")
    before = story.git("rev-parse", "openspec/mine")
    outcome = story.run("mine", WRITE)
    assert outcome.code == 2
    assert "BRANCH_EXISTS" in outcome.err
    assert story.git("rev-parse", "openspec/mine") == before
    assert story.run("mine", WRITE, "--fresh").code == 0
    assert story.git("rev-parse", "--verify", "openspec/mine-2")


@pytest.mark.parametrize(
    "given",
    [
        "add-diamond",
        "openspec/changes/add-diamond",
        "openspec/changes/add-diamond/work-packages.yaml",
    ],
)
def test_a_plan_is_named_by_id_folder_or_file(story: Story, given: str) -> None:
    """PLAN may be a change id, its folder or its file."""
    story.begin()
    story.plans("add-diamond", *diamond())
    outcome = story.plait("show", given, "--json")
    assert outcome.code == 0
    assert [each["id"] for each in outcome.report()["packages"]] == [
        "wp-base",
        "wp-left",
        "wp-right",
        "wp-top",
    ]


def test_json_prints_events_and_nothing_else(story: Story) -> None:
    """With --json stdout is one JSON object a line, the last of them the run's end."""
    story.begin()
    story.plans("add-diamond", *diamond())
    outcome = story.run("add-diamond", WRITE, "--json")
    assert outcome.code == 0
    events = [json.loads(line) for line in outcome.out.splitlines()]
    assert [each["seq"] for each in events] == list(range(1, len(events) + 1))
    assert events[0]["type"] == "run_started"
    assert events[-1]["type"] == "run_ended"
    assert events[-1]["data"]["status"] == "succeeded"


def test_checks_do_not_pick_up_what_lies_in_the_users_checkout(story: Story) -> None:
    """An untracked pytest.ini and conftest.py of the checkout are none of a worktree's."""
    story.begin()
    story.plans("tests", Piece(id="wp-a", checks=[f"{sys.executable} -m pytest -q src"]))
    (story.repo / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (story.repo / "conftest.py").write_text("raise RuntimeError('not yours')\n")
    agent = "mkdir -p src/wp-a; echo 'def test_a(): pass' > src/wp-a/test_a.py"
    outcome = story.run("tests", agent)
    assert outcome.code == 0, outcome.err
