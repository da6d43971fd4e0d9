"""What the integration gate looks at beside the checks: the plan's files, by OpenSpec too."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from plait import plans
from plait.app.project import Project
from plait.core.finding import Finding, Severity
from plait.core.plan import Check, Plan, Span
from plait.core.validate import validate
from plait.engine.context import Examination
from plait.errors import PlaitError

OPENSPEC = "openspec validate --strict"
_PROGRAM = "openspec"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
# It asks nobody anything, and tells nobody anything.
_QUIET = {"CI": "1", f"{_PROGRAM.upper()}_TELEMETRY": "0"}


def examination(project: Project) -> Examination:
    """How runs of a project are judged as a whole."""

    def look(plan: Plan, root: Path) -> Sequence[Finding]:
        return findings_at(plan, root, namespaces=project.settings.lock_namespaces)

    return Examination(
        checks=project.settings.integration_checks, look=look, validation=validation_of
    )


def findings_at(plan: Plan, root: Path, *, namespaces: tuple[str, ...] = ()) -> Sequence[Finding]:
    """What is wrong with a plan and its contracts, as a checkout of another commit has them."""
    try:
        loaded = plans.load(
            plan.files[0].path,
            start=root,
            root=root,
            format_name=plan.format,
            lock_namespaces=namespaces,
        )
    except PlaitError as error:  # such as: what landed removed it
        return (_unreadable(plan, error),)
    return (*loaded.findings, *(validate(loaded.plan) if loaded.plan is not None else ()))


def validation_of(plan: Plan) -> Check | None:
    """OpenSpec's own check of a change; None: it is no change, or the program is not here."""
    if not plan.format.startswith(_PROGRAM) or not plan.files:
        return None
    folder = PurePosixPath(plan.files[0].path).parent
    home = folder.parent.parent.parent
    named = _ID.fullmatch(folder.name)
    if folder.parent.name != "changes" or folder.parent.parent.name != _PROGRAM or not named:
        return None
    if folder.is_absolute() or shutil.which(_PROGRAM) is None:
        return None
    return Check(
        name=OPENSPEC,
        # No name of the plan's stands in a shell's text:
        command=f'{_PROGRAM} validate "$CHANGE" --strict',
        cwd=str(home),
        env={**_QUIET, "CHANGE": folder.name},
    )


def _unreadable(plan: Plan, error: PlaitError) -> Finding:
    return Finding(
        code=error.code,
        severity=Severity.ERROR,
        message=error.message,
        span=Span(file=plan.files[0].path),
        hint=error.hint,
    )
