"""Where in a TOML file each key stands: tomllib reads values, but does not say from where.

The text is known to be TOML by now, so this reads no more of the grammar than it needs to tell
where keys and items begin.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Path = tuple[str | int, ...]  # keys of tables, indices of arrays

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN = re.compile(r"[^,\]}#\r\n]*")
_STRINGS = (
    re.compile(r'"""(?:\\.|[^\\])*?"{3,5}', re.DOTALL),
    re.compile(r"'''.*?'{3,5}", re.DOTALL),
    re.compile(r'"(?:\\.|[^"\\])*"'),
    re.compile(r"'[^']*'"),
)


def places(text: str) -> Mapping[Path, tuple[int, int]]:
    """Line and column, from 1, of each table's head, each key and each item of an array."""
    scan = _Scan(text)
    scan.document()
    return {path: _line_and_column(text, offset) for path, offset in scan.found.items()}


def _line_and_column(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


class _Scan:
    """One pass over the text; `found` grows."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._lengths: dict[Path, int] = {}
        self.found: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        self._pass(_BLANK)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._head()
            else:
                self._pair(table)
            self._pass(_BLANK)

    def _head(self) -> Path:
        begin = self._at
        is_array = self._text.startswith("[[", begin)
        self._at += 2 if is_array else 1
        path: Path = ()
        for part in self._key():
            path = (*path, part)
            self.found.setdefault(path, begin)
            if path in self._lengths and path:  # the newest item of an array of tables
                path = (*path, self._lengths[path] - 1)
        self._at += 2 if is_array else 1
        if not is_array:
            return path
        if isinstance(path[-1], int):
            path = path[:-1]
        self._lengths[path] = self._lengths.get(path, 0) + 1
        path = (*path, self._lengths[path] - 1)
        self.found[path] = begin
        return path

    def _pair(self, table: Path) -> None:
        begin = self._at
        path = table
        for part in self._key():
            path = (*path, part)
            self.found.setdefault(path, begin)
        self._at += 1  # the equals sign
        self._pass(_SPACE)
        self._value(path)

    def _key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self._pass(_SPACE)
            parts.append(self._word())
            self._pass(_SPACE)
            if self._at >= len(self._text) or self._text[self._at] != ".":
                return parts
            self._at += 1

    def _word(self) -> str:
        if self._text[self._at] not in "\"'":
            return self._pass(_BARE)
        import tomllib

        quoted = self._string()
        return str(tomllib.loads(f"x = {quoted}")["x"])

    def _value(self, path: Path) -> None:
        character = self._text[self._at]
        if character in "\"'":
            self._string()
        elif character == "[":
            self._list(path)
        elif character == "{":
            self._at += 1
            self._pass(_BLANK)
            while self._text[self._at] != "}":
                self._pair(path)
                self._pass(_BLANK)
                self._at += self._text[self._at] == ","
                self._pass(_BLANK)
            self._at += 1
        else:
            self._pass(_PLAIN)

    def _list(self, path: Path) -> None:
        self._at += 1
        self._pass(_BLANK)
        index = 0
        while self._text[self._at] != "]":
            self.found[(*path, index)] = self._at
            self._value((*path, index))
            index += 1
            self._pass(_BLANK)
            self._at += self._text[self._at] == ","
            self._pass(_BLANK)
        self._at += 1

    def _string(self) -> str:
        for pattern in _STRINGS:
            found = pattern.match(self._text, self._at)
            if found:
                self._at = found.end()
                return found[0]
        raise ValueError(self._text[self._at : self._at + 20])

    def _pass(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        assert found is not None  # noqa: S101 - the text is TOML
        self._at = found.end()
        return found[0]
