"""Which prefixes of the queue are tested next: the policy of the merge queue.

Candidates stand in a row, each merged onto the one before. A prefix of the row is green if its
tree passes, and then so is what it builds on, as far as the branch is concerned: only the tree
that was tested is published. The first culprit, the candidate that turns the row red, stands
with equal chance (the `hazard`) at each place, so its place is distributed geometrically, cut
off where a prefix is known to be red. With k runners the k prefixes are tested that cut this
distribution into k + 1 parts as equally likely as can be: each outcome then tells about the
same, and one round of tests narrows the culprit's place by a factor of k + 1. With one runner
and a low hazard that is a batch of about 0.69 / hazard candidates.

The bound: N faults with chance p hold N·H(p) bits, a round of k prefix tests tells at most
log2(k + 1) of them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import log2

# What is assumed of a repository in which nothing has landed yet, and for how many candidates
# that counts: found to keep near the bound at hazards from 2 % to 40 % alike.
PRIOR_HAZARD, PRIOR_TESTS = 0.04, 1.0
LEAST_HAZARD, MOST_HAZARD = 0.005, 0.6
WORTH_A_RUNNER = 0.1  # the chance that a row is red from which a spare runner looks into it


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is known of a row of `count` candidates.

    Its first `green` candidates pass together; with the first `red` of them (0: none is known)
    it does not. Lengths that are being tested are `running`.
    """

    count: int
    green: int = 0
    red: int = 0
    running: frozenset[int] = frozenset()

    def passed(self, length: int) -> Row:
        """What is known once the first `length` candidates have passed together."""
        return self._narrowed(max(self.green, length), self.red)

    def failed(self, length: int) -> Row:
        """What is known once they have not."""
        return self._narrowed(self.green, min(self.red or length, length))

    def _narrowed(self, green: int, red: int) -> Row:
        if red and green >= red:  # a test that does not always say the same
            green = red - 1
        end = red or self.count + 1
        running = frozenset(each for each in self.running if green < each < end)
        return Row(count=self.count, green=green, red=red, running=running)

    @property
    def culprit(self) -> int:
        """The place of the first culprit, counted from 1, once it is known; else 0."""
        return self.red if self.red == self.green + 1 else 0


def hazard(failed: int, landed: int) -> float:
    """The chance that a candidate turns the row red, from what came of those before it."""
    known = (failed + PRIOR_HAZARD * PRIOR_TESTS) / (failed + landed + PRIOR_TESTS)
    return min(MOST_HAZARD, max(LEAST_HAZARD, known))


def next_tests(row: Row, chance: float, runners: int) -> tuple[int, ...]:
    """The prefix lengths to be tested now, beside those that are.

    Args:
        row: What is known.
        chance: The hazard, above 0 and below 1.
        runners: How many tests may run at once.

    Returns:
        At most as many as runners are free, ascending; none if the culprit's place is known.
    """
    free = runners - len(row.running)
    if free <= 0 or row.culprit or row.green >= row.count:
        return ()
    wanted = [row.green + each for each in _cuts(row, chance, runners)]
    return tuple(sorted(_apart_from(row.running, wanted)[:free]))


def _cuts(row: Row, chance: float, parts: int) -> list[int]:
    """Lengths beyond the green prefix that cut the culprit's distribution."""
    if row.red:
        return _quantiles(row.red - row.green - 1, chance, parts, whole=row.red - row.green)
    count = row.count - row.green
    cuts = _quantiles(count, chance, parts, whole=None)
    spare = parts - len(cuts)
    if spare and count > 1 and 1.0 - (1.0 - chance) ** count >= WORTH_A_RUNNER:
        cuts += _quantiles(count - 1, chance, spare, whole=count)
    return sorted(set(cuts))


def _quantiles(most: int, chance: float, parts: int, *, whole: int | None) -> list[int]:
    """Up to `parts` lengths from 1 to `most`, cutting the places into `parts` + 1 like parts.

    The culprit is among the first `whole` candidates, or, if None, perhaps beyond any.
    """
    stays = 1.0 - chance
    total = 1.0 if whole is None else 1.0 - stays**whole
    cuts: list[int] = []
    mass, weight, length = 0.0, chance, 0
    for part in range(1, parts + 1):
        target = total * part / (parts + 1)
        while length < most and mass < target:
            # The next place is taken in if that comes closer to the target than to leave it out.
            if mass + weight - target > target - mass and length > (cuts[-1] if cuts else 0):
                break
            mass, weight, length = mass + weight, weight * stays, length + 1
        if length and (not cuts or length > cuts[-1]):
            cuts.append(length)
    return cuts


def _apart_from(running: Collection[int], wanted: list[int]) -> list[int]:
    """The wanted lengths that no running test stands in for, each test for its nearest."""
    left = list(wanted)
    for each in sorted(running):
        if left:
            left.remove(min(left, key=lambda length: abs(length - each)))
    return [length for length in left if length not in running]


def bound(count: int, chance: float, runners: int) -> float:
    """The fewest rounds of tests in which the faults of `count` candidates can be told, on average.

    See D.-Z. Du and F. K. Hwang, "Combinatorial Group Testing and Its Applications", 2000, for
    the argument from information.
    """
    bits = -chance * log2(chance) - (1.0 - chance) * log2(1.0 - chance)
    return max(1.0, count * bits / log2(runners + 1))
