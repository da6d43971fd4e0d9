"""Frozen values to JSON values and back, driven by their type hints.

Outer edges parse with pydantic; this is for values Plait wrote itself (the store, `--json`).
Unknown keys are ignored and missing ones take their defaults, so that what an older or a newer
version wrote can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def encode(value: Any) -> Any:
    """The value as JSON values: dataclasses and mappings as objects, tuples as arrays."""
    if is_dataclass(value) and not isinstance(value, type):
        given = (field.name for field in fields(value) if field.init)
        return {name: encode(getattr(value, name)) for name in given}
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [encode(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return value


def decode(kind: type[T], data: Any) -> T:
    """The value of that type that `encode` wrote.

    Raises:
        TypeError: A field without a default is missing.
        ValueError: An enum has no such member.
    """
    hint: Any = kind  # mypy takes a type variable for unhashable
    decoded: T = _decoder(hint)(data)
    return decoded


@cache
def _decoder(hint: Any) -> Callable[[Any], Any]:
    if isinstance(hint, NewType):
        return _decoder(hint.__supertype__)
    origin, args = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        (inner,) = (_decoder(arg) for arg in args if arg is not type(None))
        return lambda data: None if data is None else inner(data)
    if origin is tuple:
        item = _decoder(args[0])
        return lambda data: tuple(item(each) for each in data)
    if origin is not None and issubclass(origin, Mapping):
        item = _decoder(args[1])
        return lambda data: {key: item(each) for key, each in data.items()}
    if isinstance(hint, type) and is_dataclass(hint):
        return _dataclass_decoder(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    return lambda data: data


def _dataclass_decoder(kind: type[Any]) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    names = {field.name: hints[field.name] for field in fields(kind) if field.init}

    def decode_object(data: Mapping[str, Any]) -> Any:
        return kind(
            **{name: _decoder(hint)(data[name]) for name, hint in names.items() if name in data}
        )

    return decode_object
