"""How often a caller may ask: a bucket of tokens that fills by itself."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

MOST_CALLERS = 10_000  # that are remembered; the longest silent is forgotten first


@dataclass(slots=True, kw_only=True)
class Rate:
    """So many a second on average, and so many at once.

    Args:
        per_second: What a bucket gains.
        burst: What it holds at most.
        clock: Seconds, from any beginning.
    """

    per_second: float
    burst: float
    clock: Callable[[], float] = time.monotonic
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def wait_s(self, caller: str) -> float:
        """Take one for a caller: 0, or the seconds until there is one."""
        now = self.clock()
        held, at = self._buckets.pop(caller, (self.burst, now))
        held = min(self.burst, held + (now - at) * self.per_second)
        wait = 0.0 if held >= 1 else (1 - held) / self.per_second
        self._buckets[caller] = (held - 1 if not wait else held, now)
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        return wait
