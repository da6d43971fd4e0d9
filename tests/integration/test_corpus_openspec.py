"""Real OpenSpec changes, at the paths where their projects keep them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from tests.fakes.corpus import CORPUS, Real, real_files
from tests.fakes.folders import ticked

from plait.core.finding import Finding, Severity
from plait.core.plan import SourceStatus
from plait.plans.circles import circling
from plait.plans.detect import recognise
from plait.plans.openspec import FORMAT
from plait.plans.registry import registered
from plait.ports import Loaded, PlanSource

pytestmark = pytest.mark.corpus

FILES = real_files("openspec")
LISTS = [real for real in FILES if real.path.endswith("/tasks.md")]
NO_NUMBERS = "market-time-clockboard-design"  # nothing in its text tells it from any list


@dataclass(frozen=True)
class Count:
    """Tasks, those done, and what they need in all."""

    tasks: int
    done: int
    edges: int


# Counted by hand; `counted` counts the same again by rules of its own.
COUNTS = {
    "implement-discord-im-plugin-mvp": Count(13, 13, 12),
    "image-review-entry": Count(19, 16, 20),
    "market-time-clockboard-design": Count(63, 63, 62),
    "add-turborepo-cli-setup": Count(35, 35, 34),
    "add-eslint-cli": Count(57, 44, 58),
    "add-mcp-http-proxy-transport": Count(31, 31, 47),
    "improve-worktree-management": Count(26, 0, 33),
}


_RANGE = re.compile(r"(\d+)\.(\d+)(?:-| through )(?:\1\.)?(\d+)")


def counted(text: str) -> Count:
    """By plain rules: each box at a line's begin is a task; without fields, one after another."""
    boxes = re.findall(r"^- \[([ xX])\] ", text, re.MULTILINE)
    fields = re.findall(r"^ +\*\*Dependencies\*\*: (.*)", text, re.MULTILINE)
    done = [mark in "xX" for mark in boxes]
    spread = [_RANGE.sub(_spread, field) for field in fields]
    edges = sum(len(re.findall(r"\d+\.\d+", field)) for field in spread)
    if not fields:
        edges = len(boxes) - 1
        # An open task behind a done one also waits for the open one before that.
        edges += sum(
            not now and before and not all(done[:at])
            for at, (before, now) in enumerate(pairwise(done))
        )
    return Count(len(boxes), sum(done), edges)


def _spread(found: re.Match[str]) -> str:
    return " ".join(f"{found[1]}.{n}" for n in range(int(found[2]), int(found[3]) + 1))


def _name(real: Real) -> str:
    return real.path.split("/")[-2] + "/" + real.path.split("/")[-1]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus' files, each at its own path below its project's folder."""
    if not FILES:
        pytest.skip(f"no corpus at {CORPUS}: set PLAIT_CORPUS")
    folder = tmp_path_factory.mktemp("corpus")
    for real in FILES:
        real.below(folder)
    return folder


def source_of(root: Path, real: Real) -> PlanSource:
    return PlanSource(
        root=real.root(root), path=real.below(root), name=real.path, in_repository=True
    )


def load(root: Path, real: Real) -> Loaded:
    return FORMAT.load(source_of(root, real))


def test_there_are_lists(root: Path) -> None:
    """The corpus holds enough of them to mean something."""
    assert len(LISTS) >= 20
    assert all(any(name in real.path for real in LISTS) for name in COUNTS)


@pytest.mark.parametrize("real", FILES, ids=_name)
def test_place(root: Path, real: Real) -> None:
    """Task lists are recognised by their place; what lies beside them is no plan."""
    found = recognise(source_of(root, real), registered().formats, forced=False)
    if real in LISTS:
        assert found is FORMAT
    else:
        assert isinstance(found, Finding)
        assert found.code == "PLAN_UNRECOGNISED"


@pytest.mark.parametrize("real", LISTS, ids=_name)
def test_content(tmp_path: Path, real: Real) -> None:
    """Task lists are recognised by their content alone, but for one that has no numbers."""
    path = tmp_path / "plan.md"
    path.write_bytes(real.file.read_bytes())
    source = PlanSource(root=tmp_path, path=path, name="plan.md", in_repository=True)
    found = recognise(source, registered().formats, forced=False)
    if NO_NUMBERS in real.path:
        assert isinstance(found, Finding)
    else:
        assert found is FORMAT


@pytest.mark.parametrize("real", LISTS, ids=_name)
def test_sound(root: Path, real: Real) -> None:
    """No list has errors, a circle, or an edge to nowhere."""
    loaded = load(root, real)
    assert loaded.plan is not None
    order = {str(p.id): [str(e.id) for e in p.needs] for p in loaded.plan.packages}
    assert not circling(order)
    assert {name for wanted in order.values() for name in wanted} <= set(order)
    assert not [f for f in loaded.findings if f.severity is Severity.ERROR]
    assert not [f for f in loaded.findings if f.code in {"UNKNOWN_REFERENCE", "UNKNOWN_MARK"}]


@pytest.mark.parametrize("name", COUNTS)
def test_counts(root: Path, name: str) -> None:
    """Tasks, those done, and edges are those of the table and of a second count."""
    (real,) = (real for real in LISTS if real.path.endswith(f"{name}/tasks.md"))
    plan = load(root, real).plan
    assert plan is not None
    found = Count(
        len(plan.packages),
        sum(p.status is SourceStatus.DONE for p in plan.packages),
        sum(len(p.needs) for p in plan.packages),
    )
    assert found == COUNTS[name]
    assert found == counted(real.file.read_text("utf-8"))


@pytest.mark.parametrize("real", LISTS, ids=_name)
def test_tick(root: Path, tmp_path: Path, real: Real) -> None:
    """Marking any open task done changes its boxes' bytes, and that task alone is done then."""
    plan = load(root, real).plan
    assert plan is not None
    raw = real.file.read_bytes()
    waiting = [p for p in plan.packages if p.status is SourceStatus.PENDING]
    for package in waiting[:3] + waiting[-1:]:
        assert len(package.markers) == 1
        done = ticked(raw, plan, package.id)
        assert sum(a != b for a, b in zip(raw, done, strict=True)) == 1
        path = tmp_path / real.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(done)
        again = FORMAT.load(
            PlanSource(root=tmp_path, path=path, name=real.path, in_repository=True)
        ).plan
        assert again is not None
        changed = [
            new.id
            for old, new in zip(plan.packages, again.packages, strict=True)
            if old.status is not new.status
        ]
        assert changed == [package.id]


def test_dependencies_of_the_router(root: Path) -> None:
    """Fields free tasks from their groups; checkpoints judge what stands before them."""
    (real,) = (r for r in LISTS if "add-adaptive-model-router" in r.path)
    plan = load(root, real).plan
    assert plan is not None
    needs = {str(p.id): {e.id for e in p.needs} for p in plan.packages}
    assert needs["2.11"] == {"2.6", "2.8", "2.10"}
    assert needs["1.box1"] == {"1.1", "1.2", "1.3"}
    by_id = {str(p.id): p for p in plan.packages}
    assert by_id["1.box1"].guards == ("1.1", "1.2", "1.3")
    assert by_id["2.3"].estimate_s == 3600


def test_names_from_an_older_list(root: Path) -> None:
    """Ids that a list kept from where it came from are understood."""
    (real,) = (r for r in LISTS if "venue-session-state" in r.path)
    plan = load(root, real).plan
    assert plan is not None
    needs = {str(p.id): {e.id: e.provenance.value for e in p.needs} for p in plan.packages}
    assert needs["2.9"] == {"2.7": "explicit", "2.8": "explicit"}
    assert needs["6.5"] == {"4.7": "explicit"}
