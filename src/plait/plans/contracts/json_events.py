"""JSON as the events of the YAML reader, so that both have the same limits and positions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from json import JSONDecodeError, JSONDecoder
from typing import NoReturn

from yaml import Mark, MarkedYAMLError
from yaml.events import (
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

_BLANK = re.compile(r"[ \t\n\r]*")
_BARE = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null")
_SURROGATE = re.compile("[\ud800-\udfff]")
_STRINGS = JSONDecoder()


class _Wanted(Enum):
    VALUE = auto()
    FIRST_VALUE = auto()  # or the list's end
    KEY = auto()
    FIRST_KEY = auto()  # or the object's end
    NEXT = auto()  # a comma or the collection's end


def json_events(text: str) -> Iterator[Event]:
    """The values of a JSON text, one after another; nothing for a blank one.

    Raises:
        MarkedYAMLError: The text is no JSON; the mark says where.
    """
    if not text.strip():
        return
    closers: list[str] = []  # of the collections that are open
    at, wanted = 0, _Wanted.VALUE
    while wanted is not _Wanted.NEXT or closers:
        at = _skip(text, at)
        character = text[at : at + 1]
        ends = bool(closers) and character == closers[-1]
        if ends and wanted not in {_Wanted.VALUE, _Wanted.KEY}:
            yield _end(closers.pop(), text, at)
            at, wanted = at + 1, _Wanted.NEXT
        elif wanted is _Wanted.NEXT:
            if character != ",":
                _fail(text, at, f"expected ',' or {closers[-1]!r}")
            at, wanted = at + 1, _Wanted.KEY if closers[-1] == "}" else _Wanted.VALUE
        elif ends:
            _fail(text, at, f"nothing stands between the comma and {character!r}")
        elif wanted in {_Wanted.KEY, _Wanted.FIRST_KEY}:
            yield (key := _string(text, at, "expected a key in double quotes"))[0]
            at = _skip(text, key[1])
            if text[at : at + 1] != ":":
                _fail(text, at, "expected ':'")
            at, wanted = at + 1, _Wanted.VALUE
        elif character == "{":
            yield MappingStartEvent(None, None, True, _mark(text, at))
            closers.append("}")
            at, wanted = at + 1, _Wanted.FIRST_KEY
        elif character == "[":
            yield SequenceStartEvent(None, None, True, _mark(text, at))
            closers.append("]")
            at, wanted = at + 1, _Wanted.FIRST_VALUE
        else:
            event, at = _scalar(text, at)
            yield event
            wanted = _Wanted.NEXT
    at = _skip(text, at)
    if at < len(text):
        _fail(text, at, "text after the document's end")


def _scalar(text: str, at: int) -> tuple[Event, int]:
    bare = _BARE.match(text, at)
    if bare is None:
        return _string(text, at, "expected a value")
    return ScalarEvent(None, None, (True, False), bare[0], _mark(text, at)), bare.end()


def _string(text: str, at: int, wanted: str) -> tuple[Event, int]:
    if text[at : at + 1] != '"':
        _fail(text, at, wanted)
    try:
        value, end = _STRINGS.raw_decode(text, at)
    except JSONDecodeError as error:
        _fail(text, error.pos, error.msg.removesuffix(" at").lower())
    # Half of a pair is no character: nothing could print it.
    value = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    return ScalarEvent(None, None, (False, True), value, _mark(text, at), style='"'), end


def _end(closer: str, text: str, at: int) -> Event:
    kind = MappingEndEvent if closer == "}" else SequenceEndEvent
    return kind(_mark(text, at))


def _skip(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at


def _mark(text: str, at: int) -> Mark:
    return Mark("", at, 0, 0, text, at)  # line and column are counted from the index


def _fail(text: str, at: int, problem: str) -> NoReturn:
    raise MarkedYAMLError(problem=problem, problem_mark=_mark(text, at))
