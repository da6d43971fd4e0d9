"""Task lists of numbered boxes (`- [ ] 1.2 title`): items, what belongs to each, who is a part.

Lists of this kind are nested (two spaces a level) or flat (`1.`, then `1.1` on the same level):
an item is a part of the one whose id begins its own, else of the one that it is nested in. A box
without a number is no item: inside one it is a criterion, and stays in its body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from textwrap import dedent

from plait.core.finding import Finding, Severity
from plait.core.plan import Confidence, Scope
from plait.plans.fields import speaks
from plait.plans.markdown import Kind, Line
from plait.plans.mentions import without_mentions
from plait.plans.page import Page, span_of
from plait.plans.paths import listed, written
from plait.plans.tasks import MAX_TASKS, TooManyTasks

_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,7}[a-z]?"
_ITEM = re.compile(
    # An anchor that links lead to, or a sign of its state, is no part of it.
    r"(?:(?:<[^<>\n]{1,200}>|[\u2190-\u2bff\ufe0f\U0001f300-\U0001faff])[ \t]*){0,4}"
    rf"(?P<struck>~~)?(?P<bold>\*\*|__)?(?:Task[ \t]+)?(?P<id>{_NUMBER})"
    r"(?P<mark>\\?[.)）:：．、])?(?P<closed>\*\*|__)?(?:[ \t]+|(?=[^\x00-\x7f])|$)(?P<rest>.*)"  # noqa: RUF001
)
_PARALLEL = re.compile(r"[(（][Pp][)）][ \t]*")  # noqa: RUF001
_GENERIC = re.compile(
    r"(?:(?:implementation|task)[ \t]+(?:plan|list|overview|tasks)|tasks?(?:[ \t]+document)?|"
    r"overview|notes?|summary|实施计划|实现计划|实施任务|任务(?:列表|清单|拆解|分解|规划)?(?:文档)?|概述|"
    r"実装計画|実装タスク|タスク(?:一覧|リスト)?|實作任務)"
    r"(?:[ \t]*[:：–—-]+[ \t]*|$)",  # noqa: RUF001
    re.IGNORECASE,
)
_READING = re.compile(
    r"(?:(?:write|add|create) )?(?:\w{1,20} ){0,2}tests?\b|analy[sz]e|audit|check|confirm|inspect|"
    r"investigate|re-?run|research|review|run|validate|verify|验证|检查|确认|运行|编写",
    re.IGNORECASE,
)
_MOST_LEVELS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A numbered box. `body` are the lines below that belong to it, its parts' excluded.

    `parallel`: a `(P)` stands behind the number or the title. `heading` is the nearest heading
    above it that names something.
    """

    id: str
    title: str
    head: Line
    body: tuple[Line, ...] = ()
    heading: str | None = None
    parent: str | None = None
    parallel: bool = False
    struck: bool = False

    @property
    def detailed(self) -> bool:
        """Whether anything at all is said of it beside its title."""
        return any(line.kind is not Kind.BLANK for line in self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """A list, read. `outside` are the bullets and boxes that belong to no item."""

    title: str
    items: tuple[Item, ...]
    outside: tuple[Line, ...]

    @property
    def loose(self) -> tuple[Line, ...]:
        """The boxes without a number that stand outside of all items."""
        return tuple(line for line in self.outside if line.kind is Kind.BOX)


def numbered(lines: Sequence[Line]) -> Numbered:
    """Read a list. Linear in its length.

    Raises:
        UsageError: `PLAN_TOO_LARGE` if it has more than `MAX_TASKS` items.
    """
    reader = _Reader()
    for line in lines:
        reader.take(line)
    reader.close()
    return Numbered(
        title=reader.title,
        items=tuple(_with_parents(reader.items)),
        outside=tuple(reader.outside),
    )


def told_loose(found: Numbered, file: str) -> Iterator[Finding]:
    """`BOX_WITHOUT_ID`: one finding for all boxes that are no tasks, at the first."""
    if loose := found.loose:
        count = len(loose)
        boxes = "a box has no number: it is" if count == 1 else f"{count} boxes have no number:"
        yield Finding(
            code="BOX_WITHOUT_ID",
            severity=Severity.INFO,
            message=f"{boxes} {'no task' if count == 1 else 'they are no tasks'}",
            span=span_of(loose[0], file),
            hint="number what is to be done by an agent",
        )


def text_of(lines: Sequence[Line]) -> str:
    """Lines as they stand, without the indent that they share."""
    return dedent("\n".join(line.text for line in lines)).strip("\n")


def shorten(text: str, most: int) -> str:
    """A text of at most so many characters, cut where a line ends if it can be."""
    if len(text) <= most:
        return text
    return text[:most].rpartition("\n")[0] or text[:most]


def scope_of(item: Item, files: Sequence[str]) -> Scope:
    """What an item writes: the files it lists, else those in backticks behind a verb of writing.

    Where there are none, the paths in its title.
    """
    globs = tuple(files)
    if not globs:
        globs = written(line.content for line in (item.head, *item.body) if speaks(line))
    if not globs and not _READING.match(item.title):
        globs = tuple(glob for glob in listed(without_mentions(item.title)) if "/" in glob)
    return Scope(write=globs, confidence=Confidence.INFERRED if globs else Confidence.UNKNOWN)


def named_title(page: Page, found: Numbered, name: str) -> str:
    """The list's own title, or `name` where its heading says no more than what it is."""
    generic = _GENERIC.match(found.title)
    own = found.title[generic.end() :].strip() if generic else found.title
    return own or name or page.text.name


@dataclass(slots=True)
class _Reader:
    title: str = ""
    heading: str | None = None
    items: list[Item] = field(default_factory=list)
    outside: list[Line] = field(default_factory=list)
    head: Item | None = None
    body: list[Line] = field(default_factory=list)

    def take(self, line: Line) -> None:
        if line.kind is Kind.BOX and (item := self._item(line)):
            self.close()
            self.head = item
        elif line.kind is Kind.HEADING:
            self.close()
            self._head(line)
        else:
            if self._ends(line):
                self.close()
            if self.head is not None:
                self.body.append(line)
            elif line.kind in {Kind.BOX, Kind.BULLET}:
                self.outside.append(line)

    def close(self) -> None:
        """End the open item."""
        if self.head is not None:
            if len(self.items) == MAX_TASKS:
                raise TooManyTasks
            self.items.append(replace(self.head, body=tuple(self.body), heading=self.heading))
        self.head, self.body = None, []

    def _head(self, line: Line) -> None:
        if line.level == 1 and not self.title:
            self.title = line.content
        elif line.content and not _GENERIC.fullmatch(line.content):
            self.heading = line.content
        else:
            self.heading = None

    def _item(self, line: Line) -> Item | None:
        found = _ITEM.match(line.content)
        if found is None:
            return None
        marked = found["mark"] or found["bold"] or "." in found["id"]
        if not marked and self.head is not None and line.indent > self.head.head.indent:
            return None  # "- [ ] 3 screens work" below a task is a criterion
        parallel = False
        rest = found["rest"].strip()
        if first := _PARALLEL.match(rest):
            rest, parallel = rest[first.end() :], True
        elif rest[-3:].strip("()（）").upper() == "P" and (last := _PARALLEL.search(rest[-3:])):  # noqa: RUF001
            rest, parallel = rest[: len(rest) - 3 + last.start()].rstrip(), True
        if found["bold"] and not found["closed"]:
            rest = rest.replace(found["bold"], "", 1)
        elif rest.startswith("**") and rest.endswith("**"):
            rest = rest.strip("*")
        struck = bool(found["struck"]) or rest.startswith("~~")
        return Item(
            id=found["id"],
            title=rest.strip("~ ") if struck else rest.strip(),
            head=line,
            parallel=parallel,
            struck=struck,
        )

    def _ends(self, line: Line) -> bool:
        """Whether a line stands behind the open item: a rule, or unindented prose after a gap."""
        if self.head is None or line.kind in {Kind.BLANK, Kind.CODE, Kind.COMMENT}:
            return False
        if line.kind is Kind.RULE:
            return True
        gap = bool(self.body) and self.body[-1].kind is Kind.BLANK
        outside = line.indent <= self.head.head.indent
        return gap and outside and line.kind is not Kind.BOX


def _with_parents(items: Sequence[Item]) -> Iterator[Item]:
    """Each with the earlier item that it is a part of."""
    seen: dict[str, int] = {}  # levels above each id
    nest: list[Item] = []
    for item in items:
        while nest and nest[-1].head.indent >= item.head.indent:
            nest.pop()
        parent = next((name for name in _prefixes(item.id) if name in seen), None)
        if parent is None and nest and nest[-1].id != item.id:
            parent = nest[-1].id
        if parent is not None and seen[parent] >= _MOST_LEVELS:
            parent = None
        seen.setdefault(item.id, 0 if parent is None else seen[parent] + 1)
        nest.append(item)
        yield replace(item, parent=parent)


def _prefixes(name: str) -> Iterator[str]:
    """The ids that begin an id, the longest first: 1.2 and 1 of 1.2.3."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name
