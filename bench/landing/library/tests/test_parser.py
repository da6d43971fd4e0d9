import unittest

from yardstick.errors import IncompatibleUnits, UnknownUnit, Unreadable
from yardstick.parser import parse


class Parsing(unittest.TestCase):
    def test_a_number_and_its_unit(self):
        quantity = parse("2.5 km")
        self.assertEqual((quantity.value, quantity.unit.symbol), (2.5, "km"))

    def test_sums(self):
        self.assertAlmostEqual(parse("3 km + 20 m - 1 km").value, 2.02)

    def test_numbers_alone(self):
        self.assertEqual(parse("12 - 2").value, 10.0)

    def test_what_cannot_be_read(self):
        for text, place in (("", 0), ("km", 0), ("3 km 4", 5), ("3 km + ", 7), ("3 §", 2)):
            with self.assertRaises(Unreadable) as raised:
                parse(text)
            self.assertEqual(raised.exception.place, place)

    def test_units_that_do_not_fit(self):
        with self.assertRaises(UnknownUnit):
            parse("3 parsec")
        with self.assertRaises(IncompatibleUnits):
            parse("3 km + 2 s")
