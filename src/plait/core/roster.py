"""Who may work on a package, and who does next: the agents as the run's owner named them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from plait.core.package import PackageState
from plait.core.plan import WorkPackage
from plait.core.retry import SET_BACK_S, moves_on, unfit
from plait.core.spent import Parked

EXTERNAL = "external"  # workers from elsewhere, who join through the coordinator


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """An agent, as `--agent` names it, and for which packages; without a condition, for all.

    `pattern` is one of ids, `kind` a kind's name; `role`, `archetype`, `track`, `phase` and
    `group` are patterns of what the plan says of a package. `trust` is the least level that the
    plan must ask for. Empty: any.
    """

    provider: str
    pattern: str = ""
    kind: str = ""
    role: str = ""
    archetype: str = ""
    trust: int | None = None
    track: str = ""
    phase: str = ""
    group: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it stands for all packages."""
        return self.trust is None and not any(pattern for _, pattern in self._patterns)

    @property
    def _patterns(self) -> tuple[tuple[str, str], ...]:
        names = ("pattern", "kind", "role", "archetype", "track", "phase", "group")
        return tuple((name, getattr(self, name)) for name in names)

    def fits(self, package: WorkPackage) -> bool:
        """Whether every condition holds for a package."""
        if self.trust is not None and (package.trust or 0) < self.trust:
            return False
        return all(
            fnmatchcase((package.id if name == "pattern" else getattr(package, name)) or "", each)
            for name, each in self._patterns
            if each
        )

    def __str__(self) -> str:
        told = [
            f"{'package' if name == 'pattern' else name} {each}"
            for name, each in self._patterns
            if each
        ]
        told += [] if self.trust is None else [f"trust from {self.trust}"]
        return f"{', '.join(told)}: {self.provider}" if told else self.provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """The seats, in the owner's order."""

    seats: tuple[Seat, ...] = ()

    def providers(self, package: WorkPackage) -> tuple[str, ...]:
        """Who may work on a package: whom a condition names for it, else those without one.

        The first one does; where it fails or is parked, the others take over in this order.
        """
        found = [each.provider for each in self.seats if not each.is_plain and each.fits(package)]
        if package.own:  # an agent joins in only where it is named for that
            return tuple(dict.fromkeys(found))
        found = found or [each.provider for each in self.seats if each.is_plain]
        return tuple(dict.fromkeys(found))

    @property
    def has_external(self) -> bool:
        """Whether workers from elsewhere are named, so that packages may wait for one."""
        return any(each.provider == EXTERNAL for each in self.seats)

    def is_open(self, package: WorkPackage) -> bool:
        """Whether workers from elsewhere may have a package: nobody else is named for it."""
        if package.own:
            return False
        named = {s.provider for s in self.seats if not s.is_plain and s.fits(package)}
        return not named or EXTERNAL in named


def called(agent: str, provider: str) -> str:
    """An agent in few words: as its owner calls it; of a command of theirs, that it is one."""
    return provider if provider and ":" not in provider else agent


def whom(
    providers: Sequence[str], state: PackageState, parked: Sequence[Parked], now: float
) -> str | None:
    """Who works on a package next; None if all of them are parked, or there is nobody.

    One that could not begin on it is not asked again while there are others.
    """
    begin = 0
    if state.attempts and state.attempts[-1].provider in providers:
        last = state.attempts[-1]
        begin = providers.index(last.provider) + moves_on(last)
    resting = {each.provider for each in parked if _rests(each.since, each.until, now)}
    row = [providers[(begin + step) % len(providers)] for step in range(len(providers))]
    useless = unfit(state)
    row = [each for each in row if each not in useless] or row
    return next((each for each in row if each not in resting), None)


def ready_at(
    providers: Sequence[str], state: PackageState, parked: Sequence[Parked], now: float
) -> float:
    """The Unix time at which a package that is ready may start; 0 if it may start now."""
    ended = state.attempts[-1].finished_at if state.attempts else None
    if _rests(ended or 0.0, state.not_before, now):
        return state.not_before
    if not providers or whom(providers, state, parked, now) is not None:
        return 0.0
    useless = unfit(state)
    able = [each for each in providers if each not in useless] or providers
    return min(each.until for each in parked if each.provider in able)


def _rests(since: float, until: float, now: float) -> bool:
    """Whether a wait lasts; one that seems to begin in the future was told by another clock."""
    return since - SET_BACK_S <= now < until
