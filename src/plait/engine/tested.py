"""Which checks have passed on which trees, so that none is run again on the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from plait.core.queue import OwnedCheck

MOST_TREES = 1000  # the oldest are forgotten, and would be tested again


@dataclass(slots=True)
class Tested:
    """Merge results that were green, as far as this orchestrator has tested them.

    A check is the same if its command, folder, variables and expected exit code are. What the
    environment of an earlier orchestrator was is not known, so nothing is remembered for longer.
    """

    _passed: dict[str, set[tuple[object, ...]]] = field(default_factory=dict)

    def left(self, tree: str, checks: Sequence[OwnedCheck]) -> tuple[OwnedCheck, ...]:
        """Those of the checks that have not passed on that tree."""
        passed = self._passed.get(tree, set())
        return tuple(each for each in checks if each.check.identity not in passed)

    def add(self, tree: str, checks: Sequence[OwnedCheck]) -> None:
        """These have passed on it."""
        if not checks:
            return
        self._passed.setdefault(tree, set()).update(each.check.identity for each in checks)
        while len(self._passed) > MOST_TREES:
            del self._passed[next(iter(self._passed))]
