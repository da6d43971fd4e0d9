"""JSON read with positions: what is told, what is refused, and that nothing is raised."""

from __future__ import annotations

import json
from time import process_time

import pytest
from hypothesis import given, strategies as st

from plait.plans import json_source
from plait.plans.json_source import parse, parse_lines
from plait.plans.text import decode
from plait.plans.yaml_source import Document


def read(text: str | bytes) -> Document:
    raw = text if isinstance(text, bytes) else text.encode()
    return parse(decode(raw, "tasks.json"))


def said(document: Document) -> list[tuple[str, str]]:
    return [(finding.code, str(finding.span)) for finding in document.findings]


def plain(document: Document) -> object:
    assert document.root is not None
    return document.root.plain()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.sampled_from([None, 2]), st.booleans())
def test_reads_what_json_says(value, indent, ascii_only):
    """Any value without fractions and lone surrogates is read as the standard library reads it."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    document = read(text)
    assert said(document) == []
    assert plain(document) == value


@given(st.text(alphabet='{}[]",:0123456789.eE+-truefalsn \n\\u/', max_size=60))
def test_raises_nothing(text):
    """Whatever the text, there is a document, and one without a root says why."""
    document = read(text)
    assert (document.root is None) == any(f.severity.value == "error" for f in document.findings)
    parse_lines(decode(text.encode(), "x"))


def test_places():
    """Values and keys know their line and column, behind other than ASCII letters too."""
    document = read('{\n  "é": [1, {"id": "x"}],\n  "b": 2\n}')
    assert str(document.span(("é",), key=True)) == "tasks.json:2:3"
    assert str(document.span(("é", 1, "id"))) == "tasks.json:2:19"
    assert str(document.span(("b",))) == "tasks.json:3:8"


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ('{"a": 1,}', "1:9", "a comma stands before the end"),
        ('{"a": [1, 2}', "1:12", "',' or ']' is missing"),
        ("{'a': 1}", "1:2", "a key in double quotes is missing"),
        ("{\"a\": 'b'}", "1:7", "single quotes are no JSON"),
        ('{"a": {"b": 1', "1:14", "the text ends too early"),
        ('{"a" 1}', "1:6", "':' is missing"),
        ('{"a": 1} x', "1:10", "something follows the value"),
        ("<<<<<<< HEAD\n{}", "1:1", "a mark of a merge conflict stands here"),
        ('{\n// note\n"a": 1}', "2:1", "a key in double quotes is missing"),
        ("", "1:1", "the text ends too early"),
    ],
)
def test_broken(text, at, message):
    """What is no JSON is told at its place, with a hint."""
    document = read(text)
    (finding,) = document.findings
    assert document.root is None
    assert (finding.code, str(finding.span)) == ("BAD_JSON", f"tasks.json:{at}")
    assert finding.message == message
    assert finding.hint


def test_a_key_twice():
    """The first counts, and the second is told with the place of the first."""
    document = read('{"a": 1,\n "a": 2}')
    assert plain(document) == {"a": 1}
    (finding,) = document.findings
    assert (finding.code, str(finding.span)) == ("DUPLICATE_KEY", "tasks.json:2:2")
    assert "1:2" in finding.message


def test_numbers():
    """An id with a point keeps its zeros, and an integer of any length is no danger."""
    assert plain(read("[1.10, 12, 1e999, -0.5]")) == ["1.10", 12, "1e999", "-0.5"]
    assert plain(read("9" * 5000)) == "9" * 5000


def test_constants_that_are_no_json():
    """NaN and Infinity are told, and read as null."""
    document = read('{"a": NaN, "b": -Infinity, "c": 1}')
    assert plain(document) == {"a": None, "b": None, "c": 1}
    assert said(document) == [("BAD_JSON", "tasks.json:1:7"), ("BAD_JSON", "tasks.json:1:17")]


def test_half_characters():
    """A pair of escapes is one character; a half one cannot be shown, and is replaced."""
    assert plain(read(r'"\ud83d\ude00 \ud800"')) == "\U0001f600 \ufffd"


def test_limits():
    """Depth and the number of values are bounded, at the place where they are passed."""
    deep = read("[" * 100_000)
    assert said(deep) == [("BAD_JSON", "tasks.json:1:51")]
    many = read(f"[{'0,' * json_source.MAX_VALUES}0]")
    assert many.root is None
    assert "more than 200,000 values" in many.findings[0].message


def test_lines():
    """The root lists the lines' values; a broken line is told and left out."""
    text = '{"id": "a"}\n\n{"id": "b\n{"id": "c", "id": "d"}\r\n[NaN]'
    document = parse_lines(decode(text.encode(), "tasks.json"))
    assert plain(document) == [{"id": "a"}, {"id": "c"}, [None]]
    assert said(document) == [
        ("BAD_JSON", "tasks.json:3:8"),
        ("DUPLICATE_KEY", "tasks.json:4:13"),
        ("BAD_JSON", "tasks.json:5:2"),
    ]
    assert str(document.span((1, "id"))) == "tasks.json:4:8"


@pytest.mark.parametrize("line", [b"[]\n", b"x\n", b'{"a"', b'{"a":1,"a":1}\n'])
def test_many_lines(line):
    """A file of any lines takes about as long as its bytes, and tells a bounded number."""
    small, large = decode(line * 5_000, "x"), decode(line * 50_000, "x")
    begun = process_time()
    parse_lines(small)
    between = process_time()
    document = parse_lines(large)
    assert process_time() - between < 40 * (between - begun) + 0.5
    assert len(document.findings) <= 201
