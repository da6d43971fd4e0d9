import unittest

from yardstick.errors import IncompatibleUnits
from yardstick.quantity import Quantity
from yardstick.units import find_unit


def of(value, symbol):
    return Quantity(value, find_unit(symbol))


class Quantities(unittest.TestCase):
    def test_sums_take_the_unit_of_the_first(self):
        self.assertEqual(of(1.0, "km") + of(500.0, "m"), of(1.5, "km"))
        self.assertAlmostEqual((of(1.0, "h") - of(15.0, "min")).value, 0.75)

    def test_order(self):
        self.assertLess(of(1.0, "in"), of(1.0, "ft"))

    def test_apples_and_pears(self):
        with self.assertRaises(IncompatibleUnits):
            of(1.0, "m") + of(1.0, "s")
