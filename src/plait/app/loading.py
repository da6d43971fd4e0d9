"""A plan from its files to the packages that a run takes: read, checked, arranged."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from plait.app.ledger import with_landed
from plait.app.project import Project, find_root
from plait.config import Settings
from plait.core.finding import Finding, errors
from plait.core.plan import Plan
from plait.errors import UsageError
from plait.ports import Loaded


def load_plan(
    plan: str, *, start: Path, format_name: str | None = None, base: str = "HEAD"
) -> Loaded:
    """Read a plan, check it, and arrange its packages; works outside repositories too.

    Args:
        plan: A file, a folder, or a name.
        start: Where the user is.
        format_name: The format to read it as; None detects it.
        base: What a run of it builds on; what earlier runs landed there is done.

    Raises:
        UsageError: There is no such plan, or `BAD_CONFIG`.
        PlaitError: The store cannot be read.
    """
    from plait import config, plans
    from plait.core.arrange import Arrangement, arrange
    from plait.core.batch import Batching
    from plait.core.validate import validate

    root = find_root(start)
    settings = Settings() if root is None else config.load(root, environ=os.environ, flags={})
    loaded = plans.load(
        plan,
        start=start,
        root=root,
        format_name=format_name,
        lock_namespaces=settings.lock_namespaces,
    )
    if loaded.plan is None:
        return loaded
    read, told = loaded.plan, loaded.findings
    if root is not None:
        project = Project(root=root, state=root / ".plait", settings=settings)
        read, more = with_landed(project, read, base)
        told = (*told, *more)
    findings = (*told, *validate(read))
    arrangement = Arrangement(
        batching=Batching(settings.batch), optional=settings.optional_tasks == "run"
    )
    arranged = arrange(read, arrangement)
    return replace(loaded, plan=arranged, findings=_in_order(findings))


def require_plan(loaded: Loaded, tell: Callable[[Sequence[Finding]], None]) -> Plan:
    """The plan, if nothing in it is an error.

    Raises:
        UsageError: `PLAN_INVALID`, after `tell` has shown the findings.
    """
    wrong = errors(loaded.findings)
    if loaded.plan is not None and not wrong:
        return loaded.plan
    tell(wrong)
    raise UsageError(
        f"the plan has {len(wrong)} error{'s' if len(wrong) != 1 else ''}",
        code="PLAN_INVALID",
        hint="`plait check PLAN` shows all findings",
    )


def _in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """By place, then by severity; those without a place first."""
    return tuple(
        sorted(
            findings,
            key=lambda f: (
                (f.span.file, f.span.line, f.span.column) if f.span else ("", 0, 0),
                f.code,
            ),
        )
    )
