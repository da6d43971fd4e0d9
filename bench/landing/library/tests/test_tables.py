import unittest

from yardstick.tables import plain


class Tables(unittest.TestCase):
    def test_columns_are_as_wide_as_their_widest_cell(self):
        self.assertEqual(plain([("a", "bb"), ("ccc", "d")]), "a    bb\nccc  d")
