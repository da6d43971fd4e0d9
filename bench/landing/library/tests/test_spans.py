import unittest

from yardstick.spans import find_all

TEXT = "It is 26 mi away, 1,500 m up; 3 apples weigh 450 g."


class Spans(unittest.TestCase):
    def test_quantities_are_found_where_they_stand(self):
        told = [TEXT[each.start : each.end] for each in find_all(TEXT)]
        self.assertEqual(told, ["26 mi", "1,500 m", "450 g"])

    def test_nothing_to_find(self):
        self.assertEqual(find_all("no numbers, 12 of them"), [])
