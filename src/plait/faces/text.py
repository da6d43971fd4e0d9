"""Foreign text made safe and measured; times, sizes and tables in words.

Titles, reasons and paths come from plans, repositories and agents: before a terminal sees them,
`clean` takes out whatever could move its cursor, recolour it or reverse its reading order.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo

_ASCII = {
    "—": "-",
    "…": "...",
    "·": "|",
    "→": "->",
    "≥": ">=",
    "≤": "<=",
    "≈": "~",
    "━": "#",
    "─": "-",
    "▸": ">",
    "✓": "+",
    "✗": "x",
    "◦": "o",
    "“": '"',
    "”": '"',
}
_WORKING_DAY_S = 8 * 3600
_COUNTING_RODS = range(0x1D360, 0x1D377)  # wide, as newer tables than Python's have it
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)  # they change a glyph's width behind one's back


def clean(text: str) -> str:
    """The text on one line, with nothing in it that steers a terminal.

    White space runs become one space, control characters and lone surrogates U+FFFD; invisible
    format characters (bidirectional overrides, joiners) go.
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(map(_safe, text))
    return " ".join(text.split())


def cells(text: str) -> int:
    """How many terminal columns a cleaned text takes."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def shorten(text: str, width: int, ellipsis: str = "…") -> str:
    """The text cut to at most `width` columns, with an ellipsis where something was cut."""
    if cells(text) <= width:
        return text
    room = width - cells(ellipsis)
    if room < 0:
        return "." * max(width, 0)
    kept = ""
    for char in text:
        room -= _cell(char)
        if room < 0:
            break
        kept += char
    return kept.rstrip() + ellipsis


def pad(text: str, width: int) -> str:
    """The text filled with spaces to `width` columns."""
    return text + " " * max(width - cells(text), 0)


def encodable(text: str, encoding: str | None) -> str:
    """The text as that encoding can carry it: Plait's own signs in ASCII, the rest as `?`."""
    encoding = encoding or "ascii"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        plain = "".join(_ASCII.get(char, char) for char in text)
        return plain.encode(encoding, "replace").decode(encoding)
    return text


def count(number: int, noun: str, many: str | None = None) -> str:
    """`1 file`, `3 files`."""
    return f"{number} {noun if number == 1 else many or noun + 's'}"


def listing(names: Sequence[str], limit: int = 3) -> str:
    """`a, b, c and 4 more`."""
    shown = ", ".join(clean(name) for name in names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown


def duration(seconds: float) -> str:
    """A duration to be read in a sentence: `1.2 s`, `2 min 3 s`, `1 h 5 min`, `2 d 3 h`."""
    seconds = max(seconds, 0.0)
    if seconds < 9.95:  # noqa: PLR2004 - below, tenths matter; above, they are noise
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, unit, part, smaller in (
        (86400, "d", 3600, "h"),
        (3600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {unit} {rest} {smaller}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"


def effort(seconds: float) -> str:
    """A plan's estimate, as roughly as it was meant: `7 days` of eight hours, `5 hours`."""
    for size, unit in ((_WORKING_DAY_S, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return count(round(seconds / size), unit)
    return f"{round(seconds)} s"


def stopwatch(seconds: float) -> str:
    """A duration that ticks in a column: `0:07`, `12:31`, `1:02:03`."""
    whole = int(max(seconds, 0.0))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def time_of_day(at: float, zone: tzinfo | None = None) -> str:
    """`12:03:04`, in the reader's own time zone where none is given. `at` is Unix seconds."""
    return datetime.fromtimestamp(at, zone).strftime("%H:%M:%S")


def rfc3339(at: float) -> str:
    """Unix seconds as RFC 3339 text in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")


def table(rows: Iterable[Sequence[str]], *, indent: str = "", gap: str = "  ") -> list[str]:
    """The rows as lines with aligned columns; the last column is not padded."""
    rows = [tuple(row) for row in rows]
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    return [
        (
            indent + gap.join(pad(cell, width) for cell, width in zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _safe(char: str) -> str:
    if char.isspace():
        return " "
    if ord(char) in _VARIATION_SELECTORS:
        return ""
    category = unicodedata.category(char)
    if category in {"Cc", "Cs"}:
        return "\N{REPLACEMENT CHARACTER}"
    return "" if category == "Cf" else char


def _cell(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    wide = unicodedata.east_asian_width(char) in {"W", "F"} or ord(char) in _COUNTING_RODS
    return 2 if wide else 1
