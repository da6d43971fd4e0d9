"""Where a cell is: `B3` is the second column of the third row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_ADDRESS = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")


class Address(NamedTuple):
    """A cell's row and column, counted from 0."""

    row: int
    column: int

    def __str__(self) -> str:
        return f"{column_name(self.column)}{self.row + 1}"


def parse_address(text: str) -> Address:
    """The address that a text such as `B3` names; raises ValueError if it names none."""
    match = _ADDRESS.fullmatch(text.upper())
    if not match:
        raise ValueError(f"{text!r} is no cell")
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return Address(row=int(match[2]) - 1, column=column - 1)


def column_name(column: int) -> str:
    """A, B, … Z, AA, AB, …"""
    name = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def area(first: Address, last: Address) -> Iterator[Address]:
    """All cells of the rectangle between two corners, row by row."""
    rows = sorted((first.row, last.row))
    columns = sorted((first.column, last.column))
    for row in range(rows[0], rows[1] + 1):
        for column in range(columns[0], columns[1] + 1):
            yield Address(row, column)
