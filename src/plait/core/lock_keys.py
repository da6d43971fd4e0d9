"""Lock keys: `namespace:rest`, in one spelling, with `*` for any characters.

Two keys conflict if there is something that both claim: `api:get /v1//u/{id}` and
`api:GET /v1/u/{user_id}` are one key, and `flag:billing/*` claims `flag:billing/x` with all else
below `billing/`. A key of `db` claims what lies below it too: `db:schema:users` the column
`db:schema:users:email`. A key of a namespace that has no rules of its own is compared as it is
written, spaces aside.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice, product

from plait.core.scope import MOST_PAIRS, crossing

_HOST = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}://[^/]*")
_METHOD = re.compile(r"([A-Za-z]+|\*)(?: ?:| ) ?(?=/|\*|[a-z]{1,20}://)", re.IGNORECASE)
_STARS = re.compile(r"\*+")
_NAMED = re.compile(r"\{[^{}/]*\}|<[^<>/]*>|\[[^\[\]/]*\]")  # a parameter in a path
_ANY = "*"
_SOMETHING = "\n"  # stands for what a `*` may be; no spelling holds one
_HIGHEST = chr(0x10FFFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pattern:
    """What a key claims; `method` is of an `api` key, `text` may hold `*`."""

    namespace: str
    method: str
    text: str

    @property
    def prefix(self) -> str:
        return self.text.partition(_ANY)[0]

    @property
    def suffix(self) -> str:
        return self.text.rpartition(_ANY)[2]


@lru_cache(maxsize=1 << 16)
def normalise(key: str) -> str:
    """The key in its one spelling, in which parameters of a path have no names (`{}`).

    Namespaces and methods are spelt in one case, and so is the rest of all keys but those of
    `api`, of `contract` and of a user's own namespace. An `api` key without a method claims
    any; scheme, host and query do not count.
    """
    return _written(key, _unnamed)


def spelling(key: str) -> str:
    """The same, with the names that the key gives to parameters: how to write it."""
    return _written(key, str)


def namespace_of(key: str) -> str:
    """What stands before the first colon, in the spelling that namespaces have."""
    return key.partition(":")[0].strip().casefold()


def covers(a: str, b: str) -> bool:
    """Whether the key `a` claims everything that `b` claims."""
    return all(any(_contains(mine, their) for mine in _patterns(a)) for their in _patterns(b))


def conflict(a: str, b: str) -> bool:
    """Whether there is something that both keys claim."""
    return any(_meet(mine, their) for mine, their in product(_patterns(a), _patterns(b)))


def shared(mine: Sequence[str], theirs: Sequence[str]) -> tuple[str, str] | None:
    """The first two keys that conflict, one of each side, or None."""
    ours, others = set(mine), set(theirs)
    found = [(key, key) for key in ours & others]
    if not found:
        met = meeting(ours | others)
        found = [pair for a, b in met for pair in ((a, b), (b, a)) if _of(pair, ours, others)]
    return min(found, default=None)


def told(mine: str, theirs: str) -> str:
    """How two keys that conflict are called: by one name, if they are spelt alike."""
    return mine if mine == theirs else f"{mine} (as {theirs} in the other)"


def meeting(keys: Iterable[str]) -> Iterator[tuple[str, str]]:
    """All pairs of different keys that conflict, each pair once.

    Keys are compared only where what they begin and end with agrees, so that many keys of
    which few conflict take little time.
    """
    claiming: dict[_Pattern, list[str]] = {}
    for key in dict.fromkeys(keys):
        for pattern in _patterns(key):
            claiming.setdefault(pattern, []).append(key)
    spaces: dict[str, dict[str, dict[str, _Pattern]]] = {}
    for pattern in claiming:
        texts = spaces.setdefault(pattern.namespace, {})
        texts.setdefault(pattern.text, {})[pattern.method] = pattern
    seen: set[tuple[str, str]] = set()
    for texts in spaces.values():
        for mine, their in _candidates(texts):
            for a, b in product(claiming[mine], claiming[their]):
                pair = (a, b) if a < b else (b, a)
                if a != b and pair not in seen:
                    seen.add(pair)
                    yield pair


def pairs(
    claims: Sequence[Sequence[str]], beside: Sequence[int] | None = None
) -> Iterator[tuple[int, int, str]]:
    """All pairs of claimants whose keys conflict: two positions, the lower first, and the keys.

    Each pair comes once, in the order of the positions; at most `MOST_PAIRS`.

    Args:
        claims: The keys of each claimant.
        beside: For each claimant the positions of those to compare it with, as bits (mutual).
    """
    owners: dict[str, list[int]] = {}
    for place, keys in enumerate(claims):
        for key in dict.fromkeys(keys):
            owners.setdefault(key, []).append(place)
    same = ((key, key) for key, claiming in owners.items() if len(claiming) > 1)
    found: dict[tuple[int, int], str] = {}
    for mine, their in chain(same, meeting(owners)):
        for i, j in crossing(owners[mine], owners[their], beside):
            if (i, j) not in found:
                found[i, j] = told(mine, their) if mine in claims[i] else told(their, mine)
        if len(found) >= MOST_PAIRS:
            break
    for (i, j), keys_told in islice(sorted(found.items()), MOST_PAIRS):
        yield i, j, keys_told


def _of(pair: tuple[str, str], ours: AbstractSet[str], others: AbstractSet[str]) -> bool:
    return pair[0] in ours and pair[1] in others


def _written(key: str, segment: Callable[[str], str]) -> str:
    """The key by its namespace's rules; `segment` spells each segment of an API's path."""
    text = " ".join(key.split())
    namespace, colon, rest = text.partition(":")
    namespace, rest = namespace.strip().casefold(), rest.strip()
    if not colon:
        return _STARS.sub(_ANY, text)
    if namespace == "api":
        return f"api:{_api(rest, segment)}"
    return f"{namespace}:{_STARS.sub(_ANY, _RULES.get(namespace, str)(rest))}"


def _api(rest: str, segment: Callable[[str], str]) -> str:
    found = _METHOD.match(rest)
    method, path = (found[1].upper(), rest[found.end() :]) if found else (_ANY, rest)
    path = _HOST.sub("", path, count=1) if _HOST.match(path) else path
    path = path.partition("?")[0].partition("#")[0]
    parts = (part.strip() for part in path.split("/"))
    spelt = "/".join(_STARS.sub(_ANY, segment(part)) for part in parts if part not in {"", "."})
    return f"{method} /{spelt}"


def _unnamed(segment: str) -> str:
    """A segment of a path without the names of its parameters: `{id}`, `:id`, `<int:id>`."""
    return "{}" if segment.startswith(":") else _NAMED.sub("{}", segment)


def _levels(rest: str, divided: str, by: str) -> str:
    """The rest as levels: no level is empty, `.` or has spaces around it."""
    parts = (part.strip() for part in re.split(divided, rest))
    return by.join(part for part in parts if part not in {"", "."})


def _db(rest: str) -> str:
    levels = _levels(rest.casefold(), r"[./:]", ":")
    return "migration-slot" if levels == "migration_slot" else levels


_RULES: Mapping[str, Callable[[str], str]] = {
    "db": _db,
    "event": lambda rest: _levels(rest.casefold(), r"[./:]", "."),
    "flag": lambda rest: _levels(rest.casefold(), "/", "/"),
    "env": str.casefold,
    "contract": lambda rest: _levels(rest, "/", "/"),
    "feature": lambda rest: _levels(rest.casefold(), ":", ":"),
}

NAMESPACES = ("api", *_RULES)


@lru_cache(maxsize=1 << 16)
def _patterns(key: str) -> tuple[_Pattern, ...]:
    namespace, colon, rest = normalise(key).partition(":")
    if not colon:
        return (_Pattern(namespace="", method="", text=namespace),)
    if namespace == "api":
        method, _, path = rest.partition(" ")
        return (_Pattern(namespace=namespace, method=method, text=path),)
    texts = (rest, f"{rest}:*") if namespace == "db" else (rest,)
    return tuple(_Pattern(namespace=f"{namespace}:", method="", text=text) for text in texts)


def _contains(a: _Pattern, b: _Pattern) -> bool:
    """Whether all that `b` matches `a` does: what stands for b's `*` only a's `*` can match."""
    return (
        a.namespace == b.namespace
        and a.method in {_ANY, b.method}
        and _matches(a.text, b.text.replace(_ANY, _SOMETHING))
    )


def _meet(a: _Pattern, b: _Pattern) -> bool:
    return (
        a.namespace == b.namespace
        and (a.method == b.method or _ANY in {a.method, b.method})
        and _texts_meet(a, b)
    )


def _texts_meet(a: _Pattern, b: _Pattern) -> bool:
    """Two texts that both hold a `*` meet if only their ends agree: all else stands in between."""
    if _ANY not in b.text:
        return _matches(a.text, b.text)
    if _ANY not in a.text:
        return _matches(b.text, a.text)
    return (a.prefix.startswith(b.prefix) or b.prefix.startswith(a.prefix)) and (
        a.suffix.endswith(b.suffix) or b.suffix.endswith(a.suffix)
    )


def _matches(pattern: str, text: str) -> bool:
    first, *rest = pattern.split(_ANY)
    if not rest:
        return pattern == text
    *middle, last = rest
    end = len(text) - len(last)
    if len(first) > end or not text.startswith(first) or not text.endswith(last):
        return False
    place = len(first)
    for piece in middle:
        found = text.find(piece, place, end)
        if found < 0:
            return False
        place = found + len(piece)
    return True


def _candidates(
    texts: Mapping[str, Mapping[str, _Pattern]],
) -> Iterator[tuple[_Pattern, _Pattern]]:
    """Pairs of patterns of one namespace that meet, by text and method; a pattern meets itself."""
    above: list[_Group] = []  # of texts with a `*`, whose beginning the present text has too
    groups: dict[str, list[_Pattern]] = {}
    for methods in texts.values():
        any_pattern = next(iter(methods.values()))
        groups.setdefault(any_pattern.prefix, []).append(any_pattern)
    for prefix in sorted(groups):
        while above and not prefix.startswith(above[-1].prefix):
            above.pop()
        wild = [each for each in groups[prefix] if _ANY in each.text]
        if wild:
            above.append(_Group(prefix, wild))
        for mine in groups[prefix]:
            yield from _by_method(texts[mine.text], texts[mine.text])
            for group in above:
                for their in group.like(mine):
                    if their.text != mine.text and _texts_meet(mine, their):
                        yield from _by_method(texts[mine.text], texts[their.text])


def _by_method(
    mine: Mapping[str, _Pattern], theirs: Mapping[str, _Pattern]
) -> Iterator[tuple[_Pattern, _Pattern]]:
    for method, pattern in mine.items():
        if method == _ANY:
            yield from ((pattern, their) for their in theirs.values())
            continue
        for each in {method, _ANY}:
            if each in theirs:
                yield pattern, theirs[each]


class _Group:
    """Patterns with a `*` that begin alike, found by how they end."""

    def __init__(self, prefix: str, patterns: Iterable[_Pattern]) -> None:
        self.prefix = prefix
        self._entries = sorted(((each.suffix[::-1], each) for each in patterns), key=_first)
        self._ends = [end for end, _ in self._entries]
        self._lengths = sorted({len(end) for end in self._ends})

    def like(self, pattern: _Pattern) -> Iterator[_Pattern]:
        """The patterns whose end agrees with that of another one, or of a text without `*`."""
        literal = _ANY not in pattern.text
        end = (pattern.text if literal else pattern.suffix)[::-1]
        places = [self._places(end[:n]) for n in self._lengths if n < len(end)]
        last = end if literal else end + _HIGHEST
        places.append(range(bisect_left(self._ends, end), bisect_right(self._ends, last)))
        for place in (each for group in places for each in group):
            yield self._entries[place][1]

    def _places(self, end: str) -> range:
        return range(bisect_left(self._ends, end), bisect_right(self._ends, end))


def _first(entry: tuple[str, _Pattern]) -> str:
    return entry[0]
