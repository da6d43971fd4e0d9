from __future__ import annotations

import unittest

from tally.address import Address, area, column_name, parse_address


class AddressTest(unittest.TestCase):
    def test_reads_letters_and_numbers(self) -> None:
        self.assertEqual(parse_address("A1"), Address(0, 0))
        self.assertEqual(parse_address("b3"), Address(2, 1))
        self.assertEqual(parse_address("AA10"), Address(9, 26))

    def test_refuses_what_is_no_cell(self) -> None:
        for text in ("", "A", "1", "A0", "1A", "A1B"):
            with self.subTest(text=text), self.assertRaises(ValueError):
                parse_address(text)

    def test_is_written_as_it_is_read(self) -> None:
        for text in ("A1", "Z9", "AA1", "AZ52", "ZZ100"):
            self.assertEqual(str(parse_address(text)), text)

    def test_names_columns(self) -> None:
        self.assertEqual([column_name(n) for n in (0, 25, 26, 701)], ["A", "Z", "AA", "ZZ"])

    def test_an_area_is_a_rectangle_whatever_its_corners(self) -> None:
        cells = ["A1", "B1", "A2", "B2"]
        self.assertEqual([str(c) for c in area(Address(0, 0), Address(1, 1))], cells)
        self.assertEqual([str(c) for c in area(Address(1, 1), Address(0, 0))], cells)


if __name__ == "__main__":
    unittest.main()
