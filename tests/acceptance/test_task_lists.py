"""A team that keeps its plan as a list of tasks."""

from __future__ import annotations

from tests.acceptance.conftest import Story

PLACE = "documentation/features/login"
LIST = """\
# Login

### Track A: Core (No Dependencies)
- [x] 1. **Types**
  - Files: src/types.py
- [ ] 2. **Parser**
  - Files: src/parser.py
- [ ] 3. **Printer**
  - Files: src/printer.py

### Track B: Store (No Dependencies)
- [ ] 4. **Store**
  - Files: src/store.py

### Track C: All together (Dependencies: Track A, Track B)
- [ ] 5. **Join**
  - Files: src/join.py
"""
WRITE = 'mkdir -p src; echo "$PLAIT_PACKAGE" > src/by-$PLAIT_PACKAGE.py'


def keeps(story: Story, text: str = LIST) -> Story:
    """A repository with a feature's list, its requirements and its design."""
    return story.begin(
        {
            f"{PLACE}/tasks.md": text,
            f"{PLACE}/requirements.md": "# Requirements\n",
            f"{PLACE}/design.md": "# Design\n",
        }
    )


def test_small_tasks_in_a_row_are_one_agents_work(story: Story) -> None:
    """Tasks 2 and 3 become one package; its landing ticks both boxes, and nothing else."""
    keeps(story)

    outcome = story.run("login", WRITE, "--allow-unchecked")

    assert outcome.code == 0, outcome.err
    assert {name: each["status"] for name, each in story.packages().items()} == {
        "1": "done_before",
        "2": "landed",
        "4": "landed",
        "5": "landed",
    }
    assert story.git("show", f"feat/login:{PLACE}/tasks.md") == LIST.replace("[ ]", "[x]").strip()
    assert story.git("ls-tree", "--name-only", "-r", "feat/login", "src").split() == [
        "src/by-2.py",
        "src/by-4.py",
        "src/by-5.py",
    ]


def test_a_task_of_a_batch_can_be_chosen(story: Story) -> None:
    """Who asks for task 3 gets the package that it is done in."""
    keeps(story)
    outcome = story.plait("run", "login", "--dry-run", "--package", "3")
    assert "Tasks 2-3" in outcome.out


def test_each_task_can_have_its_own_agent(story: Story) -> None:
    """`[plan] batch = "task"` joins nothing."""
    keeps(story)
    (story.repo / "plait.toml").write_text('[plan]\nbatch = "task"\n')
    shown = story.plait("show", "login", "--json").report()
    assert [package["tasks"] for package in shown["packages"]] == [
        ["1"],
        ["2"],
        ["3"],
        ["4"],
        ["5"],
    ]


def test_a_plan_that_changed_after_its_approval_does_not_run(story: Story) -> None:
    """`check` says so, `run` stops with the command to run, and a new approval lets it run."""
    keeps(story)
    assert story.plait("approve", "login").code == 0
    assert "CHANGED_SINCE_APPROVAL" not in story.plait("check", "login").out
    path = story.repo / PLACE / "tasks.md"
    path.write_text(LIST.replace("Printer", "Plotter"))

    outcome = story.plait("run", "login", "--agent", f"command:{WRITE}", "--allow-unchecked")

    assert outcome.code == 3
    assert "CHANGED_SINCE_APPROVAL" in outcome.err
    assert "Ada" in outcome.err
    assert "plait approve login" in outcome.err
    assert "warning CHANGED_SINCE_APPROVAL" in story.plait("check", "login").out
    assert story.plait("approve", "login").code == 0
    assert "CHANGED_SINCE_APPROVAL" not in story.plait("check", "login").out
