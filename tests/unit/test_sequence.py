"""The order of a nested list holds, whatever in it is done, optional or left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import pytest
from hypothesis import given, strategies as st
from tests.fakes.listed import task

from plait.plans.needs import TooManyEdges
from plait.plans.sequence import in_order
from plait.plans.tasks import State, Task


@dataclass(frozen=True)
class Spot:
    """A task's mark, whether it may be left out, and whether it may run beside its neighbours."""

    state: State
    optional: bool
    parallel: bool


SPOTS = st.builds(
    Spot,
    state=st.sampled_from([State.OPEN, State.OPEN, State.DONE, State.SKIPPED]),
    optional=st.booleans(),
    parallel=st.booleans(),
)
WHOLES = st.lists(st.tuples(st.booleans(), st.lists(SPOTS, min_size=1, max_size=5)), max_size=5)


def listed(wholes: Sequence[tuple[bool, Sequence[Spot]]]) -> list[Task]:
    """A list of wholes with parts."""
    made = []
    for number, (parallel, parts) in enumerate(wholes, start=1):
        made.append(task(f"{number}", parallel=parallel))
        made += [
            task(
                f"{number}.{at}",
                parent=f"{number}",
                state=spot.state,
                optional=spot.optional,
                parallel=spot.parallel,
            )
            for at, spot in enumerate(parts, start=1)
        ]
    return made


def together(tasks: Sequence[Task], one: int, other: int) -> bool:
    """Whether two of a row are in one run of parallel ones."""
    return all(each.parallel for each in tasks[one : other + 1])


def waits(tasks: Sequence[Task], *, optional: bool) -> set[tuple[str, str]]:
    """Who waits for whom, directly or not, by the orders alone, once what is not run is gone."""
    run = {
        each.id for each in tasks if each.state is State.OPEN and (optional or not each.optional)
    }
    direct: dict[str, set[str]] = {}
    for order in in_order(tasks, relaxable=False):
        for then in order.then:
            direct.setdefault(then, set()).update(run.intersection(order.first))
    found = set()
    for name in run:
        waiting = list(direct.get(name, ()))
        while waiting:
            here = waiting.pop()
            if (here, name) not in found:
                found.add((here, name))
                waiting += direct.get(here, ())
    return found


@given(wholes=WHOLES, optional=st.booleans())
def test_everything_open_waits_for_what_stands_before_it(wholes, optional):
    """Of two open tasks the later waits for the earlier, unless a run of parallel ones has both."""
    tasks = listed(wholes)
    majors = [each for each in tasks if each.parent is None]
    expected = set()
    leaves = [each for each in tasks if each.parent is not None]
    for first, then in combinations(leaves, 2):
        if first.state is not State.OPEN or then.state is not State.OPEN:
            continue
        if not optional and (first.optional or then.optional):
            continue
        if first.parent == then.parent:
            row = [each for each in leaves if each.parent == first.parent]
        else:
            row = majors
        at = [
            next(n for n, each in enumerate(row) if each.id in {side.id, side.parent})
            for side in (first, then)
        ]
        if not together(row, *at):
            expected.add((first.id, then.id))
    assert waits(tasks, optional=optional) == expected


def test_orders_that_multiply():
    """Two thousand beside one another, before two thousand more, are too many for a plan."""
    wide = [(False, [Spot(State.OPEN, optional=False, parallel=True)] * 2000)] * 2
    with pytest.raises(TooManyEdges):
        in_order(listed(wide), relaxable=True)
