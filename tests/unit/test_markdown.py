"""Markdown line by line: what is a heading, a box, a fence."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from plait.plans.markdown import Document, Kind, Line, scan


def read(text: str) -> Document:
    return scan(text.split("\n"))


def one(text: str) -> Line:
    return read(text).lines[0]


def kinds(text: str) -> list[Kind]:
    return [line.kind for line in read(text).lines]


@pytest.mark.parametrize(
    ("text", "kind", "content"),
    [
        ("## Phase 1 ##", Kind.HEADING, "Phase 1"),
        ("#no heading", Kind.TEXT, "#no heading"),
        ("####### seven", Kind.TEXT, "####### seven"),
        ("- item", Kind.BULLET, "item"),
        ("12) item", Kind.BULLET, "item"),
        ("-item", Kind.TEXT, "-item"),
        ("> > said", Kind.QUOTE, "said"),
        ("* * *", Kind.RULE, ""),
        ("- [ ] 1. task", Kind.BOX, "1. task"),
        ("1. [x] task", Kind.BOX, "task"),
        ("- [link](there)", Kind.BULLET, "[link](there)"),
        ("- [ab] legend", Kind.BULLET, "[ab] legend"),
        ("   ", Kind.BLANK, ""),
    ],
)
def test_kinds(text: str, kind: Kind, content: str) -> None:
    """Each form of line is told from its neighbours."""
    assert (one(text).kind, one(text).content) == (kind, content)


@pytest.mark.parametrize(
    ("text", "state", "optional", "inner"),
    [
        ("- [x] a", "x", False, 2),
        ("- [] a", "", False, 2),
        ("- [ ]* a", " ", True, 2),
        ("  10. [-] a", "-", False, 6),
        ("\t- [X] a", "X", False, 6),
    ],
)
def test_boxes(text: str, state: str, optional: bool, inner: int) -> None:
    """A box tells its mark, its star and the column at which its item's content begins."""
    line = one(text)
    assert (line.state, line.optional, line.inner) == (state, optional, inner)


def test_boxes_in_a_fence_are_code() -> None:
    """What stands in a fence is no box, and a shorter or other fence does not end it."""
    text = "````md\n- [ ] 1. a\n```\n~~~\n````\n- [ ] 2. b"
    assert kinds(text) == [Kind.CODE] * 5 + [Kind.BOX]


def test_a_fence_ends_with_its_list_item() -> None:
    """A fence in a list item is over where the item is, closed or not."""
    text = "- step\n  ```sh\n  # not a heading\n- [ ] 2. b"
    assert kinds(text) == [Kind.BULLET, Kind.CODE, Kind.CODE, Kind.BOX]


def test_an_info_string_with_a_backtick_opens_nothing() -> None:
    """Inline code of three backticks is no fence."""
    assert kinds("```a``` b\n- [ ] 1. a") == [Kind.TEXT, Kind.BOX]


def test_an_unclosed_fence_hides_nothing() -> None:
    """A fence that never closes is text, and is reported."""
    document = read("```sh\n- [ ] 1. a\n\n- [ ] 2. b")
    assert [line.kind for line in document.lines] == [Kind.TEXT, Kind.BOX, Kind.BLANK, Kind.BOX]
    assert document.unclosed == (1,)


def test_comments_are_set_aside() -> None:
    """A box in an HTML comment is no box; a comment that never closes hides nothing."""
    assert kinds("<!--\n- [ ] 1. a\n-->\n- [ ] 2. b") == [Kind.COMMENT] * 3 + [Kind.BOX]
    assert kinds("<!-- open\n- [ ] 1. a") == [Kind.TEXT, Kind.BOX]


def test_a_run_of_blank_lines_is_one() -> None:
    """Line numbers stay those of the file."""
    assert [line.number for line in read("a\n\n\n\nb").lines] == [1, 2, 5]


@given(st.text(alphabet="`~<!->#*+ \t\n[]x1.é", max_size=200))
def test_total_and_in_order(text: str) -> None:
    """Whatever the text, lines keep their text and ascend."""
    lines = text.split("\n")
    found = scan(lines).lines
    numbers = [line.number for line in found]
    assert numbers == sorted(set(numbers))
    assert all(line.text == lines[line.number - 1] for line in found)
    assert {n for n, line in enumerate(lines, 1) if line.strip()} <= set(numbers)
