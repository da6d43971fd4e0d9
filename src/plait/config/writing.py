"""A `plait.toml` with every setting: what is known is set, all others are comments."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plait.config.keys import FURTHER, TABLES
from plait.config.table import Table

_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_WIDTH = 92
_HEAD = """\
# Settings of Plait for this repository.
#
# A line that begins with "#" and a key is a setting that is not set, with its default or, where
# there is none, an example. Take the "#" away to set it. An unknown key is an error.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A value to be set, in TOML, and what is to be said of it."""

    value: str
    told: Sequence[str] = ()


def written(known: Mapping[tuple[str, str], Setting]) -> str:
    """The file's text.

    Args:
        known: What is set, or (with an empty value) only told of, by table and key.
    """
    parts = [_HEAD]
    for name, table in TABLES.items():
        parts.append(_table(name, table, known))
    for name, table in FURTHER.items():
        if name.startswith("agents."):
            parts.append(_named(name, table))
    parts.append(_boards(FURTHER["announce"]))
    return "\n".join(parts)


def quoted(text: str) -> str:
    """A text as TOML writes it on one line."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _table(name: str, table: Table, known: Mapping[tuple[str, str], Setting]) -> str:
    lines = [f"[{name}]"]
    for key, each in table.keys.items():
        lines += ["", *_prose(plain(each.meaning))]
        further = FURTHER.get(f"{name}.{key}")
        if further is not None:
            lines += _rows(further)
        if not each.is_value:
            lines += _prose(f"Default: {each.default}.")
        setting = known.get((name, key))
        lines += [line for told in setting.told for line in _prose(told)] if setting else []
        if setting is not None and setting.value:
            lines.append(f"{key} = {setting.value}")
        else:
            lines.append(f"#{key} = {each.shown}")
    return "\n".join(lines) + "\n"


def _named(name: str, table: Table) -> str:
    """A table whose name is the owner's: all of it is a comment."""
    lines = [*_prose(table.about), f"#[{name.replace('NAME', 'my-agent')}]"]
    for key, each in table.keys.items():
        if not any(f"{other}.".startswith(f"{name}.{key}.") for other in FURTHER):
            lines += [*_prose(plain(each.meaning)), f"#{key} = {each.shown}"]
    return "\n".join(lines) + "\n"


def _boards(table: Table) -> str:
    """The boards: one as an example, as a comment."""
    lines = [*_prose(plain(table.about)), *_rows(table), "#[[announce]]"]
    return "\n".join([*lines, f"#command = {table.keys['command'].shown}"]) + "\n"


def _rows(table: Table) -> list[str]:
    """The keys of the tables in a list, a line or two each."""
    lines = []
    for key, each in table.keys.items():
        told = f"{key}: {plain(each.meaning)}"
        lines += textwrap.wrap(
            told, _WIDTH, initial_indent="#   ", subsequent_indent="#     ",
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
    return lines


def _prose(text: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent="# ", subsequent_indent="# ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def plain(text: str) -> str:
    """Markdown without its links, and on one line."""
    return " ".join(_LINK.sub(r"\1", text).split())
