"""What spec-kit lists say of their order in sentences, trees and tables, and in other languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.desk import Desk, codes, edges, get

from plait.core.plan import Plan
from plait.plans.spec_kit import FORMAT

PLACE = "specs/001-cache/tasks.md"
NAMES = ("Setup", "Foundational", "User Story 1 - A", "User Story 2 - B", "User Story 3 - C")
TASKS = "\n".join(
    f"## Phase {n}: {name}\n\n- [ ] T00{n} Do {n}\n" for n, name in enumerate(NAMES, start=1)
)
CHAIN = {"T001": "", "T002": "T001", "T003": "T002", "T004": "T003", "T005": "T004"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(root=tmp_path, plan_format=FORMAT, place=PLACE)
    desk.write("specs/001-cache/plan.md", "# Plan\n")
    desk.write("specs/001-cache/spec.md", "# Spec\n")
    return desk


def waits(plan: Plan) -> dict[str, str]:
    return {name: " ".join(sorted(needs)) for name, needs in edges(plan).items()}


def said(*lines: str) -> str:
    return TASKS + "\n## Dependencies\n\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("lines", "changed"),
    [
        (["- T001 gates T003. T001 supports T004"], {"T003": "T001 T002"}),
        (["- T003 depends on T001. T005 depends on T001/T003"], {"T003": "T001 T002"}),
        (["- T005 does NOT depend on T003", "- T004 doesn't depend on T001"], {}),
        (["- Within User Story 3: T005 depends on T003"], {"T005": "T003 T004"}),
        (["- T005 depende de T003"], {"T005": "T003 T004"}),
        (["- **US2**: Fully independent of US1 and US3"], {"T004": "T002", "T005": "T003 T004"}),
        (["- **US2**: sin dependencia de otras stories"], {"T004": "T002", "T005": "T003 T004"}),
        (["- User Story 3 can start in parallel with User Story 2"], {"T005": "T002"}),
        (["- **US3**: Requires Phase 1+3 complete"], {"T005": "T001 T003"}),
        (
            [
                "- **US3 (P3)**: it needs the projection and the renderer and so it depends on",
                "  US1 alone",
            ],
            {"T005": "T003"},
        ),
    ],
)
def test_sentences(desk: Desk, lines: list[str], changed: dict[str, str]) -> None:
    """Each sentence of a line counts, and one that denies a dependency makes none."""
    found = waits(desk.plan(said(*lines)))
    expected = CHAIN | changed
    if lines[0].endswith("T001/T003"):
        expected |= {"T005": "T001 T003 T004"}
    assert found == expected


def test_a_tree_of_phases(desk: Desk) -> None:
    """Each phase follows the one that it hangs on; merging lines add what they say."""
    tree = """\
```
Phase 1 (Setup)
    └── Phase 2 (Foundational)
            ├── Phase 3 (US1) ──┐
            ├── Phase 4 (US2) ──┤
            │                   ▼
            │           Phase 5 (US3) ── depends on US1 lanes + US2 cards
```"""
    assert waits(desk.plan(said(tree))) == CHAIN | {"T004": "T002", "T005": "T003 T004"}


def test_a_table(desk: Desk) -> None:
    """A column of what each row depends on: tasks, phases, or nothing but what all need."""
    table = """\
| Story | Depends on | Tested when |
|-------|------------|-------------|
| **US1** (P1) | Phase 2 | shown |
| **US2** (P1) | US1 + T001 | shown |
| **US3** (P2) | None | shown |"""
    assert waits(desk.plan(said(table))) == CHAIN | {"T004": "T001 T003", "T005": "T002"}


def test_a_table_that_tells_something_else(desk: Desk) -> None:
    """Without such a column no row is an order."""
    assert waits(desk.plan(said("| Story | Tasks |", "|--|--|", "| US3 | T001 |"))) == CHAIN


def test_wrapped_descriptions(desk: Desk) -> None:
    """A description runs on below a full line: its words, its paths and what it depends on."""
    plan = desk.plan(
        """\
        ## Phase 1: A

        - [ ] T001 Teste: o banner mostra os pares, o saldo e todos os limites configurados - novo
              `tests/test_banner.py`
        - [ ] T002 Chama o banner quando o modo for live, antes do loop principal (depende de
              T001 falhando) em `src/runner.py`
        - [ ] T003 Short
              And a note in `src/note.py`
        - [ ] T004 Do it with the whole set of words (does not depend on T001)
        """
    )
    assert get(plan, "T001").scope.write == ("tests/test_banner.py",)
    assert get(plan, "T001").title.endswith("novo `tests/test_banner.py`")
    assert get(plan, "T002").scope.write == ("src/runner.py",)
    assert edges(plan)["T002"] == {"T001": "explicit"}
    assert get(plan, "T003").title == "Short"
    assert edges(plan)["T004"] == {"T003": "track"}


@pytest.mark.parametrize(
    ("line", "name", "title"),
    [
        ('- [ ] <a id="t1"></a>T001 Do it', "T001", "Do it"),
        ("- [x] ✅ T001 Do it", "T001", "Do it"),
        ("- [ ] **T001** `[api] [P]` Do it", "T001", "Do it"),
        ("- [ ] T001 [Setup] [P] Do it", "T001", "Do it"),
        ("- [ ] T001-A [P] Do it", "T001-A", "Do it"),
    ],
)
def test_ids_and_labels(desk: Desk, line: str, name: str, title: str) -> None:
    """Signs and anchors before an id, and words as labels, are no part of the title."""
    plan = desk.plan(f"## Phase 1: A\n\n{line}\n- [ ] T009 [P] Else\n")
    assert [p.id for p in plan.packages] == [name, "T009"]
    assert get(plan, name).title == title
    assert get(plan, name).parallel == ("[P]" in line)


def test_tests_do_not_write_what_they_test(desk: Desk) -> None:
    """Of a task that writes tests, the other paths are read; criteria are no paths to write."""
    plan = desk.plan(
        """\
        ## Phase 1: A

        - [ ] T001 Unit test `tests/theme.test.ts`: compare `src/theme.ts` with `src/app.css`
        - [ ] T002 Comparators → `src/eval.py` | done when: scored against `docs/cases.csv`
        - [ ] T003 Verificar que `scripts/bump.sh` existe
        """
    )
    assert get(plan, "T001").scope.write == ("tests/theme.test.ts",)
    assert get(plan, "T002").scope.write == ("src/eval.py",)
    assert get(plan, "T003").scope.write == ()


def test_a_title_that_says_nothing(desk: Desk) -> None:
    """A list called "Tasks" has the feature's name."""
    loaded = desk.load("# Tasks\n\n## Phase 1: A\n\n- [ ] T001 Do it in src/a.py\n")
    assert loaded.plan is not None
    assert loaded.plan.title == "001-cache"
    assert codes(loaded) == []
