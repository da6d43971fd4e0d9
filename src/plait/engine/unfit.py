"""Candidates that conflict with others before them in the row: with whom, and until when.

Only those that changed the same files are merged with one another to find that out. A candidate
is not tried again while one that it conflicts with still stands before it, however often the row
changes for other reasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from plait.core.event import ConflictFound
from plait.core.foresight import meeting
from plait.core.package import PackageState
from plait.core.plan import PackageId
from plait.engine.context import Context
from plait.engine.land import Misfit, Placed
from plait.engine.merging import merge
from plait.ports import Conflict

_Pair = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class Unfit:
    """Who waits for the row to change, by the commits of candidates."""

    _blocked: dict[str, frozenset[str]] = field(default_factory=dict)
    _others: set[str] = field(default_factory=set)  # it is not known why
    _pairs: dict[_Pair, bool] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def waits(self, candidate: PackageState, row: Sequence[Placed]) -> bool:
        """Whether there is no use in merging a candidate onto the row."""
        commit = candidate.commit or ""
        return commit in self._others or any(
            each.candidate.commit in self._blocked.get(commit, ()) for each in row
        )

    def look_again(self) -> None:
        """The row has changed: what waits for no one in particular may fit now."""
        self._others.clear()

    async def add(
        self, context: Context, candidate: PackageState, misfit: Misfit, row: Sequence[Placed]
    ) -> None:
        """Find out whom a candidate conflicts with in the row, and tell it once."""
        commit = candidate.commit or ""
        placed = {each.id: each for each in row}
        near = meeting(candidate.attempts[-1].files, {each.id: each.files for each in row})
        against: list[PackageId] = []
        for package in near if misfit.paths else ():
            other = placed[package].candidate.commit or ""
            pair = (other, commit)
            if pair not in self._pairs:
                merged = await merge(context, other, commit)
                self._pairs[pair] = isinstance(merged, Conflict)
            if self._pairs[pair]:
                against.append(package)
        if not against:
            self._others.add(commit)
            return
        self._blocked[commit] = frozenset(placed[each].candidate.commit or "" for each in against)
        if commit in self._told:
            return
        self._told.add(commit)
        await context.journal.record(
            ConflictFound(
                package=candidate.id,
                attempt=candidate.attempts[-1].number,
                epoch=candidate.epoch,
                onto=row[-1].commit,
                paths=misfit.paths,
                against=tuple(against),
                landed=False,
            )
        )
