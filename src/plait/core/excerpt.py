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
    names = _names(package)
    found = []
    for source in sources:
        for first, last, text in _parts(source):
            speaks = bool(names.search(text)) or _is_required(source.sort, text, package)
            found.append(
                Excerpt(
                    file=source.file, first=first, last=last, text=text, sort=source.sort,
                    is_named=speaks,
                )
            )  # fmt: skip
    return found


def choose(parts: Sequence[Excerpt], kind: PackageKind, tokens: int) -> Chosen:
    """As much as fits.

    Args:
        parts: What there is, in reading order.
        kind: The package's.
        tokens: How many there may be.
    """
    order = list(ORDER.get(kind, ORDER[PackageKind.IMPLEMENT]))
    rank = {id(each): (not each.is_named, order.index(each.sort)) for each in parts}
    left, given, out = tokens, [], []
    for each in sorted(parts, key=lambda part: rank[id(part)]):
        cost = tokens_of(each.text) + _FRAME
        if cost <= left:
            given.append(each)
            left -= cost
            continue
        kept = _beginning(each, left - _FRAME) if each.is_named else None
        if kept is None:
            out.append(each)
            continue
        given.append(kept)
        left -= tokens_of(kept.text) + _FRAME
        out.append(replace(each, first=kept.last + 1, text=""))
    place = {each.file: at for at, each in reversed(list(enumerate(parts)))}

    def reading(part: Excerpt) -> tuple[int, int, int]:
        return order.index(part.sort), place[part.file], part.first

    return Chosen(
        given=_joined(sorted(given, key=reading)), left_out=_joined(sorted(out, key=reading))
    )


def links(texts: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Addresses in texts, each once, with its place (`file:line`), at most `MOST_LINKS`.

    Args:
        texts: Documents' names with their texts.
    """
    found: dict[str, str] = {}
    for name, text in texts:
        for number, line in enumerate(text.splitlines(), start=1):
            for link in _LINK.findall(line):
                found.setdefault(link.rstrip(".,;:!?*_)"), f"{name}:{number}")
    return tuple(found.items())[:MOST_LINKS]


def _parts(source: Source) -> list[tuple[int, int, str]]:
    """A Markdown document's parts; any other is one."""
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
    ends = [*starts[1:], len(lines)]
    return [
        (first + 1, last, "\n".join(lines[first:last]))
        for first, last in zip(starts, ends, strict=True)
        if any(line.strip() for line in lines[first:last])
    ]


def _names(package: WorkPackage) -> re.Pattern[str]:
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
    if not words:
        return re.compile(r"(?!)")
    either = "|".join(re.escape(each) for each in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?:{either})(?![\w-])", re.IGNORECASE)


def _is_required(sort: Sort, text: str, package: WorkPackage) -> bool:
    """Whether a part of the requirements is one that the package names by number: `1.2`, `3`."""
    if sort is not Sort.REQUIREMENTS:
        return False
    head = text.lstrip().partition("\n")[0]
    for each in package.requirements:
        number = _NUMBERED.fullmatch(each.strip())
        if number is None:
            continue
        whole = rf"^#+\s+(?:\D*\s)?{number[1]}(?:[.:)\s]|$)"
        if re.search(whole, head) or re.search(rf"(?<![\w.]){re.escape(each)}(?![\w.]*\d)", text):
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
    return replace(part, last=part.first + len(kept) - 1, text="\n".join(kept))


def _joined(parts: Sequence[Excerpt]) -> tuple[Excerpt, ...]:
    """Parts that follow one another in a document as one."""
    row: list[Excerpt] = []
    for each in parts:
        before = row[-1] if row else None
        if before and before.file == each.file and each.first <= before.last + 2:
            gap = "\n" * (each.first - before.last)
            row[-1] = replace(before, last=each.last, text=f"{before.text}{gap}{each.text}")
        else:
            row.append(each)
    return tuple(row)
