"""OpenSpec task lists: what each trap comes to."""
# ruff: noqa: RUF001 - as it is written

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.fakes.folders import Folder, codes, edges, get, only, ticked

from plait.core.finding import Severity
from plait.core.plan import Confidence, PackageKind, SourceStatus
from plait.plans.openspec import FORMAT

PLACE = "openspec/changes/add-cache"
LIST = """\
    # Tasks: Cache

    ## 1. Store

    - [x] 1.1 Create `src/store.py` (S)
    - [ ] 1.2 Wire it up

    ## 2. API

    - [ ] 2.1 Add the route
    - [ ] 2.2 Test the route
    """


@pytest.fixture
def change(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path, PLACE, FORMAT)
    folder.write(
        {
            "proposal.md": "## Why\n",
            "specs/cache/spec.md": """\
                ## ADDED Requirements

                ### Requirement: Hits
                #### Scenario: Warm
                """,
        }
    )
    return folder


class TestList:
    """Groups, ids, order."""

    def test_groups_follow_each_other(self, change: Folder) -> None:
        """Without any dependency the list's order is the order, group after group."""
        loaded = change.read(LIST)
        plan = loaded.plan
        assert plan is not None
        assert edges(plan) == {
            "1.1": {},
            "1.2": {"1.1": "track"},
            "2.1": {"1.2": "phase"},
            "2.2": {"2.1": "track"},
        }
        assert codes(loaded) == []
        assert (plan.id, plan.title, plan.branch) == ("add-cache", "Cache", "openspec/add-cache")
        assert plan.phased
        assert plan.context == (f"{PLACE}/proposal.md", f"{PLACE}/specs/cache/spec.md")

    def test_status_scope_and_size(self, change: Folder) -> None:
        """A tick is done, a path behind a verb is an inferred scope, a size an estimate."""
        plan = change.plan(LIST)
        first = get(plan, "1.1")
        assert first.status is SourceStatus.DONE
        assert first.title == "Create `src/store.py`"
        assert first.scope.write == ("src/store.py",)
        assert first.scope.confidence is Confidence.INFERRED
        assert first.estimate_s == 1800
        assert first.phase == "1. Store"

    def test_own_dependencies_free_a_task(self, change: Folder) -> None:
        """A task that says what it needs waits for neither its group nor the list's order."""
        plan = change.plan(
            """\
            ## 1. A
            - [ ] 1.1 one
            - [ ] 1.2 two
              **Dependencies**: None
            ## 2. B
            - [ ] 2.1 three (depends on 1.1)
            - [ ] 2.2 four
              - Depends on: 1.1-1.2
            - [ ] 2.3 five. Dependencies: 2.1, 2.2
            - [ ] 2.4 six
            """
        )
        assert edges(plan) == {
            "1.1": {},
            "1.2": {},
            "2.1": {"1.1": "explicit"},
            "2.2": {"1.1": "range", "1.2": "range"},
            "2.3": {"2.1": "explicit", "2.2": "explicit"},
            "2.4": {
                "1.1": "phase",
                "1.2": "phase",
                **dict.fromkeys(("2.1", "2.2", "2.3"), "track"),
            },
        }
        assert [p.title for p in plan.packages][2] == "three"
        assert get(plan, "2.3").title == "five"

    def test_prose_is_no_dependency(self, change: Folder) -> None:
        """A sentence about dependencies, or a product's name, frees no task."""
        plan = change.plan(
            """\
            ## 1. A
            - [ ] 1.1 one
            - [ ] 1.2 Serve the dependency-free page that modules depend on (after review)
              **Dependencies**: Zod
            """
        )
        assert edges(plan)["1.2"] == {"1.1": "track"}

    def test_marked_parallel(self, change: Folder) -> None:
        """Tasks marked [P], and those of a group called parallelizable, run side by side."""
        plan = change.plan(
            """\
            ## 1. A
            - [ ] 1.1 one
            - [ ] 1.2 [P] two
            - [ ] 1.3 [P] three
            ## 2. B (parallelizable group)
            - [ ] 2.1 four
            - [ ] 2.2 five
            """
        )
        assert edges(plan) == {
            "1.1": {},
            "1.2": {"1.1": "track"},
            "1.3": {"1.1": "track"},
            "2.1": {"1.2": "phase", "1.3": "phase"},
            "2.2": {"1.2": "phase", "1.3": "phase"},
        }
        assert get(plan, "1.2").title == "two"

    def test_done_before_its_turn(self, change: Folder) -> None:
        """A task that was done early holds nobody back, and lets nobody past what is open."""
        plan = change.plan(
            """\
            ## 1. A
            - [ ] 1.1 one
            - [x] 1.2 two
            - [ ] 1.3 three
            """
        )
        assert edges(plan)["1.3"] == {"1.1": "track", "1.2": "track"}

    def test_ids_from_another_list(self, change: Folder) -> None:
        """An id kept behind the text is a further name of the task."""
        plan = change.plan(
            """\
            ## 1. A
            - [ ] 1.1 one (T004)
            - [ ] 1.2 two (depends on T004) (T005)
            """
        )
        assert edges(plan)["1.2"] == {"1.1": "explicit"}
        assert get(plan, "1.2").title == "two"


class TestIds:
    """Ids that are odd or missing."""

    def test_suffixes_and_escapes(self, change: Folder) -> None:
        """`2.3b`, a bold id, an escaped dot and `1.` are ids; "3 tests" begins with none."""
        plan = change.plan(
            """\
            ## 2. A
            - [ ] 2.3b inserted
            - [ ] **2.4** bold
            - [ ] **2.5 Both**
            - [ ] 2\\.6 escaped
            - [ ] 7. whole
            - [ ] 3 tests fail
            """
        )
        assert [p.id for p in plan.packages] == ["2.3b", "2.4", "2.5", "2.6", "7", "2.box1"]
        assert get(plan, "2.5").title == "Both"

    def test_boxes_without_ids(self, change: Folder) -> None:
        """They are tasks as well: numbered by group, and apart where other boxes have ids."""
        plan = change.plan(
            """\
            ## 1. A
            - [ ] 1.1 one
            - [ ] and another
            ## 2. B
            - [x] first
            1. [ ] second
            """
        )
        assert [p.id for p in plan.packages] == ["1.1", "1.box1", "2.1", "2.2"]
        assert edges(plan)["2.1"] == {"1.box1": "phase"}

    def test_groups_without_numbers(self, change: Folder) -> None:
        """Their boxes are numbered by the group's place."""
        plan = change.plan("# T\n## Design\n- [ ] a\n- [ ] b\n## Build\n- [ ] c\n")
        assert [p.id for p in plan.packages] == ["1.1", "1.2", "2.1"]

    def test_duplicate(self, change: Folder) -> None:
        """A second task of one id is renamed and told."""
        loaded = change.read("## 1. A\n- [ ] 1.1 a\n- [ ] 1.1 b\n")
        assert only(loaded, "DUPLICATE_ID").span is not None
        assert loaded.plan is not None
        assert [p.id for p in loaded.plan.packages] == ["1.1", "1.1-2"]

    def test_number_of_another_group(self, change: Folder) -> None:
        """An id that does not begin with its heading's number is told, at its line."""
        loaded = change.read("## 1. A\n- [ ] 1.1 a\n## Phase 2 — B\n- [ ] 3.1 b\n")
        found = only(loaded, "TASK_IN_OTHER_GROUP")
        assert (found.severity, found.span and found.span.line) == (Severity.WARNING, 4)

    def test_unknown_reference(self, change: Folder) -> None:
        """A dependency that names nothing is told, where it stands."""
        loaded = change.read("## 1. A\n- [ ] 1.1 a\n  Dependencies: 1.9\n")
        found = only(loaded, "UNKNOWN_REFERENCE")
        assert found.span is not None
        assert (found.span.line, found.span.column) == (3, 17)


class TestBoxes:
    """Marks, nesting, code."""

    def test_marks(self, change: Folder) -> None:
        """[X] is done; [-] is blocked and runs; another mark is told and runs."""
        loaded = change.read("## 1. A\n- [X] 1.1 a\n- [-] 1.2 b\n- [~] 1.3 c\n- [] 1.4 d\n")
        assert loaded.plan is not None
        assert [p.status.value for p in loaded.plan.packages] == ["done", *["pending"] * 3]
        assert codes(loaded) == ["UNKNOWN_MARK", "BLOCKED_IN_SOURCE"]
        assert only(loaded, "UNKNOWN_MARK").span is not None

    def test_steps(self, change: Folder) -> None:
        """Boxes below a task, without ids, are its steps: told to the agent, ticked with it."""
        text = b"## 1. A\n- [ ] 1.1 fixtures:\n  - [ ] small\n  - [x] large\n- [ ] 1.2 b\n"
        plan = change.plan(text)
        task = get(plan, "1.1")
        assert [p.id for p in plan.packages] == ["1.1", "1.2"]
        assert "- [ ] small" in task.description
        done = ticked(text, plan, "1.1")
        assert done == text.replace(b"- [ ] 1.1", b"- [x] 1.1").replace(b"  - [ ]", b"  - [x]")
        again = change.plan(done)
        assert get(again, "1.1").status is SourceStatus.DONE

    def test_steps_contradict(self, change: Folder) -> None:
        """A ticked task with open steps is done, and told."""
        loaded = change.read("## 1. A\n- [x] 1.1 a\n  - [ ] b\n- [ ] 1.2 c\n  - [x] d\n")
        told = [f.severity for f in loaded.findings if f.code == "PARENT_CONTRADICTS_PARTS"]
        assert told == [Severity.WARNING, Severity.INFO]
        assert loaded.plan is not None
        assert [p.status.value for p in loaded.plan.packages] == ["done", "pending"]

    def test_parts(self, change: Folder) -> None:
        """Boxes below a task, with ids, are tasks of their own, one by one."""
        plan = change.plan(
            """\
            ## 1. A
            - [ ] 1.1 whole
              - [ ] 1.1.1 a
              - [ ] 1.1.2 b
            - [ ] 1.2 next
            """
        )
        assert edges(plan)["1.1.2"] == {"1.1.1": "track"}
        assert edges(plan)["1.2"] == {"1.1.1": "track", "1.1.2": "track"}
        assert [whole.source_id for whole in plan.wholes] == ["1.1"]

    def test_code(self, change: Folder) -> None:
        """Boxes in code and comments are no tasks, and told, for OpenSpec counts them."""
        loaded = change.read(
            "## 1. A\n- [ ] 1.1 a\n\n```\n- [ ] 1.2 b\n```\n<!--\n- [x] 1.3 c\n-->\n"
        )
        assert loaded.plan is not None
        assert [p.id for p in loaded.plan.packages] == ["1.1"]
        assert "2 boxes stand" in only(loaded, "BOXES_IN_CODE").message

    def test_open_fence(self, change: Folder) -> None:
        """A fence that never closes hides nothing, and is told."""
        loaded = change.read("## 1. A\n```\n- [ ] 1.1 a\n")
        assert "UNCLOSED_FENCE" in codes(loaded)
        assert loaded.plan is not None

    def test_legend(self, change: Folder) -> None:
        """A legend's line is no task."""
        plan = change.plan("- [P] tasks = different files\n\n## 1. A\n- [ ] 1.1 a\n")
        assert [p.id for p in plan.packages] == ["1.1"]

    def test_checkpoint(self, change: Folder) -> None:
        """A checkpoint runs no agent and judges what stands before it."""
        plan = change.plan("## 1. A\n- [ ] 1.1 a\n- [ ] Checkpoint: run tests\n- [ ] 1.2 b\n")
        gate = get(plan, "1.box1")
        assert gate.kind is PackageKind.CHECKPOINT
        assert gate.guards == ("1.1",)
        assert edges(plan)["1.2"] == {"1.box1": "track"}

    def test_left_out(self, change: Folder) -> None:
        """Struck tasks and those below a deferred heading are skipped, and told."""
        loaded = change.read(
            "## 1. A\n- [ ] 1.1 ~~a~~\n- [ ] 1.2 b\n## 2. Later (deferred)\n- [ ] 2.1 c\n"
        )
        assert loaded.plan is not None
        statuses = {p.id: p.status.value for p in loaded.plan.packages}
        assert statuses == {"1.1": "skipped", "1.2": "pending", "2.1": "skipped"}
        assert codes(loaded).count("TASKS_LEFT_OUT") == 2

    def test_optional(self, change: Folder) -> None:
        """A task called optional may be left out."""
        plan = change.plan("## 1. A\n- [ ] 1.1 （可选）a\n- [ ] 1.2 b\n")
        assert [p.optional for p in plan.packages] == [True, False]

    def test_no_boxes(self, change: Folder) -> None:
        """In a list without boxes the numbered items are the tasks; none can be ticked."""
        loaded = change.read("## 1. A\n1. one\n2. two\n   more\n\n## Notes\n- a note\n")
        assert loaded.plan is not None
        assert [(p.id, p.markers) for p in loaded.plan.packages] == [("1.1", ()), ("1.2", ())]
        assert only(loaded, "NO_BOXES").severity is Severity.WARNING

    def test_headings_without_boxes(self, change: Folder) -> None:
        """In a list without boxes whose headings have ids, these are the tasks."""
        plan = change.plan("## 1. A\n### 1.1 One\n- do this\n### 1.2 Two\n- do that\n")
        assert [p.id for p in plan.packages] == ["1.1", "1.2"]
        assert get(plan, "1.1").description == "One\n- do this"

    def test_nothing(self, change: Folder) -> None:
        """A file without a task is no plan, and says so."""
        loaded = change.read("# Tasks\n\nTo be written.\n")
        assert loaded.plan is None
        assert only(loaded, "NO_TASKS").severity is Severity.ERROR

    @pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\r"])
    def test_one_byte(self, change: Folder, ends: bytes) -> None:
        """Marking a task done changes one byte, whatever the line ends and encoding."""
        text = "\ufeff## 1. 表\n- [ ] 1.1 甲\n- [ ] 1.2 b\n".encode().replace(b"\n", ends) + b"\xff"
        plan = change.plan(text)
        done = ticked(text, plan, "1.2")
        assert [at for at, (a, b) in enumerate(zip(text, done, strict=True)) if a != b] == [
            text.index(b"1.2") - 3
        ]
        assert [p.status.value for p in change.plan(done).packages] == ["pending", "done"]


class TestSurroundings:
    """What lies beside the list."""

    def test_missing_documents(self, tmp_path: Path) -> None:
        """A change without proposal and spec deltas is read, and told."""
        loaded = Folder(tmp_path, PLACE, FORMAT).read(LIST)
        assert codes(loaded) == ["MISSING_CONTEXT", "MISSING_CONTEXT"]

    def test_specs_skipped(self, tmp_path: Path) -> None:
        """`skip_specs: true` demands no spec delta."""
        loaded = Folder(tmp_path, PLACE, FORMAT).read(
            LIST,
            **{"proposal.md": "x", ".openspec.yaml": "schema: spec-driven\nskip_specs: true\n"},
        )
        assert codes(loaded) == []

    def test_other_schema(self, tmp_path: Path) -> None:
        """Another schema demands other documents: none are missed."""
        loaded = Folder(tmp_path, PLACE, FORMAT).read(
            LIST, **{".openspec.yaml": "schema: feature-workflow\n"}
        )
        assert codes(loaded) == []

    @pytest.mark.parametrize(
        ("text", "code", "line"),
        [
            ("schema: [\n", "BAD_YAML", 1),
            ("- a\n", "SCHEMA_BAD_VALUE", 1),
            ("created: 2026-01-01\nskip_specs: maybe\n", "SCHEMA_BAD_VALUE", 2),
            ("schema: a\nschema: b\n", "DUPLICATE_KEY", 2),
        ],
    )
    def test_bad_metadata(self, change: Folder, text: str, code: str, line: int) -> None:
        """What is wrong in the metadata is told at its line, and stops nothing."""
        loaded = change.read(LIST, **{".openspec.yaml": text})
        found = only(loaded, code)
        assert found.span is not None
        assert (found.span.file, found.span.line) == (f"{PLACE}/.openspec.yaml", line)
        assert found.severity is Severity.WARNING
        assert loaded.plan is not None

    def test_config(self, change: Folder) -> None:
        """The project's configuration is context, and so are the files that it names."""
        change.write(
            {
                "/docs/api.md": "x",
                "/openspec/config.yaml": "context: |\n  See docs/api.md. Not docs/gone.md.\n",
            }
        )
        assert change.plan(LIST).context[-2:] == ("openspec/config.yaml", "docs/api.md")

    def test_bad_config(self, change: Folder) -> None:
        """A configuration that is no YAML is told, not read."""
        change.write({"/openspec/config.yaml": "rules: {\n"})
        loaded = change.read(LIST)
        assert only(loaded, "BAD_YAML").severity is Severity.WARNING
        assert loaded.plan is not None
        assert "openspec/config.yaml" not in loaded.plan.context

    def test_deltas(self, change: Folder) -> None:
        """An added requirement without a scenario, and a spec without a delta, are told."""
        change.write(
            {
                "specs/cache/spec.md": """\
                    ## ADDED Requirements
                    ### Requirement: Hits
                    ### Requirement: Misses
                    #### Scenario: Cold
                    ## REMOVED Requirements
                    ### Requirement: Old
                    """,
                "specs/other/spec.md": "# Other\n",
            }
        )
        loaded = change.read(LIST)
        found = only(loaded, "REQUIREMENT_WITHOUT_SCENARIO")
        assert found.span is not None
        assert found.span.line == 2
        assert only(loaded, "NO_SPEC_DELTA").span is not None

    def test_archived(self, tmp_path: Path) -> None:
        """An archived change is read under its id, and told."""
        place = "openspec/changes/archive/2026-01-02-add-cache"
        loaded = Folder(tmp_path, place, FORMAT).read(LIST)
        assert loaded.plan is not None
        assert loaded.plan.id == "add-cache"
        assert "CHANGE_ARCHIVED" in codes(loaded)

    def test_packages_beside(self, change: Folder) -> None:
        """Work packages beside the list are told where the list itself is named."""
        change.write({"work-packages.yaml": "schema_version: 1\n"})
        loaded = change.read(LIST)
        assert only(loaded, "PACKAGES_BESIDE").severity is Severity.INFO
        assert loaded.plan is not None


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.sampled_from(
            [
                *("# T", "## 1. A", "## Phase 2 — B", "### 1.1 x", "```", "<!--", "-->", ""),
                *("- [ ] 1.1 a", "- [x] b", "  - [ ] 2.1 c", "    - [-] d", "- [ ] 1.1 e (S)"),
                *(
                    "  Dependencies: 1.1, 2.1-2.9",
                    "- Depends on: all",
                    "1. [ ] f",
                    "- g",
                    "\t- [ ] h",
                ),
            ]
        ),
        max_size=40,
    )
)
def test_any_list(change: Folder, lines: list[str]) -> None:
    """Whatever the order of lines, reading ends, ids are unique and needs exist."""
    loaded = change.read("\n".join(lines))
    if loaded.plan is None:
        assert [f.code for f in loaded.findings if f.severity is Severity.ERROR]
        return
    ids = [p.id for p in loaded.plan.packages]
    assert len(set(ids)) == len(ids)
    assert {e.id for p in loaded.plan.packages for e in p.needs} <= set(ids)


class TestRealLists:
    """What authors write beside the template."""

    def test_wrapped_lines(self, change: Folder) -> None:
        """A task's line goes on where it is wrapped: its title, its files, what it needs."""
        plan = change.plan(
            """\
            ## 1. A
            - [ ] 1.1 Edit the headers only in `ci/a.yml` and
              `ci/b.yml`. No more.
            - [ ] 1.2 Serve it
            - [ ] 1.3 Test the route (depends on
              1.1)
            """
        )
        first = get(plan, "1.1")
        assert first.title == "Edit the headers only in `ci/a.yml` and `ci/b.yml`. No more."
        assert first.scope.write == ("ci/a.yml", "ci/b.yml")
        assert edges(plan)["1.3"] == {"1.1": "explicit"}

    def test_a_path_first(self, change: Folder) -> None:
        """A task that begins with a path writes it."""
        plan = change.plan(
            "## 1. A\n- [ ] 1.1 `src/a.py`: read `conf.d/` too\n- [ ] 1.2 `make` passes\n"
        )
        assert get(plan, "1.1").scope.write == ("src/a.py",)
        assert get(plan, "1.2").scope.confidence is Confidence.UNKNOWN

    def test_short_labels_in_bold(self, change: Folder) -> None:
        """A label in bold is no title by itself; a sentence in bold is."""
        plan = change.plan(
            "## 1. A\n- [ ] **FB-2**: sort the list\n- [ ] **Sort the whole list.** It is long.\n"
        )
        assert [p.title for p in plan.packages] == ["FB-2: sort the list", "Sort the whole list."]

    def test_chinese(self, change: Folder) -> None:
        """Titles that say no more than "tasks", and dependencies, in Chinese."""
        plan = change.plan(
            "# 任务\n\n## 1. 后端\n- [ ] 1.1 甲\n- [ ] 1.2 乙\n- [ ] 1.3 丙（依赖 1.1）\n"
        )
        assert plan.title == "add-cache"
        assert edges(plan)["1.3"] == {"1.1": "explicit"}

    def test_a_title_that_is_a_change(self) -> None:
        """A list of phases is one of OpenSpec if its title is a change's id."""
        text = "# Tasks: {}\n\n## Phase 1: A\n\n- [ ] 1.1 a\n- [ ] 1.2 b\n"
        assert FORMAT.by_content(text.format("add-cache")) >= 0.5
        assert FORMAT.by_content(text.format("Cache")) < 0.5
