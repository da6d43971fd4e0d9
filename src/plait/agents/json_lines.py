"""Reads a program's output that is one JSON object a line. Nothing in it is trusted.

Whatever a line holds, reading it gives entries: a line that is no JSON object, or too long, is
`Unread`; a field of another type than expected counts as absent.
"""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Any

from pydantic_core import from_json

from plait.core.transcript import Entry, Unread
from plait.ports import Reader

LONGEST = 16 * 1024 * 1024  # of a line, in bytes; agents print whole files, not films
SHOWN = 2000  # characters of a line that was not understood
_MOST = 2**63 - 1
_HALF = re.compile("[\ud800-\udfff]")  # of a pair: no text can be written with it

Table = Mapping[str, Any]


class JsonLines(Reader):
    """A reader whose lines are JSON objects; an adapter says what each one means."""

    def read(self, line: bytes) -> Iterable[Entry]:
        """The entries of one line. Raises nothing for bad output."""
        if len(line) > LONGEST:
            return (unread(line[:SHOWN]),)
        try:
            event = from_json(line, cache_strings="keys")
        except ValueError:  # it is stricter than the standard library
            event = _leniently(line)
        if isinstance(event, dict):
            return self.entries(event)
        return (unread(line),) if line.strip() else ()

    @abstractmethod
    def entries(self, event: Table) -> Iterable[Entry]:
        """What an object says; nothing, if it is of no interest."""


def _leniently(line: bytes) -> Any:
    """What a line of JSON holds, though with a half of a surrogate pair; None: it is no JSON."""
    try:
        event = json.loads(line)
        return _whole(event) if b"\\ud" in line or b"\\uD" in line else event
    except (ValueError, RecursionError):
        return None


def unread(line: bytes) -> Unread:
    """The beginning of a line that is not understood."""
    return Unread(line=line[: 4 * SHOWN].decode("utf-8", "replace")[:SHOWN])


def text(data: Table, key: str) -> str:
    """A text; empty if there is none."""
    value = data.get(key)
    return value if isinstance(value, str) else ""


def number(data: Table, key: str) -> float | None:
    """A finite number from 0; None if there is none."""
    value = data.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < inf:
        return float(min(value, _MOST))
    return None


def count(data: Table, key: str) -> int:
    """A whole number from 0; 0 if there is none."""
    value = data.get(key)
    if type(value) is int:  # as most are; nor is this a truth
        return value if 0 <= value <= _MOST else min(max(value, 0), _MOST)
    if isinstance(value, float) and 0 <= value < inf:
        return int(min(value, _MOST))
    return 0


def table(data: Table, key: str) -> Table:
    """An object; empty if there is none."""
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def tables(data: Table, key: str) -> Sequence[Table]:
    """The objects of an array; those entries alone that are some."""
    value = data.get(key)
    if not isinstance(value, list):
        return []
    if len(value) == 1 and isinstance(value[0], dict):
        return value
    return [each for each in value if isinstance(each, dict)]


def words(value: Any) -> str:
    """A text, or the texts of `{"type": "text", "text": …}` blocks, one after another."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return ""
    blocks = (each for each in value if isinstance(each, dict))
    return "\n".join(found for each in blocks if (found := text(each, "text")))


def paths(data: Table, *keys: str) -> tuple[str, ...]:
    """The texts under these keys, in their order, without repetition."""
    found: list[str] = []
    for key in keys:
        value = data.get(key)
        if value and isinstance(value, str) and value not in found:
            found.append(value)
    return tuple(found)


def _whole(value: Any) -> Any:
    """The value without halves of surrogate pairs."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(each) for each in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(each) for key, each in value.items()}
    return value
