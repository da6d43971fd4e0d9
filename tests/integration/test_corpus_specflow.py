"""Real specflow task lists, at the paths where their projects keep them."""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from plait.core.plan import Confidence, PackageKind, Plan, SourceStatus
from plait.plans.circles import circling
from plait.plans.specflow import FORMAT
from plait.ports import Loaded, PlanSource

pytestmark = pytest.mark.corpus

REPOSITORY = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("PLAIT_CORPUS", REPOSITORY.parent / "shared" / "corpus")) / "specflow"

ANDROID = "documentation/modules/frontend-android/features"
LAYER = "documentation/features/communication-layer"
QUALITY = "qualhook/documentation/features/quality-hook/tasks.md"
CORE = "feedbacker/documentation/modules/feedbacker/features/core/tasks.md"
DASHBOARD = (
    "pocket_agent/documentation/modules/frontend-spa/features/"
    "dashboard-and-project-creation/tasks.md"
)


@dataclass(frozen=True)
class Count:
    """What a list holds, counted by hand: tasks, those ticked; gates, those done; rework."""

    tasks: int
    done: int
    gates: int = 0
    passed: int = 0
    rework: int = 0


# In the dashboard 11 gates are ticked, of which three carry "REQUIRES CHANGES". The three lists
# of the communication layer are one plan.
COUNTS = {
    QUALITY: Count(32, 32),
    "qualhook/documentation/features/ai-assisted-config/tasks.md": Count(19, 19),
    CORE: Count(15, 15, 15, 10, 6),
    DASHBOARD: Count(13, 13, 15, 8, 7),
    "pocket_agent/documentation/features/security-authentication/tasks.md": Count(56, 0),
    f"pocket_agent/{ANDROID}/background-services/tasks.md": Count(58, 0),
    f"pocket_agent/{LAYER}/modules/frontend-android/tasks.md": Count(19 + 19 + 16, 0),
    f"pocket_agent/{LAYER}/modules/frontend-react/tasks.md": Count(19 + 19 + 16, 0),
    f"pocket_agent/{LAYER}/modules/server/tasks.md": Count(19 + 19 + 16, 0),
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus' files, each at its own path below its project's folder."""
    if not CORPUS.is_dir():
        pytest.skip(f"no corpus at {CORPUS}: set PLAIT_CORPUS")
    root = tmp_path_factory.mktemp("corpus")
    with (CORPUS / "SOURCES.tsv").open() as sources:
        for row in csv.DictReader(sources, delimiter="\t"):
            if (CORPUS / row["file"]).is_file():
                place = root / row["repo"].split("/")[1] / row["path"]
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(CORPUS / row["file"], place)
    return root


def load(root: Path, place: str) -> Loaded:
    project, _, name = place.partition("/")
    path = root / place
    return FORMAT.load(PlanSource(root=root / project, path=path, name=name, in_repository=True))


def plan_of(root: Path, place: str) -> Plan:
    plan = load(root, place).plan
    assert plan is not None
    return plan


def needs(plan: Plan, name: str, *provenances: str) -> set[str]:
    package = next(p for p in plan.packages if p.id == name)
    return {e.id for e in package.needs if not provenances or e.provenance.value in provenances}


def ids(first: int, last: int) -> set[str]:
    return {str(n) for n in range(first, last + 1)}


def test_every_real_list_is_in_the_table(root: Path) -> None:
    """The table leaves out none of the task lists."""
    assert {p.relative_to(root).as_posix() for p in root.rglob("tasks.md")} == set(COUNTS)


@pytest.mark.parametrize("place", COUNTS)
def test_counts(root: Path, place: str) -> None:
    """Tasks, gates and rework, and which of them are done, are those counted by hand."""
    plan = plan_of(root, place)
    found = Counter((p.kind, p.status) for p in plan.packages)
    kinds = Counter(p.kind for p in plan.packages)
    gates = (PackageKind.GATE, PackageKind.CHECKPOINT)
    assert COUNTS[place] == Count(
        tasks=kinds[PackageKind.IMPLEMENT],
        done=found[PackageKind.IMPLEMENT, SourceStatus.DONE],
        gates=sum(kinds[kind] for kind in gates),
        passed=sum(found[kind, SourceStatus.DONE] for kind in gates),
        rework=kinds[PackageKind.FIX],
    )


@pytest.mark.parametrize("place", COUNTS)
def test_sound(root: Path, place: str) -> None:
    """No list has a circle or an edge to nowhere, none has errors, and its place is known."""
    loaded = load(root, place)
    assert loaded.plan is not None
    order = {str(p.id): [str(e.id) for e in p.needs] for p in loaded.plan.packages}
    assert not circling(order)
    assert {name for wanted in order.values() for name in wanted} <= set(order)
    assert "error" not in {f.severity.value for f in loaded.findings}
    assert FORMAT.by_place(root / place)
    assert FORMAT.by_content((root / place).read_text(errors="replace")) >= 0.5


@pytest.mark.parametrize("place", COUNTS)
def test_markers(root: Path, place: str) -> None:
    """Every marker is the byte of a box, and each box task has its own."""
    plan = plan_of(root, place)
    project = root / place.partition("/")[0]
    raw = {f.path: (project / f.path).read_bytes() for f in plan.files}
    for package in plan.packages:
        assert package.markers
        for marker in package.markers:
            box = raw[marker.span.file][marker.offset - 1 : marker.offset + 2]
            assert re.fullmatch(rb"\[[ x]\]", box)


def test_groups_of_the_quality_hook(root: Path) -> None:
    """The group section's edges: prerequisites, conditions, waves, and the tracks' order."""
    plan = plan_of(root, QUALITY)
    assert [str(p.id) for p in plan.packages] == [str(n) for n in range(1, 33)]
    assert all("1" in needs(plan, str(n)) for n in range(2, 33))
    waits_for_types = {n for n in ids(1, 32) if "2" in needs(plan, n)}
    assert waits_for_types == ids(4, 6) | ids(9, 10) | ids(13, 15) | ids(19, 21)
    said = {
        **dict.fromkeys(ids(11, 12), ids(4, 8)),
        **dict.fromkeys(ids(13, 15), ids(9, 10)),
        "22": ids(19, 21),
        "16": set(),
        **dict.fromkeys(ids(17, 18), ids(13, 16)),
        "23": {"22"},
        **dict.fromkeys(ids(24, 25), ids(11, 12)),
        **{n: set() for n in ids(31, 32)},
    }
    assert {n: needs(plan, n, "explicit", "range") - {"1", "2"} for n in said} == said
    first, second = ids(4, 10) | ids(19, 21), ids(11, 16) | {"22"}
    assert all(needs(plan, n, "wave") == first for n in ids(26, 28))
    assert all(needs(plan, n, "wave") == second for n in ids(29, 30))
    chained = {str(p.id): needs(plan, p.id, "track") for p in plan.packages}
    pairs = [(5, 4), (6, 5), (8, 7), (10, 9), (12, 11), (14, 13), (15, 14), (20, 19), (21, 20)]
    assert {n: found for n, found in chained.items() if found} == {
        str(then): {str(first)} for then, first in pairs
    }


def test_labels_of_the_quality_hook(root: Path) -> None:
    """The later map of the tracks holds, and the contradiction with the first is told."""
    loaded = load(root, QUALITY)
    assert loaded.plan is not None
    tracks = {str(p.id): p.track for p in loaded.plan.packages}
    assert [tracks[n] for n in ("4", "7", "9", "19", "11", "13", "22", "16")] == list("ABCDEFGH")
    assert tracks["2"] is None
    assert [f.code for f in loaded.findings] == ["CONTRADICTORY_TRACKS"]


def test_gates_of_feedbacker(root: Path) -> None:
    """Tracks wait for the reviews they name; gates guard their own track's tasks."""
    plan = plan_of(root, CORE)
    assert {p.track for p in plan.packages if p.kind is PackageKind.IMPLEMENT} == set("ABCDEF")
    assert needs(plan, "3") == {"PR-A"}
    assert needs(plan, "13") == {"PR-D", "PR-E"}
    assert needs(plan, "8") == {"CR1"}
    assert needs(plan, "CR1") == {"PR-A", "PR-B", "PR-C"}
    assert needs(plan, "CR-FINAL") == {f"PR-{track}" for track in "ABCDEF"}
    by_id = {str(p.id): p for p in plan.packages}
    assert by_id["PR-D"].guards == ("8", "9", "10")
    assert by_id["CR1"].guards == tuple(str(n) for n in range(1, 8))
    assert by_id["RW-B"].reworks == ("CR-B", "PR-B")
    assert by_id["RW-B"].status is SourceStatus.SKIPPED
    assert by_id["5"].scope.write[1] == "src/detection/strategies/*.ts"
    assert by_id["14"].scope.confidence is Confidence.UNKNOWN


def test_verdicts_of_the_dashboard(root: Path) -> None:
    """Ticked gates that require changes are open, and every trap of the list is told."""
    loaded = load(root, DASHBOARD)
    assert loaded.plan is not None
    refused = {
        str(p.id)
        for p in loaded.plan.packages
        if p.kind is PackageKind.GATE and p.status is SourceStatus.PENDING
    }
    assert {"CR-C", "CR-E", "PR-E"} <= refused
    assert Counter(f.code for f in loaded.findings) == {
        "GATE_NEEDS_OWN_REWORK": 1,
        "UNKNOWN_REFERENCE": 2,
        "CONTRADICTORY_STATUS": 3,
        "MISSING_CONTEXT": 1,
    }


def test_a_feature_over_modules(root: Path) -> None:
    """The communication layer is one plan by name; shared ids carry their module."""
    project = root / "pocket_agent"
    path = FORMAT.locate(project, "communication-layer")
    assert path is not None
    place = path.relative_to(root).as_posix()
    plan = plan_of(root, place)
    assert len({p.id for p in plan.packages}) == 54
    assert needs(plan, "server/5") == {f"server/{n}" for n in range(1, 5)}
    assert plan.phased
