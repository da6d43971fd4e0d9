"""What happens to a call whose server goes away: it is made again, and nothing is written twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection

from plait.core.event import Recorded, RunId
from plait.errors import StoreUnreachable
from plait.ports import Advance
from plait.store import rows, statements

P = ParamSpec("P")
T = TypeVar("T")

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.05, 1.0


class Patient(Protocol):
    """What a store needs for its calls to be made again."""

    patience_s: float


S = TypeVar("S", bound=Patient)


def patient(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Make a call again while the server does not answer, for `patience_s` seconds at most.

    Only for calls that do no more the second time than the first.
    """

    @wraps(method)
    def call(store: S, /, *args: P.args, **named: P.kwargs) -> T:
        for wait in _waits(store.patience_s):
            try:
                return method(store, *args, **named)
            except StoreUnreachable:
                time.sleep(wait)
        return method(store, *args, **named)

    return call


def _waits(seconds: float) -> Iterator[float]:
    end, wait = time.monotonic() + seconds, _FIRST_WAIT_S
    while time.monotonic() + wait < end:
        yield wait
        wait = min(2 * wait, _LONGEST_WAIT_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """An advance whose commit got no answer: it may stand in the database, or not."""

    run: RunId
    advances: tuple[Advance, ...]
    recorded: tuple[Recorded, ...]

    def settled(
        self, connection: Connection, run: RunId, advances: Sequence[Advance]
    ) -> tuple[Recorded, ...] | None:
        """What that call recorded, if this is the same call and the database has it all.

        A transaction that the server has not given up yet holds the run's row: it is waited for.
        """
        if not self.recorded or (run, tuple(advances)) != (self.run, self.advances):
            return None
        connection.execute(statements.LOCK_RUN, {"run": run}).all()
        after = self.recorded[0].seq - 1
        found: list[tuple[Any, ...]] = [
            tuple(row)
            for row in connection.execute(statements.EVENTS, {"run": run, "after": after})
        ]
        written = [rows.new_event(each) for each in self.recorded]
        expected = [(row["seq"], row["at"], row["type"], row["data"]) for row in written]
        return self.recorded if found[: len(expected)] == expected else None
