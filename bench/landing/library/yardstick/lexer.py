"""Text to tokens."""

import re
from dataclasses import dataclass

from yardstick.errors import Unreadable
from yardstick.numerals import scan_number

_WORD = re.compile(r"[^\W\d_]+")
_SIGNS = "+-*/()"


@dataclass(frozen=True)
class Token:
    """A number, a word or a sign, and where it stands."""

    kind: str
    text: str
    place: int
    value: float = 0.0


def tokens(text):
    """The tokens of a text.

    Raises Unreadable at the first character that begins none.
    """
    found, place = [], 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        signed = bool(found) and found[-1].kind != "sign"
        number = None if signed and text[place] in "+-" else scan_number(text, place)
        word = _WORD.match(text, place)
        if number is not None:
            value, end = number
            found.append(Token("number", text[place:end], place, value))
        elif word:
            end = word.end()
            found.append(Token("word", word.group(), place))
        elif text[place] in _SIGNS:
            end = place + 1
            found.append(Token("sign", text[place], place))
        else:
            raise Unreadable(text, place)
        place = end
    return found
