"""`python3 -m tally FILE`: show a CSV file."""

from __future__ import annotations

import csv
import sys


def main(arguments: list[str]) -> int:
    """Print the file's cells; return the exit code."""
    if len(arguments) != 1:
        print("usage: python3 -m tally FILE", file=sys.stderr)
        return 2
    with open(arguments[0], newline="", encoding="utf-8") as file:
        for row in csv.reader(file):
            print("\t".join(row))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
