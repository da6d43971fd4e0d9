"""specflow's places and neighbours, and lists that try to break the reader."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.fakes.task_lists import GROUPS, PLACE, TRACKS, Desk, codes, edges, only

from plait.core.plan import Provenance
from plait.errors import UsageError
from plait.plans.specflow import FORMAT
from plait.ports import PlanFormat, PlanSource


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_modules_are_one_plan(desk: Desk) -> None:
    """A feature over modules is one plan; ids that several use are qualified, edges with them."""
    base = "documentation/features/cache/modules"
    desk.write(f"{base}/api/tasks.md", "## Phase 1\n- [ ] 1. A\n## Phase 2\n- [ ] 2. B\n")
    desk.write(f"{base}/web/tasks.md", "## Phase 1\n- [ ] 1. C\n- [ ] 3. D (needs 1)\n")
    path = FORMAT.locate(desk.root, "cache")
    assert path is not None
    plan = desk.open(path).plan
    assert plan
    assert edges(plan) == {
        "api/1": {},
        "2": {"api/1": "phase"},
        "web/1": {},
        "3": {"web/1": "explicit"},
    }
    assert [f.path for f in plan.files] == [f"{base}/api/tasks.md", f"{base}/web/tasks.md"]
    assert plan.packages[0].phase == "api/Phase 1"
    assert plan.id == "cache"


def test_context(desk: Desk) -> None:
    """What lies beside the list is context; missing requirements or design are told."""
    desk.write("documentation/features/cache/research.md", "# S")
    (desk.root / "documentation/features/cache/design.md").unlink()
    loaded = desk.load("- [ ] 1. A\n")
    assert loaded.plan
    folder = "documentation/features/cache"
    assert loaded.plan.context == (f"{folder}/requirements.md", f"{folder}/research.md")
    assert "design.md" in only(loaded.findings, "MISSING_CONTEXT").message


def test_outside_a_repository_names_are_absolute(desk: Desk) -> None:
    """Without a repository every file is named by its full path."""
    path = desk.write(PLACE, "- [ ] 1. A\n")
    source = PlanSource(root=path.parent, path=path, name=str(path), in_repository=False)
    plan = FORMAT.load(source).plan
    assert plan
    assert plan.files[0].path == str(path)
    assert plan.context[0] == str(path.parent / "requirements.md")


def test_it_is_a_plan_format() -> None:
    """The module's object is what a registry of formats expects."""
    registered: PlanFormat = FORMAT
    assert registered.name == "specflow"


def test_locate(desk: Desk) -> None:
    """A file, a folder, a feature's name and module/feature folders lead to the list."""
    path = desk.write(PLACE, "- [ ] 1. A\n")
    other = desk.write("documentation/modules/web/features/login/tasks.md", "- [ ] 1. A\n")
    assert FORMAT.locate(desk.root, PLACE) == path
    assert FORMAT.locate(desk.root, "documentation/features/cache") == path
    assert FORMAT.locate(desk.root, "cache") == path
    assert FORMAT.locate(desk.root, "login") == other
    assert FORMAT.locate(desk.root, "absent") is None
    assert FORMAT.locate(desk.root, "../cache") is None
    assert FORMAT.locate(desk.root, "a sentence " * 100) is None


def test_locate_leaves_other_formats_alone(desk: Desk) -> None:
    """A folder that belongs to another format is not claimed."""
    desk.write("openspec/changes/x/tasks.md", "- [ ] 1.1 A\n")
    assert FORMAT.locate(desk.root, "openspec/changes/x") is None


def test_locate_does_not_guess(desk: Desk) -> None:
    """A name that two modules use must be spelt out."""
    for module in ("api", "web"):
        desk.write(f"documentation/modules/{module}/features/core/tasks.md", "- [ ] 1. A\n")
    with pytest.raises(UsageError, match="several features are called core"):
        FORMAT.locate(desk.root, "core")


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("documentation/features/f/tasks.md", True),
        ("/r/documentation/modules/m/features/f/tasks.md", True),
        ("documentation/features/f/modules/m/tasks.md", True),
        ("documentation/features/tasks.md", False),
        ("documentation/features/f/design.md", False),
        ("openspec/changes/f/tasks.md", False),
        ("specs/001-f/tasks.md", False),
        ("tasks.md", False),
    ],
)
def test_by_place(place: str, *, expected: bool) -> None:
    """Only specflow's own places are its own."""
    assert FORMAT.by_place(Path(place)) is expected


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        (GROUPS, 0.8, 1.0),
        (TRACKS, 0.8, 1.0),
        ("## Phase 1\n\n- [ ] 1. A\n  - _Requirements: 1_\n", 0.5, 0.6),
        ("## 1. Setup\n\n- [ ] 1.1 Add route\n", 0.0, 0.4),
        ("## Phase 1: Setup\n\n- [ ] T001 [P] Create a.py\n", 0.0, 0.4),
        ("- [ ] 1. A\n  - [ ]* 1.1 B\n    - _Requirements: 1_\n", 0.0, 0.4),
        ("## Phase 1\n- [ ] 1. A\n  - _Leverage: b.py_\n  - _Requirements: 1_\n", 0.0, 0.4),
        ("# Notes\n", 0.0, 0.0),
    ],
)
def test_by_content(text: str, least: float, most: float) -> None:
    """Its own marks are claimed, its neighbours' lists are not."""
    assert least <= FORMAT.by_content(text) <= most


def test_a_list_that_multiplies_is_refused(desk: Desk) -> None:
    """Ten thousand tasks that each wait for ten thousand are refused, quickly."""
    halves = [range(6000), range(6000, 12000)]
    text = "".join(
        f"## Phase {n}\n" + "".join(f"- [ ] {i}. t\n" for i in half)
        for n, half in enumerate(halves, 1)
    )
    loaded = desk.load(text)
    assert loaded.plan is None
    assert codes(loaded.findings) == ["PLAN_TOO_DENSE"]


@pytest.mark.parametrize(
    "text",
    [
        "- [ ] 1. a " + " " * 400_000 + "b",
        "- [ ] 1. a\n  - _Dependencies: Track A " + "(" * 400_000,
        "- [ ] 1. a\n  - _Dependencies: 1" + "-1" * 200_000,
        "```a\n" * 80_000,
        "\r" * 400_000,
        "- [ ] 1. a\n  - Create " + "`a/b.py` " * 40_000,
    ],
)
def test_reading_is_linear(desk: Desk, text: str) -> None:
    """Hostile lists of 400 kB are read in far less than what a quadratic reader would take."""
    started = time.process_time()
    desk.load(text)
    assert time.process_time() - started < 5


PIECES = st.sampled_from(
    [
        "### Track A: x (Dependencies: PR-B)",
        "### Track B: y (No Dependencies)",
        "## Phase 1",
        "## Phase 2: z",
        "- [ ] 1. **A** (4h)",
        "- [x] 2. B",
        "- [ ] 1.1: C",
        "- [ ] CR-A. **R**",
        "- [ ] PR-B. P",
        "- [x] RW-A. W",
        "- [ ] CR1. C",
        "#### Task 3: D",
        "- [ ] done",
        "  - _Dependencies: Tasks 1-9, RW-A_",
        "  - _Dependencies: All_",
        "  - _Dependencies: ",
        "  - Files: `a/b.py`",
        "  - **Status: REQUIRES CHANGES**",
        "**Group 1 (After Track A)**",
        "- Track A: Tasks 1-2 (x) - needs 2",
        "- Task 1: x (blocks all)",
        "```",
        "<!--",
        "-->",
        "> Primary Agent: me",
        "> BLOCKED until CR-A",
        "---",
        "",
        "\t- [ ] 1. nested",
        "- Group 1",
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pieces=st.lists(PIECES, max_size=25))
def test_any_shuffle_is_read(desk: Desk, pieces: list[str]) -> None:
    """Whatever order specflow's lines stand in, edges lead to packages and no weak circle."""
    plan = desk.load("\n".join(pieces)).plan
    for package in plan.packages if plan else ():
        known = {p.id for p in plan.packages} if plan else set()
        assert {e.id for e in package.needs} | {*package.guards, *package.reworks} <= known
        assert package.id not in {e.id for e in package.needs}
        assert all(e.provenance in Provenance for e in package.needs)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_mutation_is_read(desk: Desk, data: st.DataObject) -> None:
    """Cut, repeated and overwritten bytes of real grammar never raise, and markers stay boxes."""
    raw = bytearray(data.draw(st.sampled_from([GROUPS, TRACKS])).encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw)))
        stop = min(len(raw), at + data.draw(st.integers(0, 30)))
        raw[at:stop] = data.draw(st.binary(max_size=4) | st.just(bytes(raw[at:stop]) * 2))
    loaded = desk.load(bytes(raw))
    for package in loaded.plan.packages if loaded.plan else ():
        for marker in package.markers:
            assert raw[marker.offset - 1 : marker.offset + 2].startswith(b"[")
            assert raw[marker.offset + 1 : marker.offset + 2] == b"]"
