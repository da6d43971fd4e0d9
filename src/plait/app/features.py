"""Whether a plan can write what other runs, or registered features, are writing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from plait.app.project import Project, find_root, has_store, look, open_project
from plait.core.event import Warned
from plait.core.features import CODE, LASTS, Area, findings, of_feature, of_run
from plait.core.finding import Finding
from plait.core.plan import PackageId, Plan
from plait.errors import DecisionNeeded, PlaitError
from plait.ports import Rows

REFUSE, IGNORE = "refuse", "ignore"


def feature_findings(start: Path, plan: Plan) -> tuple[Finding, ...]:
    """`FEATURE_CONFLICT`, where the repository has a store that knows of others."""
    if find_root(start) is None:
        return ()
    try:
        project = open_project(start)
        if project.settings.feature_conflicts == IGNORE or not has_store(project):
            return ()
        with look(project) as rows:
            return findings(plan, tuple(_beside(rows, plan)))
    except PlaitError:  # `APPROVALS_UNREAD` tells of a store that cannot be read
        return ()


def settle(project: Project, rows: Rows, plan: Plan) -> tuple[Warned, ...]:
    """The same for a run that is to begin: warnings, or a refusal, as its owner has set.

    Raises:
        DecisionNeeded: `FEATURE_CONFLICT`.
    """
    policy = project.settings.feature_conflicts
    found = () if policy == IGNORE else findings(plan, tuple(_beside(rows, plan)))
    if found and policy == REFUSE:
        more = f"; and {len(found) - 1} more" if len(found) > 1 else ""
        raise DecisionNeeded(
            f"{found[0].message}{more}",
            code=CODE,
            hint='let that end first, or set `[run] feature_conflicts = "warn"`',
        )
    names = {each.id for each in plan.packages}
    return tuple(
        Warned(code=CODE, message=each.message, package=_package(each, names)) for each in found
    )


def _beside(rows: Rows, plan: Plan) -> Iterator[Area]:
    """What registered features and other runs that are not over may write."""
    for feature in rows.features():
        if feature.id != plan.feature:
            yield of_feature(feature)
    for run in rows.runs():
        if run.status in LASTS and run.plan != plan.id:
            states = [(each.id, each.status) for each in rows.packages(run.id)]
            yield from of_run(run.id, rows.plan(run.id), states)


def _package(finding: Finding, names: set[PackageId]) -> PackageId | None:
    name = PackageId(finding.message.partition(" ")[0])
    return name if name in names else None
