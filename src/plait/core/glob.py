"""Glob: the language of scopes, read once into a row of positions that run side by side.

`*`, `?` and `[a-z]` stay within a segment; `**` as a whole segment is any number of segments,
at least one where it ends the glob; `{a,b}` is either. `./x` is `x`, `dir/` is `dir/**`, and a
glob without a wildcard is one path. There is no escape: `[*]` is a star.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby, pairwise

_LONGEST = 1024
_MOST_ALTERNATIVES = 64
_KNOWN = 1 << 17  # globs of a plan of 20,000 packages
_SLASH = ord("/")
_LAST = 0x10FFFF

Ranges = tuple[tuple[int, int], ...]  # of code points, both ends included
_MEMBER = re.compile(r"(?P<first>.)(?:-(?P<last>.))?", re.DOTALL)  # of a class
_ODD = re.compile(
    r"/(?:\.?/|\.?\Z)|\A\.(?:/|\Z)|\*\*/\*\*"
)  # what another spelling of a glob may hold
_SIGNS = re.compile(r"[*?\[{}]")
_WILD = re.compile(r"[*?\[\]]")
_WITHIN: Ranges = ((1, _SLASH - 1), (_SLASH + 1, _LAST))  # all that a segment may hold


@dataclass(frozen=True, slots=True)
class _Literal:
    ranges: Ranges  # reads one character out of these


@dataclass(frozen=True, slots=True)
class _Star:
    """Reads any characters of one segment, or none."""


@dataclass(frozen=True, slots=True)
class _Depth:
    """Reads any number of whole segments, each with its slash, or none."""


_Token = _Literal | _Star | _Depth


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One alternative: what its paths begin with, and their last segment begins and ends with.

    `glob` is its text, without braces; `exact`: that is the only path.
    """

    glob: str
    prefix: str
    stem: str
    suffix: str
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Automaton:
    """All alternatives of some globs, laid out one after another, one bit a position.

    A state is the set of positions that may read next, as an `int`; 0 is the end of all hope.
    A path matches if the state after its last character meets `final`. `edges` are the code
    points at which the automaton's behaviour can change.
    """

    start: int
    final: int
    stars: int
    depths: int
    tokens: tuple[_Token | None, ...]
    edges: frozenset[int]
    _readers: dict[str, int] = field(default_factory=dict, compare=False, repr=False)

    def step(self, state: int, char: str) -> int:
        """The state after one more character."""
        moved = (state & self.readers(char)) << 1
        moved |= (moved & self.depths) << 1
        moved |= state & (self.depths if char == "/" else self.depths | self.stars)
        return moved | (moved & self.stars) << 1

    def readers(self, char: str) -> int:
        """The positions that are left behind by reading `char`."""
        known = self._readers.get(char)
        if known is None:
            known = self.depths if char == "/" else 0
            code = ord(char)
            for place, token in enumerate(self.tokens):
                if isinstance(token, _Literal) and any(a <= code <= b for a, b in token.ranges):
                    known |= 1 << place
            self._readers[char] = known
        return known

    def accepts(self, path: str) -> bool:
        """Whether the path is one of the globs'."""
        state = self.start
        for char in path:
            state = self.step(state, char)
            if not state:
                return False
        return bool(state & self.final)


@lru_cache(maxsize=_KNOWN)
def normalise(glob: str) -> str:
    """The glob in its one spelling: no `./`, no doubled or trailing slash, no `**/**`."""
    if not _ODD.search(glob):
        return glob
    head, *parts = glob.split("/")
    kept = [part for part in parts if part not in {"", "."}]
    if head != ".":
        kept.insert(0, head)
    if glob.endswith("/"):
        kept.append("**")
    runs = ((part, list(run)) for part, run in groupby(kept))
    return "/".join(part for part, run in runs for _ in ("*" if part == "**" else run))


def literal(path: str) -> str:
    """The glob that matches this path and no other."""
    return _SIGNS.sub(r"[\g<0>]", path)


def invalid(glob: str) -> str | None:
    """Why the glob cannot be used, or None. An invalid glob matches nothing."""
    read = _read(glob)
    return read if isinstance(read, str) else None


@lru_cache(maxsize=_KNOWN)
def shapes(glob: str) -> tuple[Shape, ...]:
    """The shapes of the glob's alternatives: what tells most globs apart without a search."""
    return tuple(map(_shape, _alternatives(glob)))


@lru_cache(maxsize=1 << 14)
def automaton(*globs: str) -> Automaton:
    """The automaton that accepts a path if any of the globs matches it."""
    tokens: list[_Token | None] = []
    start = final = 0
    for alternative in (each for glob in globs for each in _alternatives(glob)):
        start |= 1 << len(tokens)
        tokens += [*_row(alternative), None]
        final |= 1 << (len(tokens) - 1)
    stars = sum(1 << place for place, token in enumerate(tokens) if isinstance(token, _Star))
    depths = sum(1 << place for place, token in enumerate(tokens) if isinstance(token, _Depth))
    start |= (start & depths) << 1
    start |= (start & stars) << 1
    ranges = [pair for token in tokens if isinstance(token, _Literal) for pair in token.ranges]
    return Automaton(
        start=start,
        final=final,
        stars=stars,
        depths=depths,
        tokens=tuple(tokens),
        edges=frozenset(edge for first, last in ranges for edge in (first, last + 1)),
    )


def _alternatives(glob: str) -> tuple[str, ...]:
    read = _read(glob)
    return () if isinstance(read, str) else read


@lru_cache(maxsize=_KNOWN)
def _read(glob: str) -> tuple[str, ...] | str:
    """The glob's alternatives, normalised and free of braces, or why there are none."""
    try:
        _refuse_text(glob)
        found = tuple(dict.fromkeys(map(normalise, _without_braces(glob))))
        for alternative in found:
            _refuse(alternative)
    except ValueError as error:
        return str(error)
    return found


def _refuse_text(glob: str) -> None:
    if not glob:
        raise ValueError("it is empty")
    if "\0" in glob:
        raise ValueError("it holds a NUL character")
    if "\\" in glob:
        raise ValueError("it holds a backslash; segments are divided by `/`, `[*]` is a star")
    if len(glob) > _LONGEST:
        raise ValueError(f"it is longer than {_LONGEST:,} characters")


def _refuse(alternative: str) -> None:
    if not alternative:
        raise ValueError("it names the root itself; `**` is everything below it")
    if alternative.startswith("/"):
        raise ValueError("it is absolute; paths are relative to the repository's root")
    for segment in alternative.split("/"):
        if segment == "..":
            raise ValueError("it holds `..`; paths stay within the repository")
        if "[" in segment:
            list(_tokens(segment))  # raises for a class that is none


def _without_braces(glob: str) -> list[str]:
    if "{" not in glob and "}" not in glob:
        return [glob]
    found: list[str] = []
    waiting = [glob]
    while waiting:
        text = waiting.pop()
        cuts = _first_braces(text)
        if not cuts:
            found.append(text)
            continue
        before, after = text[: cuts[0]], text[cuts[-1] + 1 :]
        options = [text[a + 1 : b] for a, b in pairwise(cuts)]
        if options == [""]:
            raise ValueError("its braces are empty")
        waiting += [before + option + after for option in reversed(options)]
        if len(found) + len(waiting) > _MOST_ALTERNATIVES:
            raise ValueError(f"its braces stand for more than {_MOST_ALTERNATIVES} globs")
    return found


def _first_braces(text: str) -> list[int]:
    """Where the first outermost pair of braces opens, has its commas, and closes."""
    cuts: list[int] = []
    depth = place = 0
    while place < len(text):
        char = text[place]
        if char == "[":
            place = _class_end(text, place)
        elif char == "{":
            depth += 1
            if depth == 1:
                cuts.append(place)
        elif char == "," and depth == 1:
            cuts.append(place)
        elif char == "}":
            depth -= 1
            if depth <= 0:
                break
        place += 1
    if depth > 0:
        raise ValueError("a `{` is never closed")
    if depth < 0:
        raise ValueError("a `}` closes nothing")
    return [*cuts, place] if cuts else []


def _class_end(text: str, opening: int) -> int:
    first = opening + 2 if text[opening + 1 : opening + 2] in {"!", "^"} else opening + 1
    end = text.find("]", first + 1)  # a `]` that comes first is a member
    if end < 0:
        raise ValueError("a `[` is never closed")
    return end


def _row(alternative: str) -> Iterator[_Token]:
    *folders, last = alternative.split("/")
    if last == "**":
        folders, last = [*folders, last], "*"
    for segment in folders:
        if segment == "**":
            yield _Depth()
        else:
            yield from _tokens(segment)
            yield _letter("/")
    yield from _tokens(last)


def _tokens(segment: str) -> Iterator[_Token]:
    place = 0
    while place < len(segment):
        char = segment[place]
        if char == "[":
            end = _class_end(segment, place)
            yield _Literal(_members(segment[place + 1 : end]))
            place = end
        elif char == "?":
            yield _Literal(_WITHIN)
        elif char != "*":
            yield _letter(char)
        elif segment[place - 1 : place] != "*":  # a run of stars is one
            yield _Star()
        place += 1


@lru_cache(maxsize=1 << 12)
def _letter(char: str) -> _Literal:
    """One object a letter: a plan's globs have some hundred thousand of them."""
    return _Literal(((ord(char), ord(char)),))


def _members(body: str) -> Ranges:
    negated = body[0] in "!^"
    ranges: list[tuple[int, int]] = []
    for found in _MEMBER.finditer(body, 1 if negated else 0):
        first, last = found["first"], found["last"] or found["first"]
        if first > last:
            raise ValueError(f"the range `{first}-{last}` in a class runs backwards")
        ranges.append((ord(first), ord(last)))
    if negated:
        ranges = _complement(ranges)
    return tuple(
        (max(a, low), min(b, high))
        for a, b in ranges
        for low, high in _WITHIN
        if max(a, low) <= min(b, high)
    )


def _complement(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    free = 1
    for first, last in sorted(ranges):
        if first > free:
            found.append((free, first - 1))
        free = max(free, last + 1)
    return [*found, (free, _LAST)] if free <= _LAST else found


def _shape(alternative: str) -> Shape:
    last = alternative.rpartition("/")[2]
    prefix = _WILD.split(alternative, maxsplit=1)[0]
    return Shape(
        glob=alternative,
        prefix=prefix,
        stem=_WILD.split(last, maxsplit=1)[0],
        suffix=_WILD.split(last)[-1],
        exact=prefix == alternative,
    )
