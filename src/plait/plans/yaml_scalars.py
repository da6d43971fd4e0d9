"""What a plain scalar of YAML means, read narrowly, as a person reads it."""

from __future__ import annotations

import re

Scalar = str | int | float | bool | None

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
# Of exponents those that YAML 1.1 and 1.2 both read: `0E0` and `12e4` may be ids, or commits.
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,40}(?:[eE][-+][0-9]{1,2})?")


def plain_scalar(text: str) -> Scalar:
    """Nothing, a truth value or a common number; anything else is text."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
