"""Scope: may a package write a path, and is there a path that two packages may write.

Both are exact. Two globs meet if the product of their automata reaches a common end; what is
denied runs along as a third automaton whose end is not wanted. The search reads one character
of each kind that the globs can tell apart, the shortest path first. Only a bound on its length,
which takes globs made to be hard, makes it say that they meet without having seen it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, groupby, islice, product

from plait.core.glob import Automaton, Shape, automaton, invalid, normalise, shapes
from plait.core.plan import Scope

__all__ = [
    "MOST_PAIRS",
    "allows",
    "crossing",
    "invalid",
    "matches",
    "normalise",
    "overlap",
    "pairs",
    "scopes_overlap",
    "witness",
]

_PREFERRED = "xabcdefghijklmnopqrstuvwyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_-./"
MOST_PAIRS = 200_000  # a plan in which more clash is not read pair by pair
_MOST_STATES = 10_000
_FEW = 16
_HIGHEST = chr(0x10FFFF)

# The grammar of paths runs along too: no segment is empty, `.` or `..`.
_BEGIN, _DOT, _DOTS, _NAME = range(4)
_AFTER_SLASH = {_NAME: _BEGIN}
_AFTER_DOT = {_BEGIN: _DOT, _DOT: _DOTS, _DOTS: _NAME, _NAME: _NAME}

_State = tuple[int, int, int, int]  # one place in each glob, all in what is denied, the grammar


def matches(glob: str, path: str) -> bool:
    """Whether the glob matches the path (relative, with `/`)."""
    return _is_path(path) and automaton(glob).accepts(path)


def allows(scope: Scope, path: str) -> bool:
    """Whether the scope's owner may write the path: a write glob matches, no deny glob does."""
    return (
        _is_path(path)
        and automaton(*scope.write).accepts(path)
        and not automaton(*scope.deny).accepts(path)
    )


def overlap(a: str, b: str) -> bool:
    """Whether there is a path that both globs match."""
    return witness(a, b) is not None


def witness(a: str, b: str) -> str | None:
    """A short path that both globs match, or None.

    Globs made to be hard (a path that ends in `…`) are taken to meet.
    """
    return _common(normalise(a), normalise(b), ())


def scopes_overlap(a: Scope, b: Scope) -> str | None:
    """A path that the owners of both scopes may write, or None; what either is denied counts."""
    deny = _denied(a, b)
    for mine in a.write:
        for other in b.write:
            path = _outside(normalise(mine), normalise(other), deny)
            if path is not None:
                return path
    return None


def pairs(
    scopes: Sequence[Scope], beside: Sequence[int] | None = None
) -> Iterator[tuple[int, int, str]]:
    """All pairs of scopes that may write one path: two positions, the lower first, and a path.

    In the order of the positions, and at most `MOST_PAIRS`. Globs are compared only where what
    they begin with agrees.

    Args:
        scopes: The scopes.
        beside: For each scope the positions of those to compare it with, as bits (mutual).
    """
    owners: dict[str, list[int]] = {}
    for position, scope in enumerate(scopes):
        for glob in dict.fromkeys(map(normalise, scope.write)):
            owners.setdefault(glob, []).append(position)
    found: dict[tuple[int, int], str] = {}
    for mine, other in _candidates(tuple(owners)):
        if (mine == other and len(owners[mine]) == 1) or _common(mine, other, ()) is None:
            continue
        for pair in crossing(owners[mine], owners[other], beside):
            if pair in found:
                continue
            path = _outside(mine, other, _denied(scopes[pair[0]], scopes[pair[1]]))
            if path is not None:
                found[pair] = path
        if len(found) >= MOST_PAIRS:
            break
    for (i, j), path in islice(sorted(found.items()), MOST_PAIRS):
        yield i, j, path


def crossing(
    mine: Sequence[int], theirs: Sequence[int], beside: Sequence[int] | None
) -> Iterator[tuple[int, int]]:
    """Pairs of two different positions, one of each side, the lower first; at most `MOST_PAIRS`.

    With `beside` (bits of positions, mutual), only pairs in which the one is beside the other:
    a thousand packages in a row that all claim the same cost no more than a look at each.
    """
    if beside is None:
        crossed = ((i, j) for i, j in product(mine, theirs) if i != j)
    elif len(mine) * len(theirs) <= _FEW:
        crossed = ((i, j) for i, j in product(mine, theirs) if beside[i] >> j & 1)
    else:
        wanted = 0
        for j in theirs:
            wanted |= 1 << j
        crossed = ((i, j) for i in mine for j in _positions(beside[i] & wanted))
    for i, j in islice(crossed, MOST_PAIRS):
        yield (i, j) if i < j else (j, i)


def _is_path(path: str) -> bool:
    return {"", ".", ".."}.isdisjoint(path.split("/"))


def _denied(a: Scope, b: Scope) -> tuple[str, ...]:
    if a.deny == b.deny:
        return a.deny
    return tuple(dict.fromkeys((*a.deny, *b.deny)))


@lru_cache(maxsize=1 << 16)
def _outside(a: str, b: str, deny: tuple[str, ...]) -> str | None:
    """A path that both globs match and none of `deny` does."""
    path = _common(a, b, ())
    if path is None or not deny or not automaton(*deny).accepts(path):
        return path
    return _common(a, b, deny)


def _candidates(globs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pairs of globs, each pair once, whose beginnings and ends do not rule each other out."""
    entries = sorted(
        ((shape, glob) for glob in globs for shape in shapes(glob)),
        key=lambda entry: (entry[0].prefix, entry[0].stem),
    )
    seen: set[tuple[str, str]] = set()
    above: list[_Group] = []  # whose prefix the present one begins with
    for prefix, same in groupby(entries, key=lambda entry: entry[0].prefix):
        while above and not prefix.startswith(above[-1].prefix):
            above.pop()
        group = _Group(prefix, list(same))
        above.append(group)
        for shape, mine in group.entries:
            for each in above:
                for other in each.like(shape):
                    pair = (mine, other) if mine < other else (other, mine)
                    if pair not in seen:
                        seen.add(pair)
                        yield pair


class _Group:
    """Globs whose paths begin alike, found by how the last segment begins and ends."""

    def __init__(self, prefix: str, entries: Sequence[tuple[Shape, str]]) -> None:
        """Take the entries in the order of their stems."""
        self.prefix = prefix
        self.entries = entries
        self._stems = [shape.stem for shape, _ in entries]
        self._lengths = sorted(set(map(len, self._stems)))

    def like(self, shape: Shape) -> Iterator[str]:
        """The globs that could match a path of that shape."""
        stem = shape.stem
        places = [self._places(stem[:length]) for length in self._lengths if length < len(stem)]
        first = bisect_left(self._stems, stem)
        places.append(range(first, bisect_right(self._stems, stem + _HIGHEST)))
        for place in chain.from_iterable(places):
            their, glob = self.entries[place]
            if _may_meet(shape, their):
                yield glob

    def _places(self, stem: str) -> range:
        first = bisect_left(self._stems, stem)
        if first == len(self._stems) or self._stems[first] != stem:
            return range(0)
        return range(first, bisect_right(self._stems, stem))


@lru_cache(maxsize=1 << 16)
def _common(a: str, b: str, deny: tuple[str, ...]) -> str | None:
    denied = automaton(*deny)
    for mine, other in product(shapes(a), shapes(b)):
        if _may_meet(mine, other):
            path = _common_path(mine, other, denied)
            if path is not None:
                return path
    return None


def _common_path(a: Shape, b: Shape, denied: Automaton) -> str | None:
    if not a.exact and not b.exact:
        return _search(automaton(a.glob), automaton(b.glob), denied)
    path, pattern = (a.glob, b.glob) if a.exact else (b.glob, a.glob)
    return path if automaton(pattern).accepts(path) and not denied.accepts(path) else None


def _may_meet(a: Shape, b: Shape) -> bool:
    if a.exact and b.exact:
        return a.glob == b.glob
    return (
        (a.prefix.startswith(b.prefix) or b.prefix.startswith(a.prefix))
        and (a.stem.startswith(b.stem) or b.stem.startswith(a.stem))
        and (a.suffix.endswith(b.suffix) or b.suffix.endswith(a.suffix))
    )


def _search(a: Automaton, b: Automaton, deny: Automaton) -> str | None:
    """A shortest path that `a` and `b` accept and `deny` does not.

    Of two ways to one place, what is denied on the one may include what is denied on the
    other: then the one is not followed, as whatever it leads to the other leads to as well.
    """
    letters = _letters(a, b, deny)
    came: dict[_State, tuple[_State, str] | None] = {}
    ways: dict[tuple[int, int, int], list[int]] = {}
    waiting: deque[_State] = deque()

    def reach(state: _State, origin: tuple[_State, str] | None) -> None:
        mine, other, denied, grammar = state
        known = ways.setdefault((mine, other, grammar), [])
        if not any(way & denied == way for way in known):
            known.append(denied)
            came[state] = origin
            waiting.append(state)

    for mine, other in product(_bits(a.start), _bits(b.start)):
        reach((mine, other, deny.start, _BEGIN), None)
    while waiting:
        state = waiting.popleft()
        mine, other, denied, grammar = state
        if mine & a.final and other & b.final and grammar == _NAME and not denied & deny.final:
            return _spell(came, state)
        if len(came) > _MOST_STATES:
            return _spell(came, state) + "…"
        for char in letters:
            read = _read(grammar, char)
            if read is None or not (one := a.step(mine, char)) or not (two := b.step(other, char)):
                continue
            left = deny.step(denied, char)
            for each, their in product(_bits(one), _bits(two)):
                reach((each, their, left, read), (state, char))
    return None


def _positions(mask: int) -> Iterator[int]:
    """The positions that are set, in one walk over the digits, however many there are."""
    digits = bin(mask)[:1:-1]
    place = digits.find("1")
    while place >= 0:
        yield place
        place = digits.find("1", place + 1)


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest
        mask ^= lowest


def _read(grammar: int, char: str) -> int | None:
    if char == "/":
        return _AFTER_SLASH.get(grammar)
    return _AFTER_DOT[grammar] if char == "." else _NAME


def _letters(*automata: Automaton) -> list[str]:
    """One character of each kind that the automata can tell apart, readable ones first."""
    dot, slash = ord("."), ord("/")
    edges = sorted({1, dot, slash, slash + 1}.union(*(each.edges for each in automata)))
    found: dict[int, str] = {}
    for char in _PREFERRED:
        found.setdefault(bisect_right(edges, ord(char)), char)
    for place, edge in enumerate(edges, start=1):
        if edge <= ord(_HIGHEST):
            found.setdefault(place, chr(edge))
    kinds: dict[tuple[object, ...], str] = {}
    for char in found.values():
        kinds.setdefault((char in "./" and char, *(each.readers(char) for each in automata)), char)
    return list(kinds.values())


def _spell(came: dict[_State, tuple[_State, str] | None], state: _State) -> str:
    chars: list[str] = []
    step = came[state]
    while step is not None:
        state, char = step
        chars.append(char)
        step = came[state]
    return "".join(reversed(chars))
