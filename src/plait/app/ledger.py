"""What earlier runs landed, for plans whose format has no mark that says so.

A box is ticked in the tree that a landing makes, so it is true wherever that tree is. For other
formats Plait's own record is the ledger: a package counts as done where the commit that landed
it is part of what the next run builds on, and the plan still says of it what it said then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from plait.app.project import Project, has_store, look
from plait.core.finding import Finding, Severity
from plait.core.plan import PackageId, Plan, SourceStatus, WorkPackage
from plait.core.run import PackageStatus
from plait.ports import Rows

_MOST_RUNS = 50
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Landing:
    package: WorkPackage
    commit: str
    run: str


def with_landed(project: Project, plan: Plan, base: str) -> tuple[Plan, tuple[Finding, ...]]:
    """The plan with what earlier runs landed in `base` marked as done, and what is told of it.

    Args:
        project: The repository.
        plan: The plan as its format read it.
        base: What the run builds on: a commit's name.

    Raises:
        PlaitError: The store or the repository cannot be read.
    """
    open_packages = {
        package.id: package
        for package in plan.packages
        if package.status is SourceStatus.PENDING and not package.markers
    }
    if not open_packages or not has_store(project):
        return plan, ()
    with look(project) as rows:
        landings = list(_landings(rows, plan))
    if not landings:
        return plan, ()
    from plait import git, process

    commits = [landing.commit for landing in landings]
    inside = process.run_main(git.contained, project.root, commits, base)
    done: dict[PackageId, str] = {}
    changed: list[tuple[WorkPackage, str]] = []
    for landing in reversed(landings):  # the newest last, which holds
        if landing.commit not in inside:
            continue
        for package in _members(landing.package, open_packages.values()):
            if _same(package, landing.package):
                done[package.id] = landing.commit
            else:
                done.pop(package.id, None)
                changed.append((package, landing.run))
    packages = tuple(
        replace(package, status=SourceStatus.DONE) if package.id in done else package
        for package in plan.packages
    )
    names = [package.id for package in packages if package.id in done]
    return replace(plan, packages=packages), tuple(_told(names, changed))


def _landings(rows: Rows, plan: Plan) -> Iterable[_Landing]:
    """All packages that runs of a plan of this id landed, the newest run first."""
    runs = [row for row in rows.runs() if row.plan == plan.id][:_MOST_RUNS]
    for row in runs:
        landed = {
            each.id: each.commit
            for each in rows.packages(row.id)
            if each.status == PackageStatus.LANDED and each.commit
        }
        if not landed:
            continue
        then = rows.plan(row.id)
        if then.format == plan.format:
            for package in then.packages:
                if commit := landed.get(package.id):
                    yield _Landing(package=package, commit=commit, run=row.id)


def _members(landed: WorkPackage, now: Iterable[WorkPackage]) -> Sequence[WorkPackage]:
    """The packages of today's plan that were done by one that landed: itself, or a batch's."""
    if len(landed.tasks) > 1:
        return [package for package in now if package.source_id in landed.tasks]
    return [package for package in now if package.id == landed.id]


def _same(now: WorkPackage, then: WorkPackage) -> bool:
    """Whether the plan says of a package what it said when it landed."""
    if len(then.tasks) > 1:
        section = f"## {now.source_id} {now.title}\n\n{now.description}".rstrip()
        return section in then.description
    return (now.title, now.description) == (then.title, then.description)


def _told(
    done: Sequence[PackageId], changed: Sequence[tuple[WorkPackage, str]]
) -> Iterable[Finding]:
    if done:
        more = len(done) - _MOST_NAMED
        shown = ", ".join(done[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        yield Finding(
            code="LANDED_BEFORE",
            severity=Severity.INFO,
            message=f"landed by earlier runs, and part of what is built on: {shown}",
            hint="change a package's text to have it done again",
        )
    for package, run in changed:
        if package.id not in done:
            yield Finding(
                code="CHANGED_SINCE_LANDING",
                severity=Severity.WARNING,
                message=f"{package.id} landed in run {run}, but the plan says something else of it "
                "now: it will be done again",
                span=package.span,
                hint="undo the change if it is not meant to be done again",
            )
