"""Wrong input gets one clear error, a hint and its exit code; nothing is lost or left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess

import pytest
from tests.acceptance.conftest import Story, end_with, wait_until
from tests.fakes.plans import Piece

WRITE = 'mkdir -p "src/$PLAIT_PACKAGE"; echo ok > "src/$PLAIT_PACKAGE/made.txt"'
AGENT = ("--agent", "command:true", "--yes", "--allow-unchecked")


def test_no_such_plan(story: Story) -> None:
    """A plan that does not exist: exit 2, and a hint."""
    outcome = story.begin().plait("run", "nowhere", *AGENT)
    assert outcome.code == 2
    assert "NO_SUCH_PLAN" in outcome.err
    assert "hint" in outcome.err


def test_not_a_repository(story: Story) -> None:
    """`run` outside a repository: exit 2; nothing is created there."""
    plain = story.root / "plain"
    plain.mkdir()
    (plain / "work-packages.yaml").write_text("x: 1\n")
    outcome = story.plait("run", "work-packages.yaml", *AGENT, cwd=plain)
    assert outcome.code == 2
    assert "NOT_A_REPOSITORY" in outcome.err
    assert [path.name for path in plain.iterdir()] == ["work-packages.yaml"]


def test_no_commit_yet(story: Story) -> None:
    """A repository without a commit: exit 2."""
    story.repo.mkdir()
    story.git("init", "-q")
    story.plans("new", Piece(id="wp-a"), commit=False)
    outcome = story.plait("run", "new", *AGENT)
    assert outcome.code == 2
    assert "NO_COMMITS" in outcome.err


def test_a_binary_file_as_plan(story: Story) -> None:
    """Bytes that are no plan: exit 2 and PLAN_UNRECOGNISED with the formats tried."""
    story.begin()
    (story.repo / "picture.png").write_bytes(bytes(range(256)) * 8)
    outcome = story.plait("check", "picture.png", "--json")
    assert outcome.code == 2
    answer = outcome.report()
    assert answer["plan"] is None
    assert answer["findings"][0]["code"] == "PLAN_UNRECOGNISED"
    assert story.plait("run", "picture.png", *AGENT).code == 2


def test_an_unknown_format(story: Story) -> None:
    """`--format` with a name nobody has: exit 2, and the names there are."""
    story.begin()
    story.plans("p", Piece(id="wp-a"))
    outcome = story.plait("check", "p", "--format", "openspce")
    assert outcome.code == 2
    assert "UNKNOWN_FORMAT" in outcome.err
    assert "specflow" in outcome.err


def test_an_unknown_agent(story: Story) -> None:
    """An agent nobody has: exit 2, and the names there are; no branch, no run."""
    story.begin()
    story.plans("p", Piece(id="wp-a"))
    outcome = story.plait("run", "p", "--agent", "comand:true", "--yes")
    assert outcome.code == 2
    assert "UNKNOWN_AGENT" in outcome.err
    assert "command" in outcome.err
    assert story.git("branch", "--list", "openspec/*") == ""


def test_errors_with_json_are_one_object_on_stdout(story: Story) -> None:
    """With --json an error is one JSON object with code, message, hint and exit code."""
    outcome = story.begin().plait("run", "nowhere", *AGENT, "--json")
    assert outcome.code == 2
    error = json.loads(outcome.out)["error"]
    assert error["code"] == "NO_SUCH_PLAN"
    assert error["exit_code"] == 2
    assert error["hint"]


def test_a_plan_nobody_approved_asks_for_it(story: Story) -> None:
    """Without --yes, a terminal and an approval: exit 3 and the command; with one it runs."""
    story.begin()
    story.plans("p", Piece(id="wp-a"))
    outcome = story.plait("run", "p", "--agent", "command:true")
    assert outcome.code == 3
    assert "plait approve p" in outcome.err
    assert story.plait("approve", "p").code == 0
    assert story.plait("run", "p", "--agent", f"command:{WRITE}").code == 0
    assert story.report()["approvals"][0]["who"] == "Ada <ada@example.org>"


def test_an_approval_holds_for_the_very_files_only(story: Story) -> None:
    """A plan that changed after its approval needs a new one."""
    story.begin()
    path = story.plans("p", Piece(id="wp-a"))
    assert story.plait("approve", "p").code == 0
    path.write_text(path.read_text() + "# changed\n")
    assert story.plait("run", "p", "--agent", "command:true").code == 3


def test_packages_without_checks_need_a_decision(story: Story) -> None:
    """Nothing checks a package: exit 3, unless --check or --allow-unchecked is given."""
    story.begin({"documentation/features/f/tasks.md": TASKS})
    outcome = story.plait("run", "f", "--agent", "command:true", "--yes")
    assert outcome.code == 3
    assert "UNCHECKED" in outcome.err
    assert story.plait("run", "f", "--agent", "command:true", "--yes", "--check", "true").code == 0


TASKS = """# Tasks: f

### Track A: Only (No Dependencies)

- [ ] 1. **Write it**
  - Files: `src/a.txt`
  - _Requirements: 1.1_
"""


def test_unchecked_landings_say_so(story: Story) -> None:
    """`--allow-unchecked` lands, and the report says `landed, unchecked`."""
    story.begin({"documentation/features/f/tasks.md": TASKS})
    outcome = story.plait(
        "run",
        "f",
        "--agent",
        "command:mkdir -p src; echo a > src/a.txt",
        "--yes",
        "--allow-unchecked",
    )
    assert outcome.code == 0
    assert story.packages()["1"]["reason"] == "landed, unchecked"
    ticked = story.git("show", "feat/f:documentation/features/f/tasks.md")
    assert ticked == TASKS.replace("- [ ] 1.", "- [x] 1.").strip()


def test_a_selection_that_needs_more_names_it(story: Story) -> None:
    """--package with unmet needs: exit 2 naming them; with --with-needs they run too."""
    story.begin()
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b", needs=["wp-a"]), Piece(id="wp-c"))
    outcome = story.run("p", "true", "--package", "wp-b")
    assert outcome.code == 2
    assert "wp-a" in outcome.err
    assert story.run("p", WRITE, "--package", "wp-b", "--with-needs").code == 0
    assert sorted(story.packages()) == ["wp-a", "wp-b"]


def test_a_dry_run_starts_nothing(story: Story) -> None:
    """--dry-run prints the plan of execution and leaves nothing behind."""
    story.begin()
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b", needs=["wp-a"]))
    outcome = story.plait("run", "p", "--dry-run")
    assert outcome.code == 0
    assert "wp-a" in outcome.out
    assert not (story.repo / ".plait").exists()


def test_a_second_orchestrator_is_refused_with_the_process_id(story: Story) -> None:
    """While a run goes on, another call exits 2 and names its process."""
    story.begin()
    story.plans("p", Piece(id="wp-a"))
    process = story.starts("run", "p", "--yes", "--agent", "command:touch $NOTES/began; sleep 300")
    wait_until((story.notes / "began").exists)
    outcome = story.plait("run", "p", "--yes", "--agent", "command:true")
    assert outcome.code == 2
    assert str(process.pid) in outcome.err
    assert end_with(process, signal.SIGTERM)[0] == 143


@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system needs root to mount")
def test_a_full_disk_is_one_clear_error_and_loses_nothing(story: Story) -> None:
    """The disk fills while agents write: exit 4, the branch is whole, the run can go on."""
    small = story.root / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(small)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("tmpfs cannot be mounted here")
    try:
        story.repo = small / "repo"
        story.begin()
        story.plans("p", Piece(id="wp-a"), Piece(id="wp-b", needs=["wp-a"]))
        agent = (
            'mkdir -p "src/$PLAIT_PACKAGE"; echo ok > "src/$PLAIT_PACKAGE/made.txt"; '
            'if test "$PLAIT_PACKAGE" = wp-b && test ! -e "$NOTES/go"; then '
            'head -c 20000000 /dev/urandom > "src/$PLAIT_PACKAGE/big"; fi'
        )
        outcome = story.plait("run", "p", "--yes", "--agent", f"command:{agent}")
        assert outcome.code in {1, 4}, outcome.err
        assert story.git("fsck", "--strict") == ""
        assert "src/wp-a/made.txt" in story.git("ls-tree", "-r", "--name-only", "openspec/p")
        for big in small.glob("repo/.plait/worktrees/*/src/wp-b/big"):
            big.unlink()
        (story.notes / "go").write_text("")
        assert story.plait("run", "p", "--yes", "--agent", f"command:{agent}").code == 0
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_a_selection_may_stand_on_what_an_earlier_run_landed(story: Story) -> None:
    """What landed on the branch before is no missing need."""
    story.begin()
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b", needs=["wp-a"]))
    assert story.run("p", WRITE, "--package", "wp-a").code == 0
    assert story.run("p", WRITE, "--package", "wp-b").code == 0
    packages = story.packages()
    assert packages["wp-a"]["status"] == "done_before"
    assert packages["wp-b"]["status"] == "landed"


def test_unknown_scopes_can_be_refused(story: Story) -> None:
    """With `unknown_scope = "refuse"` a task that names no file stops the run before it begins."""
    bare = TASKS.replace("  - Files: `src/a.txt`\n", "")
    story.begin(
        {
            "documentation/features/f/tasks.md": bare,
            "plait.toml": '[plan]\nunknown_scope = "refuse"\n',
        }
    )
    outcome = story.run("f", "true", "--check", "true")
    assert outcome.code == 2
    assert "SCOPE_UNKNOWN" in outcome.err
    assert not (story.repo / ".plait").exists()
