"""The units there are."""

from dataclasses import dataclass

from yardstick.dimensions import LENGTH, MASS, NUMBER, SPEED, TIME, Dimension
from yardstick.errors import UnknownUnit
from yardstick.prefixes import split_prefix


@dataclass(frozen=True)
class Unit:
    """A unit; `factor` is how many of the base unit of its dimension it is."""

    symbol: str
    name: str
    factor: float
    dimension: Dimension
    prefixed: bool = False


UNITS = [
    Unit("", "one", 1.0, NUMBER),
    Unit("m", "metre", 1.0, LENGTH, prefixed=True),
    Unit("in", "inch", 0.0254, LENGTH),
    Unit("ft", "foot", 0.3048, LENGTH),
    Unit("yd", "yard", 0.9144, LENGTH),
    Unit("mi", "mile", 1609.344, LENGTH),
    Unit("g", "gram", 0.001, MASS, prefixed=True),
    Unit("lb", "pound", 0.45359237, MASS),
    Unit("oz", "ounce", 0.028349523125, MASS),
    Unit("s", "second", 1.0, TIME, prefixed=True),
    Unit("min", "minute", 60.0, TIME),
    Unit("h", "hour", 3600.0, TIME),
    Unit("d", "day", 86400.0, TIME),
    Unit("kph", "kilometre per hour", 1 / 3.6, SPEED),
    Unit("mph", "mile per hour", 0.44704, SPEED),
]


def find_unit(symbol):
    """The unit of a symbol, with or without an SI prefix.

    Raises UnknownUnit if there is none.
    """
    for unit in UNITS:
        if unit.symbol == symbol:
            return unit
    prefix, rest = split_prefix(symbol)
    for unit in UNITS:
        if prefix and unit.prefixed and unit.symbol == rest:
            name = prefix.name + unit.name
            return Unit(symbol, name, prefix.factor * unit.factor, unit.dimension)
    raise UnknownUnit(symbol)
