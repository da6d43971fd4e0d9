"""Kiro's and cc-sdd's task lists: what each line means."""

# ruff: noqa: RUF001 - lists in Chinese and Japanese have their own colons, commas and brackets

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.specs import SpecDesk, codes, get, needs, only, order

from plait.core.finding import Severity
from plait.core.plan import Confidence, PackageKind, SourceStatus
from plait.plans.kiro import FORMAT

NESTED = """\
# Implementation Plan

- [ ] 1. Set the store up
  - [x] 1.1 Create the schema
    - Write `src/store/schema.sql`
    - _Requirements: 1.1, 1.2_
  - [ ]* 1.2 Property tests
    - **Validates: Requirements 1.4**
- [-] 2. Serve it
"""


@pytest.fixture
def desk(tmp_path: Path) -> SpecDesk:
    return SpecDesk(tmp_path, FORMAT, ".kiro/specs/login")


def test_a_nested_list(desk: SpecDesk) -> None:
    """Leaves are packages, in the list's order; wholes are not, and name their parts."""
    plan = desk.plan(NESTED)
    assert (plan.id, plan.feature, plan.branch) == ("login", "login", "feat/login")
    assert plan.title == "login"
    assert order(plan) == {"1.1": "", "1.2": "1.1", "2": "1.2"}
    assert {p.parent for p in plan.packages} == {"1", None}
    assert get(plan, "1.1").status is SourceStatus.DONE
    assert get(plan, "1.1").requirements == ("1.1", "1.2")
    assert [whole.source_id for whole in plan.wholes] == ["1"]


def test_a_flat_list_is_the_same(desk: SpecDesk) -> None:
    """Parts are found by their ids where nothing is indented."""
    nested = desk.plan("- [ ] 1. A\n  - [ ] 1.1 B\n  - [ ] 1.2 C\n- [ ] 2. D\n")
    flat = desk.plan("- [ ] 1. A\n- [ ] 1.1 B\n- [ ] 1.2 C\n- [ ] 2. D\n")
    assert order(flat) == order(nested) == {"1.1": "", "1.2": "1.1", "2": "1.2"}
    assert [p.parent for p in flat.packages] == ["1", "1", None]


def test_nested_without_a_common_id(desk: SpecDesk) -> None:
    """Indent tells who is a part where ids do not."""
    plan = desk.plan("- [ ] 7. A\n  - [ ] 1. B\n  - [ ] 2. C\n")
    assert [(p.id, p.parent) for p in plan.packages] == [("1", "7"), ("2", "7")]


def test_optional_tasks(desk: SpecDesk) -> None:
    """The star behind the bracket makes a task optional, of a whole all parts."""
    plan = desk.plan("- [ ]* 1. A\n  - [ ] 1.1 B\n- [ ]* 2. C\n- [x]* 3. D\n- [ ] 4. E\n")
    assert [p.id for p in plan.packages if p.optional] == ["1.1", "2", "3"]
    assert get(plan, "3").status is SourceStatus.DONE


def test_what_follows_optional_work_waits_for_what_stands_before_it(desk: SpecDesk) -> None:
    """Left out, an optional task does not set free what comes after it; nor does a ticked one."""
    assert order(desk.plan("- [ ] 1. A\n- [ ]* 2. B\n- [ ]* 3. C\n- [ ] 4. D\n")) == {
        "1": "",
        "2": "1",
        "3": "1 2",
        "4": "1 3",
    }
    assert order(desk.plan("- [ ] 1. A\n- [x] 2. B\n- [x] 3. C\n- [ ] 4. D\n- [ ] 5. E\n")) == {
        "1": "",
        "2": "1",
        "3": "2",
        "4": "1 3",
        "5": "4",
    }


def test_marks(desk: SpecDesk) -> None:
    """`[-]` is in progress, `[~]` is told to be ambiguous, and both run; others are unknown."""
    loaded = desk.load("- [-] 1. A\n- [~] 2. B\n- [X] 3. C\n- [?] 4. D\n")
    assert loaded.plan
    found = [p.status for p in loaded.plan.packages]
    assert found == [SourceStatus.PENDING] * 2 + [SourceStatus.DONE, SourceStatus.PENDING]
    assert only(loaded, "ACTIVE_IN_SOURCE").span == get(loaded.plan, "1").span
    assert only(loaded, "AMBIGUOUS_MARK").span == get(loaded.plan, "2").span
    assert only(loaded, "UNKNOWN_MARK").span == get(loaded.plan, "4").span


@pytest.mark.parametrize(
    "title",
    [
        "Checkpoint - Ensure all tests pass",
        "Checkpoint",
        "Final checkpoint: end to end",
        "Phase 2 Checkpoint - MVP",
        "Checkpoint 1",
        "检查点 - 确保所有测试通过",
        "最终检查点",
        "チェックポイント: すべてのテスト",
    ],
)
def test_checkpoints(desk: SpecDesk, title: str) -> None:
    """A checkpoint runs no agent, and guards what stands before it up to the one before."""
    plan = desk.plan(f"- [ ] 1. A\n- [ ] 2. {title}\n- [ ] 3. B\n- [ ] 4. {title}\n")
    assert [p.kind for p in plan.packages] == [
        PackageKind.IMPLEMENT,
        PackageKind.CHECKPOINT,
    ] * 2
    assert get(plan, "2").guards == ("1",)
    assert get(plan, "4").guards == ("3",)
    assert order(plan)["3"] == "2"


@pytest.mark.parametrize("title", ["Checkpoint storage", "Add a checkpoint", "创建检查点"])
def test_work_on_checkpoints_is_work(desk: SpecDesk, title: str) -> None:
    """A task about checkpoints is none."""
    assert desk.plan(f"- [ ] 1. {title}\n").packages[0].kind is PackageKind.IMPLEMENT


def test_parallel_tasks(desk: SpecDesk) -> None:
    """Neighbours marked (P) run side by side, below one whole; wholes follow one another."""
    plan = desk.plan(
        """\
        - [ ] 1. A
        - [ ] 1.1 B
        - [ ] 1.2 (P) C
        - [ ] 1.3 （P） D
        - [ ] 2. E
        - [ ] 2.1 F (P)
        - [ ] 2.2 G
        """
    )
    assert order(plan) == {
        "1.1": "",
        "1.2": "1.1",
        "1.3": "1.1",
        "2.1": "1.2 1.3",
        "2.2": "2.1",
    }
    assert [p.id for p in plan.packages if p.parallel] == ["1.2", "1.3", "2.1"]
    assert [p.title for p in plan.packages] == list("BCDFG")


def test_parallel_wholes(desk: SpecDesk) -> None:
    """Wholes marked (P) run side by side, each in its own order."""
    plan = desk.plan(
        """\
        - [ ] 1. A
        - [ ] 2. (P) B
        - [ ] 2.1 C
        - [ ] 2.2 D
        - [ ] 3. (P) E
        - [ ] 3.1 F
        - [ ] 4. G
        """
    )
    assert order(plan) == {"1": "", "2.1": "1", "2.2": "2.1", "3.1": "1", "4": "2.2 3.1"}


def test_wholes_that_are_headings(desk: SpecDesk) -> None:
    """Below headings, neighbours whose ids begin alike are one whole."""
    plan = desk.plan(
        """\
        ## 1. Foundation
        - [ ] 1.1 (P) A
        - [ ] 1.2 (P) B
        ## 2. Core
        - [ ] 2.1 (P) C
        """
    )
    assert order(plan) == {"1.1": "", "1.2": "", "2.1": "1.1 1.2"}
    assert [p.phase for p in plan.packages] == ["1. Foundation"] * 2 + ["2. Core"]


def test_depends_adds_to_the_order(desk: SpecDesk) -> None:
    """`_Depends:_` names what the list's order does not tell, and does not replace it."""
    plan = desk.plan(
        """\
        - [ ] 1.1 (P) A
        - [ ] 1.2 (P) B
          - _Depends: 1.1_
          - _Boundary: Store_
        - [ ] 2.1 C
          - _Depends: none_
        """
    )
    assert needs(plan) == {
        "1.1": {},
        "1.2": {"1.1": "explicit"},
        "2.1": {"1.1": "track", "1.2": "track"},
    }


def test_depends_on_every_task_is_the_order(desk: SpecDesk) -> None:
    """Where all of a longer list say what they need, the list's order adds nothing."""
    plan = desk.plan(
        """\
        - [ ] 1. Foundation
        - [ ] 1.1 A
        - [ ] 1.2 B
          - _Depends: 1.1_
        - [ ] 1.3 C
          - _Depends: 1.1_
        - [ ] 2. (P) D
          - _Depends: 1.2_
        - [ ] 3. (P) E
          - _Depends: 1.3_
        """
    )
    assert order(plan) == {"1.1": "", "1.2": "1.1", "1.3": "1.1", "2": "1.2", "3": "1.3"}


@pytest.mark.parametrize(
    "lead", ['<a id="11-a"></a>', "✅ ", '<a id="11"></a> **', "🚧 <b>", "<!-- x --> "]
)
def test_what_stands_before_a_number(desk: SpecDesk, lead: str) -> None:
    """Anchors and signs are no part of an item."""
    text = f"- [x] 1. A\n  - [ ] {lead}1.1 B\n    - _Requirements: 1_\n"
    plan = desk.plan(text)
    assert [p.id for p in plan.packages] == ["1.1"]
    assert desk.load(text).plan is not None
    assert FORMAT.by_content(f"# Implementation Plan\n\n{text}") >= 0.5


@pytest.mark.parametrize(
    ("lines", "globs"),
    [
        ("- _Boundary: packages/client, CI_", ("packages/client/**",)),
        ("- _Boundary: AuthService, UserRoutes_", ()),
        ("- Create `src/a.ts`\n    - Test file: `tests/a.ts`", ("src/a.ts", "tests/a.ts")),
        ("- 테스트 파일: `tests/a.py`", ("tests/a.py",)),
        ("- In `src/a.ts`, in `run()`: drop it", ("src/a.ts",)),
    ],
)
def test_further_words_on_files(desk: SpecDesk, lines: str, globs: tuple[str, ...]) -> None:
    """Folders of a boundary, files of tests, and a file that a sentence begins with."""
    plan = desk.plan(f"- [ ] 1. A\n    {lines}\n")
    assert get(plan, "1").scope.write == globs


def test_a_path_in_a_title(desk: SpecDesk) -> None:
    """A path in a title counts where nothing else tells one, and the task is not about reading."""
    plan = desk.plan(
        """\
        - [ ] 1. 在 src/stores/center.js 中添加 refresh
        - [ ] 2. Write unit tests for src/stores/center.js
        - [ ] 3. Fix the colour in theme.js
        """
    )
    assert [p.scope.write for p in plan.packages] == [("src/stores/center.js",), (), ()]


def test_unknown_dependency(desk: SpecDesk) -> None:
    """What names no task is told with its place."""
    finding = only(desk.load("- [ ] 1. A\n  - _Depends: 9.9_\n"), "UNKNOWN_REFERENCE")
    assert finding.span
    assert (finding.span.line, finding.span.column) == (2, 15)


def test_fields_in_other_scripts(desk: SpecDesk) -> None:
    """Fields and numbers in Chinese or Japanese, with their colons and commas, are read."""
    plan = desk.plan(
        """\
        - [ ] 1． 作成
          - _要件：1.1、2.3_
          - _対象ファイル: src/storage.ts_
        - [ ] 2、创建
          - _需求: 3.1，3.2_
        - [ ] 3.创建 `src/a.ts`
        """
    )
    assert [p.requirements for p in plan.packages] == [("1.1", "2.3"), ("3.1", "3.2"), ()]
    assert get(plan, "1").scope.write == ("src/storage.ts",)
    assert [p.title for p in plan.packages] == ["作成", "创建", "创建 `src/a.ts`"]


def test_scope(desk: SpecDesk) -> None:
    """Listed files, a boundary that is a path, or paths behind a verb of writing are inferred."""
    plan = desk.plan(
        """\
        - [ ] 1. A
          - _Boundary: src/auth/token.py, AuthService_
        - [ ] 2. B
          - Create `src/b.py`
        - [ ] 3. C
        """
    )
    assert [p.scope.write for p in plan.packages] == [("src/auth/token.py",), ("src/b.py",), ()]
    assert [p.scope.confidence for p in plan.packages] == [
        Confidence.INFERRED,
        Confidence.INFERRED,
        Confidence.UNKNOWN,
    ]


def test_the_body_is_what_stands_below(desk: SpecDesk) -> None:
    """A package's words are its own lines, with criteria; parts are told what the whole asks."""
    plan = desk.plan(
        """\
        - [ ] 1. A
          - For all of it
        - [ ] 1.1 B
          - Do it

          - [ ] it works
          - [ ] 3 screens work

        Prose behind the list.
        - [ ] 2. C
        """
    )
    body = get(plan, "1.1").description
    assert body.startswith("- Do it\n\n- [ ] it works\n- [ ] 3 screens work")
    assert "1 as a whole asks for:\n- For all of it" in body
    assert "Prose" not in body
    assert get(plan, "2").description == ""


def test_boxes_without_a_number(desk: SpecDesk) -> None:
    """Outside of tasks they are told, once; in a fence they are none at all."""
    loaded = desk.load("- [ ] Ask\n- [ ] Ask again\n- [ ] 1. A\n```\n- [ ] 2. No\n```\n")
    assert loaded.plan
    assert [p.id for p in loaded.plan.packages] == ["1"]
    finding = only(loaded, "BOX_WITHOUT_ID")
    assert finding.span
    assert (finding.span.line, finding.severity) == (1, Severity.INFO)


def test_struck_out(desk: SpecDesk) -> None:
    """A task struck out is left out, with its parts, unless it is done; the order closes up."""
    plan = desk.plan("- [ ] 1. A\n- [ ] 2. ~~B~~\n- [ ] 2.1 C\n- [x] 3. ~~D~~\n- [ ] 4. E\n")
    assert [(p.id, p.status) for p in plan.packages] == [
        ("1", SourceStatus.PENDING),
        ("2.1", SourceStatus.SKIPPED),
        ("3", SourceStatus.DONE),
        ("4", SourceStatus.PENDING),
    ]
    assert order(plan)["4"] == "1 3"
    assert get(plan, "3").title == "D"


def test_duplicate_ids(desk: SpecDesk) -> None:
    """Of equal ids the later is renamed and keeps its place in the order."""
    loaded = desk.load("- [ ] 1. A\n- [ ] 1. B\n- [ ] 2. C\n")
    assert loaded.plan
    assert order(loaded.plan) == {"1": "", "1-2": "1", "2": "1-2"}
    assert codes(loaded).count("DUPLICATE_ID") == 1


def test_marks_of_wholes_and_parts(desk: SpecDesk) -> None:
    """A whole that is ticked before its parts, or open behind them, is told."""
    early = desk.load("- [x] 1. A\n  - [ ] 1.1 B\n")
    late = desk.load("- [ ] 1. A\n  - [x] 1.1 B\n")
    assert only(early, "PARENT_CONTRADICTS_PARTS").severity is Severity.WARNING
    assert only(late, "PARENT_CONTRADICTS_PARTS").severity is Severity.INFO


def test_markers(desk: SpecDesk) -> None:
    """Each box is one byte, also behind wide characters, stars, CRLF and a byte order mark."""
    raw = "\ufeff# 计划\r\n\r\n- [ ]* 1. 一\r\n- [-] 2. B\r\n- [x] 3. C\r\n".encode()
    plan = desk.plan(raw)
    for package in plan.packages:
        (marker,) = package.markers
        assert raw[marker.offset - 1 : marker.offset + 2] in {b"[ ]", b"[-]", b"[x]"}
    assert [p.markers[0].pending for p in plan.packages] == [" ", "-", " "]


def test_an_empty_list_is_told(desk: SpecDesk) -> None:
    """Without a numbered box there is no plan."""
    loaded = desk.load("# Implementation Plan\n\nNothing yet.\n")
    assert loaded.plan is None
    assert "NO_TASKS" in codes(loaded)


def test_broken_bytes(desk: SpecDesk) -> None:
    """Bytes that are no UTF-8 are a warning, and the tasks are read."""
    loaded = desk.load(b"- [ ] 1. A \xff\n- [ ] 2. B\n")
    assert loaded.plan
    assert len(loaded.plan.packages) == 2
    assert only(loaded, "BAD_ENCODING").severity is Severity.WARNING
