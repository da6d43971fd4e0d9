import unittest

from yardstick.commands import COMMANDS, main


def said(*arguments):
    lines = []
    code = main(list(arguments), say=lines.append)
    return code, "\n".join(lines)


class Commands(unittest.TestCase):
    def test_what_they_say(self):
        self.assertEqual(said("convert", "1 mi", "km"), (0, "1.60934 km"))
        self.assertEqual(said("show", "1 km + 1 m"), (0, "1.001 km"))
        self.assertEqual(said("sum", "m", "1 km", "2 m"), (0, "1002 m"))
        self.assertEqual(said("find", "it is 3 km"), (0, "3 km  3 km"))

    def test_what_goes_wrong(self):
        self.assertEqual(said("show", "3 parsec")[0], 1)
        self.assertEqual(said("show")[0], 1)
        code, told = said("dance")
        self.assertEqual(code, 2)
        for name in COMMANDS:
            self.assertIn(name, told)
