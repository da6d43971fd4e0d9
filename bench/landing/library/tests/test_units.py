import unittest

from yardstick.errors import UnknownUnit
from yardstick.units import UNITS, find_unit


class Units(unittest.TestCase):
    def test_every_unit_is_found_by_its_symbol(self):
        for unit in UNITS:
            self.assertIs(find_unit(unit.symbol), unit)

    def test_prefixes(self):
        self.assertEqual(find_unit("km").factor, 1000.0)
        self.assertEqual(find_unit("mg").name, "milligram")

    def test_only_some_take_prefixes(self):
        with self.assertRaises(UnknownUnit):
            find_unit("kft")

    def test_no_symbol_twice(self):
        symbols = [unit.symbol for unit in UNITS]
        self.assertEqual(len(symbols), len(set(symbols)))
