"""Tokens to quantities: sums and differences of numbers with their units."""

from yardstick.errors import Unreadable
from yardstick.lexer import tokens
from yardstick.quantity import Quantity
from yardstick.units import find_unit


def parse(text):
    """The quantity that a text says, such as `3 km + 20 m`.

    Raises Unreadable, UnknownUnit or IncompatibleUnits.
    """
    left = tokens(text)
    total = _term(text, left)
    while left:
        sign = left.pop(0)
        if sign.text not in {"+", "-"}:
            raise Unreadable(text, sign.place)
        term = _term(text, left)
        total = total + term if sign.text == "+" else total - term
    return total


def _term(text, left):
    """A number and, if a word follows, its unit."""
    if not left or left[0].kind != "number":
        raise Unreadable(text, left[0].place if left else len(text))
    value = left.pop(0).value
    symbol = left.pop(0).text if left and left[0].kind == "word" else ""
    return Quantity(value, find_unit(symbol))
