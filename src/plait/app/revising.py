"""Go on with a run under another version of its plan: read, compared, approved."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from plait.app import planning
from plait.app.loading import load_plan, require_plan
from plait.app.project import Project
from plait.app.run_options import RunOptions
from plait.app.trying import tried_again, tried_still
from plait.core.codec import decode
from plait.core.finding import Finding
from plait.core.plan import PackageId, PackageKind, Plan
from plait.core.revision import Revision, compare
from plait.core.run import Run
from plait.errors import UsageError
from plait.ports import RunRow, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlan:
    """A plan that a run is to go on with. `selected` are the packages that it is about."""

    plan: Plan
    selected: tuple[PackageId, ...]
    who: str

    def meaning(self, run: Run) -> Revision:
        """What it means for the run as it stands."""
        return tried_again(compare(run, self.plan, selected=self.selected, who=self.who))


def read(
    project: Project,
    store: Store,
    row: RunRow,
    name: str,
    *,
    who: str,
    tell: Callable[[Sequence[Finding]], None],
) -> NewPlan | None:
    """The plan of that name as it is now; None if it is what the run executes.

    Raises:
        UsageError: `PLAN_INVALID`, `OTHER_PLAN`, `SCOPE_UNKNOWN`.
        DecisionNeeded: `UNCHECKED`.
    """
    old = store.plan(row.id)
    loaded = load_plan(name, start=project.root, format_name=old.format, base=row.base)
    new = require_plan(loaded, tell)
    if new.id != old.id:
        raise UsageError(
            f"run {row.id} is about the plan {old.id}, not {new.id}",
            code="OTHER_PLAN",
            hint=f"`plait run {name}` begins a run of it",
        )
    if new.digest == row.digest:
        return None
    options = decode(RunOptions, store.options(row.id))
    selected = _selected(old, new, options)
    planning.require_scopes(new, selected, project.settings.unknown_scope)
    new = tried_still(old, new, selected)
    bare = planning.require_checks(old, options, allow_unchecked=True)
    planning.require_checks(new, replace(options, packages=selected), allow_unchecked=bool(bare))
    return NewPlan(plan=new, selected=selected, who=who)


def outdated(project: Project, plan: Plan) -> tuple[str, ...]:
    """The plan's files whose content in the checkout is not what the run executes."""
    changed = []
    for source in plan.files:
        path = project.root / source.path
        try:
            content = path.read_bytes()
        except OSError:
            continue
        if hashlib.sha256(content).hexdigest() != source.sha256:
            changed.append(source.path)
    return tuple(changed)


def _selected(old: Plan, new: Plan, options: RunOptions) -> tuple[PackageId, ...]:
    """All packages; of a run that was about some, these and what they need anew."""
    chosen = set(options.packages)
    opened = PackageKind.FIX  # such a package is Plait's own, in no selection
    if all(package.id in chosen or package.kind is opened for package in old.packages):
        return tuple(package.id for package in new.packages)
    by_id = {package.id: package for package in new.packages}
    known = {package.id for package in old.packages}
    queue = [each for each in by_id if each in chosen]
    taken = set(queue)
    while queue:
        for edge in by_id[queue.pop()].needs:
            if edge.id in by_id and edge.id not in known and edge.id not in taken:
                taken.add(edge.id)
                queue.append(edge.id)
    return tuple(each for each in by_id if each in taken)
