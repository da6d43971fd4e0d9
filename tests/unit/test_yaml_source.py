"""YAML with positions: what a person reads is what is read, and every place is exact."""

import time

import pytest
import yaml
from hypothesis import example, given, strategies as st

from plait.core.plan import Span
from plait.plans import yaml_source
from plait.plans.text import decode
from plait.plans.yaml_source import MAX_DEPTH, MAX_VALUES, Document


def parse(text: str) -> Document:
    return yaml_source.parse(decode(text.encode(), "p.yaml"))


def plain(text: str) -> object:
    document = parse(text)
    assert document.findings == ()
    assert document.root is not None
    return document.root.plain()


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("010", "010"),
        ("0", 0),
        ("12", 12),
        ("-3", -3),
        ("+3", "+3"),
        ("0x1f", "0x1f"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("1.5", 1.5),
        ("1e3", "1e3"),
        ("0E0", "0E0"),
        ("1.5e3", "1.5e3"),
        ("1.5e+3", 1500.0),
        (".5", ".5"),
        (".inf", ".inf"),
        ("yes", "yes"),
        ("No", "No"),
        ("on", "on"),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("2026-01-01", "2026-01-01"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("! 12", "12"),
        ("!!int 12", 12),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_scalars(written: str, value: object) -> None:
    """A plain scalar is a number or a boolean only where nobody would read it otherwise."""
    read = plain(f"a: {written}\n")
    assert read == {"a": value}
    assert isinstance(read, dict)
    assert type(read["a"]) is type(value)


def test_keys_are_text() -> None:
    """A key is the text that stands there, whatever it looks like."""
    assert plain("1: a\ntrue: b\n010: c\n") == {"1": "a", "true": "b", "010": "c"}


def test_aliases_and_merges() -> None:
    """An alias repeats a value; a merge takes over what the mapping does not say itself."""
    text = "a: &a {x: 1, y: 2}\nb: *a\nc: {<<: *a, y: 3}\nd: {<<: [*a, {z: 4}]}\n"
    a = {"x": 1, "y": 2}
    assert plain(text) == {"a": a, "b": a, "c": {"x": 1, "y": 3}, "d": {**a, "z": 4}}


def test_places_are_the_editors() -> None:
    """Lines and columns are the editor's, past wide characters and exotic line separators."""
    document = parse("# \u2028 \u0085\n'\u00fc\u00f6': [ '\U0001f600', b ]\nc:\n  - d: e\n")
    assert document.span(("\u00fc\u00f6", 1)) == Span(file="p.yaml", line=2, column=14)
    assert document.span(("c", 0, "d")) == Span(file="p.yaml", line=4, column=8)
    assert document.span(("c", 0, "d"), key=True) == Span(file="p.yaml", line=4, column=5)
    assert document.span(("c", 7, "x")) == Span(file="p.yaml", line=4, column=3)


def test_duplicate_keys_are_found() -> None:
    """Each key that stands twice is found where it stands again; the first one counts."""
    document = parse("a: 1\nb:\n  x: 1\n  y: 2\n  x: 3\na: 2\n")
    assert [(f.code, f.span) for f in document.findings] == [
        ("DUPLICATE_KEY", Span(file="p.yaml", line=5, column=3)),
        ("DUPLICATE_KEY", Span(file="p.yaml", line=6, column=1)),
    ]
    assert "first on line 3" in document.findings[0].message
    assert document.root is not None
    assert document.root.plain() == {"a": 1, "b": {"x": 1, "y": 2}}


@pytest.mark.parametrize(
    ("text", "line", "column", "told"),
    [
        ("a: b: c\n", 1, 5, "mapping values are not allowed"),
        ("a:\n\t- b\n", 2, 1, "cannot start any token"),
        ("a: [1,\n", 1, 7, "flow node"),
        ("a: 1\n---\nb: 2\n", 2, 1, "several documents"),
        ("a: *b\n", 1, 4, "alias *b has no anchor"),
        ("a: &b [*b]\n", 1, 8, "stands in what it repeats"),
        ("? [a]\n: b\n", 1, 3, "a key must be plain text"),
        ("a: !!python/object:os.system x\n", 1, 4, "means nothing here"),
        ("a: !x {}\n", 1, 4, "means nothing here"),
        ("a: \x07\n", 1, 4, "control characters"),
        ("a: {<<: 3}\n", 1, 9, "must be a mapping"),
        ("[" * 1000, 1, MAX_DEPTH + 1, "levels deep"),
        ("a: 'x\n", 1, 6, "quoted scalar"),
    ],
)
def test_what_is_no_yaml_is_placed(text: str, line: int, column: int, told: str) -> None:
    """Broken or refused YAML is one finding at its place, with a hint."""
    (finding,) = parse(text).findings
    assert finding.code == "BAD_YAML"
    assert told in finding.message
    assert finding.span == Span(file="p.yaml", line=line, column=column)
    assert finding.hint


def test_tabs_are_called_by_their_name() -> None:
    """Where a tab indents, the hint says so."""
    (finding,) = parse("a:\n\tb: 1\n").findings
    assert "no tabs" in finding.hint


def _nested_aliases() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    return "\n".join(lines)


def _deep_aliases() -> str:
    """Each line is shallow; written out they are one deep chain."""
    lines = ["a0: &a0 x"]
    lines += [f"a{n}: &a{n} {'[' * 20}*a{n - 1}{']' * 20}" for n in range(1, 100)]
    return "\n".join(lines)


def test_a_large_wordy_file_is_no_bomb() -> None:
    """More text may hold more values; a trap grows faster than its text."""
    line = f"- {'word ' * 5}\n"
    document = parse(line * (MAX_VALUES + 10))
    assert document.findings == ()
    assert document.root is not None
    assert document.root.values == MAX_VALUES + 11


def test_an_alias_repeats_a_single_value() -> None:
    """An anchor on a text or a number is as good as one on a list."""
    document = parse("a: &a 5\nb: *a\n&k c: *k\n")
    assert document.findings == ()
    assert document.root is not None
    assert document.root.plain() == {"a": 5, "b": 5, "c": "c"}


@pytest.mark.parametrize(
    "text",
    [
        _nested_aliases(),
        _deep_aliases(),
        "- a\n" * (2 * MAX_VALUES),
        "a: &a {" + ", ".join(f"k{n}: 1" for n in range(50_000)) + "}\n" + "b: {<<: *a}\n" * 50_000,
        "{a: " * 100_000,
        "- " * 100_000,
    ],
    ids=["bomb", "chain", "many", "merges", "braces", "dashes"],
)
def test_bombs_do_not_go_off(text: str) -> None:
    """What would grow without bounds is refused, in little time."""
    began = time.process_time()
    document = parse(text)
    assert time.process_time() - began < 6
    assert document.findings[-1].code == "BAD_YAML"
    assert document.root is None


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abcdef \u00e9", min_size=1, max_size=5), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(_VALUES, st.booleans())
@example("0E0", False)  # text to the writer, whose YAML 1.1 wants a point
def test_what_is_written_is_read(value: object, flow: bool) -> None:
    """Whatever a YAML writer writes is read back as it was."""
    text = yaml.safe_dump({"root": value}, default_flow_style=flow, allow_unicode=True)
    assert plain(text) == {"root": value}


@given(st.text("ab:-[]{}&*!#|>'\"%@`,? \t\n", max_size=60))
def test_any_text_is_read_or_placed(text: str) -> None:
    """No text raises: there is a document, or a finding on one of the text's lines."""
    document = parse(text)
    for finding in document.findings:
        assert finding.span is not None
        assert 1 <= finding.span.line <= max(1, text.count("\n") + 1)
        assert finding.span.column >= 1
