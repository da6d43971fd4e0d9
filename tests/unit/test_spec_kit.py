"""spec-kit task lists: tasks, labels, phases, and the order that they state or imply."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.fakes.desk import Desk, codes, edges, get, only

from plait.core.finding import Severity
from plait.core.plan import Confidence, Plan, SourceStatus
from plait.core.scope import scopes_overlap
from plait.errors import UsageError
from plait.plans.spec_kit import FORMAT
from plait.ports import PlanSource

FOLDER = "specs/001-cache"
PLACE = f"{FOLDER}/tasks.md"

LIST = """\
    # Tasks: Cache

    **Input**: Design documents from `/specs/001-cache/`

    ## Format: `[ID] [P?] [Story] Description`

    - **[P]**: Can run in parallel (different files, no dependencies)
    - [P] tasks = different files

    ## Phase 1: Setup

    - [X] T001 Create the project in `pyproject.toml`
    - [x] T002 [P] Add rules in `ruff.toml`

    ## Phase 2: Foundational (Blocking Prerequisites)

    - [ ] T003 [P] Add the store in src/store.py
    - [ ] T004 [P] Add keys in src/keys.py
    - [ ] T005 Join them in src/cache.py (depends on T003, T004)

    **Checkpoint**: Foundation ready - user stories can now begin in parallel

    ## Phase 3: User Story 1 - Keep values (Priority: P1)

    ### Tests for User Story 1

    - [ ] T006 [P] [US1] Test keeping in tests/test_keep.py

    ### Implementation for User Story 1

    - [ ] T007 [P] [US1] Keep values in src/keep.py
    - [ ] T008 [US1] Document it in README.md

    ## Phase 4: User Story 2 - Drop values (Priority: P2)

    - [ ] T009 [US2] Drop values in src/drop.py

    ## Phase N: Polish & Cross-Cutting Concerns

    - [ ] T010 Run the quickstart.md validation
"""
SIDE_BY_SIDE = """
    ## Dependencies & Execution Order

    ### Phase Dependencies

    - **Setup (Phase 1)**: No dependencies - can start immediately
    - **Foundational (Phase 2)**: Depends on Setup completion - BLOCKS all user stories
    - **User Stories (Phase 3+)**: All depend on Foundational phase completion
      - User stories can then proceed in parallel (if staffed)
      - Or sequentially in priority order (P1 → P2 → P3)
    - **Polish (Final Phase)**: Depends on all desired user stories being complete

    ### User Story Dependencies

    - **User Story 1 (P1)**: Can start after Foundational (Phase 2) - No dependencies on others
    - **User Story 2 (P2)**: Can start after Foundational (Phase 2) - May integrate with US1

    ### Parallel Opportunities

    - T001 before T010 in spirit only
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(root=tmp_path, plan_format=FORMAT, place=PLACE)
    desk.write(f"{FOLDER}/plan.md", "# Plan\n")
    desk.write(f"{FOLDER}/spec.md", "# Spec\n")
    return desk


def phases(*lists: str) -> str:
    """A list of phases, each with the lines of its tasks."""
    return "\n".join(f"## Phase {n}: Part {n}\n\n{one}\n" for n, one in enumerate(lists, start=1))


def story_list(*dependencies: str) -> str:
    """Setup, a foundation, two stories and a polish of one task each; then what is said."""
    names = ("Setup", "Foundational", "User Story 1 - A", "User Story 2 - B", "Polish")
    tasks = "\n".join(
        f"## Phase {n}: {name}\n\n- [ ] T00{n} Do {n}\n" for n, name in enumerate(names, start=1)
    )
    said = "\n".join(f"- {line}" for line in dependencies)
    return f"{tasks}\n## Dependencies\n\n{said}\n"


def waits(plan: Plan) -> dict[str, set[str]]:
    return {name: set(needs) for name, needs in edges(plan).items()}


def test_a_list_becomes_a_plan(desk: Desk) -> None:
    """Boxes with ids are packages; labels and phases are kept, legends are no tasks."""
    loaded = desk.load(LIST)
    plan = loaded.plan
    assert plan is not None
    assert codes(loaded) == []
    assert [p.id for p in plan.packages] == [f"T{n:03}" for n in range(1, 11)]
    assert (plan.id, plan.title, plan.branch) == ("001-cache", "Cache", "feat/001-cache")
    assert [p.id for p in plan.packages if p.status is SourceStatus.DONE] == ["T001", "T002"]
    keep = get(plan, "T007")
    assert keep.title == "Keep values in src/keep.py"
    assert keep.parallel
    assert (keep.group, keep.requirements) == ("US1", ("US1",))
    assert keep.phase == "Phase 3: User Story 1 - Keep values (Priority: P1)"
    assert keep.scope.write == ("src/keep.py",)
    assert keep.scope.confidence is Confidence.INFERRED
    assert get(plan, "T010").scope.confidence is Confidence.UNKNOWN
    assert plan.phased


def test_phases_are_barriers_and_p_runs_side_by_side(desk: Desk) -> None:
    """Without a section on dependencies phases follow each other; tests come before the rest."""
    assert edges(desk.plan(LIST)) == {
        "T001": {},
        "T002": {"T001": "track"},
        "T003": {"T001": "phase", "T002": "phase"},
        "T004": {"T001": "phase", "T002": "phase"},
        "T005": {"T003": "explicit", "T004": "explicit", "T001": "phase", "T002": "phase"},
        "T006": {"T003": "phase", "T004": "phase", "T005": "phase"},
        "T007": {"T003": "phase", "T004": "phase", "T005": "phase", "T006": "track"},
        "T008": {"T003": "phase", "T004": "phase", "T005": "phase", "T007": "track"},
        "T009": {"T006": "phase", "T007": "phase", "T008": "phase"},
        "T010": {"T009": "phase"},
    }


def test_stories_run_side_by_side_where_the_list_says_so(desk: Desk) -> None:
    """Both stories wait for the foundation alone, the polish for both."""
    plan = desk.plan(LIST + SIDE_BY_SIDE)
    foundation = {"T003", "T004", "T005"}
    assert waits(plan)["T009"] == foundation
    assert waits(plan)["T006"] == foundation
    assert waits(plan)["T010"] == {"T006", "T007", "T008", "T009"}


@pytest.mark.parametrize(
    ("said", "changed"),
    [
        (["US1 blocks US2."], {}),
        (
            ["**User Story 2 (P2)**: Can start after Foundational (Phase 2)"],
            {"T004": {"T002"}, "T005": {"T003", "T004"}},
        ),
        (
            ["US1 and US2 can run in parallel after Phase 2 completes."],
            {"T004": {"T002"}, "T005": {"T003", "T004"}},
        ),
        (["**User Story 2 (P2)**: Depends on US1 - uses its model"], {}),
        (
            [
                "**User Story 2 (Phase 4)**: Can run after Setup, independent of US1",
                "**User Story 2 (P2)**: Writes what US1 made - should follow US1",
            ],
            {"T004": {"T001", "T003"}},
        ),
        (
            ["**User Story 2**: No dependencies on other stories"],
            {"T004": {"T002"}, "T005": {"T003", "T004"}},
        ),
        (["**Polish (Final Phase)**: Depends on all user stories"], {"T005": {"T003", "T004"}}),
        (["**Polish (Phase 5)**: No dependencies"], {"T005": set()}),
        (["Phases 3-4 depend on Phase 2"], {"T004": {"T002"}, "T005": {"T003", "T004"}}),
        (["Foundational → US1, US2 → Polish"], {"T004": {"T002"}, "T005": {"T003", "T004"}}),
        (
            ["Phase 4 — 依赖 Phase 1 + Phase 2 完成"],
            {"T004": {"T001", "T002"}, "T005": {"T003", "T004"}},
        ),
        (["Or sequentially (US2 → US1)"], {}),
        (["**User Story 1**: Depends on US2"], {}),
        (["Everything is fine after a coffee"], {}),
        (["T001 blocks T005"], {"T005": {"T001", "T004"}}),
        (
            ["Setup (T001) before everything"],
            {f"T00{n}": {"T001", f"T00{n - 1}"} for n in (3, 4, 5)},
        ),
        (["Everything before Polish (T005)"], {"T005": {"T001", "T002", "T003", "T004"}}),
        (["T001, T002 → T005"], {"T005": {"T001", "T002", "T004"}}),
        (["T005 depends on T001-T003 (all of it)"], {"T005": {"T001", "T002", "T003", "T004"}}),
    ],
)
def test_what_the_section_on_dependencies_says(
    desk: Desk, said: list[str], changed: dict[str, set[str]]
) -> None:
    """Its simple forms are read; what names nothing leaves the phases as they stand."""
    plain = {f"T00{n}": {f"T00{n - 1}"} for n in (2, 3, 4, 5)} | {"T001": set()}
    assert waits(desk.plan(story_list(*said))) == plain | changed


def test_drawn_graphs(desk: Desk) -> None:
    """Arrows to the right and downwards are orders between the tasks they join."""
    graph = """
## Execution Strategy

### Dependency Graph

```
T001 (structs)
  ↓
T003 (a) → T004 (b)
  ↓          ↓
T005 (c)

T002 (alone)
```
"""
    tasks = "".join(f"- [ ] T00{n} [P] Do {n}\n" for n in range(1, 6))
    assert waits(desk.plan(phases(tasks) + graph)) == {
        "T001": set(),
        "T002": set(),
        "T003": {"T001"},
        "T004": {"T001", "T003"},
        "T005": {"T003", "T004"},
    }


def test_a_phase_may_say_itself_what_it_depends_on(desk: Desk) -> None:
    """A line of prerequisites above its tasks sets a phase free from the one before."""
    text = phases("- [ ] T001 A", "- [ ] T002 B", "**前置**：Phase 1 完成\n\n- [ ] T003 C")  # noqa: RUF001
    assert waits(desk.plan(text))["T003"] == {"T001"}


@pytest.mark.parametrize(
    ("box", "name", "title"),
    [
        ("- [ ] T001 Do it", "T001", "Do it"),
        ("- [ ] **T001** Do it", "T001", "Do it"),
        ("- [ ] **T001: Do it**", "T001", "Do it"),
        ("* [ ] T001: [P] [US1] Do it", "T001", "Do it"),
        ("- [ ] T150e [US1/2] Do it", "T150e", "Do it"),
        ("- [ ] T0-001 [FN] [CR] Do it", "T0-001", "Do it"),
        ("- [ ] T031-MIN Do it [P]", "T031-MIN", "Do it"),
        ("1. [ ] `T001` Do it", "T001", "Do it"),
        ("- [ ] T001 [P] 实现 `a.py`（b）", "T001", "实现 `a.py`（b）"),  # noqa: RUF001
    ],
)
def test_ids_and_labels(desk: Desk, box: str, name: str, title: str) -> None:
    """Ids come plain, bold, with letters and in groups; labels are no part of the title."""
    (package,) = desk.plan(phases(box)).packages
    assert (package.id, package.title) == (name, title)


def test_labels_are_requirements(desk: Desk) -> None:
    """A story's label is the group and a requirement; [P] is neither."""
    (package,) = desk.plan(phases("- [ ] T001 [P] [US1/2] [CR] Do it")).packages
    assert (package.group, package.requirements, package.parallel) == (
        "US1/2",
        ("US1/2", "CR"),
        True,
    )


def test_a_phrase_may_leave_the_word_of_an_id_out(desk: Desk) -> None:
    """T001 means T001-MIN where there is no T001; a range counts it in."""
    plan = desk.plan(
        phases("- [ ] T001-MIN A\n- [ ] T002 B\n- [ ] T003 C (depends on T001)")
        + "\n## Dependencies\n- T001-T002 before T003\n"
    )
    assert waits(plan)["T003"] == {"T001-MIN", "T002"}


@pytest.mark.parametrize(
    ("box", "title", "reason"),
    [
        ("- [x] SKIP: T002 (Logging) - not needed", "Logging", "not needed"),
        ("- [ ] SKIPPED T002 Log in src/log.py", "Log in src/log.py", ""),
        (
            "- [x] ~~T002 Log in src/log.py~~ (superseded)",
            "Log in src/log.py (superseded)",
            "struck out",
        ),
        ("- [ ] ~~T002 Log~~", "Log", "struck out"),
    ],
)
def test_what_is_left_out(desk: Desk, box: str, title: str, reason: str) -> None:
    """A skipped or struck task is left out, ticked or not, and nothing waits for it."""
    loaded = desk.load(phases(f"- [ ] T001 A\n{box}\n- [ ] T003 C"))
    assert loaded.plan is not None
    package = get(loaded.plan, "T002")
    assert package.status is SourceStatus.SKIPPED
    assert package.title == title
    assert package.scope.confidence is Confidence.UNKNOWN
    assert waits(loaded.plan)["T003"] == {"T001"}
    assert codes(loaded) == []
    needed = desk.load(phases(f"{box}\n- [ ] T003 C (depends on T002)"))
    told = only(needed, "NEEDS_SKIPPED").message
    assert reason in told


@pytest.mark.parametrize(
    "words",
    [
        "(depends on T001, T002)",
        "(Depends on: T001-T002)",
        "after T001 and T002",
        "（依赖 T001、T002）",  # noqa: RUF001
    ],
)
def test_inline_dependencies(desk: Desk, words: str) -> None:
    """A description's own words on what it needs free the task from the list's order."""
    text = phases(f"- [ ] T001 A\n- [ ] T002 B\n- [ ] T003 C\n- [ ] T004 Join {words}")
    assert set(edges(desk.plan(text))["T004"]) == {"T001", "T002"}


def test_an_inline_dependency_on_nothing_is_told(desk: Desk) -> None:
    """A reference to no task has its place."""
    found = only(desk.load(phases("- [ ] T001 A (depends on T009)")), "UNKNOWN_REFERENCE")
    assert str(found.span) == f"{PLACE}:3:26"


@pytest.mark.parametrize(
    ("words", "globs"),
    [
        ("Create src/a.py", ["src/a.py"]),
        ("Create `src/a.py` and src/b.py", ["src/a.py"]),
        ("Add pages in src/app/(shop)/page.tsx", ["src/app/(shop)/page.tsx"]),
        ("Add rules in .editorconfig", [".editorconfig"]),
        ("Create X in src/a.py per plan.md", ["src/a.py"]),
        ("Create X in src/a.py according to specs/001-cache/plan.md", ["src/a.py"]),
        ("Fill `src/models/` directory", ["src/models/**"]),
        ("实现 `src/a.py`（`B`、`/api/v1`）", ["src/a.py"]),  # noqa: RUF001
        ("Review src/a.py", []),
        ("Verify that src/a.py works", []),
        ("Run `make test`", []),
        ("Update everything", []),
    ],
)
def test_paths_in_descriptions(desk: Desk, words: str, globs: list[str]) -> None:
    """A description's paths are what it writes, unless it only reads or runs them."""
    (package,) = desk.plan(phases(f"- [ ] T001 {words}")).packages
    assert list(package.scope.write) == globs


def test_a_field_of_files_says_more_than_the_description(desk: Desk) -> None:
    """What is listed below a task is its scope."""
    text = phases("- [ ] T001 Extend a.py\n  - File: `src/a.py`\n  - Estimate: 2h")
    (package,) = desk.plan(text).packages
    assert (package.scope.write, package.estimate_s) == (("src/a.py",), 7200)


def test_p_tasks_of_one_path_overlap(desk: Desk) -> None:
    """[P] is no promise: the scopes tell that two tasks write one file."""
    one, other = desk.plan(
        phases("- [ ] T001 [P] Add x in src/a.py\n- [ ] T002 [P] Add y in src/a.py")
    ).packages
    assert not one.needs
    assert not other.needs
    assert scopes_overlap(one.scope, other.scope) == "src/a.py"


def test_boxes_that_are_no_tasks(desk: Desk) -> None:
    """Criteria below a task are its own; a box without id in a phase is told, others are not."""
    loaded = desk.load(
        phases("- [ ] T001 A\n  - [ ] it works\n  - [ ] it is fast\n\n- [ ] Forgotten")
        + "\n## Validation Checklist\n\n- [x] All is covered: T001\n"
    )
    assert loaded.plan is not None
    (package,) = loaded.plan.packages
    assert "- [ ] it works\n- [ ] it is fast" in package.description
    found = only(loaded, "BOX_WITHOUT_ID")
    assert found.severity is Severity.INFO
    assert found.span is not None
    assert found.span.line == 7


def test_parts_of_a_task(desk: Desk) -> None:
    """Tasks nested in a task are its parts; who needs it needs them."""
    plan = desk.plan(phases("- [ ] T001 A\n  - [ ] T002 B\n  - [ ] T003 C\n- [ ] T004 D"))
    assert [p.id for p in plan.packages] == ["T002", "T003", "T004"]
    assert {p.parent for p in plan.packages} == {"T001", None}
    assert "T003" in waits(plan)["T004"]


def test_tasks_as_headings(desk: Desk) -> None:
    """Where no box has an id headings are the tasks, and boxes their criteria."""
    plan = desk.plan(
        """\
        # Implementation Tasks: Cache

        ### Phase 0: Setup [COMPLETED]

        - [x] Review the plan

        ### Phase 1: Build

        #### T001: Add the store [P]
        **File**: `src/store.py`
        **Estimated Time**: 2 hours

        ##### Acceptance

        - [ ] It keeps values

        #### T002: Use it ✅
        """
    )
    store, use = plan.packages
    assert (store.id, store.title, store.parallel) == ("T001", "Add the store", True)
    assert (store.scope.write, store.estimate_s) == (("src/store.py",), 7200)
    assert "- [ ] It keeps values" in store.description
    assert store.markers == ()
    assert use.status is SourceStatus.DONE


def test_sections_are_phases_where_none_is_called_so(desk: Desk) -> None:
    """Without the word, each section with tasks is a phase; appended ones follow."""
    plan = desk.plan("## Setup\n- [ ] T001 A\n## Core\n- [ ] T002 B\n## Notes\nNone.\n")
    assert [p.phase for p in plan.packages] == ["Setup", "Core"]
    plan = desk.plan(phases("- [ ] T001 A") + "\n## Convergence\n\n- [ ] T002 B\n")
    assert [p.phase for p in plan.packages] == ["Phase 1: Part 1", "Convergence"]
    assert waits(plan)["T002"] == {"T001"}


def test_older_phases(desk: Desk) -> None:
    """Phases 3.1, 3.2 and 3.10 follow each other as they stand."""
    text = "".join(f"## Phase 3.{n}: Part\n- [ ] T0{n:02} A\n" for n in (1, 2, 10))
    assert waits(desk.plan(text)) == {"T001": set(), "T002": {"T001"}, "T010": {"T002"}}


def test_duplicate_ids_and_unknown_marks_are_told(desk: Desk) -> None:
    """Of equal ids the later is renamed; a mark that the format does not know is open."""
    loaded = desk.load(phases("- [ ] T001 A\n- [~] T001 B"))
    assert loaded.plan is not None
    assert [p.id for p in loaded.plan.packages] == ["T001", "T001-2"]
    assert codes(loaded) == ["UNKNOWN_MARK", "DUPLICATE_ID"]


def test_fences_hide_and_bad_bytes_do_not(desk: Desk) -> None:
    """Boxes in code are no tasks; CRLF, a byte order mark and broken UTF-8 lose none."""
    text = (
        "## Phase 1: A\r\n\r\n- [ ] T001 A\r\n```\r\n- [ ] T002 B\r\n```\r\n- [ ] T003 C \xff\r\n"
    )
    loaded = desk.load(b"\xef\xbb\xbf" + text.encode("latin-1"))
    assert loaded.plan is not None
    assert [p.id for p in loaded.plan.packages] == ["T001", "T003"]
    assert codes(loaded) == ["BAD_ENCODING"]


def test_one_byte_marks_a_task_as_done(desk: Desk) -> None:
    """The marker is the byte between the brackets of the task's own box."""
    raw = "\n".join(line.strip() for line in LIST.splitlines()).encode()
    package = get(desk.plan(raw), "T007")
    (marker,) = package.markers
    assert raw[marker.offset : marker.offset + 1].decode() == marker.pending == " "
    ticked = raw[: marker.offset] + marker.done.encode() + raw[marker.offset + 1 :]
    done = {p.id for p in desk.plan(ticked).packages if p.status is SourceStatus.DONE}
    assert done == {"T001", "T002", "T007"}


def test_what_lies_beside_the_list(desk: Desk, tmp_path: Path) -> None:
    """Documents, contracts and the constitution are context; open checklists are told."""
    desk.write(f"{FOLDER}/research.md", "# R\n")
    desk.write(f"{FOLDER}/contracts/api.yaml", "openapi: 3.1.0\n")
    desk.write(".specify/memory/constitution.md", "# C\n")
    desk.write(f"{FOLDER}/checklists/ux.md", "- [x] CHK001 Clear?\n- [ ] CHK002 Fast?\n")
    loaded = desk.load(LIST)
    assert loaded.plan is not None
    assert loaded.plan.context == (
        f"{FOLDER}/plan.md",
        f"{FOLDER}/spec.md",
        f"{FOLDER}/research.md",
        f"{FOLDER}/contracts/api.yaml",
        ".specify/memory/constitution.md",
    )
    found = only(loaded, "CHECKLIST_OPEN")
    assert found.message == "1 of 2 boxes of this checklist are open"
    assert str(found.span) == f"{FOLDER}/checklists/ux.md:2:1"


def test_the_plan_is_demanded(tmp_path: Path) -> None:
    """Without plan.md and spec.md the list is read, and the lack is told."""
    desk = Desk(root=tmp_path, plan_format=FORMAT, place=PLACE)
    loaded = desk.load(LIST)
    assert loaded.plan is not None
    assert codes(loaded) == ["MISSING_CONTEXT", "MISSING_CONTEXT"]


@pytest.mark.parametrize("name", [PLACE, FOLDER, f"{FOLDER}/", "001-cache", "cache", "."])
def test_a_plan_is_found_by_folder_name_and_slug(desk: Desk, name: str) -> None:
    """The file, its folder, the folder's name with or without number, and the present one."""
    desk.load(LIST)
    desk.write(".specify/feature.json", '{"feature_directory": "specs/001-cache"}')
    found = FORMAT.locate(desk.root, name)
    assert found is not None
    assert found.resolve() == (desk.root / PLACE).resolve()
    assert FORMAT.by_place(found)


@pytest.mark.parametrize(
    "record", ["{", "[]", '{"feature_directory": 3}', '{"feature_directory": "../.."}', "[" * 99999]
)
def test_a_present_feature_that_is_none(desk: Desk, record: str) -> None:
    """A broken record of the present feature, or one that leads out, finds nothing."""
    desk.write(".specify/feature.json", record)
    assert FORMAT.locate(desk.root, ".") is None


def test_a_feature_without_its_list_hints_at_how_to_make_it(desk: Desk) -> None:
    """The error names the command that writes the list."""
    with pytest.raises(UsageError) as raised:
        FORMAT.locate(desk.root, "cache")
    assert raised.value.code == "NO_SUCH_PLAN"
    assert "/speckit.tasks" in raised.value.hint


def test_several_features_of_one_name_are_told(desk: Desk) -> None:
    """A slug that two folders have names neither."""
    desk.load(LIST)
    desk.write("specs/002-cache/tasks.md", LIST)
    with pytest.raises(UsageError) as raised:
        FORMAT.locate(desk.root, "cache")
    assert raised.value.code == "PLAN_AMBIGUOUS"


@pytest.mark.parametrize(
    ("place", "ours"),
    [
        ("specs/001-x/tasks.md", True),
        ("specs/20260102-030405-x/tasks.md", True),
        (".specify/specs/001-x/tasks.md", True),
        ("packages/web/specs/012-x/tasks.md", True),
        ("specs/x/tasks.md", False),
        ("specs/001-x/plan.md", False),
        (".kiro/specs/001-x/tasks.md", False),
        (".spec-workflow/specs/001-x/tasks.md", False),
        ("droidz/specs/2025-10-07-x/tasks.md", False),
        ("agent-os/specs/2025-10-07-x/tasks.md", False),
        ("documentation/features/001-x/tasks.md", False),
    ],
)
def test_places(tmp_path: Path, place: str, ours: bool) -> None:
    """A numbered folder in `specs` is spec-kit's, unless another format has its own `specs`."""
    assert FORMAT.by_place(tmp_path / place) is ours


@pytest.mark.parametrize("name", [".kiro/specs/x", "droidz/specs/x", "nothing", "specs", "a" * 300])
def test_what_is_no_feature_is_not_found(desk: Desk, name: str) -> None:
    """Folders of other layouts and unknown names are left to others."""
    desk.write(".kiro/specs/x/tasks.md", "- [ ] 1. A\n")
    desk.write("droidz/specs/x/tasks.md", "- [ ] 1. A\n")
    assert FORMAT.locate(desk.root, name) is None


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ("\n".join(line.strip() for line in LIST.splitlines()), True),
        ("## Phase 1: A\n- [ ] T001 [P] Do it\n", True),
        ("- [ ] 1. Do it\n  - _Requirements: 1.1_\n", False),
        ("# Feature Specification\n\n### User Story 1 - A\n", False),
        ("# Plan\n\n## Phase 1: A\n", False),
        ("- [ ] CHK001 Is it clear?\n", False),
        ("- [ ] T001 Do it\n  - _Prompt: Role: x_\n", False),
        ("## Work Package WP01: A\n- [ ] T001 [P] Do it (spec.md: User Story 1)\n", False),
    ],
)
def test_content_tells_lists_from_others(text: str, ours: bool) -> None:
    """A list is known by its ids, labels and phases; specs, plans and checklists are none."""
    assert (FORMAT.by_content(text) >= 0.5) is ours


@given(text=st.text(alphabet="#*-`:[](){}|>~ \tT01PUS xX.,\n→↓", max_size=400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_reading_is_total(desk: Desk, text: str) -> None:
    """Whatever stands there, findings come of it and nothing is raised."""
    for whole in (f"{LIST}\n{SIDE_BY_SIDE}\n{text}", f"## Dependencies\n{text}", text or "x"):
        assert desk.load(whole).findings is not None


@pytest.mark.parametrize(
    "text",
    [
        "- [ ] T001 Do it in src/a.py\n" * 40_000,
        "- [ ] T001 " + "[P]" * 300_000,
        "- [ ] T001 (depends on " + "T001, " * 150_000,
        "## Phase 1: A\n- [ ] T001 A\n" * 30_000,
        "## Dependencies\n" + "- T001 → T001 blocks T001 (as was said)\n" * 24_000,
        "## Dependencies\n- " + "T001 → " * 100_000,
        "## Dependencies\n- **User Stories (Phase 3+)**: depend on " + "Phase 1, " * 100_000,
        "## Dependencies\n" + "- US1 after " * 80_000,
        "  - [ ] T001 A\n" * 60_000,
        "".join(f"{' ' * (n % 900)}- [ ] T{n:05} A\n" for n in range(2_000)),
        "[" * 900_000,
        "\n" * 1_000_000,
    ],
)
def test_hostile_texts_take_no_time(desk: Desk, text: str) -> None:
    """A megabyte of anything is read in under two seconds of this machine's time."""
    path = desk.write(PLACE, f"## Phase 1: User Story 1\n- [ ] T001 A\n{text}")
    source = PlanSource(root=desk.root, path=path, name=PLACE, in_repository=True)
    started = time.process_time()
    FORMAT.load(source)
    FORMAT.by_content(text)
    assert time.process_time() - started < 2.0
