import unittest

from yardstick.formats import show
from yardstick.quantity import Quantity
from yardstick.units import find_unit


class Digits(unittest.TestCase):
    def test_a_long_number_is_cut_somewhere(self):
        self.assertEqual(show(Quantity(1.23456789, find_unit("km"))), "1.23457 km")
