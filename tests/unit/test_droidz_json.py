"""Droidz' second version: tasks as JSON, alone or as a session."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.spec_folders import Spec, codes, edges, get, only

from plait.core.plan import SourceStatus
from plait.plans.droidz import FORMAT
from plait.ports import Loaded

PLACE = ".runs/.coordination/orchestration-k3.json"
TASKS: list[dict[str, Any]] = [
    {
        "key": "EXP-1",
        "title": "Add the model",
        "description": "Create `src/model.py`.",
        "specialist": "droidz-codegen",
        "priority": 1,
        "estimatedHours": 1.5,
        "dependencies": [],
        "parallel": False,
        "acceptanceCriteria": ["It stores", "It loads"],
        "status": "completed",
    },
    {
        "key": "EXP-2",
        "title": "Serve it",
        "specialist": "droidz-backend",
        "priority": "high",
        "estimatedMinutes": 30,
        "dependencies": ["EXP-1"],
        "parallel": True,
    },
    {"key": "EXP-3", "title": "Show it", "dependencies": ["EXP-1"], "parallel": True},
    {"key": "EXP-4", "title": "Test it", "dependencies": ["EXP-2", "EXP-3"]},
]
SESSION = {
    "sessionId": "k3",
    "status": "ready",
    "startedAt": "2026-03-01T10:00:00Z",
    "tasks": TASKS,
    "worktrees": {"EXP-1": ".runs/EXP-1"},
    "sessions": [],
}


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    return Spec(tmp_path, FORMAT, "droidz/specs/export")


def load(spec: Spec, content: object) -> Loaded:
    text = content if isinstance(content, str) else json.dumps(content, indent=2)
    path = spec.root / PLACE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return spec.open(path)


@pytest.mark.parametrize("content", [SESSION, TASKS, {"tasks": TASKS}])
def test_tasks(spec: Spec, content: object) -> None:
    """Keys, dependencies, specialists, estimates and criteria, in any of three wrappings."""
    loaded = load(spec, content)
    plan = loaded.plan
    assert plan is not None
    assert loaded.findings == ()
    assert edges(plan) == {
        "EXP-1": {},
        "EXP-2": {"EXP-1": "explicit"},
        "EXP-3": {"EXP-1": "explicit"},
        "EXP-4": {"EXP-2": "explicit", "EXP-3": "explicit"},
    }
    first, second = get(plan, "EXP-1"), get(plan, "EXP-2")
    assert first.status is SourceStatus.DONE
    assert (
        first.description
        == "Create `src/model.py`.\n\n## Acceptance criteria\n\n- It stores\n- It loads"
    )
    assert first.scope.write == ("src/model.py",)
    assert (first.role, first.priority, first.estimate_s) == ("droidz-codegen", 3, 5400)
    assert (second.role, second.priority, second.estimate_s) == ("droidz-backend", 3, 1800)
    assert [p.parallel for p in plan.packages] == [False, True, True, False]
    assert all(p.markers == () for p in plan.packages)
    assert (plan.id, plan.branch) == ("orchestration-k3", "feat/orchestration-k3")


def test_tasks_without_dependencies_follow_the_list(spec: Spec) -> None:
    """Where nothing is said the list's order holds, and parallel ones run side by side."""
    listed = [{k: v for k, v in task.items() if k != "dependencies"} for task in TASKS]
    plan = load(spec, listed).plan
    assert plan is not None
    assert {name: set(found) for name, found in edges(plan).items()} == {
        "EXP-1": set(),
        "EXP-2": {"EXP-1"},
        "EXP-3": {"EXP-1"},
        "EXP-4": {"EXP-2", "EXP-3"},
    }


def test_unknown_keys_have_their_place(spec: Spec) -> None:
    """A dependency that names nothing is told by line and column."""
    loaded = load(spec, '[\n  {"key": "A", "title": "a",\n   "dependencies": ["B"]}\n]\n')
    assert str(only(loaded, "UNKNOWN_REFERENCE").span) == f"{PLACE}:3:21"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('{"tasks": [', "BAD_JSON"),
        ('{"status": "ready"}', "NO_TASKS"),
        ("[]", "NO_TASKS"),
        ('[{"title": "a"}]', "NO_ID"),
        ('[{"key": "A"}, {"key": "A"}]', "DUPLICATE_ID"),
        ('[{"key": "A", "status": "odd"}]', "UNKNOWN_STATUS"),
        ('[{"key": "A", "estimatedHours": "1e999"}, 5, null, [1]]', ""),
    ],
)
def test_bad_content(spec: Spec, content: str, code: str) -> None:
    """Whatever the file holds, it is told and raises nothing."""
    found = codes(load(spec, content))
    assert code in found if code else found == []


def test_places_and_content(spec: Spec) -> None:
    """A session is found by its place, by its name, and by what it says."""
    load(spec, SESSION)
    path = spec.root / PLACE
    assert FORMAT.by_place(path)
    assert FORMAT.locate(spec.root, "orchestration-k3") == path
    assert FORMAT.locate(spec.root, "orchestration-k3.json") == path
    assert FORMAT.locate(spec.root, "../orchestration-k3") is None
    assert FORMAT.by_content(json.dumps(SESSION)) >= 0.5
    assert FORMAT.by_content('{"tasks": [{"id": 1, "dependencies": [], "subtasks": []}]}') < 0.5


def test_limit(spec: Spec) -> None:
    """The project's configuration holds for sessions too."""
    spec.write("droidz/config.yml", "parallel:\n  max_concurrent_tasks: 2\n")
    plan = load(spec, SESSION).plan
    assert plan is not None
    assert plan.max_agents == 2
