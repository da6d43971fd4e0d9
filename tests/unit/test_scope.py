"""Globs and scopes: what matches, what meets, what is refused."""

from __future__ import annotations

import re
import time
from itertools import product

import pytest
from hypothesis import given, settings, strategies as st

from plait.core.plan import Scope
from plait.core.scope import (
    allows,
    crossing,
    invalid,
    matches,
    normalise,
    overlap,
    pairs,
    scopes_overlap,
    witness,
)

SEGMENTS = [
    "".join(chars)
    for size in (1, 2)
    for chars in product("ab.", repeat=size)
    if "".join(chars) not in {".", ".."}
]
PATHS = ["/".join(parts) for depth in (1, 2, 3) for parts in product(SEGMENTS, repeat=depth)]

PARTS = st.sampled_from(
    ["a", "b", ".", "*", "?", "[ab]", "[!a]", "[^.b]", "[a-b]", "[]a]", "{a,b}", "{,a}", "{a*,b}"]
)
NAMES = (
    st.lists(PARTS, min_size=1, max_size=3)
    .map("".join)
    .filter(lambda name: name.replace("{,a}", "") not in {"", ".", ".."})
)
GLOBS = (
    st.lists(NAMES | st.sampled_from(["**", "{a/b,b}", "{a,**}"]), min_size=1, max_size=4)
    .map("/".join)
    .filter(lambda glob: glob.count("{") <= 3)
)


def reference(glob: str) -> re.Pattern[str]:
    """The glob as a regular expression: the meaning, written down another way."""
    braces = re.search(r"\{([^{}]*)\}", glob)
    if braces:
        options = braces[1].split(",")
        return re.compile(
            "|".join(
                f"(?:{reference(glob[: braces.start()] + option + glob[braces.end() :]).pattern})"
                for option in options
            )
        )
    *folders, last = glob.split("/")
    if last == "**":
        folders, last = [*folders, "**"], "*"
    text = "".join("(?:[^/]+/)*" if each == "**" else segment(each) + "/" for each in folders)
    return re.compile(f"{text}(?=[^/]){segment(last)}")


def segment(text: str) -> str:
    """One segment of a glob as a regular expression."""
    found = ""
    for token in re.findall(r"\[[!^]?\]?[^\]]*\]|.", text):
        if token.startswith("["):
            body = token[1:-1].replace("]", r"\]")
            found += f"[^/{body[1:]}]" if body[0] in "!^" else f"[{body}]"
        else:
            found += {"*": "[^/]*", "?": "[^/]"}.get(token, re.escape(token))
    return found


def is_path(path: str) -> bool:
    """Whether no segment is empty or a dot name."""
    return not {"", ".", ".."} & set(path.split("/"))


@given(glob=GLOBS)
@settings(max_examples=100)
def test_matches_what_the_language_says(glob):
    """A glob matches exactly the paths that its regular expression does."""
    pattern = reference(glob)
    assert [p for p in PATHS if matches(glob, p)] == [p for p in PATHS if pattern.fullmatch(p)]


@given(a=GLOBS, b=GLOBS)
@settings(max_examples=150)
def test_overlap_is_exact(a, b):
    """Two globs overlap if a path is common to them, and the witness is such a path."""
    first, second = reference(a), reference(b)
    found = witness(a, b)
    if found is None:
        assert not [p for p in PATHS if first.fullmatch(p) and second.fullmatch(p)]
    else:
        assert is_path(found)
        assert first.fullmatch(found)
        assert second.fullmatch(found)
    assert overlap(b, a) == (found is not None)


SCOPES = st.builds(
    lambda write, deny: Scope(write=tuple(write), deny=tuple(deny)),
    st.lists(GLOBS, min_size=1, max_size=2),
    st.lists(GLOBS, max_size=2),
)


@given(a=SCOPES, b=SCOPES)
@settings(max_examples=80)
def test_scopes_overlap_is_exact_with_deny(a, b):
    """Two scopes overlap if both may write a path after everything that either is denied."""
    found = scopes_overlap(a, b)

    def both(path: str) -> bool:
        return all(
            any(reference(glob).fullmatch(path) for glob in scope.write)
            and not any(reference(glob).fullmatch(path) for glob in scope.deny)
            for scope in (a, b)
        )

    if found is None:
        assert not [p for p in PATHS if allows(a, p) and allows(b, p)]
    else:
        assert is_path(found)
        assert both(found)


@given(scopes=st.lists(SCOPES, max_size=6))
@settings(max_examples=40)
def test_pairs_finds_what_the_comparison_of_each_with_each_finds(scopes):
    """The index over prefixes leaves out no pair and adds none."""
    each = [
        (i, j)
        for i in range(len(scopes))
        for j in range(i + 1, len(scopes))
        if scopes_overlap(scopes[i], scopes[j]) is not None
    ]
    found = list(pairs(scopes))
    assert [(i, j) for i, j, _ in found] == each
    for i, j, path in found:
        assert allows(scopes[i], path)
        assert allows(scopes[j], path)


@given(scopes=st.lists(SCOPES, min_size=2, max_size=7), data=st.data())
@settings(max_examples=40)
def test_pairs_are_looked_for_where_they_are_asked_for(scopes, data):
    """With `beside`, what is found is what would be found without, less the rest."""
    count = len(scopes)
    places = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    asked = {tuple(sorted(pair)) for pair in data.draw(st.lists(places)) if pair[0] != pair[1]}
    beside = [0] * count
    for i, j in asked:
        beside[i] |= 1 << j
        beside[j] |= 1 << i
    every = {(i, j): path for i, j, path in pairs(scopes)}
    assert {(i, j) for i, j, _ in pairs(scopes, beside)} == asked & set(every)


def test_a_crossing_of_many_takes_only_those_beside_one_another():
    """Large groups are crossed by their bits, small ones one by one, with one result."""
    beside = [0b110_0000_0000, *[0] * 8, 0b1, 0b1]
    assert list(crossing(range(11), range(11), beside)) == [(0, 9), (0, 10), (0, 9), (0, 10)]
    assert list(crossing([0], [9, 5], beside)) == [(0, 9)]
    assert list(crossing([1], [0], None)) == [(0, 1)]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("src/*/a.py", "src/b/*.py"),
        ("**/*.py", "src/**"),
        ("src/**/test_*.py", "src/api/**"),
        ("./x", "x"),
        ("dir/", "dir/sub/file"),
        ("**/x", "x"),
        ("a/**/b", "a/b"),
        ("[a-m]*", "[!a-l]?"),
        ("{a,b/c}/**", "b/*/z"),
    ],
)
def test_overlap_catches(a, b):
    """Globs that share a path are told to, though neither matches the other's text."""
    found = witness(a, b)
    assert found is not None
    assert matches(a, found)
    assert matches(b, found)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("src/*", "src/a/b.py"),
        ("dir", "dir/"),
        ("dir/**", "dir"),
        ("*.py", "*.ts"),
        ("[a-c]x", "[!a-c]x"),
        ("a?", "a"),
        ("[.][.]/x", "??/y"),
        ("src/[.]", "src/?"),
        ("Src/x", "src/x"),
        ("src/mod1*", "src/mod2*"),
    ],
)
def test_overlap_stays_quiet(a, b):
    """Globs that share no path do not overlap."""
    assert witness(a, b) is None


def test_deny_takes_the_common_part_away():
    """What one package is denied cannot make it overlap with the package that owns it."""
    api = Scope(write=("src/api/**",))
    assert scopes_overlap(Scope(write=("src/**",)), api) == "src/api/x"
    assert scopes_overlap(Scope(write=("src/**",), deny=("src/api/**",)), api) is None
    assert scopes_overlap(Scope(write=("src/**",), deny=("src/api/*",)), api) == "src/api/x/x"


def test_globs_made_to_be_hard_end_soon_and_count_as_overlap():
    """A deny glob whose automaton would be huge ends the search on the safe side."""
    hard = Scope(write=("[ab]" * 42,), deny=("*a" + "?" * 40, "*b" + "?" * 40))
    began = time.process_time()
    found = scopes_overlap(Scope(write=("*",)), hard)
    assert found is not None
    assert found.endswith("…")
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("glob", "normal"),
    [
        ("./x", "x"),
        ("././x", "x"),
        ("a//b", "a/b"),
        ("a/./b", "a/b"),
        ("dir/", "dir/**"),
        ("dir//", "dir/**"),
        ("dir/**/", "dir/**"),
        ("**/**/x", "**/x"),
        ("./", "**"),
        ("a/b", "a/b"),
        ("x/x", "x/x"),
        (".github/x", ".github/x"),
    ],
)
def test_normalise(glob, normal):
    """Every spelling of a glob has one normal form, which is its own."""
    assert normalise(glob) == normal
    assert normalise(normal) == normal


@pytest.mark.parametrize(
    ("glob", "why"),
    [
        ("", "empty"),
        (".", "root itself"),
        ("/etc/passwd", "absolute"),
        ("{/a,b}", "absolute"),
        ("../x", "`..`"),
        ("a/../b", "`..`"),
        ("a/{..,b}", "`..`"),
        ("a\0b", "NUL"),
        ("a\\b", "backslash"),
        ("a[b", "`[` is never closed"),
        ("[]", "`[` is never closed"),
        ("[a/b]", "`[` is never closed"),
        ("[z-a]", "backwards"),
        ("{a,b", "`{` is never closed"),
        ("a}", "`}` closes nothing"),
        ("a{}", "braces are empty"),
        ("{a,b}" * 9, "more than 64"),
        ("x" * 1025, "longer than"),
    ],
)
def test_invalid_says_why(glob, why):
    """A glob that cannot be used is refused with the reason, and matches nothing."""
    reason = invalid(glob)
    assert reason is not None
    assert why in reason
    assert not overlap(glob, "**")


@given(text=st.text(alphabet="ab/.*?[]{}!^-,\\\0", max_size=12), path=st.sampled_from(PATHS))
@settings(max_examples=150)
def test_any_text_is_read(text, path):
    """Whatever the text, it is judged without an error; an invalid one matches nothing."""
    assert not (matches(text, path) and invalid(text))
    assert witness(text, path) == (path if matches(text, path) else None)


def test_allows_only_paths():
    """A scope of everything still allows nothing that steps out of the repository."""
    everything = Scope(write=("**",))
    assert allows(everything, "a/b")
    for path in ("", "/etc/passwd", "../x", "a/../../x", "a//b", "./a"):
        assert not allows(everything, path)


def test_allows_takes_deny_before_write():
    """A path that a write glob matches is refused where a deny glob matches too."""
    scope = Scope(write=("src/**", "docs/*.md"), deny=("**/secret*",))
    assert allows(scope, "src/a/b.py")
    assert allows(scope, "docs/x.md")
    assert not allows(scope, "src/a/secret.py")
    assert not allows(scope, "docs/a/x.md")


def test_a_thousand_packages_of_six_globs_do_not_cost_the_square():
    """The index over prefixes keeps the work from growing with the square of the plan."""
    scopes = [
        Scope(
            write=(
                f"src/large{i}/**",
                f"tests/**/test_large{i}_*.py",
                f"db/**/large{i}_*.sql",
                f"lib/*/large{i}.py",
                f"docs/large{i}.md",
                f"config/large{i}.{{yaml,json}}",
            ),
        )
        for i in range(1000)
    ]
    began = time.process_time()
    assert list(pairs(scopes)) == []
    assert time.process_time() - began < 3
