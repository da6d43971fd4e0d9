"""Real spec-kitty missions, at the paths where their projects keep them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from tests.fakes.corpus import CORPUS, Real, real_files

from plait.core.finding import Finding, Severity
from plait.core.plan import Confidence, SourceStatus
from plait.plans.circles import circling
from plait.plans.detect import recognise
from plait.plans.registry import registered
from plait.plans.spec_kitty import FORMAT
from plait.ports import Loaded, PlanSource

pytestmark = pytest.mark.corpus

FILES = real_files("spec-kitty")
REVIEW = "review-cycle-1.md"  # a review's verdict, which is no plan
PLANS = [real for real in FILES if not real.path.endswith(REVIEW)]


@dataclass(frozen=True)
class Count:
    """Packages, those done, what they need in all, and boxes of subtasks."""

    packages: int
    done: int
    edges: int
    boxes: int


# Counted by hand; `counted` and `laned` count the same again by rules of their own.
COUNTS = {
    "002-lightweight-pypi-release/tasks.md": Count(4, 4, 6, 8),
    "cli-upgrade-nag-lazy-project-migrations-01KQ6YDN/tasks.md": Count(11, 11, 13, 42),
    "kernel-clock-single-door/tasks.md": Count(18, 0, 26, 0),
    "supply-chain-security-checks-layer-01KZBFBS/tasks.md": Count(5, 0, 7, 0),
    "org-pack-authoring-diagnostics-01KZY463/lanes.json": Count(4, 0, 2, 0),
    "relocation-hardened-dead-code-scanners-01KX958P/lanes.json": Count(5, 0, 3, 0),
}


def counted(text: str) -> Count:
    """By plain rules: headings and bold bullets begin packages, dependency lines name them."""
    text = re.sub(r"WP(\d+)[–-](?:WP)?(\d+)", _spread, text)  # noqa: RUF001 - as written
    blocks = re.split(
        r"^(?=##+ (?:Work Package )?WP\d+|- \*\*WP\d+ |## )", text, flags=re.MULTILINE
    )
    begin = re.compile(r"(?:##+ (?:Work Package )?|- \*\*)(WP\d+[a-z]?)(?![\dWP ]* WP)")
    packages = [
        block for block in blocks if begin.match(block) and not re.match(r"##+ WP\d+ WP", block)
    ]
    edges = done = boxes = 0
    for block in packages:
        said = re.search(
            r"### Dependencies\n(.*)|\*\*(?:Dependencies|Deps)\*\*: ([^·\n(]*)|\(deps ([^)]*)\)",
            block,
        )
        words = re.sub(r"[Nn]one.*", "", next(filter(None, said.groups()), "")) if said else ""
        edges += len(set(re.findall(r"WP\d+[a-z]?", words)))
        marks = re.findall(r"^- \[(.)\] T\d+", block, re.MULTILINE)
        boxes += len(marks)
        done += bool(marks) and all(mark in "xX" for mark in marks)
    return Count(len(packages), done, edges, boxes)


def laned(text: str) -> Count:
    """Lanes: pairs that follow each other in a lane, and each package of it after others'."""
    rows = {row["lane_id"]: row for row in json.loads(text)["lanes"]}
    pairs = set()
    for row in rows.values():
        names = row["wp_ids"]
        pairs |= set(pairwise(names))
        pairs |= {
            (a, b) for lane in row["depends_on_lanes"] for a in rows[lane]["wp_ids"] for b in names
        }
    return Count(sum(len(row["wp_ids"]) for row in rows.values()), 0, len(pairs), 0)


def _spread(found: re.Match[str]) -> str:
    return " ".join(f"WP{n:02}" for n in range(int(found[1]), int(found[2]) + 1))


def _name(real: Real) -> str:
    return "/".join(real.path.split("/")[-2:])


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


def test_there_are_missions(root: Path) -> None:
    """Every file but the review is a plan of its own."""
    assert len(PLANS) >= 7
    assert all(any(real.path.endswith(name) for real in PLANS) for name in COUNTS)


@pytest.mark.parametrize("real", FILES, ids=_name)
def test_place(root: Path, real: Real) -> None:
    """Lists, lanes and packages' files are recognised at their place; a review is no plan."""
    found = recognise(source_of(root, real), registered().formats, forced=False)
    assert (found is FORMAT) is (real in PLANS)
    assert real in PLANS or isinstance(found, Finding)


@pytest.mark.parametrize("real", FILES, ids=_name)
def test_content(tmp_path: Path, real: Real) -> None:
    """By their content alone lists are recognised; what is only a part of a plan is not."""
    path = tmp_path / "plan.txt"
    path.write_bytes(real.file.read_bytes())
    source = PlanSource(root=tmp_path, path=path, name="plan.txt", in_repository=True)
    found = recognise(source, registered().formats, forced=False)
    assert (found is FORMAT) is real.path.endswith("/tasks.md")
    assert found is FORMAT or isinstance(found, Finding)


@pytest.mark.parametrize("real", PLANS, ids=_name)
def test_sound(root: Path, real: Real) -> None:
    """No mission has errors, a circle, or an edge to nowhere."""
    loaded = load(root, real)
    assert loaded.plan is not None
    order = {str(p.id): [str(e.id) for e in p.needs] for p in loaded.plan.packages}
    assert not circling(order)
    assert {name for wanted in order.values() for name in wanted} <= set(order)
    assert not [f for f in loaded.findings if f.severity is Severity.ERROR]
    assert {f.code for f in loaded.findings} <= {"MISSING_CONTEXT"}


@pytest.mark.parametrize("name", COUNTS)
def test_counts(root: Path, name: str) -> None:
    """Packages, those done, edges and boxes are those of the table and of a second count."""
    (real,) = (real for real in PLANS if real.path.endswith(name))
    plan = load(root, real).plan
    assert plan is not None
    found = Count(
        len(plan.packages),
        sum(p.status is SourceStatus.DONE for p in plan.packages),
        sum(len(p.needs) for p in plan.packages),
        sum(len(p.markers) for p in plan.packages),
    )
    text = real.file.read_text("utf-8")
    assert found == COUNTS[name]
    assert found == (laned(text) if name.endswith(".json") else counted(text))


def test_boxes(root: Path, tmp_path: Path) -> None:
    """Each marker is one box's byte: opening one opens its package, and no other."""
    (real,) = (real for real in PLANS if "01KQ6YDN/tasks.md" in real.path)
    plan = load(root, real).plan
    assert plan is not None
    for package in plan.packages[:3]:
        raw = bytearray(real.file.read_bytes())
        assert raw[package.markers[0].offset : package.markers[0].offset + 1] == b"x"
        raw[package.markers[0].offset : package.markers[0].offset + 1] = b" "
        path = tmp_path / real.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
        source = PlanSource(root=tmp_path, path=path, name=real.path, in_repository=True)
        again = FORMAT.load(source).plan
        assert again is not None
        assert [p.id for p in again.packages if p.status is SourceStatus.PENDING] == [package.id]


def test_a_package_alone(root: Path) -> None:
    """A package's own file says what it owns, and that binds."""
    (real,) = (real for real in PLANS if "/tasks/WP07" in real.path)
    plan = load(root, real).plan
    assert plan is not None
    (package,) = plan.packages
    assert (package.id, package.title) == ("WP07", "Service Layer – Routing & Upgrade")  # noqa: RUF001
    assert package.scope.confidence is Confidence.DECLARED
    assert package.requirements == ("FR-010", "FR-011", "FR-012", "FR-018", "NFR-005")
