import unittest

from yardstick.convert import best_unit, convert, total
from yardstick.formats import show
from yardstick.parser import parse


class Conversion(unittest.TestCase):
    def test_lengths_and_speeds(self):
        self.assertAlmostEqual(convert("26 mi + 385 yd", "km").value, 42.195, places=3)
        self.assertAlmostEqual(convert("100 kph", "mph").value, 62.137, places=3)

    def test_the_unit_that_reads_best(self):
        self.assertEqual(show(best_unit(parse("5400 s"))), "1.5 h")

    def test_totals(self):
        self.assertEqual(show(total(["1 km", "250 m"], "m")), "1250 m")
