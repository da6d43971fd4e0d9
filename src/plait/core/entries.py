"""Entries of a transcript as JSON values, and back: the lines of `transcript.jsonl`.

What has its default is left out. What is read back may be anything: the file lies where an
agent works.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from functools import cache
from typing import Any

from plait.core.transcript import (
    Entry,
    Finished,
    FinishKind,
    Retried,
    Said,
    Started,
    ToolCalled,
    ToolDenied,
    ToolEnded,
    Turn,
    Unread,
    Used,
)

KINDS: Mapping[str, type[Entry]] = {
    "started": Started,
    "text": Said,
    "tool": ToolCalled,
    "tool_result": ToolEnded,
    "denied": ToolDenied,
    "retry": Retried,
    "turn": Turn,
    "usage": Used,
    "finished": Finished,
    "unread": Unread,
}
MOST_TEXT = 16_384  # characters of one text in an entry; the raw stream holds all of it
_NAMES = {kind: name for name, kind in KINDS.items()}
_RENAMED = {(Retried, "kind"): "error", (Finished, "kind"): "finish"}


def entry_json(entry: Entry) -> dict[str, Any]:
    """The entry as a JSON object; `kind` comes first."""
    kind: Any = type(entry)  # mypy takes a union of classes for unhashable
    name, parts = _form(kind)
    told: dict[str, Any] = {"kind": name}
    for key, attribute, default in parts:
        value = getattr(entry, attribute)
        if value != default:
            told[key] = value
    return told


def entry_of(data: Any) -> Entry:
    """The entry that `entry_json` told; what is none is `Unread`."""
    name = data.get("kind") if isinstance(data, Mapping) else None
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        return Unread(line=str(data)[:MOST_TEXT])
    given = {}
    for field in fields(kind):
        value = _READ[field.type](data.get(_RENAMED.get((kind, field.name), field.name)))
        if value is None and field.default is MISSING and field.default_factory is MISSING:
            return Unread(line=str(data)[:MOST_TEXT])
        if value is not None:
            given[field.name] = value
    return kind(**given)


def shortened(value: Any) -> Any:
    """A JSON value whose long texts are cut, with what was left out told at their end."""
    if isinstance(value, str) and len(value) > MOST_TEXT:
        return f"{value[:MOST_TEXT]} … {len(value) - MOST_TEXT} characters more"
    if isinstance(value, Mapping):
        return {shortened(key): shortened(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [shortened(each) for each in value]
    return value


@cache
def _form(kind: Any) -> tuple[str, tuple[tuple[str, str, Any], ...]]:
    """What a kind of entry is called; of each field its key, its name, its default."""
    parts = [(_RENAMED.get((kind, f.name), f.name), f.name, _default(f)) for f in fields(kind)]
    return _NAMES[kind], tuple(parts)


def _default(field: Field[Any]) -> Any:
    return {} if field.default_factory is not MISSING else field.default


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _object(value: Any) -> Mapping[str, Any] | None:
    return value if isinstance(value, Mapping) else None


def _texts(value: Any) -> tuple[str, ...] | None:
    return tuple(filter(_text, value)) if isinstance(value, list | tuple) else None


def _finish(value: Any) -> FinishKind | None:
    return FinishKind(value) if isinstance(value, str) and value in set(FinishKind) else None


_READ: Mapping[Any, Callable[[Any], Any]] = {  # by a field's annotation, as it is written
    "str": _text,
    "bool": _truth,
    "int": _count,
    "float | None": _number,
    "Mapping[str, Any]": _object,
    "tuple[str, ...]": _texts,
    "FinishKind": _finish,
}
