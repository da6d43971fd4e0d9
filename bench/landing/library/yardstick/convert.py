"""Conversion."""

from yardstick.parser import parse
from yardstick.quantity import Quantity
from yardstick.units import UNITS, find_unit


def convert(text, symbol):
    """The quantity of a text in the unit of a symbol."""
    return parse(text).to(find_unit(symbol))


def best_unit(quantity):
    """The same quantity in the unit in which its number is the smallest one that is at least 1."""
    alike = [unit for unit in UNITS if unit.dimension == quantity.unit.dimension]
    ways = [quantity.to(unit) for unit in alike]
    large = [each for each in ways if abs(each.value) >= 1.0]
    if not large:
        return max(ways, key=lambda each: abs(each.value))
    return min(large, key=lambda each: abs(each.value))


def total(texts, symbol):
    """The sum of the quantities of several texts, in the unit of a symbol."""
    unit = find_unit(symbol)
    amount = Quantity(0.0, unit)
    for text in texts:
        amount = amount + parse(text)
    return amount
