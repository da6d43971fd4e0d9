import unittest

from yardstick.dimensions import LENGTH, NUMBER, SPEED, TIME


class Dimensions(unittest.TestCase):
    def test_products_and_quotients(self):
        self.assertEqual(SPEED * TIME, LENGTH)
        self.assertEqual(LENGTH / LENGTH, NUMBER)

    def test_names(self):
        self.assertEqual(str(SPEED), "length time^-1")
        self.assertEqual(str(NUMBER), "number")
