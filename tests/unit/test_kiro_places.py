"""Kiro's places and neighbours: what lies beside a list, and what is recorded of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.fakes.specs import SpecDesk, codes, only

from plait.plans.kiro import FORMAT
from plait.ports import PlanFormat, PlanSource

FOLDER = ".kiro/specs/login"
LIST = "- [ ] 1. A\n"


@pytest.fixture
def desk(tmp_path: Path) -> SpecDesk:
    return SpecDesk(tmp_path, FORMAT, FOLDER)


def test_it_is_a_plan_format() -> None:
    """The module's object is what a registry of formats expects."""
    registered: PlanFormat = FORMAT
    assert registered.name == "kiro"


@pytest.mark.parametrize(
    ("place", "is_there"),
    [
        (".kiro/specs/login/tasks.md", True),
        ("web/.kiro/specs/login/tasks.md", True),
        (".kiro/specs/team/login/tasks.md", True),
        (".kiro/specs/documentation/tasks.md", True),
        (".kiro/specs/tasks.md", False),
        (".kiro/steering/tasks.md", False),
        (".kiro/specs/login/design.md", False),
        ("specs/login/tasks.md", False),
        ("tasks.md", False),
    ],
)
def test_places(place: str, is_there: bool) -> None:
    """Lists lie in a folder of `.kiro/specs`."""
    assert FORMAT.by_place(Path(place)) is is_there


def test_locate(desk: SpecDesk) -> None:
    """A file, a folder and a bare name lead to the list; other formats' folders do not."""
    path = desk.write(f"{FOLDER}/tasks.md", LIST)
    own = desk.write(".kiro/specs/documentation/tasks.md", LIST)
    desk.write("openspec/changes/x/tasks.md", LIST)
    assert FORMAT.locate(desk.root, f"{FOLDER}/tasks.md") == path
    assert FORMAT.locate(desk.root, FOLDER) == path
    assert FORMAT.locate(desk.root, "login") == path
    assert FORMAT.locate(desk.root, "documentation") == own
    assert FORMAT.locate(desk.root, "absent") is None
    assert FORMAT.locate(desk.root, "openspec/changes/x") is None
    assert FORMAT.locate(desk.root, "a sentence " * 100) is None


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("# Implementation Plan\n- [ ] 1. A\n  - _Requirements: 1.1_\n", True),
        ("- [ ] 1. A\n  - [ ]* 1.1 B\n- [ ] 2. Checkpoint - tests\n", True),
        ("## 1. Base\n- [x] 1.1 (P) A\n  - _Requirements: 1.1_\n  - _Boundary: Store_\n", True),
        ("- [ ] 1. A\n- [ ] 2. B\n", False),
        ("- [ ] A\n  - _Requirements: 1.1_\n", False),
        ("## Phase 1\n- [ ] 1. A\n  - _Requirements: 1.1_\n", False),
        ("- [ ] 1. A\n  - File: a.py\n  - _Leverage: b_\n  - _Requirements: 1_\n", False),
        ("", False),
    ],
)
def test_by_content(text: str, sure: bool) -> None:
    """Only what Kiro and cc-sdd write makes sure."""
    assert (FORMAT.by_content(text) >= 0.5) is sure


def test_context(desk: SpecDesk) -> None:
    """The spec's documents and what steers the project are context; lacks are told."""
    desk.write(".kiro/steering/tech.md", "# T")
    desk.write(f"{FOLDER}/research.md", "# S")
    (desk.root / FOLDER / "design.md").unlink()
    loaded = desk.load(LIST)
    assert loaded.plan
    assert loaded.plan.context == (
        f"{FOLDER}/requirements.md",
        f"{FOLDER}/research.md",
        ".kiro/steering/tech.md",
    )
    assert "design.md" in only(loaded, "MISSING_CONTEXT").message


def test_a_bug_has_no_requirements(desk: SpecDesk) -> None:
    """A bug's spec tells the bug instead."""
    (desk.root / FOLDER / "requirements.md").unlink()
    desk.write(f"{FOLDER}/bugfix.md", "# B")
    loaded = desk.load(LIST)
    assert loaded.plan
    assert loaded.plan.context == (f"{FOLDER}/bugfix.md", f"{FOLDER}/design.md")
    assert "MISSING_CONTEXT" not in codes(loaded)


def test_outside_of_its_place(desk: SpecDesk) -> None:
    """A list of this format elsewhere is read as well, with what lies beside it."""
    path = desk.write("docs/tasks.md", LIST)
    source = PlanSource(root=desk.root, path=path, name="docs/tasks.md", in_repository=True)
    plan = FORMAT.load(source).plan
    assert plan
    assert plan.id == "docs"


def approvals(**approved: Any) -> dict[str, Any]:
    return {
        "updated_at": "2026-02-03T04:05:06Z",
        "approvals": {
            name: {"generated": True, "approved": answer} for name, answer in approved.items()
        },
    }


@pytest.mark.parametrize(
    "record",
    [
        approvals(requirements=True, design=True, tasks=True),
        approvals(tasks=True),
    ],
)
def test_approved(desk: SpecDesk, record: dict[str, Any]) -> None:
    """A spec whose documents are all approved carries an approval, which names nobody."""
    desk.write(f"{FOLDER}/spec.json", record)
    loaded = desk.load(LIST)
    assert loaded.plan
    (approval,) = loaded.plan.approvals
    assert (approval.at, approval.span.file) == ("2026-02-03T04:05:06Z", f"{FOLDER}/spec.json")
    assert "names nobody" in approval.who
    assert "APPROVAL_MISSING_IN_SOURCE" not in codes(loaded)


@pytest.mark.parametrize(
    ("record", "awaited"),
    [
        (approvals(requirements=True, design=True, tasks=False), "the tasks yet"),
        (approvals(requirements=True, design=False, tasks=True), "the design yet"),
        (approvals(requirements=True, design=True), "the tasks yet"),
        (approvals(design="true", tasks="true"), "the design and the tasks yet"),
        (approvals(design=True, tasks=1), "the tasks yet"),
        ({"approvals": {"tasks": True}}, "the tasks yet"),
    ],
)
def test_not_approved(desk: SpecDesk, record: dict[str, Any], awaited: str) -> None:
    """Anything but a plain yes to each document that is spoken of is told, and approves nothing."""
    desk.write(f"{FOLDER}/spec.json", record)
    loaded = desk.load(LIST)
    assert loaded.plan
    assert loaded.plan.approvals == ()
    assert only(loaded, "APPROVAL_MISSING_IN_SOURCE").message.endswith(awaited)


@pytest.mark.parametrize("record", [{}, {"approvals": None}, {"approvals": [1]}, None])
def test_no_word_on_approval(desk: SpecDesk, record: dict[str, Any] | None) -> None:
    """Where approval is not spoken of, nothing is told."""
    if record is not None:
        desk.write(f"{FOLDER}/spec.json", record)
    loaded = desk.load(LIST)
    assert loaded.plan
    assert loaded.plan.approvals == ()
    assert codes(loaded) == []


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"\xff\xfe{}",
        b"[" * 200_000,
        b'{"a": ' * 50_000,
        b'{"approvals": {"tasks": {"approved": true}}, "x": "' + b"y" * 1_100_000 + b'"}',
    ],
)
def test_a_record_that_cannot_be_read(desk: SpecDesk, content: bytes) -> None:
    """It approves nothing, is told, and takes no time."""
    desk.write(f"{FOLDER}/spec.json", content)
    began = time.process_time()
    loaded = desk.load(LIST)
    assert time.process_time() - began < 2
    assert loaded.plan
    assert loaded.plan.approvals == ()
    assert only(loaded, "SIDECAR_IGNORED").span


def test_a_record_elsewhere_is_not_read(desk: SpecDesk, tmp_path_factory: Any) -> None:
    """A link that leads out of the repository approves nothing."""
    outside = tmp_path_factory.mktemp("outside") / "spec.json"
    outside.write_text('{"approvals": {"tasks": {"approved": true}}}')
    (desk.root / FOLDER / "spec.json").symlink_to(outside)
    loaded = desk.load(LIST)
    assert loaded.plan
    assert loaded.plan.approvals == ()


def test_what_is_shown_of_a_record_is_fit_to_be_shown(desk: SpecDesk) -> None:
    """Control characters and length of an untrusted text end at the reader."""
    record = approvals(tasks=True) | {"updated_at": "\x1b[31m\u202e" + "x" * 5000}
    desk.write(f"{FOLDER}/spec.json", record)
    at = desk.plan(LIST).approvals[0].at
    assert len(at) <= 200
    assert at.isprintable()


HOSTILE = {
    "boxes": "- [ ] 1. A\n" * 90_000,
    "nested": "".join(f"{' ' * n}- [ ] {n}. A\n" for n in range(3000)),
    "wide": "".join(f"- [ ] {n}. (P) A\n" for n in range(9000)),
    "wide twice": "".join(f"- [ ] {n // 5000}.{n} (P) A\n" for n in range(10_000)),
    "deep ids": "".join(f"- [ ] {'.'.join('1' * (n % 9 + 1))} A\n" for n in range(6000)),
    "done, then open": "- [x] 1. A\n" * 4000 + "- [ ] 2. A\n" * 4000,
    "optional": "".join(f"- [ ]* {n}. A\n" for n in range(6000)),
    "long whole": "- [ ] 1. A\n" + "  - x\n" * 100_000 + "- [ ] 1.1 A\n" * 5000,
    "arrows": "## Task Dependency Graph\n```\n" + "1 & " * 40_000 + "--> " + "2 & " * 40_000,
    "chain of arrows": "- [ ] 1. A\n## Task Dependency Graph\n```\n"
    + "1 --> " * 100_000
    + "\n```\n",
    "fields": "- [ ] 1. A\n" + "  - _Requirements: " + "1.1, " * 100_000,
    "line": "- [ ] 1. " + "(P) ~~**" * 200_000,
    "blank": "\n" * 1_000_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_lists(desk: SpecDesk, text: str) -> None:
    """No list takes two seconds or ends in a traceback."""
    began = time.process_time()
    FORMAT.by_content(text)
    desk.load(text)
    assert time.process_time() - began < 2


def test_a_wave_of_thousands(desk: SpecDesk) -> None:
    """Waves whose conditions multiply are refused in time."""
    boxes = "".join(f"- [ ] {n}. A\n" for n in range(1, 12_001))
    ids = ", ".join(str(n) for n in range(1, 6001))
    more = ", ".join(
        f'{{"id": {n}, "tasks": [{n}], "depends_on": [0, {n - 1}]}}' for n in range(6001, 12_001)
    )
    graph = f'{{"waves": [{{"id": 0, "tasks": [{ids}]}}, {more}]}}'
    began = time.process_time()
    loaded = desk.load(f"{boxes}\n## Task Dependency Graph\n```json\n{graph}\n```\n")
    assert time.process_time() - began < 2
    assert "PLAN_TOO_DENSE" in codes(loaded)


PIECES = st.sampled_from(
    [
        "- [ ] 1. A",
        "  - [x]* 1.1 (P) B",
        "- [~] 2 C",
        "* [-] 1.2a ~~D~~",
        "    - _Depends: 1.1-2, 9_",
        "  - _Requirements: 1",
        "## Task Dependency Graph",
        "```json",
        "```",
        '{"waves": [["1", "1.1"], {"tasks": [2], "depends_on": [0, 1]}]}',
        "T1 --> T1.1",
        "- [ ] 3. Checkpoint",
        "<!--",
        "",
        "\t- [ ]",
    ]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_reading_is_total(desk: SpecDesk, lines: list[str]) -> None:
    """Whatever the lines, there is a plan without a circle, or findings."""
    loaded = desk.load("\n".join(lines).encode("utf-8", errors="replace"))
    assert loaded.plan or loaded.findings
    known = {p.id for p in loaded.plan.packages} if loaded.plan else set()
    if loaded.plan:
        assert {edge.id for p in loaded.plan.packages for edge in p.needs} <= known
