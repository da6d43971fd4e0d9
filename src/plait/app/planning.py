"""From what `plait run` was told to the options of a run: selection, approval, checks."""

from __future__ import annotations

from collections.abc import Sequence

from plait.app.project import Project
from plait.app.run_options import RunOptions
from plait.core.plan import Check, CheckKind, Confidence, PackageId, Plan, SourceStatus
from plait.core.schedule import UnknownScope
from plait.core.selection import select
from plait.errors import DecisionNeeded, UsageError


def chosen_packages(
    plan: Plan,
    *,
    tracks: Sequence[str],
    packages: Sequence[str],
    with_needs: bool,
    done: Sequence[PackageId] = (),
) -> tuple[PackageId, ...]:
    """The packages a run is about; `done` are those an earlier run landed.

    Raises:
        UsageError: `UNKNOWN_TRACK`, `UNKNOWN_PACKAGE`, `NEEDS_OUTSIDE`.
    """
    known_tracks = {package.track for package in plan.packages if package.track}
    for track in tracks:
        _known("track", track, {each.casefold(): each for each in known_tracks})
    wanted = [known_package(plan, package) for package in packages]
    selection = select(plan, tracks=tracks, packages=wanted, with_needs=with_needs, done=done)
    if selection.missing:
        raise UsageError(
            f"the selection needs packages outside it: {', '.join(selection.missing)}",
            code="NEEDS_OUTSIDE",
            hint="add them, or take them in with --with-needs",
        )
    return selection.packages


def known_package(plan: Plan, name: str) -> PackageId:
    """The package of that id, or the one that a task of that id is done in; whatever its case.

    Raises:
        UsageError: `UNKNOWN_PACKAGE`.
    """
    names = {task.casefold(): package.id for package in plan.packages for task in package.tasks} | {
        package.id.casefold(): package.id for package in plan.packages
    }
    _known("package", name, dict(names))
    return names[name.casefold()]


def require_checks(
    plan: Plan, options: RunOptions, *, allow_unchecked: bool
) -> tuple[PackageId, ...]:
    """The packages that nothing checks.

    Raises:
        DecisionNeeded: `UNCHECKED`, there are some and nobody allowed it.
    """
    if options.checks or options.land_checks:
        return ()
    bare = tuple(
        package.id
        for package in plan.packages
        if package.id in options.packages
        and package.runs_agent
        and package.status is SourceStatus.PENDING
        and not any(check.kind is CheckKind.COMMAND for check in package.checks)
    )
    if bare and not allow_unchecked:
        shown = ", ".join(bare[:5]) + (f" and {len(bare) - 5} more" if len(bare) > 5 else "")  # noqa: PLR2004
        raise DecisionNeeded(
            f"nothing checks {shown}",
            code="UNCHECKED",
            hint='give a check with --check "COMMAND" or `[checks] package` in plait.toml, '
            "or accept it with --allow-unchecked",
        )
    return bare


def require_scopes(plan: Plan, packages: Sequence[PackageId], policy: str) -> None:
    """Hold `[plan] unknown_scope = "refuse"`.

    Raises:
        UsageError: `SCOPE_UNKNOWN`, a package would run without anybody knowing what it writes.
    """
    unknown = [
        package.id
        for package in plan.packages
        if package.id in packages
        and package.runs_agent
        and package.status is SourceStatus.PENDING
        and package.scope.confidence is Confidence.UNKNOWN
    ]
    if unknown and policy == UnknownScope.REFUSE:
        raise UsageError(
            f"nothing tells what these may write: {', '.join(unknown[:10])}",
            code="SCOPE_UNKNOWN",
            hint="name their files in the plan, or choose another `[plan] unknown_scope`",
        )


def default_checks(project: Project, commands: Sequence[str]) -> tuple[Check, ...]:
    """Checks for packages that have none: those of the call, else those of plait.toml."""
    given = tuple(Check(name=command[:60], command=command) for command in commands)
    return given or project.settings.package_checks


def _known(what: str, name: str, names: dict[str, str]) -> None:
    if name.casefold() in names:
        return
    from difflib import get_close_matches

    close = get_close_matches(name.casefold(), names, n=1)
    guess = f"did you mean {names[close[0]]!r}? " if close else ""
    raise UsageError(
        f"the plan has no {what} {name!r}",
        code=f"UNKNOWN_{what.upper()}",
        hint=f"{guess}{what}s: {', '.join(sorted(names.values())[:12]) or 'none'}",
    )
