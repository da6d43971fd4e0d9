"""Foreign text cannot steer a terminal, and widths are measured as terminals do."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from rich.cells import cell_len

from plait.faces.text import cells, clean, duration, effort, encodable, rfc3339, shorten, stopwatch


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("two\r\nlines\tand  more ", "two lines and more"),
        ("\x1b[31mred\x1b[0m", "�[31mred�[0m"),
        ("abc\u202edcba", "abcdcba"),
        ("bell\x07", "bell�"),
        ("half \udc80", "half �"),
        ("線が", "線が"),
    ],
)
def test_clean_takes_out_what_steers(text: str, cleaned: str) -> None:
    """Control characters, line breaks and reading-order overrides do not reach a terminal."""
    assert clean(text) == cleaned


@given(st.text())
def test_clean_is_one_printable_line(text: str) -> None:
    """Whatever comes in, no character of the result is a control or cannot be encoded."""
    line = clean(text)
    assert all(char.isprintable() or char == " " or ord(char) > 0x7F for char in line)
    assert "\x1b" not in line
    assert line.splitlines() in ([line], [])
    line.encode()
    assert clean(line) == line


@given(st.text(), st.integers(0, 30))
def test_shorten_keeps_the_width(text: str, width: int) -> None:
    """A shortened line is never wider than asked for."""
    assert cells(shorten(clean(text), width)) <= width


@given(st.text(st.characters(categories=["L", "M", "N", "P"])))
def test_cells_never_undercount(text: str) -> None:
    """Letters, marks and digits take no more columns on a canvas than were counted."""
    line = clean(text)
    assert cell_len(line) <= cells(line)


def test_what_an_encoding_lacks_is_written_differently() -> None:
    """An ASCII terminal gets Plait's signs in ASCII and foreign letters as question marks."""
    assert encodable("run — 線… ▸", "ascii") == "run - ?... >"
    assert encodable("run — 線", "utf-8") == "run — 線"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (123, "2 min 3 s"),
        (3900, "1 h 5 min"),
        (183_600, "2 d 3 h"),
        (-1, "0.0 s"),
    ],
)
def test_durations_in_words(seconds: float, told: str) -> None:
    """Two units at most; tenths only where they matter."""
    assert duration(seconds) == told


def test_other_times() -> None:
    """Stopwatches tick, efforts are rough, instants are RFC 3339 in UTC."""
    assert [stopwatch(each) for each in (7, 751, 3723)] == ["0:07", "12:31", "1:02:03"]
    told = [effort(each) for each in (20, 1200, 18_000, 7 * 28_800)]
    assert told == ["20 s", "20 minutes", "5 hours", "7 days"]
    assert rfc3339(1_790_000_000.123456) == "2026-09-21T14:13:20.123Z"
