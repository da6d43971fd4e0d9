"""task-master files: tags, ids, subtasks, states, files; one small file per trap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.fakes.tracked import Tracker, get, needs, states, told

from plait.core.plan import Confidence
from plait.plans.task_master import FORMAT

PLACE = ".taskmaster/tasks/tasks.json"
STATE = ".taskmaster/state.json"


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    return Tracker(root=tmp_path, format=FORMAT, place=PLACE)


def task(name: Any, *dependencies: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "title": f"Task {name}",
        "status": "pending",
        "dependencies": list(dependencies),
        **more,
    }


def tagged(*tasks: dict[str, Any], tag: str = "master") -> dict[str, Any]:
    return {tag: {"tasks": list(tasks), "metadata": {"description": "x"}}}


def test_tasks_and_subtasks(tracker):
    """Subtasks are the packages of their task; siblings are named bare or with the task's id."""
    plan = tracker.plan(
        tagged(
            task(1),
            task("2", 1, subtasks=[task(1), task(2, 1), task("3", "2.1", "2"), task(4, 1.0)]),
            task(3, "2"),
            task(4, "2.3"),
        )
    )
    assert needs(plan) == {
        "1": set(),
        "2.1": {"1"},
        "2.2": {"1", "2.1"},
        "2.3": {"1", "2.1", "2.2"},
        "2.4": {"1"},
        "3": {"2.1", "2.2", "2.3", "2.4"},
        "4": {"2.3"},
    }
    assert get(plan, "2.1").parent == "2"
    assert (plan.id, plan.branch, plan.format) == ("taskmaster", "feat/taskmaster", "task-master")


def test_ids_with_a_point(tracker):
    """A subtask's own id may carry its task's, and 1.10 is not 1.1."""
    text = """{"tasks": [{"id": 1, "title": "a", "subtasks": [
        {"id": "1.1", "title": "b"},
        {"id": 10, "title": "c", "dependencies": [1.1]},
        {"id": 11, "title": "d", "dependencies": [1.10]}]}]}"""
    plan = tracker.plan(text)
    assert needs(plan) == {"1.1": set(), "1.10": {"1.1"}, "1.11": {"1.10"}}


def test_places(tracker):
    """A task stands where its object begins, a dependency where its entry does."""
    tracker.write('{"master": {"tasks": [\n  {"id": 1},\n  {"id": 2, "dependencies": [1, 9]}]}}')
    loaded = tracker.open()
    span = get(loaded.plan, "2").span
    assert str(span) == f"{PLACE}:3:3"
    assert [str(f.span) for f in told(loaded, "UNKNOWN_REFERENCE")] == [f"{PLACE}:3:33"]


def test_what_an_agent_is_told(tracker):
    """Description, details and test strategy are the body; a strategy is no command."""
    plan = tracker.plan(
        tagged(task(1, description="Do it.", details="So.\nAnd so.", testStrategy="Run it."))
    )
    package = get(plan, "1")
    assert (
        package.description == "Do it.\n\n## Details\n\nSo.\nAnd so.\n\n## How to test\n\nRun it."
    )
    assert package.checks == ()


@pytest.mark.parametrize(
    ("status", "meant"),
    [
        ("pending", "pending"),
        ("not-started", "pending"),
        ("in-progress", "pending"),
        ("in_progress", "pending"),
        ("review", "pending"),
        ("blocked", "pending"),
        ("done", "done"),
        ("Completed", "done"),
        ("complete", "done"),
        ("closed", "done"),
        ("cancelled", "skipped"),
        ("deferred", "skipped"),
    ],
)
def test_states(tracker, status, meant):
    """Each status that files carry has one meaning, and none of them is unknown."""
    loaded = tracker.load(tagged(task(1, status=status)))
    assert states(loaded.plan) == {"1": meant}
    assert told(loaded, "UNKNOWN_STATUS") == []


def test_an_unknown_status(tracker):
    """It is read as open, and told where it stands."""
    loaded = tracker.load('{"tasks": [{"id": 1, "status": "abandoned"}]}')
    assert states(loaded.plan) == {"1": "pending"}
    (finding,) = told(loaded, "UNKNOWN_STATUS")
    assert str(finding.span) == f"{PLACE}:1:32"


def test_states_that_are_told(tracker):
    """What is begun, blocked or deferred says so, and so does what needs the deferred."""
    loaded = tracker.load(
        tagged(
            task(1, status="review"),
            task(2, status="blocked"),
            task(3, status="deferred"),
            task(4, 3),
        )
    )
    assert [f.code for f in loaded.findings] == [
        "ACTIVE_IN_SOURCE",
        "BLOCKED_IN_SOURCE",
        "NEEDS_SKIPPED",
    ]
    assert "deferred" in told(loaded, "NEEDS_SKIPPED")[0].message


def test_done_with_open_parts(tracker):
    """A task that is done with pending subtasks is told; the subtasks' own marks hold."""
    loaded = tracker.load(
        tagged(task(1, status="done", subtasks=[task(1), task(2, status="done")]))
    )
    assert states(loaded.plan) == {"1.1": "pending", "1.2": "done"}
    assert [f.code for f in loaded.findings] == ["PARENT_CONTRADICTS_PARTS"]


def test_priorities(tracker):
    """Critical is first, low is late, and a subtask has its task's."""
    plan = tracker.plan(
        tagged(
            *(task(n, priority=word) for n, word in enumerate(("critical", "high", "medium"))),
            task(3, priority="low", subtasks=[task(1), task(2, priority="high")]),
            task(4),
        )
    )
    assert {p.source_id: p.priority for p in plan.packages} == {
        "0": 1,
        "1": 3,
        "2": 5,
        "3.1": 7,
        "3.2": 3,
        "4": 5,
    }


def test_relevant_files(tracker):
    """What is to be created or modified is an inferred scope; what is referred to is read."""
    plan = tracker.plan(
        tagged(
            task(
                1,
                relevantFiles=[
                    {"path": "src/app/[id]/page.tsx", "action": "create"},
                    {"path": "src/b.py", "action": "modify"},
                    {"path": "docs/c.md", "action": "reference"},
                    {"path": "../../etc/passwd", "action": "modify"},
                    {"path": "/etc/passwd", "action": "modify"},
                ],
            ),
            task(2, details="Create `src/d.py` with the parser.\nSee `src/e.py`."),
            task(3),
        )
    )
    first = get(plan, "1").scope
    assert first.write == ("src/app/[[]id]/page.tsx", "src/b.py")
    assert first.read == ("docs/c.md", "**")
    assert first.confidence is Confidence.INFERRED
    assert get(plan, "2").scope.write == ("src/d.py",)
    assert get(plan, "3").scope.confidence is Confidence.UNKNOWN


def test_the_current_tag(tracker):
    """Of several tags that of state.json is read, and the state is a part of the plan then."""
    tracker.write({"currentTag": "login"}, STATE)
    loaded = tracker.load(tagged(task(1)) | tagged(task(7), tag="login"))
    assert states(loaded.plan) == {"7": "pending"}
    assert loaded.plan is not None
    assert (loaded.plan.id, loaded.plan.branch) == ("login", "feat/login")
    assert [file.path for file in loaded.plan.files] == [PLACE, STATE]
    (finding,) = told(loaded, "OTHER_TAGS")
    assert "login, master" in finding.message


def test_no_current_tag(tracker):
    """Without a state master is read; a single tag is read whatever it is called."""
    both = tracker.load(tagged(task(1)) | tagged(task(7), tag="login"))
    assert states(both.plan) == {"1": "pending"}
    single = tracker.load(tagged(task(7), tag="login"))
    assert states(single.plan) == {"7": "pending"}
    assert single.findings == ()


def test_no_tag_is_meant(tracker):
    """Where the current tag is not there nothing is guessed."""
    text = tagged(task(1), tag="a") | tagged(task(2), tag="b")
    loaded = tracker.load(text)
    assert loaded.plan is None
    assert [f.code for f in loaded.findings] == ["UNKNOWN_TAG"]
    tracker.write({"currentTag": "c"}, STATE)
    (finding,) = tracker.open().findings
    assert (finding.code, str(finding.span)) == ("UNKNOWN_TAG", f"{STATE}:1:16")


def test_a_state_that_cannot_be_read(tracker):
    """A broken state is told, and master is read."""
    tracker.write("{", STATE)
    loaded = tracker.load(tagged(task(1)) | tagged(task(2), tag="b"))
    assert states(loaded.plan) == {"1": "pending"}
    assert [f.code for f in loaded.findings] == ["BAD_JSON", "OTHER_TAGS"]


def test_a_state_outside(tracker, tmp_path_factory):
    """A state that is a link out of the repository is not read."""
    outside = tmp_path_factory.mktemp("outside") / "state.json"
    outside.write_text('{"currentTag": "b"}', "utf-8")
    tracker.write("", PLACE)
    (tracker.root / STATE).symlink_to(outside)
    loaded = tracker.load(tagged(task(1)) | tagged(task(2), tag="b"))
    assert states(loaded.plan) == {"1": "pending"}


def test_a_tag_called_tasks(tracker):
    """A tag may have any name, that of the old layout's field too."""
    assert states(tracker.plan(tagged(task(3), tag="tasks"))) == {"3": "pending"}


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("{}", ["NO_TASKS"]),
        ("[]", ["NO_TASKS"]),
        ('{"master": {"tasks": []}}', ["NO_TASKS"]),
        ('{"master": {"tasks": [3, {"title": "x"}]}}', ["NO_ID", "NO_TASKS"]),
        ('{"tasks": [', ["BAD_JSON"]),
        (b'\xff\xfe{\x00"\x00', ["BAD_ENCODING", "BAD_JSON"]),
    ],
)
def test_no_plan(tracker, text, codes):
    """What holds no task is no plan, and the findings say why."""
    loaded = tracker.load(text)
    assert loaded.plan is None
    assert [f.code for f in loaded.findings] == codes


def test_an_id_twice(tracker):
    """Of equal ids the later is renamed, and told."""
    loaded = tracker.load(tagged(task(1), task("1"), task(2, 1)))
    assert needs(loaded.plan) == {"1": set(), "1-2": set(), "2": {"1"}}
    assert [f.code for f in loaded.findings] == ["DUPLICATE_ID"]


def test_where_it_lies(tracker):
    """The file is found from the project's folder, from its own folders, and by its own name."""
    path = tracker.write(tagged(task(1)))
    for name in (".", ".taskmaster", ".taskmaster/tasks", PLACE):
        assert FORMAT.locate(tracker.root, name) == path
    assert FORMAT.locate(tracker.root, "login") is None
    old = tracker.write(tagged(task(1)), "app/tasks/tasks.json")
    assert FORMAT.locate(tracker.root, "app") == old
    tracker.write("{}", ".vscode/tasks.json")
    assert FORMAT.locate(tracker.root, ".vscode") is None


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ('{"master": {"tasks": [{"id": 1, "testStrategy": "", "subtasks": []}]}}', True),
        ('{"tasks": [{"id": 1, "status": "done", "dependencies": []}]}', True),
        ('{"version": "2.0.0", "tasks": [{"label": "b", "isBackground": true}]}', False),
        ('{"waves": [{"id": 0, "tasks": ["1.1"], "dependencies": []}], "status": "x"}', False),
        ('{"tasks": [{"key": "A", "specialist": "x", "dependencies": [], "status": "y"}]}', False),
        ('[{"tasks": [], "testStrategy": ""}]', False),
        ("# Tasks\n", False),
    ],
)
def test_by_content(text, sure):
    """Subtasks and test strategies are this format's; other lists of tasks are not."""
    assert (FORMAT.by_content(text) >= 0.5) is sure
