"""Whether there is memory for another agent: starts wait before the machine is short of it.

An agent is expected to grow to as much as agents of its name grew to in this run; before one
has ended, to what its adapter says. All numbers are bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from plait.core.run import Run
from plait.core.states import States


@dataclass(frozen=True, slots=True, kw_only=True)
class Growing:
    """An agent at work: what it takes now, and what it may grow to."""

    now: int
    peak: int


@dataclass(slots=True)
class Peaks:
    """What agents grew to in a run, by the agent as `--agent` names it.

    Asked before each start: each call takes in only what has changed since the one before.
    """

    _known: dict[str, int] = field(default_factory=dict)
    _seen: States | None = None

    def expected(self, run: Run, provider: str, told: int) -> int:
        """What an agent may grow to; 0 if that is not known.

        Args:
            run: The run, whose attempts tell.
            provider: The agent, as `--agent` names it.
            told: What its adapter says, 0 if nothing.
        """
        states = run.packages
        if self._seen is not states:
            if self._seen is not None and self._seen.places is not states.places:
                self._seen = None
            for state in states.differing(self._seen):
                for attempt in state.attempts:
                    if attempt.peak_memory is not None:
                        known = self._known.get(attempt.provider, 0)
                        self._known[attempt.provider] = max(known, attempt.peak_memory)
            self._seen = states
        return self._known.get(provider, told)


def spare(free: int, growing: Iterable[Growing]) -> int:
    """What is left of the free memory when all that are at work have grown."""
    return free - sum(max(0, each.peak - each.now) for each in growing)


def shortfalls(left: int, peaks: Sequence[int], *, idle: bool) -> list[int]:
    """Of each start, in order, how much it lacks; 0: it may go on. The first of an idle run may.

    Args:
        left: What `spare` says.
        peaks: What each start is expected to grow to.
        idle: Whether nothing is under way.
    """
    lacks = []
    for peak in peaks:
        lack = 0 if idle else max(0, peak - left) if peak else 0
        lacks.append(lack)
        if not lack:
            left -= peak
            idle = False
    return lacks
