"""The fields that task lists state: `_Agent: x_`, `**Files:** a.py`, `- Dependencies: 2, 4-5`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from plait.core.plan import Span
from plait.plans.markdown import Kind, Line
from plait.plans.paths import listed

_FIELD = re.compile(
    r"(?P<mark>[_*]{0,3})(?P<key>[^\W\d_][^\W_]{0,30}(?:[ /-][^\W_]{1,30}){0,5})"
    r"[_*]{0,3}[:：][_*]{0,3}[ \t]*(?P<value>.*)"  # noqa: RUF001 - the full-width colon
)
_TIME = re.compile(
    r"\(?~?\b(?P<amount>[0-9]{1,5}(?:\.[0-9]{1,3})?) {0,2}"
    r"(?P<unit>d(?:ays?)?|h(?:(?:ou)?rs?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?)\b\)?",
    re.IGNORECASE,
)
_SECONDS = {"d": 8 * 3600.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_SPEAKING = frozenset({Kind.BULLET, Kind.BOX, Kind.TEXT, Kind.HEADING})
_MOST_WRAPPED = 20  # lines that an italic field may run over


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A piece of the source: its text, and the line and column (from 1) at which it stands."""

    text: str
    line: int
    column: int

    def span(self, file: str) -> Span:
        """Where it stands, in a file."""
        return Span(file=file, line=self.line, column=self.column)


def field_of(line: Line, keys: Mapping[str, str]) -> tuple[str, str] | None:
    """The field that a line states (``_Agent: x_``, ``**Files:** …``): its key and value.

    Args:
        line: Any line; only bullets and text state fields.
        keys: The format's keys, in lower case, and what each stands for.
    """
    field = _FIELD.match(line.content)
    key = keys.get(field["key"].strip().lower()) if field else None
    if field is None or key is None:
        return None
    value, mark = field["value"].rstrip(), field["mark"]
    if mark.startswith(("**", "__")):  # emphasis may end before the value does
        return key, value.replace(mark, "", 1).strip()
    return key, (value.removesuffix(mark) if mark else value).strip()


def fields_of(body: Sequence[Line], keys: Mapping[str, str]) -> Iterator[tuple[str, Words]]:
    """All fields that a task's lines state; an italic one may run over several lines."""
    for at, line in enumerate(body):
        if line.kind not in {Kind.BULLET, Kind.TEXT}:
            continue
        if found := field_of(line, keys):
            key, text = found
            column = max(line.text.find(text), 0) + 1
            if line.content.startswith("_") and not line.content.rstrip().endswith("_"):
                text = " ".join([text, *_continued(body, at, keys)]).rstrip("_ ")
            yield key, Words(text=text, line=line.number, column=column)


def listed_files(
    body: Sequence[Line], keys: Mapping[str, str], names: Collection[str] = ("files",)
) -> tuple[str, ...]:
    """The globs of a task's file lists: on the field's own line, and on the lines nested below.

    Args:
        body: The task's lines.
        keys: The format's keys.
        names: What of `keys`' values means a list of files that the task writes.
    """
    globs: dict[str, None] = {}
    indent: int | None = None
    for line in body:
        field = field_of(line, keys) if speaks(line) else None
        if field and field[0] in names:
            # A list below a label that is no bullet itself need not be indented.
            indent = line.indent - (line.kind is Kind.TEXT)
            globs.update(dict.fromkeys(listed(field[1])))
        elif indent is not None and speaks(line) and line.indent > indent and _nests(line, indent):
            globs.update(dict.fromkeys(listed(line.content)))
        elif line.kind is not Kind.BLANK:
            indent = None
    return tuple(globs)


def following_files(lines: Sequence[Line], keys: Collection[str]) -> Iterator[str]:
    """The texts of each list of files: on the field's own line, else the bullets behind it.

    A line that ends with a comma goes on in the next one.

    Args:
        lines: A text's lines.
        keys: What the field, or the heading above the list, may be called, in lower case.
    """
    meant = {key: key for key in keys}
    inside = goes_on = False
    for line in lines:
        found = field_of(line, meant) if speaks(line) else None
        went_on, goes_on = goes_on, False
        if found:
            inside = not found[1]
            goes_on = found[1].endswith(",")
            yield found[1]
        elif went_on and line.kind is Kind.TEXT:
            goes_on = line.content.rstrip().endswith(",")
            yield line.content
        elif line.kind is Kind.HEADING and line.content.rstrip(": ").lower() in meant:
            inside = True
        elif inside and line.kind is Kind.BULLET and not line.content.startswith("**"):
            yield line.content
        elif line.kind is not Kind.BLANK:
            inside = False


def _nests(line: Line, indent: int) -> bool:
    return line.indent > indent + 1 or line.kind in {Kind.BULLET, Kind.BOX}


def speaks(line: Line) -> bool:
    """Whether a line says something to its reader: no code, comment, quote, rule or blank."""
    return line.kind in _SPEAKING


def items_of(values: Sequence[Words]) -> tuple[str, ...]:
    """The entries of comma lists, each once."""
    parts = (part.strip() for words in values for part in re.split(r"[,;、，；]", words.text))  # noqa: RUF001
    return tuple(dict.fromkeys(part for part in parts if part))


def time_of(text: str, *, bracketed: bool = False) -> float | None:
    """The first time in a text ("4h", "~30 min") in seconds; a day has eight hours.

    Args:
        text: The words.
        bracketed: Only a time in brackets of its own counts ("Parser (4h)").
    """
    for time in _TIME.finditer(text):
        if not bracketed or (time[0].startswith("(") and time[0].endswith(")")):
            return float(time["amount"]) * _SECONDS[time["unit"][0].lower()]
    return None


def without_time(text: str) -> str:
    """A title without the time in brackets that ends it."""
    opened = text.rfind("(")
    return text[:opened].rstrip() if opened >= 0 and _TIME.fullmatch(text, opened) else text


def _continued(body: Sequence[Line], at: int, keys: Mapping[str, str]) -> Iterator[str]:
    """The wrapped lines of an italic field that is not closed on its own line."""
    for line in body[at + 1 : at + _MOST_WRAPPED]:
        if line.kind is not Kind.TEXT or field_of(line, keys):
            return
        yield line.content
        if line.content.rstrip().endswith("_"):
            return
