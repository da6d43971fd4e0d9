"""agent-os: groups with implementers, parents `1.0`, and one small list per trap."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.spec_folders import Spec, codes, edges, get, only

from plait.core.plan import SourceStatus
from plait.plans.agent_os import FORMAT
from plait.plans.droidz import FORMAT as DROIDZ

FOLDER = "agent-os/specs/2026-03-01-export"
LIST = """\
# Task Breakdown: Export

## Overview
Total Tasks: 6

## Task List

### Database Layer

#### Task Group 1: Data Models and Migrations
**Dependencies:** None
**Assigned implementer:** database-engineer

- [x] 1.0 Complete the database layer
  - [x] 1.1 Write 2-8 focused tests
    - Skip the rest
  - [x] 1.2 Create the model in `src/model.py`

**Acceptance Criteria:**
- The tests of 1.1 pass

### API Layer

#### 🚀 Task Group 2: API Endpoints
**Assigned implementer:** Unassigned
**Dependencies:** Task Group 1 (requires the model)

- [ ] 2.0 Complete the API
- [ ] 2.1 Write 2-8 focused tests
- [ ] 2.2 Serve the list
  - Create `src/api.py`

#### Task Group 3: Review (OPTIONAL)
**Dependencies:** Task Groups 1-2

- [ ] **3.1**: Review it all

## Execution Order
1. Database Layer (Task Group 1)
"""


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    return Spec(tmp_path, FORMAT, FOLDER)


def test_groups(spec: Spec) -> None:
    """Parents hold their parts, nested or not; groups go by their dependencies."""
    loaded = spec.load(LIST)
    plan = loaded.plan
    assert plan is not None
    assert loaded.findings == ()
    assert edges(plan) == {
        "1.1": {},
        "1.2": {"1.1": "track"},
        "2.1": {"1.1": "explicit", "1.2": "explicit"},
        "2.2": {"2.1": "track"},
        "3.1": dict.fromkeys(("1.1", "1.2", "2.1", "2.2"), "range"),
    }
    assert [p.role for p in plan.packages] == ["database-engineer"] * 2 + [None] * 3
    assert [p.optional for p in plan.packages] == [False] * 4 + [True]
    assert [p.parent for p in plan.packages] == ["1.0", "1.0", "2.0", "2.0", "group-3"]
    assert get(plan, "1.1").group == "Task Group 1: Data Models and Migrations"
    assert get(plan, "2.2").scope.write == ("src/api.py",)
    assert "The tests of 1.1 pass" in get(plan, "1.2").description
    assert "The tests of 1.1 pass" not in get(plan, "1.1").description
    assert [p.status for p in plan.packages[:3]] == [
        SourceStatus.DONE,
        SourceStatus.DONE,
        SourceStatus.PENDING,
    ]
    assert (plan.title, plan.branch) == ("Task Breakdown: Export", "feat/2026-03-01-export")


def test_a_list_without_groups(spec: Spec) -> None:
    """The older layout has tasks `1.` with parts, in order."""
    plan = spec.plan(
        """\
        # Spec Tasks
        ## Tasks
        - [x] 1. Build the store
          - [x] 1.1 Write tests
          - [x] 1.2 Verify
        - [ ] 2. Build the 3 views
          - [ ] 2.1 Write tests
        """
    )
    assert edges(plan) == {"1.1": {}, "1.2": {"1.1": "track"}, "2.1": {"1.2": "track"}}


def test_parents_and_parts_that_disagree(spec: Spec) -> None:
    """A parent's box that contradicts its parts is told; the parts' own boxes hold."""
    loaded = spec.load(LIST.replace("- [x] 1.2", "- [ ] 1.2"))
    assert codes(loaded) == ["PARENT_CONTRADICTS_PARTS"]
    assert loaded.plan is not None
    assert get(loaded.plan, "1.2").status is SourceStatus.PENDING


def test_phase_of_optional_work(spec: Spec) -> None:
    """What stands in an optional phase is optional; phases follow one another."""
    plan = spec.plan(
        """\
        ## PHASE 1: FIX
        ### Task Group 1: A
        - [ ] 1.1 Do
        ### Task Group 2: B
        - [ ] 2.1 Do
        ## PHASE 2: MORE (OPTIONAL)
        ### Task Group 3: C
        - [ ] 3.1 Do
        ### Task Group 4: D
        **Dependencies:** Phase 1 complete
        - [ ] 4.1 Do
        """
    )
    assert edges(plan) == {
        "1.1": {},
        "2.1": {"1.1": "wave"},
        "3.1": {"2.1": "phase"},
        "4.1": {"1.1": "explicit", "2.1": "explicit"},
    }
    assert [p.optional for p in plan.packages] == [False, False, True, True]


ORCHESTRATION = """\
task_groups:
  - name: Data Models and Migrations
    claude_code_subagent: model-maker
    standards:
      - all
  - name: api-endpoints
    assigned_specialist: api-designer
    standards:
      - backend/*
      - global/style.md
      - none
"""


def test_orchestration(spec: Spec) -> None:
    """Roles join by name, written as a slug or in prose; standards become context."""
    for place in ("backend/api.md", "backend/deep/x.md", "global/style.md", "global/tone.md"):
        spec.write(f"agent-os/standards/{place}", "# S")
    loaded = spec.load(LIST, orchestration_yml=ORCHESTRATION)
    assert loaded.findings == ()
    plan = loaded.plan
    assert plan is not None
    roles = [p.role for p in plan.packages]
    assert roles == ["model-maker"] * 2 + ["api-designer"] * 2 + [None]
    assert [file.path for file in plan.files] == [
        f"{FOLDER}/tasks.md",
        f"{FOLDER}/orchestration.yml",
    ]
    assert set(plan.context[2:]) == {
        f"agent-os/standards/{name}"
        for name in ("backend/api.md", "backend/deep/x.md", "global/style.md", "global/tone.md")
    }
    some = spec.plan(LIST, orchestration_yml=ORCHESTRATION.replace("      - all\n", ""))
    assert some.context[2:] == (
        "agent-os/standards/backend/api.md",
        "agent-os/standards/global/style.md",
    )
    none = spec.plan(LIST, orchestration_yml="task_groups:\n  - name: Review\n    standards: none")
    assert none.context[2:] == ()


@pytest.mark.parametrize(
    "name",
    [
        "API Endpoints",
        "api-endpoints",
        "Task Group 2: API Endpoints",
        "Task Group 2",
        "group-2",
        "The API endpoints of the export",
        "endpoints",
    ],
)
def test_names_that_fit(spec: Spec, name: str) -> None:
    """A name is a group's if it alone has its words, or its number."""
    text = f"task_groups:\n  - name: '{name}'\n    assigned_specialist: smith\n"
    loaded = spec.load(LIST, orchestration_yml=text)
    assert loaded.findings == ()
    assert loaded.plan is not None
    assert [p.id for p in loaded.plan.packages if p.role == "smith"] == ["2.1", "2.2"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("API Endpionts", "did you mean 'API Endpoints'?"),
        ("data-modelz-and-migration", "did you mean 'Data Models and Migrations'?"),
        (
            "quality",
            "the list's groups: Data Models and Migrations, API Endpoints, Review (OPTIONAL)",
        ),
        ("", "the list's groups: Data Models and Migrations, API Endpoints, Review (OPTIONAL)"),
    ],
)
def test_names_that_do_not_fit(spec: Spec, name: str, hint: str) -> None:
    """Any other name is told at its place, with the group that may be meant."""
    text = f"task_groups:\n  - name: '{name}'\n    assigned_specialist: smith\n"
    loaded = spec.load(LIST, orchestration_yml=text)
    finding = only(loaded, "UNMATCHED_GROUP")
    assert str(finding.span) == f"{FOLDER}/orchestration.yml:2:11"
    assert finding.hint == hint
    assert loaded.plan is not None
    assert "smith" not in [p.role for p in loaded.plan.packages]


@pytest.mark.parametrize(
    ("text", "code", "severity"),
    [
        ("task_groups: [", "BAD_YAML", "error"),
        ("groups: []", "SIDECAR_IGNORED", "warning"),
        ("task_groups:\n  - name: Review\n    name: R", "DUPLICATE_KEY", "error"),
        ("task_groups:\n  - name: Review\n    standards: [x.md]", "MISSING_CONTEXT", "warning"),
        ("task_groups:\n  - name: Review\n    standards: ../*", "MISSING_CONTEXT", "warning"),
        ("task_groups: [1, [2], {name: [3]}]", "UNMATCHED_GROUP", "warning"),
    ],
)
def test_bad_orchestration(spec: Spec, text: str, code: str, severity: str) -> None:
    """Whatever the file holds, the list is read and the file's mistake is told."""
    loaded = spec.load(LIST, orchestration_yml=text)
    assert loaded.plan is not None
    found = [finding for finding in loaded.findings if finding.code == code]
    assert found
    assert {finding.severity.value for finding in found} == {severity}


def test_standards_outside_the_folder(spec: Spec, tmp_path: Path) -> None:
    """A link that leads out of the repository is not followed."""
    outside = tmp_path.parent / "outside.md"
    outside.write_text("# Secret")
    spec.write("agent-os/standards/own.md", "# Own")
    (spec.root / "agent-os/standards/link.md").symlink_to(outside)
    text = "task_groups:\n  - name: Review\n    standards: all"
    assert spec.plan(LIST, orchestration_yml=text).context[2:] == ("agent-os/standards/own.md",)


def test_places(spec: Spec) -> None:
    """A spec is found by its folder and its name, with or without the hidden layout."""
    path = spec.write(f"{FOLDER}/tasks.md", LIST)
    hidden = spec.write(".agent-os/specs/older/tasks.md", LIST)
    foreign = spec.write("droidz/specs/a/tasks.md", LIST)
    assert FORMAT.locate(spec.root, "2026-03-01-export") == path
    assert FORMAT.locate(spec.root, FOLDER) == path
    assert FORMAT.locate(spec.root, "older") == hidden
    assert FORMAT.locate(spec.root, "droidz/specs/a") is None
    assert [FORMAT.by_place(each) for each in (path, hidden, foreign)] == [True, True, False]
    assert DROIDZ.locate(spec.root, FOLDER) is None
    assert not DROIDZ.by_place(path)


def test_content() -> None:
    """Its lists are told from Droidz' and from others'."""
    assert FORMAT.by_content(LIST) >= 0.5
    assert DROIDZ.by_content(LIST) < 0.5
    older = "# Spec Tasks\n\nFor @.agent-os/specs/a/spec.md\n\n- [ ] 1. Do\n  - [ ] 1.1 Test\n"
    assert FORMAT.by_content(older) >= 0.5
    assert FORMAT.by_content("## Task Group 1: A\n### Task 1.1: B\n- [ ] step\n") < 0.5
    assert FORMAT.by_content("# Prose about Task Group 1\n") == 0


def test_groups_with_letters(spec: Spec) -> None:
    """Groups 1.A and 1.B are two, and their tasks carry their ids on."""
    plan = spec.load(
        """\
        # Task Breakdown: Export

        ### Phase 1: Write
        #### Task Group 1.A: Old writers
        **Dependencies:** None
        - [ ] 1.A.0 Retire the old writers
          - [ ] 1.A.1 Modify `src/old.py`
        #### Task Group 1.B: New writers
        **Dependencies:** None (parallel with 1.A)
        - [ ] 1.B.0 Write the new
          - [ ] 1.B.1 Create `src/new.py`
        #### Task Group 1.C: Review
        **Dependencies:** Task Groups 1.A, 1.B
        - [ ] 1.C.1 Run all tests
        """
    ).plan
    assert plan is not None
    assert edges(plan) == {
        "1.A.1": {},
        "1.B.1": {},
        "1.C.1": {"1.A.1": "explicit", "1.B.1": "explicit"},
    }


def test_files_of_a_group(spec: Spec) -> None:
    """Each task writes what it names; the last one what the group lists beside."""
    plan = spec.load(
        """\
        # Task Breakdown: Export

        ### Task Group 1: Agent
        - [ ] 1.1 Create `src/agent.ts`
        - [ ] 1.2 Create `src/types.ts`

        **Files to Create:**
        - `src/agent.ts`
        - `src/types.ts`
        - `src/index.ts`

        ### Task Group 2: Tests
        - [ ] 2.1 Create `tests/agent.ts`
        - [ ] 2.2 Run them

        **Files to Create:**
        - `tests/agent.ts`
        - `tests/types.ts`
        """
    ).plan
    assert plan is not None
    assert [get(plan, name).scope.write for name in ("1.1", "1.2", "2.1", "2.2")] == [
        ("src/agent.ts",),
        ("src/types.ts", "src/index.ts"),
        ("tests/agent.ts",),
        ("tests/agent.ts", "tests/types.ts"),
    ]


@pytest.mark.parametrize(
    ("status", "boxes", "done"),
    [("", "xx", True), ("", "x ", False), ("- **Status**: In progress\n", "xx", False)],
)
def test_criteria_that_are_met(spec: Spec, status: str, boxes: str, done: bool) -> None:
    """Where nothing else says so, a task is done when all its criteria are ticked."""
    criteria = "\n".join(f"  - [{box}] It works" for box in boxes)
    plan = spec.load(
        f"## Task Group 1: Export\n\n### Task 1.1: Write it\n{status}"
        f"- **Acceptance Criteria**:\n{criteria}\n"
    ).plan
    assert plan is not None
    assert (get(plan, "1.1").status is SourceStatus.DONE) is done
