"""The one table at the end: measured ratio, target, met or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A ratio against the baseline of the same run; it should not exceed its target."""

    what: str
    ratio: float
    target: float

    @property
    def met(self) -> bool:
        """Whether the ratio is within the target."""
        return self.ratio <= self.target


def print_rows(rows: Sequence[Row]) -> None:
    """Print the table."""
    width = max((len(row.what) for row in rows), default=0)
    print(f"\n{'':{width}}  {'measured':>9}  {'target':>9}")
    for row in rows:
        verdict = "met" if row.met else "missed"
        print(f"{row.what:{width}}  {row.ratio:8.2f}x  <={row.target:6.2f}x  {verdict}")
