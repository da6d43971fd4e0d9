"""spec-workflow's task lists: what each line means, and where they lie."""

# ruff: noqa: RUF001 - lists in Chinese and Japanese have their own colons, commas and brackets

from __future__ import annotations

import gc
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.fakes.specs import SpecDesk, codes, get, needs, only, order

from plait.core.finding import Severity
from plait.core.plan import Confidence, SourceStatus
from plait.plans.spec_workflow import FORMAT
from plait.ports import PlanFormat, PlanSource

FOLDER = ".spec-workflow/specs/login"
LIST = """\
# Tasks Document

## Phase 1: Core

- [x] 1. Add the model
  - File: src/model.py
  - Purpose: say what a login is
  - _Leverage: src/base_model.py, src/my_types/__init__.py_
  - _Requirements: 1.1, 1.2_
  - _Prompt: Role: Python developer | Task: Add it | Restrictions: None | Success: it works_

## Phase 2: Interface

- [-] 2. Serve it
  - Files: src/api.py (modify), `tests/test_api.py`
- [~] 3. Sign in by phone
  - _Blocked: the provider's key is missing_
- [ ] 4. Document it
"""


@pytest.fixture
def desk(tmp_path: Path) -> SpecDesk:
    return SpecDesk(tmp_path, FORMAT, FOLDER)


def test_a_list(desk: SpecDesk) -> None:
    """Numbered boxes are packages, one after another; headings are phases."""
    loaded = desk.load(LIST)
    plan = loaded.plan
    assert plan
    assert (plan.id, plan.title, plan.branch) == ("login", "login", "feat/login")
    assert order(plan) == {"1": "", "2": "1", "3": "2", "4": "3"}
    assert [p.phase for p in plan.packages] == ["Phase 1: Core"] + ["Phase 2: Interface"] * 3
    assert [p.status for p in plan.packages] == [SourceStatus.DONE] + [SourceStatus.PENDING] * 3
    assert only(loaded, "ACTIVE_IN_SOURCE").span == get(plan, "2").span
    assert "the provider's key is missing" in only(loaded, "BLOCKED_IN_SOURCE").message


def test_fields(desk: SpecDesk) -> None:
    """Files are an inferred scope, the prompt tells the role, underscores end no value."""
    plan = desk.plan(LIST)
    first, second = get(plan, "1"), get(plan, "2")
    assert first.scope.write == ("src/model.py",)
    assert first.scope.confidence is Confidence.INFERRED
    assert second.scope.write == ("tests/test_api.py",)
    assert first.requirements == ("1.1", "1.2")
    assert first.role == "Python developer"
    assert "src/my_types/__init__.py_" in first.description
    assert "Success: it works" in first.description


def test_files_below_their_field(desk: SpecDesk) -> None:
    """A list of files may stand below its field, with notes in brackets."""
    plan = desk.plan(
        """\
        - [ ] 1. A
          - Files:
            - src/a.ts (new)
            - src/app/(shop)/page.tsx
          - Write `docs/other.md`
        - [ ] 2. B
          - File: src/b.ts (continue from task 1), src/c.ts
        - [ ] 3. C
          - File: Documentation only (no code file)
        """
    )
    assert [p.scope.write for p in plan.packages] == [
        ("src/a.ts", "src/app/(shop)/page.tsx"),
        ("src/b.ts", "src/c.ts"),
        (),
    ]


def test_a_prompt_over_many_lines(desk: SpecDesk) -> None:
    """What a prompt names in lines of its own are no fields of the task."""
    plan = desk.plan(
        """\
        - [ ] 1. A
          - _Requirements: 1.1_
          - _Prompt: Implement it.
            Role: Rust engineer with care |
            Requirements: 9.9 |
            Files: src/not_this.rs |
            Success: done_
          - File: src/this.rs
        """
    )
    package = get(plan, "1")
    assert package.role == "Rust engineer with care"
    assert package.requirements == ("1.1",)
    assert package.scope.write == ("src/this.rs",)
    assert "Files: src/not_this.rs" in package.description


def test_fields_in_other_scripts(desk: SpecDesk) -> None:
    """Chinese and Japanese fields, with full-width colons, are read."""
    plan = desk.plan(
        """\
        - [ ] 1. 作成
          - 文件: web/server.py (在现有文件中添加)
          - _需求: 需求1.1, 需求1.2_
          - _Prompt: 角色：后端工程师，精通Python | 任务：实现_
        - [ ] 2. 追加
          - 依存: 1
        - [ ] 3. 検証
          - 依存：なし
        """
    )
    first = get(plan, "1")
    assert first.scope.write == ("web/server.py",)
    assert first.requirements == ("需求1.1", "需求1.2")
    assert first.role == "后端工程师，精通Python"
    assert needs(plan) == {"1": {}, "2": {"1": "explicit"}, "3": {}}


def test_dependencies(desk: SpecDesk) -> None:
    """A task that says what it needs is bound by that alone; other specs are not looked for."""
    loaded = desk.load(
        """\
        - [ ] 1. A
        - [ ] 2. B
        - [ ] 3. C
          - Dependencies: Task 1, SPEC-1 (core-foundation)
        - [ ] 4. D
        """
    )
    assert loaded.plan
    assert needs(loaded.plan) == {
        "1": {},
        "2": {"1": "track"},
        "3": {"1": "explicit"},
        "4": {"3": "track", "2": "track"},
    }
    assert codes(loaded) == []


def test_sentences_behind_the_list(desk: SpecDesk) -> None:
    """A summary that says who depends on whom, and what may run in parallel, is believed."""
    loaded = desk.load(
        """\
        - [ ] 1. A
        - [ ] 2. B
        - [ ] 3. C
        - [ ] 4. D
        - [ ] 5. E
        - [ ] 6. F
          - Tasks 1 depends on Task 6, says a task's own line, which is none of these

        ## Summary

        **Dependencies**:
        - Tasks 2-3 depend on Task 1 (the file must exist)
        - Tasks 4-5 can be done in parallel (independent)
        - Task 6 depends on all previous tasks (it ships them)
        - Task 9 depends on Task 1
        """
    )
    assert loaded.plan
    assert needs(loaded.plan) == {
        "1": {},
        "2": {"1": "explicit"},
        "3": {"1": "explicit"},
        "4": {"3": "track", "2": "track", "1": "track"},
        "5": {"3": "track", "2": "track", "1": "track"},
        "6": dict.fromkeys("12345", "explicit"),
    }
    assert [p.id for p in loaded.plan.packages if p.parallel] == ["4", "5"]


def test_unknown_dependency(desk: SpecDesk) -> None:
    """A number that names no task is told with its place."""
    finding = only(desk.load("- [ ] 1. A\n  - Dependencies: 7\n"), "UNKNOWN_REFERENCE")
    assert finding.span
    assert (finding.span.line, finding.span.column) == (2, 19)


def test_a_capital_mark(desk: SpecDesk) -> None:
    """`[X]` is done, and it is told that the tool itself does not see such a box."""
    loaded = desk.load("- [X] 1. A\n- [ ] 2. B\n")
    assert loaded.plan
    assert get(loaded.plan, "1").status is SourceStatus.DONE
    assert only(loaded, "UNPORTABLE_MARK").severity is Severity.INFO


def test_boxes_without_a_number(desk: SpecDesk) -> None:
    """They are no tasks, as upstream has it: prerequisites are told, criteria stay with theirs."""
    loaded = desk.load("## Prerequisites\n- [ ] Ask\n\n- [ ] 1. A\n  - [ ] it works\n")
    assert loaded.plan
    assert [p.id for p in loaded.plan.packages] == ["1"]
    assert "it works" in get(loaded.plan, "1").description
    assert only(loaded, "BOX_WITHOUT_ID").span


def test_wholes_say_nothing_of_themselves(desk: SpecDesk) -> None:
    """A task without a word beside its title is its parts; one with words is work of its own."""
    plan = desk.plan(
        """\
        - [ ] 1. Models
        - [ ] 1.1 A
          - File: a.py
        - [ ] 1.2 B
          - File: b.py
        - [ ] 2. Write the tests
          - File: tests/test_c.py
        - [ ] 2.1 Make them pass
          - File: c.py
        """
    )
    assert order(plan) == {"1.1": "", "1.2": "1.1", "2": "1.2", "2.1": "2"}
    assert [p.parent for p in plan.packages] == ["1", "1", None, None]


def test_equal_ids(desk: SpecDesk) -> None:
    """Numbers that stand twice, as in the tool's own template, keep their places in the order."""
    loaded = desk.load("".join(f"- [ ] {n}. Task\n" for n in (3, 4, 5, 4, 5, 6)))
    assert loaded.plan
    assert order(loaded.plan) == {
        "3": "",
        "4": "3",
        "5": "4",
        "4-2": "5",
        "5-2": "4-2",
        "6": "5-2",
    }
    assert codes(loaded).count("DUPLICATE_ID") == 2


def test_escaped_numbers_and_line_ends(desk: SpecDesk) -> None:
    """An editor's escapes, CRLF and a byte order mark change nothing, and each box is one byte."""
    raw = "\ufeff# 任务\r\n\r\n* [ ] 1\\. 一\r\n* [x] 2\\. B\r\n* [~] 3\\. C\r\n".encode()
    plan = desk.plan(raw)
    assert [p.title for p in plan.packages] == ["一", "B", "C"]
    for package in plan.packages:
        (marker,) = package.markers
        assert raw[marker.offset - 1 : marker.offset + 2] in {b"[ ]", b"[x]", b"[~]"}


def test_it_is_a_plan_format() -> None:
    """The module's object is what a registry of formats expects."""
    registered: PlanFormat = FORMAT
    assert registered.name == "spec-workflow"


@pytest.mark.parametrize(
    ("place", "is_there"),
    [
        (".spec-workflow/specs/login/tasks.md", True),
        ("web/.spec-workflow/specs/login/tasks.md", True),
        (".spec-workflow/archive/specs/login/tasks.md", True),
        (".spec-workflow/specs/tasks.md", False),
        (".spec-workflow/templates/tasks.md", False),
        (".spec-workflow/specs/login/design.md", False),
        (".kiro/specs/login/tasks.md", False),
        ("tasks.md", False),
    ],
)
def test_places(place: str, is_there: bool) -> None:
    """Lists lie in a spec's folder, archived or not."""
    assert FORMAT.by_place(Path(place)) is is_there


def test_locate(desk: SpecDesk) -> None:
    """A file, a folder and a bare name lead to the list, the archive last."""
    path = desk.write(f"{FOLDER}/tasks.md", LIST)
    desk.write(".spec-workflow/archive/specs/login/tasks.md", LIST)
    old = desk.write(".spec-workflow/archive/specs/old/tasks.md", LIST)
    desk.write(".kiro/specs/x/tasks.md", LIST)
    assert FORMAT.locate(desk.root, f"{FOLDER}/tasks.md") == path
    assert FORMAT.locate(desk.root, FOLDER) == path
    assert FORMAT.locate(desk.root, "login") == path
    assert FORMAT.locate(desk.root, "old") == old
    assert FORMAT.locate(desk.root, "x") is None
    assert FORMAT.locate(desk.root, ".kiro/specs/x") is None


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        (LIST, True),
        ("- [x] 1. A\n- [x] 1.1 B\n  - File: `a.py`\n", True),
        ("- [ ] 1. A\n  - _Requirements: 1.1_\n", False),
        ("- [ ] A\n  - File: a.py\n", False),
        ("- [ ] 1. A\n  - [ ]* 1.1 B\n    - Purpose: x\n", False),
        ("", False),
    ],
)
def test_by_content(text: str, sure: bool) -> None:
    """Only the fields that spec-workflow puts below numbered boxes make sure."""
    assert (FORMAT.by_content(text) >= 0.5) is sure


def test_context(desk: SpecDesk) -> None:
    """The spec's documents and the project's steering are context; lacks are told."""
    desk.write(".spec-workflow/steering/structure.md", "# S")
    (desk.root / FOLDER / "requirements.md").unlink()
    loaded = desk.load(LIST)
    assert loaded.plan
    assert loaded.plan.context == (
        f"{FOLDER}/design.md",
        ".spec-workflow/steering/structure.md",
    )
    assert "requirements.md" in only(loaded, "MISSING_CONTEXT").message


def test_outside_of_its_place(desk: SpecDesk) -> None:
    """A list of this format elsewhere is read as well."""
    path = desk.write("docs/tasks.md", LIST)
    source = PlanSource(root=desk.root, path=path, name="docs/tasks.md", in_repository=True)
    plan = FORMAT.load(source).plan
    assert plan
    assert plan.id == "docs"


HOSTILE = {
    "boxes": "- [ ] 1. A\n" * 90_000,
    "each says what it needs": "".join(
        f"- [ ] {n}. A\n  - Dependencies: {n - 1}\n" for n in range(1, 6000)
    ),
    "none needs any": "- [ ] 1. A\n  - Dependencies: none\n" * 6000 + "- [ ] 2. B\n" * 6000,
    "prompts": "- [ ] 1. A\n" + "  - _Prompt: Role:\n    x\n" * 100_000,
    "sentences": "- [ ] 1. A\n\n## S\n" + "- Task 1 depends on Task 1\n" * 30_000,
    "a sentence": "- [ ] 1. A\n\n## S\n- Tasks 1" + ", 1" * 300_000 + " depend on 1\n",
    "role": "- [ ] 1. A\n  - _Prompt: " + "Role: " * 200_000,
    "files": "- [ ] 1. A\n  - Files: " + "a.py, " * 100_000,
    "underscores": "- [ ] 1. A\n  - " + "_" * 1_000_000,
    "blank": "\n" * 1_000_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_lists(desk: SpecDesk, text: str) -> None:
    """No list takes two seconds or ends in a traceback."""
    gc.collect()
    gc.disable()  # what other tests have left on the heap would be looked through again
    try:
        began = time.process_time()
        FORMAT.by_content(text)
        desk.load(text)
        assert time.process_time() - began < 2
    finally:
        gc.enable()


PIECES = st.sampled_from(
    [
        "- [ ] 1. A",
        "- [x] 1.1 B",
        "* [X] 2\\. C",
        "- [~] 2 D",
        "  - _Blocked: x",
        "  - _Prompt: Role: x |",
        "    Files: a.py",
        "  - Files:",
        "    - src/(a)/b.py (new)",
        "  - Dependencies: 1-2, SPEC-1, 9",
        "## Phase 1",
        "```",
        "",
    ]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_reading_is_total(desk: SpecDesk, lines: list[str]) -> None:
    """Whatever the lines, there is a plan whose edges lead somewhere, or findings."""
    loaded = desk.load("\n".join(lines).encode("utf-8", errors="replace"))
    assert loaded.plan or loaded.findings
    if loaded.plan:
        known = {p.id for p in loaded.plan.packages}
        assert {edge.id for p in loaded.plan.packages for edge in p.needs} <= known
