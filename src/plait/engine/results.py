"""A result held against the plan, once the work is a commit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import anyio

from plait.core.claims import Claims, Contradiction, contradictions
from plait.core.event import Warned
from plait.core.plan import Check
from plait.engine.claimed import Claimed, Failure
from plait.engine.context import Context
from plait.ports import Work

MISSING = "RESULT_ARTIFACT_MISSING"


async def result_refused(
    context: Context, claimed: Claimed, work: Work, claims: Claims, checks: Sequence[Check]
) -> Failure | None:
    """Why a result is refused, or None.

    Evidence that it names and that is not there is a warning; with strict results it is refused.
    """
    found = list(contradictions(claims, context.plan, claimed.package, checks))
    absent = await anyio.to_thread.run_sync(_absent, claims.artifacts, claimed.workspace.path)
    absent = [each for each in absent if each not in {change.path for change in work.changes}]
    if absent and claimed.kept is None:  # else checks may have cleaned the tree since
        message = f"the result names evidence that is not there: {', '.join(absent[:5])}"
        if context.strict_results:
            found.append(Contradiction(code=MISSING, message=message))
        else:
            await context.journal.record(
                Warned(code=MISSING, message=message, package=claimed.package.id)
            )
    if not found:
        return None
    told = "\n".join(f"- {each.message} [{each.code}]" for each in found)
    return Failure(code=found[0].code, reason=f"its result is refused:\n{told}")


def _absent(artifacts: Sequence[str], root: Path) -> list[str]:
    """Those of the files that are not in a worktree; what lies elsewhere is not looked for."""
    return [each for each in artifacts if not _may_be_there(each, root)]


def _may_be_there(path: str, root: Path) -> bool:
    odd = set(path) & set("*?[{\0") or "://" in path or path.startswith(("/", "~"))
    return bool(odd) or ".." in path.split("/") or (root / path).exists()
