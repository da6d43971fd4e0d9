"""The commit that an attempt begins on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from plait.core.ahead import ground
from plait.core.plan import PackageId
from plait.engine.context import Context
from plait.engine.merging import merge
from plait.ports import Conflict, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A commit, and the candidates in it, by the epochs of their attempts."""

    commit: str
    built_on: Mapping[PackageId, int] = field(default_factory=dict)


class NoGroundError(Exception):
    """Candidates that a package needs conflict: it begins once they have landed, or not at all."""


async def ground_of(context: Context, package: PackageId) -> Ground:
    """The run's branch; with what the package needs merged onto it, where that is yet to land.

    Raises:
        NoGroundError: It cannot be merged.
    """
    run = context.journal.run
    commit, built_on = run.head, {}
    for candidate in ground(context.compiled.graph, run.packages, package):
        assert candidate.commit is not None  # noqa: S101 - candidates have one
        merged = await merge(context, commit, candidate.commit)
        if isinstance(merged, Conflict):
            raise NoGroundError(candidate.id)
        message = f"{candidate.id}, before it has landed\n\nPlait-Run: {run.id}\n"
        parents = (commit, candidate.commit)
        commit = await context.trunk.commit(merged.tree, parents=parents, message=message)
        built_on[candidate.id] = candidate.attempts[-1].epoch
    return Ground(commit=commit, built_on=built_on)


def compared_with(context: Context, package: PackageId, workspace: Workspace) -> str:
    """What tells an attempt's own work: the run's branch; its base, if that holds candidates."""
    run = context.journal.run
    return workspace.base if run.packages[package].attempts[-1].built_on else run.head
