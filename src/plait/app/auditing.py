"""`plait audit`: check the chain of what was ordered, approved, taken over and delivered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from plait.app.project import has_store, open_project, open_store, pick_run
from plait.core.audit import ORIGIN, Break, Entry, breaks
from plait.ports import Store

AT_ONCE = 1000
MOST = 100  # breaks that are told


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What came of it. `head` is the last row's hash; `noted` the one that had to be found."""

    rows: int
    head: str
    breaks: tuple[Break, ...]
    noted: str = ""
    noted_row: int | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing was changed, taken out or moved."""
        return not self.breaks and (not self.noted or self.noted_row is not None)


def verify(start: Path, *, head: str = "") -> Verified:
    """Check the whole chain.

    Args:
        start: A folder of the repository.
        head: The hash of a row that was noted earlier; empty: none.

    Raises:
        UsageError: `NOT_A_REPOSITORY`.
        EnvironmentLack: The store cannot be read.
    """
    project = open_project(start)
    if not has_store(project):
        return Verified(rows=0, head=ORIGIN, breaks=(), noted=head)
    with open_store(project) as store:
        seen = _Seen(noted=head)
        # Counted first: what is added meanwhile is no row too many.
        count = store.audited()
        found = []
        for each in breaks(seen.through(_rows(store, until=count)), count):
            found.append(each)
            if len(found) == MOST:
                break
        return Verified(
            rows=seen.rows, head=seen.head, breaks=tuple(found), noted=head, noted_row=seen.row
        )


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What went by."""

    noted: str
    rows: int = 0
    head: str = ORIGIN
    row: int | None = None

    def through(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        for each in entries:
            self.rows, self.head = self.rows + 1, each.hash
            if each.hash == self.noted:
                self.row = each.number
            yield each


def entries(start: Path, run: str | None) -> Iterator[Entry]:
    """What was audited, of one run or of all, oldest first.

    Raises:
        UsageError: `NOT_A_REPOSITORY`, `NO_RUN`, `NO_SUCH_RUN`.
    """
    project = open_project(start)
    with open_store(project) as store:
        wanted = None if run is None else pick_run(store, run).id
        for each in _rows(store):
            if wanted in {None, each.run}:
                yield each


def _rows(store: Store, until: int | None = None) -> Iterator[Entry]:
    """All rows; of those behind `until`, which were added since they were counted, none."""
    after = 0
    while some := store.audit(after=after, most=AT_ONCE):
        for each in some:
            if until is not None and each.number > until and store.audited() >= each.number:
                return
            yield each
        after = some[-1].number
