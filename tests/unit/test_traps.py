"""What goes wrong in real plans: each trap once, with what Plait makes of it and says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import pytest

from plait import plans
from plait.app.loading import load_plan
from plait.core.plan import PackageKind, Plan, SourceStatus, WorkPackage

OPENSPEC = "openspec/changes/login/tasks.md"
SPECFLOW = "documentation/features/login/tasks.md"
SPECKIT = "specs/001-login/tasks.md"
KIRO = ".kiro/specs/login/tasks.md"
WORKFLOW = ".spec-workflow/specs/login/tasks.md"
DROIDZ = "droidz/specs/login/tasks.md"
AGENTOS = "agent-os/specs/login/tasks.md"
TASKMASTER = ".taskmaster/tasks/tasks.json"
CCPM = ".claude/epics/login"
PURPLE = (
    "purple/documentation/250101-login/agent-written-specifications/implementation-spec-login.md"
)

Holds = Callable[[Plan], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """A small plan that holds it; the codes that tell of it; what holds of the plan."""

    name: str
    place: str
    text: str
    codes: tuple[str, ...] = ()
    holds: Holds = lambda plan: True
    beside: Mapping[str, str] = field(default_factory=dict)


def get(plan: Plan, name: str) -> WorkPackage:
    return next(package for package in plan.packages if package.id == name)


def needs(plan: Plan, name: str) -> set[str]:
    return {edge.id for edge in get(plan, name).needs}


def ids(plan: Plan) -> list[str]:
    return [package.id for package in plan.packages]


def list_with(phrase: str) -> str:
    """Tracks A and B with gates, and a task 9 that says what it needs."""
    return f"""\
        # Tasks
        ### Track A: One (No Dependencies)
        - [ ] 1. **One**
        - [ ] 2. **Two**
        - [ ] 3. **Three**
        - [ ] CR-A. **Review**
        ### Track B: Two (No Dependencies)
        - [ ] 4. **Four**
        - [ ] CR-B. **Review**
        ### Track C: Three (No Dependencies)
        - [ ] 9. **Nine**
          - _Dependencies: {phrase}_
        """


REFERENCES: Mapping[str, tuple[str, ...]] = {
    "Task 4": ("4",),
    "Tasks 2-4": ("2", "3", "4"),
    "Tasks 1, 3-4": ("1", "3", "4"),
    "Tasks 1–3": ("1", "2", "3"),  # noqa: RUF001 - an en dash
    "1 → 2": ("1", "2"),
    "Tasks 2~4": ("2", "3", "4"),
    "Track A completion (Tasks 1-2)": ("1", "2"),
    "CR-A (approved)": ("CR-A",),
    "CR-A through CR-B": ("CR-A", "CR-B"),
    "CR-A, CR-B (all approved)": ("CR-A", "CR-B"),
    "All": ("1", "2", "3", "CR-A", "4", "CR-B"),
    "全タスク": ("1", "2", "3", "CR-A", "4", "CR-B"),
    "None": (),
    "none": (),
    "Nothing": (),
    "—": (),
    "なし": (),
    "[]": (),
    "None (can run parallel with Task 3)": (),
}
WRONG_REFERENCES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "Tasks 3-7": (("3", "4"), "RANGE_HOLE"),
    "Task 77": ((), "UNKNOWN_REFERENCE"),
    "Zod": ((), "UNREAD_DEPENDENCY"),
    "py.typed": ((), "UNREAD_DEPENDENCY"),
    "Node 20": ((), "UNREAD_DEPENDENCY"),
}

TRAPS = [
    # -- ids
    Trap(
        name="an id twice",
        place=OPENSPEC,
        text="""\
            ## 1. API
            - [ ] 1.1 One
            - [ ] 1.1 Two
            """,
        codes=("DUPLICATE_ID",),
        holds=lambda plan: ids(plan) == ["1.1", "1.1-2"],
    ),
    Trap(
        name="ids with a letter behind",
        place=OPENSPEC,
        text="""\
            ## 2. API
            - [ ] 2.3 One
            - [ ] 2.3b Inserted
            """,
        holds=lambda plan: ids(plan) == ["2.3", "2.3b"],
    ),
    Trap(
        name="a T-id with a letter behind",
        place=SPECKIT,
        text="""\
            ## Phase 1: Setup
            - [ ] T150 One in src/a.py
            - [ ] T150e Two in src/b.py (depends on T150)
            """,
        holds=lambda plan: needs(plan, "T150e") == {"T150"},
    ),
    Trap(
        name="1.0 as a parent",
        place=AGENTOS,
        text="""\
            #### Task Group 1: Data
            **Dependencies:** None
            - [ ] 1.0 Complete the data layer
              - [ ] 1.1 Write tests
              - [ ] 1.2 Write models
            """,
        holds=lambda plan: ids(plan) == ["1.1", "1.2"] and plan.wholes[0].source_id == "1.0",
    ),
    Trap(
        name="versions that are no ids",
        place=SPECFLOW,
        text="""\
            # Tasks
            ## Prerequisites
            - [x] 3.11 of Python is installed
            - [x] 2x the memory
            ## Phase 1: Work
            - [ ] 1. **Types**
            """,
        holds=lambda plan: ids(plan) == ["1"],
    ),
    Trap(
        name="octal numbers of YAML 1.1",
        place=f"{CCPM}/epic.md",
        text="---\nname: login\nstatus: open\n---\n# Epic\n",
        beside={
            f"{CCPM}/010.md": "---\nname: Ten\nstatus: open\ndepends_on: []\n---\n",
            f"{CCPM}/020.md": "---\nname: Twenty\nstatus: open\ndepends_on: [010]\n---\n",
        },
        holds=lambda plan: needs(plan, "020") == {"010"},
    ),
    Trap(
        name="depends_on left behind by a renaming",
        place=f"{CCPM}/epic.md",
        text="---\nname: login\nstatus: open\n---\n# Epic\n",
        beside={
            f"{CCPM}/41.md": "---\nname: One\nstatus: open\n---\n",
            f"{CCPM}/42.md": "---\nname: Two\nstatus: open\ndepends_on: [002]\n---\n",
        },
        codes=("UNKNOWN_REFERENCE",),
    ),
    Trap(
        name="a placeholder that reads as a list",
        place=f"{CCPM}/epic.md",
        text="---\nname: login\nstatus: open\n---\n# Epic\n",
        beside={
            f"{CCPM}/1.md": "---\nname: A\nstatus: open\ngithub: [Will be updated on sync]\n---\n"
        },
        codes=("PLACEHOLDER_LEFT",),
    ),
    Trap(
        name="an id that two tags use",
        place=TASKMASTER,
        text='{"master": {"tasks": [{"id": 1, "title": "A", "status": "pending"}]},'
        ' "later": {"tasks": [{"id": 1, "title": "B", "status": "pending"}]}}',
        codes=("OTHER_TAGS",),
        holds=lambda plan: ids(plan) == ["1"],
    ),
    # -- status
    Trap(
        name="a parent that is done with an open part",
        place=KIRO,
        text="""\
            - [x] 1. Parent
              - [x] 1.1 Done
              - [ ] 1.2 Open
            """,
        codes=("PARENT_CONTRADICTS_PARTS",),
        holds=lambda plan: get(plan, "1.2").status is SourceStatus.PENDING,
    ),
    Trap(
        name="a parent that is open with all parts done",
        place=KIRO,
        text="""\
            - [ ] 1. Parent
              - [x] 1.1 Done
            - [ ] 2. Next
            """,
        codes=("PARENT_CONTRADICTS_PARTS",),
        holds=lambda plan: get(plan, "1.1").status is SourceStatus.DONE,
    ),
    Trap(
        name="a done task with pending subtasks",
        place=TASKMASTER,
        text='{"tasks": [{"id": 1, "title": "A", "status": "done", "subtasks": '
        '[{"id": 1, "title": "B", "status": "pending"}]}]}',
        codes=("PARENT_CONTRADICTS_PARTS",),
    ),
    Trap(
        name="a status nobody knows",
        place=TASKMASTER,
        text='{"tasks": [{"id": 1, "title": "A", "status": "halfway"}]}',
        codes=("UNKNOWN_STATUS",),
    ),
    Trap(
        name="a box beside a verdict that says otherwise",
        place=SPECFLOW,
        text="""\
            ### Track A: One (No Dependencies)
            - [x] 1. **One**
            - [x] CR-A. **Review**
              - STATUS: REQUIRES CHANGES
            - [ ] 2. **Two**
            """,
        codes=("CONTRADICTORY_STATUS",),
        holds=lambda plan: get(plan, "CR-A").status is SourceStatus.PENDING,
    ),
    Trap(
        name="a mark that the format does not know",
        place=OPENSPEC,
        text="## 1. API\n- [?] 1.1 One\n",
        codes=("UNKNOWN_MARK",),
        holds=lambda plan: get(plan, "1.1").status is SourceStatus.PENDING,
    ),
    Trap(
        name="blocked, with its reason",
        place=WORKFLOW,
        text="- [~] 1. One\n  - _Blocked: waits for the bank_\n- [ ] 2. Two\n",
        codes=("BLOCKED_IN_SOURCE",),
    ),
    Trap(
        name="in progress",
        place=KIRO,
        text="- [-] 1. One\n- [ ] 2. Two\n",
        codes=("ACTIVE_IN_SOURCE",),
    ),
    Trap(
        name="optional, with the star behind the bracket",
        place=KIRO,
        text="- [ ] 1. One\n- [ ]* 2. Maybe\n",
        holds=lambda plan: get(plan, "2").optional,
    ),
    Trap(
        name="status in a heading",
        place=DROIDZ,
        text="""\
            ## Task Group 1: Base ✅
            ### Task 1.1: One ✅
            - **Dependencies**: None
            ## Task Group 2: Next
            ### Task 2.1: Two
            - **Dependencies**: 1.1
            """,
        holds=lambda plan: get(plan, "1.1").status is SourceStatus.DONE,
    ),
    Trap(
        name="struck out",
        place=SPECKIT,
        text="""\
            ## Phase 1: Setup
            - [x] T001 ~~Old way in src/a.py~~
            - [ ] T002 New way in src/b.py
            """,
        holds=lambda plan: get(plan, "T001").status is not SourceStatus.PENDING,
    ),
    Trap(
        name="ticked to say that it is skipped",
        place=SPECKIT,
        text="""\
            ## Phase 1: Setup
            - [x] SKIP: T001 not needed any more
            - [ ] T002 New way in src/b.py
            """,
        holds=lambda plan: get(plan, "T001").status is SourceStatus.SKIPPED,
    ),
    Trap(
        name="conditional work that is never ticked",
        place=SPECFLOW,
        text="""\
            ### Track A: One (No Dependencies)
            - [x] 1. **One**
            - [x] CR-A. **Review**
            - [ ] RW-A. **Rework**
              - _Trigger: CR-A (failed)_
            - [ ] 2. **Two**
            """,
        holds=lambda plan: get(plan, "RW-A").status is SourceStatus.SKIPPED,
    ),
    # -- Markdown
    Trap(
        name="boxes in a fence",
        place=OPENSPEC,
        text="""\
            ## 1. API
            - [ ] 1.1 One
            ```markdown
            - [ ] 9.9 An example
            ```
            """,
        codes=("BOXES_IN_CODE",),
        holds=lambda plan: ids(plan) == ["1.1"],
    ),
    Trap(
        name="a fence that never closes",
        place=OPENSPEC,
        text="""\
            ## 1. API
            - [ ] 1.1 One
            ```
            - [ ] 1.2 Still a task
            """,
        codes=("UNCLOSED_FENCE",),
        holds=lambda plan: ids(plan) == ["1.1", "1.2"],
    ),
    Trap(
        name="CRLF",
        place=KIRO,
        text="- [ ] 1. One\r\n  - _Requirements: 1.1_\r\n- [x] 2. Two\r\n",
        holds=lambda plan: get(plan, "1").requirements == ("1.1",),
    ),
    Trap(
        name="a byte order mark",
        place=KIRO,
        text="\ufeff- [ ] 1. One\n- [ ] 2. Two\n",
        holds=lambda plan: ids(plan) == ["1", "2"],
    ),
    Trap(
        name="an escaped point",
        place=KIRO,
        text="- [ ] 1\\. One\n- [ ] 2\\. Two\n",
        holds=lambda plan: ids(plan) == ["1", "2"],
    ),
    Trap(
        name="a comment that holds boxes",
        place=KIRO,
        text="- [ ] 1. One\n<!--\n- [ ] 2. Not this\n-->\n- [ ] 3. Three\n",
        holds=lambda plan: ids(plan) == ["1", "3"],
    ),
    Trap(
        name="a task wrapped over lines",
        place=OPENSPEC,
        text="## 1. API\n- [ ] 1.1 A long task\n      that goes on\n- [ ] 1.2 Next\n",
        holds=lambda plan: "that goes on" in get(plan, "1.1").title + get(plan, "1.1").description,
    ),
    Trap(
        name="ids in bold",
        place=SPECKIT,
        text="## Phase 1: Setup\n- [ ] **T001** One in src/a.py\n- [ ] **T002** Two in src/b.py\n",
        holds=lambda plan: ids(plan) == ["T001", "T002"],
    ),
    Trap(
        name="Chinese punctuation",
        place=WORKFLOW,
        text="- [ ] 1. 接口\n  - 依存：なし\n- [ ] 2. 数据\n  - 依存：1\n",  # noqa: RUF001
        holds=lambda plan: needs(plan, "2") == {"1"},
    ),
    Trap(
        name="a drawing as the only order",
        place=SPECFLOW,
        text="""\
            # Tasks
            ## Phase 1: A
            #### Task 1.1: A
            - [ ] x
            ## Phase 2: B
            #### Task 2.1: B
            - [ ] x
            ## Phase 3: C
            #### Task 3.1: C
            - [ ] x
            ```mermaid
            graph TD
              A[Phase 1] --> C[Phase 3]
              B[Phase 2] --> C
            ```
            """,
        holds=lambda plan: needs(plan, "2.1") == set() and needs(plan, "3.1") == {"1.1", "2.1"},
    ),
    Trap(
        name="an absolute path of the author's",
        place=WORKFLOW,
        text="- [ ] 1. One\n  - File: /Users/ada/project/src/a.py\n- [ ] 2. Two\n",
        holds=lambda plan: get(plan, "1").scope.write == (),
    ),
    # -- structure
    Trap(
        name="no box at all",
        place=DROIDZ,
        text="""\
            ## Phase 1: Foundation (Sequential)
            ### Task 1.1: One
            Do it.
            ### Task 1.2: Two
            Do it too.
            """,
        holds=lambda plan: ids(plan) == ["1.1", "1.2"] and not get(plan, "1.1").markers,
    ),
    Trap(
        name="two maps of the tracks",
        place=SPECFLOW,
        text="""\
            - **Track A**: Tasks 1-2
            - **Track B**: Task 3
            ## Phase 1
            - [ ] 1. **One**
            - [ ] 2. **Two**
            - [ ] 3. **Three**
            ## Parallel Execution Groups
            **Group 1**
            - Track A: Task 1
            - Track B: Tasks 2-3
            """,
        codes=("CONTRADICTORY_TRACKS",),
        holds=lambda plan: get(plan, "2").track == "B",
    ),
    Trap(
        name="a track beyond F",
        place=SPECFLOW,
        text="### Track H: Late (No Dependencies)\n- [ ] 1. **One**\n",
        holds=lambda plan: get(plan, "1").track == "H",
    ),
    Trap(
        name="a gate that needs its own rework",
        place=SPECFLOW,
        text="""\
            ### Track A: One (No Dependencies)
            - [ ] 1. **One**
            - [ ] CR-A. **Review**
              - _Dependencies: 1, RW-A_
            - [ ] RW-A. **Rework**
              - _Dependencies: CR-A (failed)_
            """,
        codes=("GATE_NEEDS_OWN_REWORK",),
    ),
    Trap(
        name="ids out of their order",
        place=OPENSPEC,
        text="## 1. API\n- [ ] 1.2 Two\n- [ ] 1.1 One\n",
        holds=lambda plan: needs(plan, "1.1") == {"1.2"},
    ),
    Trap(
        name="a weaker order against a stronger word",
        place=SPECKIT,
        text="""\
            ## Phase 1: Setup
            - [ ] T001 One in src/a.py (depends on T002)
            ## Phase 2: Core
            - [ ] T002 Two in src/b.py
            """,
        codes=("WEAKER_ORDER_DROPPED",),
        holds=lambda plan: needs(plan, "T001") == {"T002"} and needs(plan, "T002") == set(),
    ),
    Trap(
        name="parallel marks on one file",
        place=SPECKIT,
        text="""\
            ## Phase 1: Setup
            - [ ] T001 [P] One in src/a.py
            - [ ] T002 [P] Two in src/a.py
            """,
        codes=("SCOPE_OVERLAP",),
        holds=lambda plan: {edge.provenance.value for edge in get(plan, "T002").needs} == {"scope"},
    ),
    # -- files
    Trap(
        name="no path",
        place=KIRO,
        text="- [ ] 1. Think about it\n- [ ] 2. Two\n",
        codes=("UNKNOWN_SCOPE",),
    ),
    Trap(
        name="globs and directories",
        place=SPECFLOW,
        text="""\
            # Tasks
            ## Phase 1: Work
            - [ ] 1. **One**
              - Files: src/*.py, `docs/api/`
            """,
        holds=lambda plan: (
            get(plan, "1").scope.write == ("docs/api/**",)
            or get(plan, "1").scope.write == ("src/*.py", "docs/api/**")
        ),
    ),
    Trap(
        name="brackets and parentheses in a path",
        place=SPECFLOW,
        text="""\
            # Tasks
            ## Phase 1: Work
            - [ ] 1. **One**
              - Files: `src/app/(shop)/[id]/page.tsx`
            """,
        holds=lambda plan: get(plan, "1").scope.write == ("src/app/(shop)/[[]id]/page.tsx",),
    ),
    Trap(
        name="a mention that is only read",
        place=KIRO,
        text="- [ ] 1. Create `src/a.py`\n  - Follow the pattern in `src/old.py`\n- [ ] 2. Two\n",
        holds=lambda plan: get(plan, "1").scope.write == ("src/a.py",),
    ),
    # -- what a source demands beside its list
    Trap(
        name="a document that is missing",
        place=SPECKIT,
        text="## Phase 1: Setup\n- [ ] T001 One in src/a.py\n",
        codes=("MISSING_CONTEXT",),
    ),
    Trap(
        name="a checkpoint is no task",
        place=KIRO,
        text="- [ ] 1. One\n- [ ] 2. Checkpoint - Ensure all tests pass\n",
        holds=lambda plan: get(plan, "2").kind is PackageKind.CHECKPOINT,
    ),
    Trap(
        name="criteria are no tasks",
        place=f"{CCPM}/epic.md",
        text="---\nname: login\nstatus: open\n---\n# Epic\n- [ ] The epic is nice\n",
        beside={f"{CCPM}/1.md": "---\nname: A\nstatus: open\n---\n## Acceptance\n- [ ] It works\n"},
        holds=lambda plan: ids(plan) == ["1"] and "It works" in get(plan, "1").description,
    ),
]


def loaded(folder: Path, place: str, text: str, beside: Mapping[str, str]) -> tuple[Plan, set[str]]:
    """The plan as `show` has it, task by task, and the codes that `check` prints."""
    (folder / ".git").mkdir()
    (folder / "plait.toml").write_text('[plan]\nbatch = "task"\noptional = "run"\n')
    for name, content in {place: text, **beside}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())
    found = load_plan(place, start=folder)
    assert found.plan is not None, found.findings
    return found.plan, {finding.code for finding in found.findings}


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name.replace(" ", "-"))
def test_each_trap_is_told_or_harmless(trap: Trap, tmp_path: Path) -> None:
    """The plan is what its author meant, and the codes tell what is odd."""
    plan, codes = loaded(tmp_path, trap.place, dedent(trap.text), trap.beside)
    assert set(trap.codes) <= codes
    assert trap.holds(plan), (ids(plan), plan.packages)


@pytest.mark.parametrize("phrase", REFERENCES)
def test_each_shape_of_reference_is_read(phrase: str, tmp_path: Path) -> None:
    """Exactly the tasks that the words name."""
    plan, codes = loaded(tmp_path, SPECFLOW, dedent(list_with(phrase)), {})
    assert needs(plan, "9") == set(REFERENCES[phrase])
    assert not codes & {"UNKNOWN_REFERENCE", "RANGE_HOLE", "UNREAD_DEPENDENCY"}


@pytest.mark.parametrize("phrase", WRONG_REFERENCES)
def test_what_names_nothing_is_told_and_never_guessed(phrase: str, tmp_path: Path) -> None:
    """A hole, an id that is not there, a library's name: with their code."""
    plan, codes = loaded(tmp_path, SPECFLOW, dedent(list_with(phrase)), {})
    wanted, code = WRONG_REFERENCES[phrase]
    assert needs(plan, "9") == set(wanted)
    assert code in codes


def test_a_damaged_character_is_told_and_hides_no_task(tmp_path: Path) -> None:
    """Bytes that are no UTF-8, in the middle of a list."""
    path = tmp_path / KIRO
    path.parent.mkdir(parents=True)
    path.write_bytes(b"- [ ] 1. One \xff\n- [ ] 2. Two\n")
    found = plans.load(KIRO, start=tmp_path, root=tmp_path, format_name=None)
    assert found.plan is not None
    assert ids(found.plan) == ["1", "2"]
    assert "BAD_ENCODING" in {finding.code for finding in found.findings}
