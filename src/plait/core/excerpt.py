"""Which parts of the plan's documents a package's agent is given, within a limit of tokens.

A document is cut at its headings. What names the package, its requirements or its paths comes
before what does not; within that, the package's kind says which sort of document comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import pairwise

from plait.core.plan import PackageKind, WorkPackage

_HEADING = re.compile(r"^#{1,3}\s+\S")
_FENCE = re.compile(r"^\s*(`{3,}|~{3,})")
_LINK = re.compile(r"https?://[^\s<>\"'`\]\\|]{3,300}")
_NUMBERED = re.compile(r"([0-9]+)(?:\.[0-9]+)*")
_LEAST = 120  # tokens that are worth being given of a part that does not fit as a whole
_FRAME = 24  # tokens that the words around a part take
MOST_LINKS = 20


class Sort(StrEnum):
    """What a document is to the plan."""

    REQUIREMENTS = "requirements"
    DESIGN = "design"
    CONTRACTS = "contract"
    STANDARDS = "standards"
    FILES = "file to build on"


ORDER: Mapping[PackageKind, Sequence[Sort]] = {
    PackageKind.IMPLEMENT: (
        Sort.REQUIREMENTS, Sort.CONTRACTS, Sort.DESIGN, Sort.STANDARDS, Sort.FILES,
    ),
    PackageKind.INTEGRATE: (
        Sort.CONTRACTS, Sort.DESIGN, Sort.REQUIREMENTS, Sort.STANDARDS, Sort.FILES,
    ),
    PackageKind.QA: (
        Sort.REQUIREMENTS, Sort.CONTRACTS, Sort.STANDARDS, Sort.DESIGN, Sort.FILES,
    ),
    PackageKind.FIX: (
        Sort.CONTRACTS, Sort.DESIGN, Sort.STANDARDS, Sort.REQUIREMENTS, Sort.FILES,
    ),
}  # fmt: skip
_SORTS = (
    (Sort.STANDARDS, ("*standards/*", "*steering/*", "*constitution*", "*rules/*", "*convention*",
                      "*how-agents*", "*agents.md", "*claude.md")),
    (Sort.CONTRACTS, ("*contracts/*", "*openapi*", "*.proto", "*.graphql", "*.sql")),
    (Sort.REQUIREMENTS, ("*requirement*", "*/spec.md", "spec.md", "*proposal*", "*prd*", "*bugfix*",
                         "*user-spec*", "*user-stor*", "*epic*")),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A document: its path as the plan names it, its text, what it is."""

    file: str
    text: str
    sort: Sort


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Lines of a document, from 1, both ends included."""

    file: str
    first: int
    last: int
    text: str
    sort: Sort
    tokens: int  # about how many the text is
    is_named: bool = False  # it speaks of the package


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is given, in the order in which it is read; and what is left out."""

    given: tuple[Excerpt, ...] = ()
    left_out: tuple[Excerpt, ...] = ()


def tokens_of(text: str) -> int:
    """About how many tokens a text is: a quarter of its bytes."""
    return (len(text.encode("utf-8", "replace")) + 3) // 4


def sort_of(file: str) -> Sort:
    """What a document of that path is, as far as its name tells."""
    name = file.casefold()
    fits = (sort for sort, globs in _SORTS if any(fnmatchcase(name, each) for each in globs))
    return next(fits, Sort.DESIGN)


def excerpts(sources: Iterable[Source], package: WorkPackage) -> list[Excerpt]:
    """The parts of documents, in their order; those that speak of the package are marked."""
    words = _words(package)
    spoken, names = tuple(each.lower() for each in words), _any_of(words)
    found = []
    for source in sources:
        for part, lower in _parts(source):
            # The pattern is slow: it is asked where the words are, in whatever they stand.
            speaks = any(each in lower for each in spoken) and bool(names.search(part.text))
            speaks = speaks or _is_required(part, package)
            found.append(replace(part, is_named=True) if speaks else part)
    return found


def choose(parts: Sequence[Excerpt], kind: PackageKind, tokens: int) -> Chosen:
    """As much as fits.

    Args:
        parts: What there is, in reading order.
        kind: The package's.
        tokens: How many there may be.
    """
    row = ORDER.get(kind, ORDER[PackageKind.IMPLEMENT])
    order = {sort: place for place, sort in enumerate(row)}
    rank = {id(each): (not each.is_named, order[each.sort]) for each in parts}
    left, given, out = tokens, [], []
    for each in sorted(parts, key=lambda part: rank[id(part)]):
        cost = each.tokens + _FRAME
        if cost <= left:
            given.append(each)
            left -= cost
            continue
        kept = _beginning(each, left - _FRAME) if each.is_named else None
        if kept is None:
            out.append(each)
            continue
        given.append(kept)
        left -= kept.tokens + _FRAME
        out.append(replace(each, first=kept.last + 1, text="", tokens=0))
    place = {each.file: at for at, each in reversed(list(enumerate(parts)))}

    def reading(part: Excerpt) -> tuple[int, int, int]:
        return order[part.sort], place[part.file], part.first

    return Chosen(
        given=_joined(sorted(given, key=reading)), left_out=_joined(sorted(out, key=reading))
    )


def nothing_of(parts: Sequence[Excerpt]) -> Chosen:
    """What is chosen where there is no room: each document is left out as a whole."""
    files: dict[str, Excerpt] = {}
    for each in parts:
        files.setdefault(each.file, each)
    ends = {each.file: each.last for each in parts}
    whole = (replace(each, last=ends[file], text="") for file, each in files.items())
    return Chosen(left_out=tuple(whole))


def links(texts: Iterable[tuple[str, int, str]]) -> tuple[tuple[str, str], ...]:
    """Addresses in texts, each once, with its place (`file:line`), at most `MOST_LINKS`.

    Args:
        texts: Names of documents, each with the number of the text's first line, and the text.
    """
    found: dict[str, str] = {}
    for name, first, text in texts:
        if "://" not in text:
            continue
        for number, line in enumerate(text.splitlines(), start=first):
            for link in _LINK.findall(line):
                found.setdefault(link.rstrip(".,;:!?*_)"), f"{name}:{number}" if first else name)
        if len(found) >= MOST_LINKS:
            break
    return tuple(found.items())[:MOST_LINKS]


@lru_cache(maxsize=16)
def _parts(source: Source) -> tuple[tuple[Excerpt, str], ...]:
    """A Markdown document's parts, any other's only one; each with its text in lower case.

    The packages of a plan have most documents in common, and a document may be long.
    """
    lines = source.text.splitlines()
    starts, fence = [0], ""
    if source.file.casefold().endswith((".md", ".markdown", ".mdx")):
        for at, line in enumerate(lines):
            marks = _FENCE.match(line)
            if marks and not fence:
                fence = marks[1]
            elif marks and marks[1].startswith(fence):
                fence = ""
            elif at and not fence and _HEADING.match(line):
                starts.append(at)
    found = []
    for first, last in zip(starts, [*starts[1:], len(lines)], strict=True):
        text = "\n".join(lines[first:last])
        if text.strip():
            part = Excerpt(
                file=source.file, first=first + 1, last=last, text=text, sort=source.sort,
                tokens=tokens_of(text),
            )  # fmt: skip
            found.append((part, text.lower()))
    return tuple(found)


def _words(package: WorkPackage) -> list[str]:
    """What a text that speaks of a package says: its ids, its requirements', its paths, its title.

    An id that is a mere number says nothing: requirements and sections have such too.
    """
    ids = {package.id, package.source_id, *package.tasks, *package.requirements}
    words = {each for each in ids if re.search(r"[^\W\d_]", each) and len(each) <= 100}  # noqa: PLR2004
    for glob in package.scope.write:
        prefix = re.split(r"[*?\[{]", glob)[0].rstrip("/")
        words |= {prefix} if re.search(r"[/.]", prefix) else set()
    words |= {package.title} if len(package.title.split()) > 1 else set()
    words.discard("")
    return sorted(words, key=len, reverse=True)


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    either = "|".join(map(re.escape, words))
    return re.compile(rf"(?<![\w-])(?:{either})(?![\w-])", re.IGNORECASE)


def _is_required(part: Excerpt, package: WorkPackage) -> bool:
    """Whether a part of the requirements is one that the package names by number: `1.2`, `3`."""
    if part.sort is not Sort.REQUIREMENTS:
        return False
    head = part.text.lstrip().partition("\n")[0]
    for each in package.requirements:
        told = each.strip()
        number = _NUMBERED.fullmatch(told)
        if number is None or number[1] not in part.text:
            continue
        whole = rf"^#+\s+(?:\D*\s)?{number[1]}(?:[.:)\s]|$)"
        one = rf"(?<![\w.]){re.escape(told)}(?![\w.]*\d)"
        if re.search(whole, head) or (told in part.text and re.search(one, part.text)):
            return True
    return False


def _beginning(part: Excerpt, tokens: int) -> Excerpt | None:
    """As many of its first lines as fit; None if that is not worth it."""
    if tokens < _LEAST:
        return None
    kept: list[str] = []
    for line in part.text.split("\n"):
        tokens -= tokens_of(line) + 1
        if tokens < 0:
            break
        kept.append(line)
    if not kept:
        return None
    text = "\n".join(kept)
    return replace(part, last=part.first + len(kept) - 1, text=text, tokens=tokens_of(text))


def _joined(parts: Sequence[Excerpt]) -> tuple[Excerpt, ...]:
    """Parts that follow one another in a document as one."""
    rows: list[list[Excerpt]] = []
    for each in parts:
        before = rows[-1][-1] if rows else None
        if before and before.file == each.file and each.first <= before.last + 2:
            rows[-1].append(each)
        else:
            rows.append([each])
    return tuple(_one(row) for row in rows)


def _one(row: Sequence[Excerpt]) -> Excerpt:
    if len(row) == 1:
        return row[0]
    texts = [row[0].text]
    for before, each in pairwise(row):
        texts += ["\n" * (each.first - before.last), each.text]
    return replace(
        row[0], last=row[-1].last, text="".join(texts), tokens=sum(each.tokens for each in row)
    )
