"""Which candidates land next, and what must pass on their merge result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from plait.core.plan import Check, CheckKind, PackageId
from plait.core.run import PackageState, PackageStatus, Run
from plait.core.schedule import Compiled
from plait.core.states import States


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedCheck:
    """A check and whose it is; None: the repository's."""

    check: Check
    owner: PackageId | None


def candidates(compiled: Compiled, run: Run) -> list[PackageState]:
    """What waits to land: first those whose landing frees the longest chain of work, then age."""

    def order(state: PackageState) -> tuple[object, ...]:
        return (*compiled.rank[state.id][:2], state.attempts[-1].started_at, state.id)

    waiting = run.with_status(PackageStatus.VERIFIED, PackageStatus.LANDING)
    return sorted(waiting, key=order)


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
    together: Sequence[PackageId],
    *,
    defaults: Sequence[Check],
    repository: Sequence[Check],
) -> tuple[OwnedCheck, ...]:
    """What must pass on a merge result, each identical command once.

    The candidates' checks first (likeliest to fail), of the last one before the others, then
    those of every package that landed before them, in the order they landed, then the
    repository's.
    """
    once: dict[tuple[object, ...], OwnedCheck] = {}
    for candidate in reversed(together):
        for check in package_checks(compiled, candidate, defaults):
            once.setdefault(check.identity, OwnedCheck(check=check, owner=candidate))
    for identity, owned in _proven(compiled, run, defaults).items():
        once.setdefault(identity, owned)
    for check in repository:
        once.setdefault(check.identity, OwnedCheck(check=check, owner=None))
    return tuple(once.values())


@dataclass(slots=True)
class _Proven:
    """The checks of what has landed, each once, in the order of the landings."""

    seen: States
    checks: dict[tuple[object, ...], OwnedCheck] = field(default_factory=dict)


def _proven(
    compiled: Compiled, run: Run, defaults: Sequence[Check]
) -> Mapping[tuple[object, ...], OwnedCheck]:
    """Remembered with the plan: each call takes in only what has landed since the one before."""
    key = tuple((check.name, check.identity) for check in defaults)
    known = compiled.proven.get(key)
    since: States | None = None
    if not isinstance(known, _Proven) or known.seen.places is not run.packages.places:
        known = _Proven(seen=run.packages)
        _add(known.checks, compiled, run.carried, defaults)
        compiled.proven[key] = known
    else:
        since = known.seen
    landed = [
        state
        for state in run.packages.differing(since)
        if state.status is PackageStatus.LANDED and state.commit
    ]
    landed.sort(key=lambda state: state.landed_at or 0.0)
    _add(known.checks, compiled, [state.id for state in landed], defaults)
    known.seen = run.packages
    return known.checks


def _add(
    checks: dict[tuple[object, ...], OwnedCheck],
    compiled: Compiled,
    owners: Iterable[PackageId],
    defaults: Sequence[Check],
) -> None:
    for owner in owners:
        if owner in compiled.packages:
            for check in package_checks(compiled, owner, defaults):
                checks.setdefault(check.identity, OwnedCheck(check=check, owner=owner))
