"""Numbers as people write them."""

import re

_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def scan_number(text, place=0):
    """The number that begins at a place: its value, and where it ends.

    None if no number begins there.
    """
    for pattern in (_GROUPED, _PLAIN):
        found = pattern.match(text, place)
        if found:
            return float(found.group().replace(",", "")), found.end()
    return None


def read_number(text):
    """A text that is a number as a whole.

    Raises ValueError if it is none.
    """
    found = scan_number(text.strip())
    if found is None or found[1] != len(text.strip()):
        raise ValueError(f"{text!r} is no number")
    return found[0]
