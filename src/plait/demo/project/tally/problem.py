"""Why a cell has no value."""

from __future__ import annotations

from typing import Union


class Problem(Exception):
    """Raised by a formula that has no value; kept as the value of its cell.

    `shown` is what the cell shows, such as `#DIV/0!`; `reason` says it in words.
    """

    def __init__(self, shown: str, reason: str) -> None:
        super().__init__(f"{shown} {reason}")
        self.shown = shown
        self.reason = reason


# What a cell can hold once its formula is worked out. An empty cell is "".
Value = Union[float, str, Problem]
