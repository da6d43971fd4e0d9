"""What an agent has to itself, so that what it does there harms nobody else."""

from __future__ import annotations

from plait.core.guardrails.verdict import Bound
from plait.engine.context import Context


def own(context: Context, provider: str) -> frozenset[Bound]:
    """Its worktree always; more by its sandbox, and databases where Plait gives it some."""
    sandbox, found = context.sandboxes[provider], {Bound.WORKTREE}
    if sandbox.holds:
        found |= {Bound.REPOSITORY, Bound.FILES}
    if sandbox.alone:
        found.add(Bound.PROCESSES)
    if context.lodgings.furnishing.databases:
        found.add(Bound.DATABASES)
    return frozenset(found)
