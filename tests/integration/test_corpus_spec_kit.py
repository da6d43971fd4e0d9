"""Real spec-kit task lists, at the paths where their projects keep them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from tests.fakes.corpus import Real, real_files

from plait import plans
from plait.core.finding import Severity
from plait.core.plan import Confidence, Plan, SourceStatus
from plait.plans.circles import circling
from plait.plans.spec_kit import FORMAT
from plait.ports import Loaded, PlanSource

pytestmark = pytest.mark.corpus

REAL = {real.path: real for real in real_files("spec-kit")}
_BOX = re.compile(
    r"^- \[(?P<mark>[ xX])\] (?P<skip>SKIP: )?(?P<id>T\d{3}\S*)(?P<p> \[P\])?", re.MULTILINE
)
_HEADING = re.compile(r"^#### (?P<id>T\d{3}):.*?(?P<p> \[P\])?$", re.MULTILINE)


@dataclass(frozen=True)
class Count:
    """What a list holds, counted by hand: tasks, those ticked, those left out, and edges.

    `after` are the phases that each phase follows, by their places, as its section on
    dependencies says; `edges` is None where that section orders single tasks too.
    """

    tasks: int
    done: int
    skipped: int = 0
    edges: int | None = None
    after: Mapping[int, tuple[int, ...]] | None = None


STORIES = {1: (0,), 2: (1,), 3: (1,), 4: (1,), 5: (2, 3, 4)}
COUNTS = {
    "specs/001-db-query-tool/tasks.md": Count(46, 46),
    "specs/001-add-config-env/tasks.md": Count(
        19, 19, edges=73, after={1: (0,), 2: (1,), 3: (2,), 4: (2,), 5: (3, 4)}
    ),
    "specs/001-llm-service/tasks.md": Count(18, 18, edges=61, after=STORIES),
    "specs/001-project-scaffold/tasks.md": Count(17, 17, edges=49, after=STORIES),
    "specs/001-stt-api/tasks.md": Count(20, 20, edges=82, after=STORIES),
    "specs/001-build-a-simple/tasks.md": Count(55, 48, 7),
    "specs/002-merkle-uhoh/tasks.md": Count(21, 0),
    "specs/001-docs-update/tasks.md": Count(
        23, 23, edges=169, after={1: (0,), 2: (0, 1), 3: (0,), 4: (1, 2, 3)}
    ),
    "specs/002-agent-sdk-upgrade/tasks.md": Count(
        72,
        72,
        edges=1115,
        after={1: (0,), 2: (1,), 3: (2,), 4: (2,), 5: (2,), 6: (2,), 7: (2, 3, 4, 5, 6)},
    ),
}


def real_of(path: str) -> Real:
    if path not in REAL:
        pytest.skip("no corpus of spec-kit lists: set PLAIT_CORPUS")
    return REAL[path]


def load(real: Real, folder: Path) -> Loaded:
    path = real.below(folder)
    source = PlanSource(root=real.root(folder), path=path, name=real.path, in_repository=True)
    return FORMAT.load(source)


def plan_of(path: str, folder: Path) -> Plan:
    plan = load(real_of(path), folder).plan
    assert plan is not None
    return plan


def needs(plan: Plan, name: str, *provenances: str) -> set[str]:
    package = next(p for p in plan.packages if p.id == name)
    return {e.id for e in package.needs if not provenances or e.provenance.value in provenances}


def counted_edges(text: str, after: Mapping[int, tuple[int, ...]]) -> int:
    """Pairs of tasks in order: of phases, and of steps within a phase, by lines alone."""
    parts = re.split(r"^## Phase .*$", text.partition("\n## Dependencies")[0], flags=re.MULTILINE)[
        1:
    ]
    sizes = [len(_BOX.findall(part)) for part in parts]
    total = sum(sizes[at] * sizes[first] for at, firsts in after.items() for first in firsts)
    for part in parts:
        boxes: list[tuple[bool, bool]] = []
        for section in re.split(r"^(?=### )", part, flags=re.MULTILINE):
            tests = section.startswith("### Tests")
            boxes += [(bool(box["p"]), tests) for box in _BOX.finditer(section)]
        steps: list[int] = []
        for (parallel, _), run in groupby(boxes):
            count = len(list(run))
            steps += [count] if parallel else [1] * count
        total += sum(first * then for first, then in pairwise(steps))
    return total


def test_every_real_list_is_in_the_table() -> None:
    """The table leaves out none of the task lists."""
    if not REAL:
        pytest.skip("no corpus of spec-kit lists: set PLAIT_CORPUS")
    assert set(REAL) == set(COUNTS)


@pytest.mark.parametrize("path", COUNTS)
def test_counts(path: str, tmp_path: Path) -> None:
    """Tasks, done and left-out ones are those counted by hand, and by a regex over the lines."""
    text = real_of(path).file.read_text(encoding="utf-8")
    plan = plan_of(path, tmp_path)
    states = [p.status for p in plan.packages]
    found = Count(
        tasks=len(states),
        done=states.count(SourceStatus.DONE),
        skipped=states.count(SourceStatus.SKIPPED),
    )
    expected = COUNTS[path]
    assert found == Count(expected.tasks, expected.done, expected.skipped)
    boxes = list(_BOX.finditer(text))
    heads = boxes or list(_HEADING.finditer(text))
    skipped = [box for box in boxes if box["skip"]]
    done = [box for box in boxes if box["mark"] in "xX" and not box["skip"]]
    assert found == Count(tasks=len(heads), done=len(done), skipped=len(skipped))
    assert [p.id for p in plan.packages] == [head["id"] for head in heads]
    marked = {p.id for p in plan.packages if p.parallel}
    assert marked == {head["id"] for head in heads if head["p"]}


@pytest.mark.parametrize("path", [path for path, count in COUNTS.items() if count.edges])
def test_edges(path: str, tmp_path: Path) -> None:
    """The edges are as many as phases and steps of the lines multiply to."""
    text = real_of(path).file.read_text(encoding="utf-8")
    count = COUNTS[path]
    assert count.after is not None
    found = sum(len(p.needs) for p in plan_of(path, tmp_path).packages)
    assert found == count.edges == counted_edges(text, count.after)


@pytest.mark.parametrize("path", COUNTS)
def test_sound(path: str, tmp_path: Path) -> None:
    """No list has errors, a circle or an edge to nowhere; all that is told is what lies not by."""
    loaded = load(real_of(path), tmp_path)
    assert loaded.plan is not None
    order = {str(p.id): [str(e.id) for e in p.needs] for p in loaded.plan.packages}
    assert not circling(order)
    assert {name for wanted in order.values() for name in wanted} <= set(order)
    assert all(f.severity is not Severity.ERROR for f in loaded.findings)
    assert {f.code for f in loaded.findings} <= {"MISSING_CONTEXT"}


@pytest.mark.parametrize("path", COUNTS)
def test_detection(path: str, tmp_path: Path) -> None:
    """A list is recognised by its place, and anywhere else by its content."""
    real = real_of(path)
    placed = real.below(tmp_path)
    assert FORMAT.by_place(placed)
    root = real.root(tmp_path)
    by_place = plans.load(path, start=root, root=root, format_name=None).plan
    assert by_place is not None
    assert by_place.format == "spec-kit"
    alone = tmp_path / "elsewhere" / "notes.md"
    alone.parent.mkdir()
    alone.write_bytes(real.file.read_bytes())
    by_content = plans.load("notes.md", start=alone.parent, root=None, format_name=None).plan
    assert by_content is not None
    assert by_content.format == "spec-kit"


@pytest.mark.parametrize("path", [path for path, count in COUNTS.items() if count.done])
def test_one_byte_marks_one_task(path: str, tmp_path: Path) -> None:
    """With all boxes emptied, ticking one changes one byte and makes that task alone done."""
    real = real_of(path)
    place = real.below(tmp_path)
    raw = bytearray(place.read_bytes())
    plan = plan_of(path, tmp_path)
    work = [p for p in plan.packages if p.status is not SourceStatus.SKIPPED]
    for package in work:
        (marker,) = package.markers
        assert bytes(raw[marker.offset - 1 : marker.offset + 2]) in {b"[x]", b"[X]"}
        raw[marker.offset] = ord(marker.pending)
    place.write_bytes(raw)
    assert not [p for p in plan_of(path, tmp_path).packages if p.status is SourceStatus.DONE]
    for package in (work[0], work[len(work) // 2], work[-1]):
        (marker,) = package.markers
        ticked = bytes(raw[: marker.offset]) + b"x" + bytes(raw[marker.offset + 1 :])
        assert sum(one != other for one, other in zip(raw, ticked, strict=True)) == 1
        place.write_bytes(ticked)
        again = plan_of(path, tmp_path).packages
        assert [p.id for p in again if p.status is SourceStatus.DONE] == [package.id]


def test_graphs_of_the_query_tool(tmp_path: Path) -> None:
    """The drawn order holds beside the phases, also where it is stricter than [P]."""
    plan = plan_of("specs/001-db-query-tool/tasks.md", tmp_path)
    assert needs(plan, "T004", "explicit") == {"T001", "T002", "T003"}
    assert needs(plan, "T030", "explicit") == {f"T0{n}" for n in range(25, 30)}
    assert needs(plan, "T044", "explicit") == {f"T0{n}" for n in range(38, 44)}
    assert needs(plan, "T031", "phase") == {f"T0{n:02}" for n in range(1, 31)}
    scopes = {str(p.id): p.scope for p in plan.packages}
    assert scopes["T005"].write == ("backend/app/storage/sqlite.py",)
    assert scopes["T006"].confidence is Confidence.INFERRED


def test_the_contract_drawn_downwards(tmp_path: Path) -> None:
    """Heading tasks take their order from the graph, their files and times from their fields."""
    plan = plan_of("specs/002-merkle-uhoh/tasks.md", tmp_path)
    assert needs(plan, "T002") == {"T001"}
    assert needs(plan, "T006", "explicit") == {"T003", "T004", "T005"}
    assert needs(plan, "T016", "explicit") == {f"T0{n}" for n in range(10, 16)}
    assert needs(plan, "T021", "explicit") == {f"T0{n}" for n in range(17, 21)}
    first = plan.packages[0]
    assert first.scope.write == ("contracts/src/PepedawnRaffle.sol",)
    assert first.estimate_s == 7200
    assert plan.packages[15].estimate_s == 1800


def test_the_critical_path_of_the_raffle(tmp_path: Path) -> None:
    """Ranges over what was left out take what is there; ids with a word count in."""
    plan = plan_of("specs/001-build-a-simple/tasks.md", tmp_path)
    assert needs(plan, "T038-MIN", "explicit") >= {"T033-MIN", "T034-MIN", "T037"}
    assert needs(plan, "T019", "explicit") >= {f"T0{n}" for n in range(12, 19)}
    assert needs(plan, "T039") == set()
    assert {p.scope.write for p in plan.packages[4:11]} == {("contracts/src/PepedawnRaffle.sol",)}
