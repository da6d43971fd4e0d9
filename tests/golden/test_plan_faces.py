"""What a person reads of a plan before anything runs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.fakes.stories import SEARCH_FILE, search_plan
from tests.golden.conftest import Golden

from plait.core.advice import Advice, AdviceKind, Hub
from plait.core.finding import Finding, Severity
from plait.core.forecast import Forecast, Row, Times
from plait.core.plan import (
    Digest,
    Edge,
    PackageId,
    Plan,
    Provenance,
    SourceStatus,
    Span,
    WorkPackage,
)
from plait.faces.dry_run import dry_run_text
from plait.faces.findings_text import findings_text
from plait.faces.plan_json import check_json, show_json
from plait.faces.plan_text import explain_text, mermaid, show_text
from plait.faces.shape import Shape

TASKS = "documentation/features/pay/tasks.md"
FINDINGS = (
    Finding(
        code="CYCLE",
        severity=Severity.ERROR,
        message="api needs db needs api",
        span=Span(file=SEARCH_FILE, line=15, column=18),
        where="packages[1].depends_on",
        hint="take one of these edges out",
    ),
    Finding(
        code="SCOPE_OVERLAP",
        severity=Severity.WARNING,
        message="api and docs may both write docs/api.md",
        span=Span(file=SEARCH_FILE, line=28, column=5),
    ),
    Finding(code="NO_CHECKS", severity=Severity.INFO, message="ui has no checks"),
)


@pytest.mark.parametrize("verbose", [False, True], ids=["brief", "verbose"])
def test_show(golden: Golden, *, verbose: bool) -> None:
    """`plait show` tells waves, critical path and what more agents would bring."""
    name = f"show{'-verbose' if verbose else ''}.txt"
    golden(name, show_text(search_plan(), search_shape(), verbose=verbose))


def test_show_with_tracks_and_derived_edges(golden: Golden) -> None:
    """Tracks are listed; edges that nobody wrote down say where they come from."""
    plan = pay_plan()
    shape = replace(
        search_shape(),
        waves=(("1", "2"), ("3", "4-6"), ("7",)),
        critical_path=("1", "4-6", "7"),
        times=Times(seconds={}, estimated=3, measured=1, typical=1, each_s=300.0),
        forecast=Forecast(
            rows=(Row(agents=1, makespan_s=2.5 * 8 * 3600, busy=1.0),),
            work_s=2.5 * 8 * 3600,
            bound_s=2 * 8 * 3600.0,
            pays=1,
            useful=1,
        ),
        hubs=(),
        advice=(),
    )
    plan = replace(plan, packages=plan.packages[:5])
    golden("show-tracks.txt", show_text(plan, shape))


def test_show_json(golden: Golden) -> None:
    """`plait show --json` is the whole plan."""
    golden("show.json", json.dumps(show_json(search_plan(), search_shape()), indent=2) + "\n")


def test_explain(golden: Golden) -> None:
    """`show --explain` justifies each edge by its place in the source."""
    conflicts = {PackageId("ranking"): "both hold the lock db:schema:search"}
    told = explain_text(search_plan(), PackageId("api"), conflicts)
    golden("explain.txt", told)
    golden("explain-alone.txt", explain_text(search_plan(), PackageId("audit"), {}))


def test_mermaid(golden: Golden) -> None:
    """`show --mermaid` draws derived edges dashed, with their provenance."""
    golden("graph.mmd", mermaid(pay_plan()))


def test_findings(golden: Golden) -> None:
    """Findings read like a linter's, with their hints and a sum."""
    golden("findings.txt", findings_text(FINDINGS))
    golden("findings-colour.txt", findings_text(FINDINGS, colour=True))
    golden("findings-none.txt", findings_text(()))


def test_check_json(golden: Golden) -> None:
    """`plait check --json` carries the plan in numbers and every finding."""
    told = check_json(search_plan(), FINDINGS, width=5, depth=4)
    golden("check.json", json.dumps(told, indent=2) + "\n")


def test_dry_run_by_groups_and_tracks(golden: Golden) -> None:
    """A specflow plan reads in its own words: groups, tracks, ranges of tasks."""
    golden("dry-run-groups.txt", dry_run_text(pay_plan(), estimate_s=7 * 8 * 3600))


def test_dry_run_of_any_other_plan(golden: Golden) -> None:
    """A plan without groups and tracks has a line for each wave."""
    golden("dry-run-waves.txt", dry_run_text(search_plan()))


def search_shape() -> Shape:
    """What is computed of the search plan."""
    waves = (
        ("db", "ui", "ranking", "audit"),
        ("api", "import"),
        ("docs", "e2e"),
        ("notes",),
    )
    return Shape(
        waves=tuple(tuple(map(PackageId, wave)) for wave in waves),
        critical_path=tuple(map(PackageId, ("db", "api", "e2e", "notes"))),
        width=4,
        depth=4,
        agents=6,
        times=Times(seconds={PackageId("db"): 600.0}, assumed=9),
        forecast=Forecast(
            rows=(
                Row(agents=1, makespan_s=5400.0, busy=1.0),
                Row(agents=2, makespan_s=3000.0, busy=0.9),
                Row(agents=3, makespan_s=2450.0, busy=0.73),
                Row(agents=4, makespan_s=2400.0, busy=0.56),
            ),
            work_s=5400.0,
            bound_s=2400.0,
            pays=3,
            useful=4,
        ),
        hubs=(Hub(path="src/api.py", packages=tuple(map(PackageId, ("db", "api", "import")))),),
        advice=(
            Advice(
                kind=AdviceKind.SHARED_FILE,
                packages=(PackageId("ui"), PackageId("ranking")),
                message="ui and ranking are parallel in the plan and both write src/search.py: "
                "they run one after another",
                gain_s=600.0,
            ),
            Advice(
                kind=AdviceKind.SPLIT,
                packages=(PackageId("db"),),
                message="split db: it is 60 % of the critical path",
                gain_s=300.0,
            ),
        ),
    )


def pay_plan() -> Plan:
    """A task list with execution groups, tracks, a batch, and one task done already."""
    tasks = (
        _task("1", "A", "1", done=True),
        _task("2", "A", "1", "1"),
        _task("3", "B", "1"),
        _task("4-6", "A", "1", "2", tasks=("4", "5", "6"), provenance=Provenance.TRACK),
        _task("7", "B", "1", "3", provenance=Provenance.SCOPE),
        _task("8", "B", "1", "7", provenance=Provenance.TRACK),
        _task("9", "C", "2", "4-6", "8", provenance=Provenance.WAVE),
        _task("10", "C", "2", "9", provenance=Provenance.TRACK),
        _task("11", "D", "3", "10", provenance=Provenance.WAVE),
        _task("CR-A", None, None, "4-6"),
    )
    return Plan(
        id="pay",
        title="Pay by card",
        format="specflow",
        feature="pay",
        branch="feat/pay",
        digest=Digest("sha256:0"),
        files=(),
        packages=tasks,
    )


def _task(
    name: str,
    track: str | None,
    group: str | None,
    *needs: str,
    tasks: tuple[str, ...] = (),
    provenance: Provenance = Provenance.EXPLICIT,
    done: bool = False,
) -> WorkPackage:
    line = 10 + 4 * sum(map(ord, name)) % 90
    return WorkPackage(
        id=PackageId(name),
        source_id=tasks[0] if tasks else name,
        title=f"Step {name}",
        track=track,
        group=group,
        status=SourceStatus.DONE if done else SourceStatus.PENDING,
        tasks=tasks,
        needs=tuple(
            Edge(id=PackageId(need), provenance=provenance, span=Span(file=TASKS, line=line))
            for need in needs
        ),
        span=Span(file=TASKS, line=line),
    )
