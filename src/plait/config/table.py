"""What a setting is, and a table of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a table.

    Args:
        into: The field that it sets.
        parse: What fits; raises `WrongValueError`.
        default: The default as the reference shows it; `none` if there is none.
        meaning: What it does.
        example: A value in TOML, where the default is none that could be written.
    """

    into: str
    parse: Callable[[Any], Any]
    default: str
    meaning: str
    example: str = ""

    @property
    def is_value(self) -> bool:
        """Whether the default could be written into the file."""
        return not self.example

    @property
    def shown(self) -> str:
        """A value in TOML for the commented line: the default, where it is one."""
        return self.example or self.default.strip("`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of the file: its keys in order, and what it is for."""

    about: str
    keys: Mapping[str, Key]


def key(
    into: str, parse: Callable[[Any], Any], default: str, meaning: str, example: str = ""
) -> Key:
    """One key, in short."""
    return Key(into=into, parse=parse, default=default, meaning=meaning, example=example)
