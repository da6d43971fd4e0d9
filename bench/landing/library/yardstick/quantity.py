"""Numbers of units."""

from dataclasses import dataclass

from yardstick.errors import IncompatibleUnits
from yardstick.units import Unit


@dataclass(frozen=True)
class Quantity:
    """So many of a unit."""

    value: float
    unit: Unit

    @property
    def base(self):
        """The value in the base unit of its dimension."""
        return self.value * self.unit.factor

    def to(self, unit):
        """The same quantity in another unit.

        Raises IncompatibleUnits if that measures something else.
        """
        if unit.dimension != self.unit.dimension:
            raise IncompatibleUnits(self.unit.dimension, unit.dimension)
        return Quantity(self.base / unit.factor, unit)

    def __add__(self, other):
        return Quantity(self.value + other.to(self.unit).value, self.unit)

    def __sub__(self, other):
        return Quantity(self.value - other.to(self.unit).value, self.unit)

    def __mul__(self, number):
        return Quantity(self.value * number, self.unit)

    def __lt__(self, other):
        return self.value < other.to(self.unit).value
