"""Which candidate lands next, and what must pass on its merge result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plait.core.plan import Check, CheckKind, PackageId
from plait.core.run import PackageState, PackageStatus, Run
from plait.core.schedule import Compiled


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedCheck:
    """A check and whose it is; None: the repository's."""

    check: Check
    owner: PackageId | None


def next_candidate(compiled: Compiled, run: Run) -> PackageState | None:
    """The verified package whose landing frees the longest chain of work."""
    waiting = run.with_status(PackageStatus.VERIFIED)
    return min(waiting, key=lambda state: compiled.rank[state.id], default=None)


def package_checks(
    compiled: Compiled, package: PackageId, defaults: Sequence[Check]
) -> tuple[Check, ...]:
    """A package's own command checks, else the default ones."""
    own = tuple(
        check
        for check in compiled.packages[package].checks
        if check.kind is CheckKind.COMMAND and check.command
    )
    return own or tuple(defaults)


def landing_checks(
    compiled: Compiled,
    run: Run,
    candidate: PackageId,
    *,
    defaults: Sequence[Check],
    repository: Sequence[Check],
) -> tuple[OwnedCheck, ...]:
    """What must pass on a merge result, each identical command once.

    The candidate's checks first (likeliest to fail), then those of every package that landed
    before it, in the order they landed, then the repository's.
    """
    landed = sorted(
        (state for state in run.with_status(PackageStatus.LANDED) if state.commit),
        key=lambda state: state.landed_at or 0.0,
    )
    owners = [candidate, *run.carried, *(state.id for state in landed)]
    wanted = [
        OwnedCheck(check=check, owner=owner)
        for owner in owners
        if owner in compiled.packages
        for check in package_checks(compiled, owner, defaults)
    ]
    wanted += [OwnedCheck(check=check, owner=None) for check in repository]
    once: dict[tuple[object, ...], OwnedCheck] = {}
    for each in wanted:
        once.setdefault(each.check.identity, each)
    return tuple(once.values())
