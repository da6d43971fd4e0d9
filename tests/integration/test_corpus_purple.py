"""Real Purple specs and reports, at the paths where their projects keep them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.fakes.corpus import Real, real_files

from plait import plans
from plait.core.plan import Confidence, Plan, SourceStatus
from plait.plans.purple import FORMAT
from plait.ports import PlanSource

pytestmark = pytest.mark.corpus

REAL = real_files("purple")
SPECS = [real for real in REAL if "/implementation-spec-" in real.path]
REPORTS = [real for real in REAL if real not in SPECS]
DICTATION = "implementation-spec-ai-dictation.md"
LAYOUT = "purple/standards/global/how-agents-document.md"

# By hand: tickets, edges that tickets state, edges of phases beside these, files.
COUNTS = {DICTATION: (7, 7, 5, 8)}


def named(real: Real) -> str:
    return Path(real.path).name


def test_the_corpus_is_there() -> None:
    """There are specs and reports to look at, and every spec is in the table."""
    if not REAL:
        pytest.skip("no corpus of Purple specs: set PLAIT_CORPUS")
    assert {named(real) for real in SPECS} == set(COUNTS)
    assert REPORTS


def plan_of(real: Real, folder: Path) -> Plan:
    path = real.below(folder)
    layout = real.root(folder) / LAYOUT
    layout.parent.mkdir(parents=True, exist_ok=True)
    layout.write_text("# How agents document\n", encoding="utf-8")
    source = PlanSource(root=real.root(folder), path=path, name=real.path, in_repository=True)
    loaded = FORMAT.load(source)
    assert loaded.plan is not None
    assert loaded.findings == ()
    return loaded.plan


@pytest.mark.parametrize("real", SPECS, ids=named)
def test_counts(real: Real, tmp_path: Path) -> None:
    """Tickets, edges and files are those counted by hand, and by a regex over the lines."""
    plan = plan_of(real, tmp_path)
    edges = [edge.provenance.value for p in plan.packages for edge in p.needs]
    found = (
        len(plan.packages),
        edges.count("explicit") + edges.count("range"),
        edges.count("phase"),
        sum(len(p.scope.write) for p in plan.packages),
    )
    assert found == COUNTS[named(real)]
    text = real.file.read_text(encoding="utf-8")
    heads = re.findall(r"^#### ([A-Z]+-\d+): ", text, re.MULTILINE)
    assert [p.id for p in plan.packages] == heads
    tickets = text.partition("## 4. ")[2]
    said = re.findall(r"^\*\*Dependencies:\*\* ([^(\n]*)", tickets, re.MULTILINE)
    assert found[1] == sum(len(re.findall(r"[A-Z]+-\d+", words)) for words in said)
    assert found[3] == len(re.findall(r"^- `[^`]+\.\w+` -- ", text, re.MULTILINE))
    assert all(p.status is SourceStatus.PENDING for p in plan.packages)


@pytest.mark.parametrize("real", SPECS, ids=named)
def test_detection(real: Real, tmp_path: Path) -> None:
    """A spec is recognised by its place, by its feature's name, and anywhere by its content."""
    path = real.below(tmp_path)
    root = real.root(tmp_path)
    assert FORMAT.by_place(path)
    for name in (real.path, path.parents[1].name, path.parents[1].relative_to(root).as_posix()):
        plan = plans.load(name, start=root, root=root, format_name=None).plan
        assert plan is not None
        assert plan.format == "purple"
    alone = tmp_path / "elsewhere" / "notes.md"
    alone.parent.mkdir()
    alone.write_bytes(real.file.read_bytes())
    plan = plans.load("notes.md", start=alone.parent, root=None, format_name=None).plan
    assert plan is not None
    assert plan.format == "purple"


@pytest.mark.parametrize("real", REPORTS, ids=named)
def test_reports_are_no_plans(real: Real, tmp_path: Path) -> None:
    """A QA report is not a plan, wherever it lies."""
    real.below(tmp_path)
    root = real.root(tmp_path)
    loaded = plans.load(real.path, start=root, root=root, format_name=None)
    assert loaded.plan is None
    assert [f.code for f in loaded.findings] == ["PLAN_UNRECOGNISED"]


@pytest.mark.parametrize("real", [r for r in SPECS if named(r) == DICTATION], ids=named)
def test_the_dictation(real: Real, tmp_path: Path) -> None:
    """Its button may be built beside phase 2; its test has no files; all else follows phases."""
    plan = plan_of(real, tmp_path)
    needs = {str(p.id): {str(e.id): e.provenance.value for e in p.needs} for p in plan.packages}
    assert needs["DICT-004"] == {"DICT-001": "phase", "DICT-002": "phase"}
    assert needs["DICT-003"] == {"DICT-002": "explicit", "DICT-001": "phase"}
    assert needs["DICT-006"] == {"DICT-004": "explicit", "DICT-003": "phase"}
    scopes = {str(p.id): p.scope for p in plan.packages}
    assert scopes["DICT-006"].write == ("src/components/medical-records/dictation-button.tsx",)
    assert scopes["DICT-007"].confidence is Confidence.UNKNOWN
    assert plan.phased
