"""No pattern of a reader takes longer than in proportion to the text, whatever stands in it.

Each module-level pattern is tried on long runs of its own characters and words, in the ways in
which its module uses it: hostile text is composed of what a pattern nearly matches.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import time
from collections.abc import Iterator
from functools import cache
from itertools import islice, product
from re import _constants as kinds, _parser as parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any

import pytest

import plait.core
import plait.plans

LENGTH = 10_000
TAKES = 0.05  # seconds: what is quadratic takes more, what is not some milliseconds
_WAYS = ("match", "fullmatch", "search", "findall", "finditer", "sub", "split")
_CATEGORIES = {kinds.CATEGORY_DIGIT: "7", kinds.CATEGORY_SPACE: " ", kinds.CATEGORY_WORD: "w"}


def modules() -> Iterator[ModuleType]:
    """All modules of the readers and of the core."""
    for package in (plait.plans, plait.core):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(found.name)


def patterns() -> Iterator[tuple[str, re.Pattern[str], frozenset[str]]]:
    """Each pattern with its name and the ways in which it is used."""
    seen: set[re.Pattern[Any]] = set()
    for module in modules():
        for name, value in vars(module).items():
            for pattern in inside(value):
                if pattern not in seen and isinstance(pattern.pattern, str):
                    seen.add(pattern)
                    own = pattern is value
                    ways = used(module)[name] if own and name in used(module) else {"search"}
                    yield f"{module.__name__}.{name}", pattern, frozenset(ways)


def inside(value: object) -> Iterator[re.Pattern[Any]]:
    """The patterns in a constant: one, or those of a table."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from inside(each)
    elif isinstance(value, dict):
        yield from inside([*value, *value.values()])


@cache
def used(module: ModuleType) -> dict[str, set[str]]:
    """By name, the methods that a module calls on what is called so."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=way) if way in _WAYS:
                found.setdefault(name, set()).add(way)
    return found


def words(tree: Any) -> tuple[set[str], set[str]]:
    """The single characters that a pattern takes, and its literal words."""
    letters: set[str] = set()
    runs: set[str] = set()
    run = ""
    for kind, value in tree:
        if kind is kinds.LITERAL:
            letters.add(chr(value))
            run += chr(value)
            continue
        runs.add(run)
        run = ""
        if kind is kinds.IN:
            letters.update(islice((one for each in value for one in of_class(*each)), 6))
        elif kind in {kinds.ANY, kinds.NOT_LITERAL}:
            letters.add("q")
        for inner in nested(kind, value):
            more, others = words(inner)
            letters |= more
            runs |= others
    return letters, (runs | {run}) - {""}


def of_class(kind: Any, value: Any) -> Iterator[str]:
    """Some characters of a class."""
    if kind is kinds.LITERAL:
        yield chr(value)
    elif kind is kinds.RANGE:
        yield chr(value[0])
    elif kind is kinds.CATEGORY:
        yield _CATEGORIES.get(value, "-")
    elif kind is kinds.NEGATE:
        yield from "q \t"


def nested(kind: Any, value: Any) -> Iterator[Any]:
    """The patterns in an element of a pattern."""
    if kind in {kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT}:
        yield value[2]
    elif kind is kinds.SUBPATTERN:
        yield value[3]
    elif kind is kinds.BRANCH:
        yield from value[1]
    elif kind in {kinds.ASSERT, kinds.ASSERT_NOT}:
        yield value[1]


def hostile(pattern: re.Pattern[str]) -> Iterator[str]:
    """Long texts of a pattern's own pieces, that end in what it does not take."""
    letters, runs = words(parser.parse(pattern.pattern, pattern.flags))
    ordered = sorted(letters, key=lambda each: (each.isalpha(), each))[:10]
    longest = sorted(runs, key=lambda each: (-len(each), each))[:6]
    starts = ["", *longest, "".join(longest)]
    for start, letter in product(starts, ordered):
        yield start + letter * LENGTH + "\0"
    for one, other in product(ordered[:5], ordered[:5]):
        if one < other:
            yield (one + other) * (LENGTH // 2) + "\0"
    for run, letter in product(longest, ("", *ordered[:3])):
        yield (run + letter) * (LENGTH // (len(run) + len(letter))) + "\0"


PATTERNS = list(patterns())


@pytest.mark.parametrize(
    ("pattern", "ways"), [each[1:] for each in PATTERNS], ids=[each[0] for each in PATTERNS]
)
def test_hostile_text_takes_no_longer(pattern: re.Pattern[str], ways: frozenset[str]) -> None:
    """The time grows with the text's length, not with its square."""
    for text in hostile(pattern):
        for way in ways:
            taken = used_up(pattern, way, text)
            if taken > TAKES:  # once may be the machine
                taken = used_up(pattern, way, text)
            assert taken < TAKES, (way, text[:40])


def used_up(pattern: re.Pattern[str], way: str, text: str) -> float:
    """The seconds that it takes."""
    call = getattr(pattern, way)
    began = time.process_time()
    found = call("", text) if way == "sub" else call(text)
    if way == "finditer":
        list(found)
    return time.process_time() - began
