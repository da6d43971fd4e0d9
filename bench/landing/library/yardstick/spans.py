"""Quantities in running text."""

import re
from dataclasses import dataclass

from yardstick.errors import UnknownUnit
from yardstick.numerals import scan_number
from yardstick.quantity import Quantity
from yardstick.units import find_unit

_WORD = re.compile(r" ?([^\W\d_]+)")


@dataclass(frozen=True)
class Span:
    """A quantity and where it stands."""

    start: int
    end: int
    quantity: Quantity


def find_all(text):
    """All quantities with a unit in a text, in order."""
    found, place = [], 0
    while place < len(text):
        number = scan_number(text, place)
        if number is None:
            place += 1
            continue
        start, (value, place) = place, number
        word = _WORD.match(text, place)
        if word is None:
            continue
        try:
            unit = find_unit(word.group(1))
        except UnknownUnit:
            continue
        found.append(Span(start, word.end(), Quantity(value, unit)))
        place = word.end()
    return found
