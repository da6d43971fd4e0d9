import unittest

from yardstick.numerals import read_number, scan_number


class Numerals(unittest.TestCase):
    def test_plain_numbers(self):
        for text, value in (("3", 3.0), ("-2.5", -2.5), (".5", 0.5), ("1e3", 1000.0)):
            self.assertEqual(read_number(text), value)

    def test_groups_of_thousands(self):
        self.assertEqual(read_number("1,234,567.5"), 1234567.5)

    def test_what_follows_is_left(self):
        self.assertEqual(scan_number("12 km"), (12.0, 2))
        self.assertIsNone(scan_number("km"))

    def test_what_is_no_number(self):
        for text in ("", "km", "1.2.3", "12 km"):
            with self.assertRaises(ValueError):
                read_number(text)
