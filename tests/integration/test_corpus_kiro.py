"""Real Kiro and spec-workflow lists, at the paths where their projects keep them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from tests.fakes.boxes import Count, boxes, count
from tests.fakes.corpus import CORPUS, Real, real_files

from plait.core.catalogue import RULES
from plait.core.finding import errors
from plait.core.plan import PackageKind, Plan, SourceStatus, WorkPackage
from plait.plans import kiro, load, spec_workflow
from plait.plans.circles import circling
from plait.ports import Loaded, PlanFormat, PlanSource

pytestmark = pytest.mark.corpus

FORMATS: dict[str, PlanFormat] = {
    "kiro": kiro.FORMAT,
    "spec-workflow-mcp": spec_workflow.FORMAT,
}
LISTS = [(group, real) for group in FORMATS for real in real_files(group)]
ABSENT = pytest.param("", None, marks=pytest.mark.skip(f"no real lists at {CORPUS}"))
every_list = pytest.mark.parametrize(
    ("group", "real"),
    LISTS or [ABSENT],
    ids=lambda value: f"{value.repository}/{value.path}" if isinstance(value, Real) else "",
)

# Tasks without parts, those ticked, and edges by the list's order; counted by hand.
COUNTS = {
    "108yen/task-orchestrator-mcp/task-management-mcp-server": Count(tasks=8, done=0, edges=7),
    "1alextest/owtdeparq/chatbot-frontend": Count(tasks=20, done=11, edges=19),
    "1alextest/owtdeparq/project-description-persistence": Count(tasks=15, done=6, edges=14),
    "997899594/Juanie/documentation-revolution": Count(tasks=19, done=5, edges=20),
    "AWS-fpenland/PDF_accessability_UI/job-history": Count(tasks=21, done=0, edges=20),
    "49LabsAI/SovSeal/lockdrop-app": Count(tasks=47, done=47, edges=46),
    "cheefbird/AppFaders/host-audio-orchestrator": Count(tasks=17, done=11, edges=16),
    "ervwalter/trendweight/legacy-supabase-migration": Count(tasks=13, done=13, edges=12),
    "etoyama/insight-blueprint/inline-review-comments": Count(tasks=21, done=21, edges=20),
    "etoyama/insight-blueprint/SPEC-1": Count(tasks=6, done=6, edges=5),
}
# Lists that say in sentences who depends on whom: these are counted by hand alone.
STATED = {
    "RyosukeMondo/TeaLauncher/automated-releases": 0 + 1 + 1 + 1 + 2 + 5 + 5 + 1 + 1 + 9,
    "RyosukeMondo/TeaLauncher/pre-commit-compliance": 0 + 1 + 1 + 2 + 1 + 3 + 3 + 9 + 1,
}


def named(real: Real) -> str:
    """How the table calls a list."""
    return f"{real.repository}/{Path(real.path).parent.name}"


def read(group: str, real: Real, folder: Path) -> Loaded:
    """What its format makes of a list at its place."""
    path = real.below(folder)
    return FORMATS[group].load(
        PlanSource(root=real.root(folder), path=path, name=real.path, in_repository=True)
    )


def plan_of(group: str, real: Real, folder: Path) -> Plan:
    """The plan."""
    plan = read(group, real, folder).plan
    assert plan is not None
    return plan


def counted(group: str, real: Real) -> Count:
    """The second method: plain rules, no reader."""
    found = boxes(real.file.read_text(encoding="utf-8"))
    plain = count(found, wholes_have_words=group == "kiro")
    return replace(plain, edges=STATED.get(named(real), plain.edges))


@every_list
def test_counts(group: str, real: Real, tmp_path: Path) -> None:
    """Tasks, done ones and edges are those of a plain count, and of the table."""
    plan = plan_of(group, real, tmp_path)
    found = Count(
        tasks=len(plan.packages),
        done=sum(p.status is SourceStatus.DONE for p in plan.packages),
        edges=sum(len(p.needs) for p in plan.packages),
    )
    assert found == counted(group, real)
    assert found == COUNTS.get(named(real), found)


def test_the_table_is_of_real_lists() -> None:
    """Each row of the table has its list."""
    if not LISTS:
        pytest.skip(f"no real lists at {CORPUS}")
    assert {*COUNTS, *STATED} <= {named(real) for _, real in LISTS}


@every_list
def test_sound(group: str, real: Real, tmp_path: Path) -> None:
    """No list has an error, a circle or an edge to nowhere; every finding is of the catalogue."""
    loaded = read(group, real, tmp_path)
    assert loaded.plan is not None
    assert errors(loaded.findings) == ()
    order = {str(p.id): [str(edge.id) for edge in p.needs] for p in loaded.plan.packages}
    assert not circling(order)
    assert {name for wanted in order.values() for name in wanted} <= set(order)
    for finding in loaded.findings:
        assert finding.severity in RULES[finding.code].severities, finding


@every_list
def test_detection(group: str, real: Real, tmp_path: Path) -> None:
    """A list is recognised by its place, by its spec's name, and by its content alone."""
    own = FORMATS[group]
    path = real.below(tmp_path)
    root = real.root(tmp_path)
    assert own.by_place(Path(real.path))
    assert own.locate(root, path.parent.name) == path
    alone = tmp_path / "alone" / "plan.md"
    alone.parent.mkdir()
    alone.write_bytes(path.read_bytes())
    for place, top in ((real.path, root), ("plan.md", alone.parent)):
        loaded = load(place, start=top, root=top, format_name=None)
        assert loaded.plan is not None
        assert loaded.plan.format == own.name


@every_list
def test_one_byte_marks_one_task(group: str, real: Real, tmp_path: Path) -> None:
    """A ticked box is one other byte, and makes that task done and no other."""
    plan = plan_of(group, real, tmp_path)
    path = real.root(tmp_path) / real.path
    raw = path.read_bytes()
    was = {p.id: p.status for p in plan.packages}
    for package in islice(open_ones(plan), 5):
        (marker,) = package.markers
        assert raw[marker.offset : marker.offset + 1] == marker.pending.encode()
        path.write_bytes(raw[: marker.offset] + marker.done.encode() + raw[marker.offset + 1 :])
        now = {p.id: p.status for p in plan_of(group, real, tmp_path).packages}
        assert now == was | {package.id: SourceStatus.DONE}
    path.write_bytes(raw)


def open_ones(plan: Plan) -> Iterator[WorkPackage]:
    """The packages that are not done."""
    return (p for p in plan.packages if p.status is SourceStatus.PENDING)


def test_a_platforms_checkpoints(tmp_path: Path) -> None:
    """Checkpoints in Chinese run no agent and guard what stands before them; stars are optional."""
    real = next((r for _, r in LISTS if "ai-agent-platform" in r.path), None)
    if real is None:
        pytest.skip(f"no real lists at {CORPUS}")
    plan = plan_of("kiro", real, tmp_path)
    judges = [p for p in plan.packages if p.kind is PackageKind.CHECKPOINT]
    assert [p.id for p in judges[:2]] == ["3", "8"]
    assert judges[0].guards == tuple(f"1.{n}" for n in (1, 2, 3)) + tuple(
        f"2.{n}" for n in range(1, 9)
    )
    assert sum(p.optional for p in plan.packages) == len(
        [box for box in boxes(real.file.read_text(encoding="utf-8")) if box.optional]
    )


def test_words_of_a_real_task(tmp_path: Path) -> None:
    """Files below their field, the whole leverage with its underscores, and the prompt's role."""
    real = next((r for _, r in LISTS if "SPEC-4b" in r.path), None)
    if real is None:
        pytest.skip(f"no real lists at {CORPUS}")
    first = plan_of("spec-workflow-mcp", real, tmp_path).packages[0]
    assert first.scope.write == (
        "frontend/package.json",
        "frontend/tsconfig.json",
        "frontend/vite.config.ts",
        "frontend/src/index.css",
        "frontend/components.json",
    )
    assert first.requirements == ("FR-21", "FR-22", "FR-23")
    assert first.role is not None
    assert first.role.startswith("Frontend Developer specializing in React")
