import unittest

from yardstick.formats import show, show_long, show_number
from yardstick.parser import parse


class Formats(unittest.TestCase):
    def test_no_needless_zeros(self):
        self.assertEqual(show(parse("2.50 km")), "2.5 km")
        self.assertEqual(show(parse("7")), "7")

    def test_so_many_digits(self):
        self.assertEqual(show_number(3.14159265, 3), "3.14")

    def test_names(self):
        self.assertEqual(show_long(parse("1 ft")), "1 foot")
        self.assertEqual(show_long(parse("3 ft")), "3 feet")
        self.assertEqual(show_long(parse("3 min")), "3 minutes")
