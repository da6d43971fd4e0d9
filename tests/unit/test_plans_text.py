"""Bytes to text: the same lines and byte offsets whatever the file's encoding habits."""

import os
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from plait.core.plan import Span
from plait.errors import UsageError
from plait.plans.text import MAX_BYTES, decode, read


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_line_ends_become_one(end: bytes) -> None:
    """Every kind of line end yields the same text, and offsets into the bytes as they are."""
    raw = b"one" + end + "zw\u00f6lf".encode() + end + b"- [ ] x" + end
    source = decode(raw, "plan.md")
    assert source.text == "one\nzw\u00f6lf\n- [ ] x\n"
    assert source.lines == ("one", "zw\u00f6lf", "- [ ] x")
    assert [raw[offset:][:1] for offset in source.offsets] == [b"o", b"z", b"-"]


def test_byte_order_mark_is_no_text() -> None:
    """A UTF-8 byte order mark is left out of the text and counted in the offsets."""
    source = decode(b"\xef\xbb\xbfa: 1\n", "p")
    assert (source.text, source.offsets, source.findings) == ("a: 1\n", (3,), ())


def test_broken_utf8_is_found_at_its_place() -> None:
    """The first byte that is no UTF-8 is named with line and column."""
    source = decode(b"a\n\xc3\xa9\xff\xff b\n\xff", "p.md")
    (finding,) = source.findings
    assert finding.code == "BAD_ENCODING"
    assert finding.span == Span(file="p.md", line=2, column=2)
    assert "0xff" in finding.message
    assert source.lines[1] == "\u00e9\ufffd\ufffd b"


def test_utf16_is_called_by_its_name() -> None:
    """A UTF-16 file is one finding that says what it is."""
    (finding,) = decode("a: 1\n".encode("utf-16"), "p").findings
    assert finding.message == "the file is UTF-16"


def test_empty_file_has_no_lines() -> None:
    """An empty file is empty text without lines."""
    source = decode(b"", "p")
    assert (source.text, source.lines, source.offsets) == ("", (), ())


@given(st.binary(max_size=200))
def test_every_line_starts_at_its_offset(raw: bytes) -> None:
    """Whatever the bytes, each line is what stands at its offset."""
    source = decode(raw, "p")
    assert len(source.lines) == len(source.offsets)
    for line, offset in zip(source.lines, source.offsets, strict=True):
        assert raw[offset:].decode("utf-8", errors="replace").startswith(line[:-1])


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A missing file, a folder and a pipe are refused, and none of them is waited for."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "none.md", tmp_path, tmp_path / "pipe"):
        with pytest.raises(UsageError) as refused:
            read(path, "x")
        assert refused.value.code == "PLAN_UNREADABLE"


def test_too_large_is_refused(tmp_path: Path) -> None:
    """A file just over the limit is refused, one at the limit is read."""
    big = tmp_path / "big.md"
    big.write_bytes(b"a" * MAX_BYTES)
    assert len(read(big, "big.md").raw) == MAX_BYTES
    big.write_bytes(b"a" * (MAX_BYTES + 1))
    with pytest.raises(UsageError) as refused:
        read(big, "big.md")
    assert refused.value.code == "PLAN_TOO_LARGE"
