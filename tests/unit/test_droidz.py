"""Droidz: one small list per grammar and per trap, with the exact edges."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from tests.fakes.spec_folders import Spec, codes, edges, get, only

from plait.core.plan import Confidence, PackageKind, SourceStatus
from plait.plans.droidz import FORMAT
from plait.ports import PlanSource

FOLDER = "droidz/specs/2026-03-01-export"
PHASES = """\
    # Tasks: export

    ## Phase 1: Foundation (Sequential)

    ### Task 1.1: Add the schema
    - [x] Write the migration
    - Estimated: S

    ### Task 1.2: Add the types
    - [ ] Write `src/types.ts`
    - Estimated: M

    ## Phase 2: Parallel Implementation

    ### Task Group A: Backend
    **Assignable to: Worker 1**
    - [ ] Serve the list
    - [ ] Serve one entry
    - Dependencies: Phase 1 complete
    - Estimated: L

    ### Task Group B: Frontend
    **Assignable to: Worker 2**
    - [ ] Show the list
    - Dependencies: Phase 1 complete
    - Estimated: M

    ## Phase 3: Integration (Sequential)

    ### Task 3.1: Wire both
    - [ ] Connect
    ### Task 3.2: Test it all
    - [ ] Run it

    ## Parallelization Summary
    - Task Group A: Worker 1
    """
GROUPS = """\
    # Tasks List

    ## Task Group 1: Models & Configuration

    Foundation for the rest.

    ### Task 1.1: Extend the model

    - **Description**: Extend `src/model.py`.
    - **Dependencies**: None
    - **Files to modify**:
      - `src/model.py`
      - `src/config.py` (update)
    - **Acceptance Criteria**:
      - [ ] Tests pass
    - **Complexity**: Small

    ### Task 1.2: Add the configuration

    - **Dependencies**: Task 1.1
    - **Complexity**: Medium

    ## Task Group 2: Actions
    **Parallelizable With:** Group 3
    **Dependencies:** Task Group 1

    ### Task 2.1: Copy
    ### Task 2.2: Move

    ## Task Group 3: Display
    **Dependencies:** Task Group 1

    ### Task 3.1: Show
    **Priority**: HIGH | **Complexity**: S | **Dependencies**: Tasks 1.1\u20131.2

    ## Task Group 4: Testing

    ### Task 4.1: Test the rest
    """


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    return Spec(tmp_path, FORMAT, FOLDER)


def test_three_phases(spec: Spec) -> None:
    """One phase in order, one side by side, one that joins: a group is one package."""
    loaded = spec.load(PHASES)
    plan = loaded.plan
    assert plan is not None
    assert loaded.findings == ()
    assert edges(plan) == {
        "1.1": {},
        "1.2": {"1.1": "track"},
        "A": {"1.1": "explicit", "1.2": "explicit"},
        "B": {"1.1": "explicit", "1.2": "explicit"},
        "3.1": {"A": "phase", "B": "phase"},
        "3.2": {"3.1": "track"},
    }
    assert [p.parallel for p in plan.packages] == [False, False, True, True, False, False]
    kinds = [p.kind for p in plan.packages]
    assert kinds[-2:] == [PackageKind.INTEGRATE] * 2
    assert set(kinds[:-2]) == {PackageKind.IMPLEMENT}
    assert get(plan, "1.1").status is SourceStatus.DONE
    assert get(plan, "1.1").estimate_s == 3600
    assert get(plan, "A").estimate_s == 4 * 3600
    assert get(plan, "A").group == "Task Group A: Backend"
    assert get(plan, "A").title == "Backend"
    assert get(plan, "A").role is None
    assert get(plan, "1.2").phase == "Phase 1: Foundation (Sequential)"
    assert (plan.id, plan.feature, plan.branch) == (
        "2026-03-01-export",
        "2026-03-01-export",
        "feat/2026-03-01-export",
    )
    assert plan.title == "Tasks: export"


def test_a_group_without_words_follows_its_phase(spec: Spec) -> None:
    """Groups of a parallel phase that say nothing wait for the phase before, not for each other."""
    plan = spec.plan(PHASES.replace("    - Dependencies: Phase 1 complete\n", ""))
    assert edges(plan)["A"] == edges(plan)["B"] == {"1.2": "phase"}


def test_steps_are_markers_of_their_group(spec: Spec) -> None:
    """A package without a box of its own is ticked step by step, ticked steps included."""
    plan = spec.plan(PHASES)
    raw = (spec.root / FOLDER / "tasks.md").read_bytes()
    boxes = [raw[m.offset - 1 : m.offset + 2] for m in get(plan, "A").markers]
    assert boxes == [b"[ ]", b"[ ]"]
    assert [raw[m.offset : m.offset + 1] for m in get(plan, "1.1").markers] == [b"x"]


def test_groups(spec: Spec) -> None:
    """Groups by their dependencies; tasks' own words add to what their group says."""
    plan = spec.plan(GROUPS)
    assert edges(plan) == {
        "1.1": {},
        "1.2": {"1.1": "explicit"},
        "2.1": {"1.1": "explicit", "1.2": "explicit"},
        "2.2": {"2.1": "track"},
        "3.1": {"1.1": "range", "1.2": "range"},
        "4.1": {"2.2": "wave", "3.1": "wave"},
    }
    assert [p.parallel for p in plan.packages] == [False, False, True, True, False, False]
    assert get(plan, "1.1").scope.write == ("src/model.py", "src/config.py")
    assert get(plan, "1.1").scope.confidence is Confidence.INFERRED
    assert get(plan, "1.1").markers == ()
    assert get(plan, "1.1").status is SourceStatus.PENDING
    assert get(plan, "3.1").priority == 3
    assert get(plan, "1.2").parent == "group-1"
    assert "Foundation for the rest." in get(plan, "1.2").description
    assert "Tests pass" in get(plan, "1.1").description


def test_boxes_with_ids_of_four_levels(spec: Spec) -> None:
    """Bold ids begin tasks; sections hold them, and a section's name means all of them."""
    plan = spec.plan(
        """\
        ## Sprint 1: Core (Weeks 1-4)
        ### 1.1 Setup
        #### 1.1.1 Storage
        - [x] **Task 1.1.1.1:** Create the store **(S)**
          - [x] Write the tests
          - **Dependencies:** None
        - [ ] **1.1.1.2 Encrypt it** (2h) ⭐ CRITICAL
          - Dependencies: 1.1.1.1
        - [ ] **1.1.1.3 Sync it** (1h)
        ### S.2 Search
        - [ ] **S.2.1 Find** (3h)
          - Dependencies: 1.1
        ### Sprint 1 Milestone Checklist
        - [ ] All of it runs
        ## Cross-Cutting
        - [ ] **Task X.1:** Document it **(M)**
          - **Dependencies:** Sprint 1 completion
        - [ ] **Task X.2:** Publish it **(M)** — *Deferred to phase 3*
          - **Dependencies:** All tasks
        """
    )
    everything = ["1.1.1.1", "1.1.1.2", "1.1.1.3", "S.2.1"]
    assert edges(plan) == {
        "1.1.1.1": {},
        "1.1.1.2": {"1.1.1.1": "explicit"},
        "1.1.1.3": {"1.1.1.2": "track"},
        "S.2.1": dict.fromkeys(everything[:3], "explicit"),
        "X.1": dict.fromkeys(everything, "explicit"),
        "X.2": dict.fromkeys([*everything, "X.1"], "explicit"),
    }
    second = get(plan, "1.1.1.2")
    assert (second.title, second.estimate_s, second.priority) == ("Encrypt it", 7200, 1)
    assert second.phase == "Sprint 1: Core (Weeks 1-4)"
    assert second.parent == "1.1.1"
    assert get(plan, "1.1.1.1").title == "Create the store"
    assert get(plan, "X.2").status is SourceStatus.SKIPPED
    assert get(plan, "X.1").phase is None


def test_numbered_headings_with_steps(spec: Spec) -> None:
    """A heading with an id is a task if it has steps or a task's fields, else prose."""
    plan = spec.plan(
        """\
        ## Phase 1: Core ✅
        ### 1.1 Parse
        - [x] Read
        - [x] Check
        ### 1.2 Print
        - [x] Write
        - [ ] Align

        **Dependencies:** 1.1 (the tree, version 2.5)
        ### 1.3 Notes on style
        Nothing to do.
        """
    )
    assert edges(plan) == {"1.1": {}, "1.2": {"1.1": "explicit"}}
    statuses = [p.status for p in plan.packages]
    assert statuses == [SourceStatus.DONE, SourceStatus.PENDING]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("### Task 1.1: Parse ✅", SourceStatus.DONE),
        ("### ✅ Task 1.1: Parse", SourceStatus.DONE),
        ("### Task 1.1: Parse [x] (partial)", SourceStatus.DONE),
        ("### Task 1.1: Parse\n**Status**: ✅ COMPLETED", SourceStatus.DONE),
        ("### Task 1.1: Parse\n- **Status:** Complete (today)", SourceStatus.DONE),
        ("### Task 1.1: Parse\n**Status**: Not Started", SourceStatus.PENDING),
        ("### Task 1.1: Parse\n**Status**: `done()` is wired", SourceStatus.PENDING),
        ("### Task 1.1: Parse ❌", SourceStatus.PENDING),
        ("### ~~Task 1.1: Parse~~", SourceStatus.SKIPPED),
        ("### Task 1.1: ~~Parse~~", SourceStatus.SKIPPED),
        ("### Task 1.1: Parse\n**Status:** Deferred to phase 3", SourceStatus.SKIPPED),
    ],
)
def test_states_in_words(spec: Spec, words: str, status: SourceStatus) -> None:
    """Without a box, headings and status fields say what is done; prose does not."""
    plan = spec.plan(f"## Phase 1: Core\n{words}\n")
    assert [p.status for p in plan.packages] == [status]


def test_a_heading_box_is_a_marker(spec: Spec) -> None:
    """The box behind a heading's title can be ticked."""
    plan = spec.plan("## Phase 1: Core\n### Task 1.1: Größe [ ]\n")
    raw = (spec.root / FOLDER / "tasks.md").read_bytes()
    (marker,) = get(plan, "1.1").markers
    assert raw[marker.offset - 1 : marker.offset + 2] == b"[ ]"
    done = raw[: marker.offset] + b"x" + raw[marker.offset + 1 :]
    assert get(spec.plan(done), "1.1").status is SourceStatus.DONE


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("- [x] **1.1 Parse**\n  - **Status**: Pending\n", SourceStatus.DONE),
        ("- [x] **1.1 Parse** — *In Progress*\n", SourceStatus.DONE),
        ("- [ ] **1.1 Parse**\n  - **Status**: ✅ COMPLETED\n", SourceStatus.PENDING),
        ("### Task 1.1: Parse ✅\n- [ ] Read\n", SourceStatus.PENDING),
    ],
)
def test_box_and_words_disagree(spec: Spec, text: str, status: SourceStatus) -> None:
    """Where box and words say different things the box holds, and it is told."""
    loaded = spec.load(f"## Phase 1: Core\n{text}")
    assert loaded.plan is not None
    assert codes(loaded) == ["CONTRADICTORY_STATUS"]
    assert loaded.plan.packages[0].status is status


def test_active_and_blocked(spec: Spec) -> None:
    """Work in progress and blocked work is told."""
    loaded = spec.load(
        """\
        ### Task 1.1: Parse 🔄
        ### Task 1.2: Print
        **Status**: Blocked by legal
        """
    )
    assert codes(loaded) == ["ACTIVE_IN_SOURCE", "BLOCKED_IN_SOURCE"]
    assert "legal" in loaded.findings[1].message


def test_criteria_are_no_steps(spec: Spec) -> None:
    """Boxes below a label of criteria neither make a task nor hold one up."""
    plan = spec.plan(
        """\
        ### Task 1.1: Parse
        - [x] Read
        - **Acceptance Criteria:**
          - [ ] It reads
        - **Complexity:** S

        **Testing:**
        - [ ] 1.2 seconds at most
        - [ ] By hand

        ## Definition of Done
        - [ ] 2.1 All is well
        """
    )
    assert [p.id for p in plan.packages] == ["1.1"]
    assert plan.packages[0].status is SourceStatus.DONE
    assert len(plan.packages[0].markers) == 1


def test_a_checklist_does_not_swallow_tasks(spec: Spec) -> None:
    """A task marked as one stands even where criteria were listed before it."""
    plan = spec.plan(
        """\
        ### 1.1 Setup
        - [ ] **1.1.1 Begin** (1h)

        **Acceptance Criteria:**
        - [ ] It runs
        - [ ] **1.1.2 End** (1h)
        """
    )
    assert [p.id for p in plan.packages] == ["1.1.1", "1.1.2"]


def test_boxes_without_ids_beside_tasks(spec: Spec) -> None:
    """A box without an id among tasks is a note, and told."""
    loaded = spec.load(
        """\
        ### 1.1 Setup
        - [ ] **1.1.1 Begin** (1h)
        - [ ] and end
        """
    )
    assert codes(loaded) == ["BOX_WITHOUT_ID"]
    assert str(only(loaded, "BOX_WITHOUT_ID").span) == f"{FOLDER}/tasks.md:3:1"


def test_no_boxes_at_all(spec: Spec) -> None:
    """A list without any box has tasks, and no markers: nothing can be ticked."""
    plan = spec.plan("### Task 1.1: Parse\n- **Dependencies**: None\n")
    assert [p.markers for p in plan.packages] == [()]


def test_null_with_a_number_behind_it(spec: Spec) -> None:
    """None (can run in parallel with Task 1.1) is no dependency, and marks it as parallel."""
    plan = spec.plan(
        """\
        ### Task 1.1: Parse
        ### Task 1.2: Print
        - **Dependencies:** None (can run in parallel with Task 1.1)
        """
    )
    assert edges(plan) == {"1.1": {}, "1.2": {}}
    assert get(plan, "1.2").parallel


@pytest.mark.parametrize("words", ["Zod", "py.typed", "`serde` and Node 20"])
def test_prose_in_a_dependency_field(spec: Spec, words: str) -> None:
    """A field that names no task says nothing: the order of the list holds."""
    plan = spec.plan(f"### Task 1.1: A\n### Task 1.2: B\n- **Dependencies:** {words}\n")
    assert edges(plan)["1.2"] == {"1.1": "track"}


def test_dependencies_as_a_list(spec: Spec) -> None:
    """The bullets below a field without a value are its words."""
    plan = spec.plan(
        """\
        ### Task 1.1: A
        ### Task 1.2: B
        ### Task 1.3: C
        **Dependencies:**
        - Task 1.1

        **Files:**

        - `.env.example` (update)
        - `src/c.py`
        """
    )
    assert edges(plan)["1.3"] == {"1.1": "explicit"}
    assert get(plan, "1.3").scope.write == (".env.example", "src/c.py")


def test_unknown_reference(spec: Spec) -> None:
    """An id that is not in the list is told at its place."""
    loaded = spec.load("### Task 1.1: A\n- **Dependencies**: Task 9.9\n")
    assert str(only(loaded, "UNKNOWN_REFERENCE").span) == f"{FOLDER}/tasks.md:2:26"


def test_groups_of_quotes(spec: Spec) -> None:
    """A group's fields may be quoted lines; its files are those of tasks that name none."""
    plan = spec.plan(
        """\
        ## Group 1: Protocol
        > **Depends on:** Nothing (can start immediately)
        > **Parallel with:** Group 2
        > **Files:** `crates/ipc/**`
        ### Task 1.1: Begin
        ### Task 1.2: End
        - **Files to create:**
          - `crates/ipc/end.rs`
        ## Group 2: Client
        ### Task 2.1: Call
        ## Group 3: Both
        > **Depends on:** All previous groups
        ### Task 3.1: Join
        """
    )
    assert edges(plan) == {
        "1.1": {},
        "1.2": {"1.1": "track"},
        "2.1": {},
        "3.1": {"1.1": "explicit", "1.2": "explicit", "2.1": "explicit"},
    }
    assert get(plan, "1.1").scope.write == ("crates/ipc/**",)
    assert get(plan, "1.2").scope.write == ("crates/ipc/end.rs",)


def test_phases_repeated_in_a_summary(spec: Spec) -> None:
    """A recommended order that repeats the phases makes no tasks."""
    plan = spec.plan(
        """\
        ## Task Group 1: Core
        ### Task 1.1: Parse
        ## Recommended Implementation Order
        ### Phase 1: Foundation (Tasks 1.x)
        - [ ] 1.1 first
        ### Task Group 1: Core
        - [ ] 1.1 again
        """
    )
    assert [p.id for p in plan.packages] == ["1.1"]


def test_duplicate_ids(spec: Spec) -> None:
    """Of two tasks with one id the later is renamed, and told."""
    loaded = spec.load("### Task 1.1: A\n### Task 1.1: B\n")
    assert codes(loaded) == ["DUPLICATE_ID"]
    assert loaded.plan is not None
    assert [p.id for p in loaded.plan.packages] == ["1.1", "1.1-2"]


def test_fences_and_carriage_returns(spec: Spec) -> None:
    """Boxes in fences are no tasks; line ends of another system shift no marker."""
    text = "### 1.1 A\r\n- [ ] **1.1.1 B** (1h)\r\n```\r\n- [ ] **1.1.2 C**\r\n```\r\n"
    plan = spec.plan(text.encode())
    (package,) = plan.packages
    assert text.encode()[package.markers[0].offset - 1 :].startswith(b"[ ] **1.1.1")


def test_nothing_to_do(spec: Spec) -> None:
    """A list that is still to be written is no plan."""
    loaded = spec.load("# Tasks\n\n## Task List\n\n(To be generated)\n")
    assert loaded.plan is None
    assert codes(loaded) == ["NO_TASKS"]


def test_missing_context(spec: Spec) -> None:
    """What the format demands beside the list is named where it lacks; either place will do."""
    (spec.root / FOLDER / "spec.md").unlink()
    (spec.root / FOLDER / "planning/requirements.md").unlink()
    loaded = spec.load("### Task 1.1: A\n")
    assert codes(loaded) == ["MISSING_CONTEXT", "MISSING_CONTEXT"]
    spec.write(f"{FOLDER}/requirements.md", "# R")
    assert codes(spec.load("### Task 1.1: A\n")) == ["MISSING_CONTEXT"]


def test_standards_are_context(spec: Spec) -> None:
    """Without an orchestration all standards are context, behind what the spec holds."""
    spec.write("droidz/standards/global/style.md", "# Style")
    spec.write("droidz/standards/architecture.md", "# Architecture")
    assert spec.plan("### Task 1.1: A\n").context == (
        f"{FOLDER}/spec.md",
        f"{FOLDER}/planning/requirements.md",
        "droidz/standards/architecture.md",
        "droidz/standards/global/style.md",
    )


@pytest.mark.parametrize(
    ("place", "text", "limit"),
    [
        ("droidz/config.yml", "parallel:\n  enabled: true\n  max_concurrent_tasks: 3\n", 3),
        ("config.yml", "parallel:\n  max_concurrent_tasks: 12\n", 12),
        ("config.yml", "default_autonomy_level: medium\nmax_parallel_executions: 4\n", 4),
        ("config.yml", "parallel:\n  enabled: false\n  max_concurrent_tasks: 5\n", 1),
        ("config.yml", "profile: default\n", None),
    ],
)
def test_limit_of_agents(spec: Spec, place: str, text: str, limit: int | None) -> None:
    """The configuration's limit is the plan's."""
    spec.write(place, text)
    loaded = spec.load("### Task 1.1: A\n")
    assert loaded.plan is not None
    assert loaded.plan.max_agents == limit
    assert loaded.findings == ()


@pytest.mark.parametrize(
    "text",
    [
        "parallel:\n  max_concurrent_tasks: many\n",
        "parallel:\n  max_concurrent_tasks: 0\n",
        "parallel:\n  max_concurrent_tasks: true\n",
        "parallel: [\n",
    ],
)
def test_bad_configuration(spec: Spec, text: str) -> None:
    """A limit that is none stops nothing, and is told."""
    spec.write("droidz/config.yml", text)
    loaded = spec.load("### Task 1.1: A\n")
    assert loaded.plan is not None
    assert loaded.plan.max_agents is None
    assert only(loaded, "SIDECAR_IGNORED").severity.value == "warning"


def test_places(spec: Spec) -> None:
    """A spec is found by its folder and its name; other formats' folders are none of Droidz."""
    path = spec.write(f"{FOLDER}/tasks.md", PHASES)
    beside = spec.write("droidz/fixes/tasks.md", PHASES)
    foreign = spec.write(".kiro/specs/a/tasks.md", PHASES)
    assert FORMAT.locate(spec.root, "2026-03-01-export") == path
    assert FORMAT.locate(spec.root, FOLDER) == path
    assert FORMAT.locate(spec.root, "fixes") == beside
    assert FORMAT.locate(spec.root, ".kiro/specs/a") is None
    assert FORMAT.locate(spec.root, "nothing") is None
    assert FORMAT.locate(spec.root, "a" * 300) is None
    assert [FORMAT.by_place(each) for each in (path, beside, foreign)] == [True, True, False]
    assert not FORMAT.by_place(spec.root / "droidz/specs/tasks.md")


def test_content(spec: Spec) -> None:
    """Its own grammars are told from prose and from lists of others."""
    assert FORMAT.by_content(PHASES.replace("    ", "")) >= 0.5
    assert FORMAT.by_content(GROUPS.replace("    ", "")) >= 0.5
    assert FORMAT.by_content("# Notes\n\n- [ ] buy milk\n") == 0
    assert FORMAT.by_content("## Phase 1: Setup\n- [ ] T001 [P] Begin in src/a.py\n") < 0.5
    assert FORMAT.by_content("## 1. Setup\n- [ ] 1.1 Begin\n") < 0.5


PIECES = st.sampled_from(
    [
        "## Phase 1: A (Parallel)",
        "## Task Group 1: A",
        "### Task 1.1: A [x]",
        "### 1.1 A",
        "- [ ] **1.1 A** (1h)",
        "  - [x] 1.1.1 A",
        "- [ ] 1.0 A",
        "**Dependencies:** Task Groups 1-3, 1.1",
        "- Dependencies: All",
        "**Acceptance Criteria:**",
        "- [~] step",
        "> **Parallel with:** Group 1",
        "```",
        "text",
        "",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=30)), max_size=30))
def test_any_text_is_read(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    """Whatever the text, there is a plan or findings, and markers stand on boxes."""
    root = tmp_path_factory.mktemp("any")
    path = root / "tasks.md"
    path.write_bytes("\n".join(lines).encode("utf-8", errors="surrogatepass"))
    raw = path.read_bytes()
    source = PlanSource(root=root, path=path, name="tasks.md", in_repository=False)
    loaded = FORMAT.load(source)
    assert loaded.plan is not None or loaded.findings
    for package in loaded.plan.packages if loaded.plan else ():
        for marker in package.markers:
            assert raw[marker.offset - 1 : marker.offset] == b"["
            assert raw[marker.offset + 1 : marker.offset + 2] == b"]"
    FORMAT.by_content("\n".join(lines))


@pytest.mark.parametrize(
    "piece",
    [
        "### Task 1.1: A",
        "- [ ] **1.1.1 " + "A" * 20 + "** (1h) — *",
        "**" * 40,
        "## Phase 1: " + "( " * 20,
        "- Dependencies: 1.1, 1.2, 1.3 and all",
        "### " + "⭐ " * 20,
    ],
)
def test_long_texts_are_read_in_time(spec: Spec, piece: str) -> None:
    """A megabyte of anything takes no more than two seconds."""
    text = (f"{piece}\n" * (1_000_000 // (len(piece.encode()) + 1))).encode()
    path = spec.write(f"{FOLDER}/tasks.md", text)
    start = time.process_time()
    spec.open(path)
    FORMAT.by_content(text.decode())
    assert time.process_time() - start < 2


def test_one_long_line(spec: Spec) -> None:
    """Neither does one line of it."""
    for piece in ("**", "(", " — *", "~~", "1.", "[x] ", "⭐ ", "- [ ] **1.1 "):
        text = f"### Task 1.1: {piece * (400_000 // len(piece))}\n"
        start = time.process_time()
        spec.load(text.encode())
        FORMAT.by_content(text)
        assert time.process_time() - start < 2, piece
