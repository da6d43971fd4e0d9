"""Three versions of data (JSON, TOML, YAML) → the one with both sides' changes, or a conflict.

A mapping is merged key by key, a list of things with names by their names, a list of plain
values by what either side took out and put in. Where both sides changed the same value, and not
alike, there is no answer: neither side is taken.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from posixpath import basename, splitext
from typing import Any, Final

from plait.errors import PlaitError

_FORMATS: Mapping[str, str] = {".json": "json", ".toml": "toml", ".yaml": "yaml", ".yml": "yaml"}
_NAMED: Mapping[str, str] = {
    "Cargo.lock": "toml",
    "uv.lock": "toml",
    "poetry.lock": "toml",
    "composer.lock": "json",
    "Pipfile": "toml",
    "Pipfile.lock": "json",
}
_INDENTS: tuple[int | str, ...] = (2, 4, "\t", 1, 3, 8)


class Both(PlaitError):  # noqa: N818 - as it is said
    """Both sides changed the same value. The code is `BOTH_CHANGED`."""


class _Missing:
    """That there is no value."""


MISSING: Final = _Missing()


def format_of(path: str) -> str:
    """What a file's name says that it holds: `json`, `toml`, `yaml`, or nothing known."""
    return _NAMED.get(basename(path)) or _FORMATS.get(splitext(path)[1].lower(), "")


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping of pairs.

    Raises:
        ValueError: A key stands twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def merge_data(base: Any, ours: Any, theirs: Any) -> Any:
    """The data with the changes of both.

    Raises:
        Both: There is no such.
    """
    if _same(ours, theirs) or _same(base, theirs):
        return ours
    if _same(base, ours):
        return theirs
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return _mappings(base if isinstance(base, dict) else {}, ours, theirs)
    if isinstance(ours, list) and isinstance(theirs, list) and isinstance(base, list):
        named = [_by_name(each) for each in (base, ours, theirs)]
        if None not in named:
            merged = _mappings(*named)  # type: ignore[arg-type]
            return list(merged.values())
        return _lists(base, ours, theirs)
    raise Both("both sides changed it", code="BOTH_CHANGED")


def written_as(ours: str, data: Any) -> str | None:
    """JSON data written in the manner of another JSON text; None if it is written by no rule."""
    try:
        own = json.loads(ours, object_pairs_hook=once)
    except (ValueError, RecursionError):
        return None
    for indent in (*_INDENTS, None):
        for plain in (False, True):
            if _written(own, indent, ascii_only=plain).rstrip("\n") == ours.rstrip("\n"):
                end = ours[len(ours.rstrip("\n")) :]
                return _written(data, indent, ascii_only=plain) + end
    return None


def same_data(one: Any, other: Any) -> bool:
    """Whether two are the same data; the order of things with names does not matter."""
    return _same(_ordered(one), _ordered(other))


def _written(data: Any, indent: int | str | None, *, ascii_only: bool) -> str:
    return json.dumps(data, indent=indent, ensure_ascii=ascii_only)


def _ordered(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _ordered(value) for key, value in data.items()}
    if isinstance(data, list):
        named = _by_name(data)
        values = data if named is None else [named[key] for key in sorted(named)]
        return [_ordered(each) for each in values]
    return data


def _same(one: Any, other: Any) -> bool:
    """Equal, and of the same types throughout: true is not 1, 1 is not 1.0."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _mappings(
    base: Mapping[Any, Any], ours: Mapping[Any, Any], theirs: Mapping[Any, Any]
) -> dict[Any, Any]:
    merged: dict[Any, Any] = {}
    for key in dict.fromkeys((*ours, *theirs)):
        sides = (each.get(key, MISSING) for each in (base, ours, theirs))
        value = merge_data(*sides)
        if value is not MISSING:
            merged[key] = value
    if all(isinstance(key, str) for key in merged) and _sorted(ours) and _sorted(theirs):
        return {key: merged[key] for key in sorted(merged)}
    return merged


def _sorted(mapping: Mapping[Any, Any]) -> bool:
    return len(mapping) > 1 and list(mapping) == sorted(mapping)


def _by_name(values: list[Any]) -> dict[str, Any] | None:
    """Tables by their names, which are all different; None if they are not such."""
    named: dict[str, Any] = {}
    for each in values:
        name = each.get("name") if isinstance(each, dict) else None
        if not isinstance(name, str) or name in named:
            return None
        named[name] = each
    return named


def _lists(base: list[Any], ours: list[Any], theirs: list[Any]) -> list[Any]:
    """Plain values, each once: without what either took out, with what either put in."""
    for each in (base, ours, theirs):
        if not all(isinstance(value, str) for value in each) or len(set(each)) < len(each):
            raise Both("both sides changed a list", code="BOTH_CHANGED")
    gone = set(base) - set(theirs)
    merged = [each for each in ours if each not in gone]
    return merged + [each for each in theirs if each not in base and each not in merged]
