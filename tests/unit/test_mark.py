"""Ticking a box changes one byte, and no other box than the one that was read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from tests.fakes.runs import package, plan

from plait.core.mark import boxes_of, ticked
from plait.core.plan import Marker, PackageId, Span, Whole
from plait.plans.markdown import Kind
from plait.plans.page import marker_of, page_of

LIST = b"# Tasks\n\n- [ ] 1 First\n- [ ] 2 Second\n"


def boxes(content: bytes, folder: Path) -> list[Marker]:
    """The markers of a task list's boxes."""
    path = folder / "tasks.md"
    path.write_bytes(content)
    page = page_of(path, "tasks.md")
    found = [marker_of(line, page.text) for line in page.lines if line.kind is Kind.BOX]
    return [marker for marker in found if marker]


@pytest.mark.parametrize(
    "content",
    [
        LIST,
        LIST.replace(b"\n", b"\r\n"),
        LIST.replace(b"\n", b"\r"),
        b"\xef\xbb\xbf- [ ] 1 First\n- [ ] 2 Second",
        "- [ ] 1 Überschrift\n- [ ] 2 接口\n".encode(),
        b"- [ ] 1 \xff broken\n- [ ] 2 Second\n",
        b"- [-] 1 First\n- [ ]* 2 Second\n",
    ],
    ids=["LF", "CRLF", "CR", "mark of byte order", "wide", "broken", "other marks"],
)
def test_exactly_one_byte_differs(content: bytes, tmp_path: Path) -> None:
    """Exactly one byte differs."""
    first, second = boxes(content, tmp_path)

    after = ticked(content, second)

    assert after is not None
    differing = [at for at, pair in enumerate(zip(content, after, strict=True)) if len({*pair}) > 1]
    assert differing == [second.offset]
    assert after[second.offset : second.offset + 1] == b"x"
    again = ticked(after, first)
    assert again is not None
    assert [marker.pending for marker in boxes(again, tmp_path)] == [" ", " "]


def test_a_ticked_box_is_not_ticked_twice(tmp_path: Path) -> None:
    """A ticked box is not ticked twice."""
    (marker, _) = boxes(LIST, tmp_path)
    after = ticked(LIST, marker)
    assert after is not None
    assert ticked(after, marker) is None


def test_lines_added_above_do_not_lead_to_another_box(tmp_path: Path) -> None:
    """Lines added above do not lead to another box."""
    (_, second) = boxes(LIST, tmp_path)
    added = LIST.replace(b"# Tasks\n", b"# Tasks\n\nA note of some length\n")

    after = ticked(added, second)

    assert after == added.replace(b"[ ] 2", b"[x] 2")


def test_a_line_that_is_gone_or_doubled_is_not_guessed(tmp_path: Path) -> None:
    """A line that is gone or doubled is not guessed."""
    (first, _) = boxes(LIST, tmp_path)
    assert ticked(LIST.replace(b"First", b"Other"), first) is None
    assert ticked(b"\n- [ ] 1 First\n- [ ] 1 First\n", first) is None


def test_another_mark_in_the_box_is_left_alone(tmp_path: Path) -> None:
    """Another mark in the box is left alone."""
    (first, _) = boxes(LIST, tmp_path)
    assert ticked(LIST.replace(b"[ ] 1", b"[-] 1"), first) is None


@given(st.lists(st.sampled_from(["- [ ] a", "- [ ] b", "text", "", "  * [ ] c"]), max_size=6))
def test_wherever_a_line_stands_once_it_is_found(lines: list[str]) -> None:
    """Wherever a line stands once it is found."""
    marker = Marker(span=Span(file="t"), offset=3, line="- [ ] a")
    content = "\n".join(lines).encode()
    after = ticked(content, marker)
    if lines.count("- [ ] a") == 1 or lines[:1] == ["- [ ] a"]:
        assert after is not None
        assert after.decode().split("\n")[lines.index("- [ ] a")] == "- [x] a"
    else:
        assert after is None


def test_the_last_part_ticks_the_whole() -> None:
    """The last part ticks the whole."""
    own, box = (Marker(span=Span(file="t"), offset=n) for n in (3, 9))
    whole = Whole(
        source_id="1",
        title="One",
        parts=(PackageId("1.1"), PackageId("1.2")),
        markers=(box,),
    )
    both = replace(plan(package("1.1", markers=(own,)), package("1.2")), wholes=(whole,))
    first = both.packages[0]

    assert boxes_of(both, first, settled=lambda _part: False) == (own,)
    assert boxes_of(both, first, settled=lambda part: part == "1.2") == (own, box)
