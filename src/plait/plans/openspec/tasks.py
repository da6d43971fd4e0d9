"""An OpenSpec task list, read: its groups, its boxes, and what belongs to each.

A box below another is a task of its own only if it has an id; without one it is a step of the
box above. Any other box is a task: OpenSpec counts each of them, with an id or without.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from plait.plans.fields import field_of
from plait.plans.markdown import Kind, Line
from plait.plans.tasks import MAX_TASKS, TooManyTasks

KEYS = {
    **dict.fromkeys(
        ("dependencies", "dependency", "depends on", "depends", "deps", "blocked by"), "needs"
    ),
    **dict.fromkeys(("prerequisites", "requires", "after", "依赖", "前置", "依存"), "needs"),
    **dict.fromkeys(("requirements", "requirement", "spec scenarios", "traces"), "requirements"),
    **dict.fromkeys(
        ("files", "file", "files to create", "files to modify", "files to create/modify"), "files"
    ),
    **dict.fromkeys(("size", "effort", "estimate", "estimated effort"), "estimate"),
    "agent": "agent",
}
_NUMBER = r"[0-9]{1,9}(?:\\?\.[0-9]{1,9}){0,5}[a-z]?"
_ID = re.compile(
    rf"(?P<open>\*\*|__)?(?:Task[ \t]+)?(?P<id>{_NUMBER}|T[0-9]{{2,4}}[a-z]?)"
    r"(?P<mark>\\?[.:)])?(?P<close>\*\*|__)?(?P<late>[.:)])?(?:[ \t]+|$)(?P<rest>.*)"
)
_HEADING_ID = re.compile(
    r"(?:Task[ \t]+)?(?P<id>[0-9]{1,9}(?:\.[0-9]{1,9}){1,5}[a-z]?)[.:)]?[ \t]+(?P<rest>.*)"
)
_GROUP = re.compile(
    r"(?:(?:Phase|Group|Stage|Step|Part|Milestone)[ \t]+)?(?P<number>[0-9]{1,9})"
    r"(?![0-9]|\.[0-9])(?:[.:)]|[ \t]+[-–—]|(?=[ \t]|$))",  # noqa: RUF001 - dashes as written
    re.IGNORECASE,
)
_LEGEND = re.compile(r"[^\W\d_xX]")
_TITLE_LEVEL = 1
_DEEPER = 2  # columns that make a box one below another


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A heading that holds tasks. `number` is its own, else its place among the groups."""

    name: str
    number: str
    own: bool = True
    line: int = 0


@dataclass(slots=True, kw_only=True)
class Item:
    """A task as it stands: `id` is None where the source gives none.

    `rest` is the text behind the id, `body` the lines below that belong to it, `steps` the boxes
    among them; `above` is the item that it is a part of.
    """

    head: Line
    id: str | None
    rest: str
    bold: bool = False
    group: Group | None = None
    above: Item | None = None
    body: list[Line] = field(default_factory=list)
    steps: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The whole list. `boxed` says that its tasks have boxes; `hidden` are boxes in code."""

    title: str
    items: tuple[Item, ...]
    boxed: bool
    hidden: tuple[Line, ...]


def outline_of(lines: Sequence[Line]) -> Outline:
    """Read a whole list. One without any box is read by its headings' or list items' ids.

    Raises:
        UsageError: `PLAN_TOO_LARGE` if it has more than `MAX_TASKS` tasks.
    """
    boxed = any(line.kind is Kind.BOX for line in lines)
    headed = not boxed and any(_heading_id(line) for line in lines)
    reader = _Reader(boxed=boxed, headed=headed)
    for line in lines:
        reader.take(line)
    return Outline(
        title=reader.title,
        items=tuple(reader.items),
        boxed=boxed,
        hidden=tuple(_hidden(lines)),
    )


def group_number(heading: str) -> str | None:
    """The number that a heading begins with: 2 of "2. API" and of "Phase 2 — API"."""
    found = _GROUP.match(heading.lstrip("*_ "))
    return str(int(found["number"])) if found else None


def _hidden(lines: Sequence[Line]) -> Iterator[Line]:
    """Boxes inside code and comments."""
    box = re.compile(r"[ \t]*[-*][ \t]+\[[ xX]\][ \t]")
    return (
        line for line in lines if line.kind in {Kind.CODE, Kind.COMMENT} and box.match(line.text)
    )


def _heading_id(line: Line) -> re.Match[str] | None:
    return _HEADING_ID.match(line.content) if line.kind is Kind.HEADING else None


@dataclass(slots=True, kw_only=True)
class _Reader:
    boxed: bool
    headed: bool
    title: str = ""
    items: list[Item] = field(default_factory=list)
    headings: list[Line] = field(default_factory=list)
    open: list[Item] = field(default_factory=list)  # the innermost last
    groups: dict[int, Group] = field(default_factory=dict)  # by the heading's line
    blank: bool = False

    def take(self, line: Line) -> None:
        if line.kind is Kind.BLANK:
            self.blank = True
            return
        if line.kind is Kind.HEADING:
            self._heading(line)
        elif not self._begins(line):
            self._below(line)
        self.blank = False

    def _heading(self, line: Line) -> None:
        found = _heading_id(line) if self.headed else None
        if found:
            self.open = []
            self._add(Item(head=line, id=found["id"], rest=found["rest"], group=self._group()))
            return
        self.open = []
        while self.headings and self.headings[-1].level >= line.level:
            self.headings.pop()
        if line.level == _TITLE_LEVEL and not self.title:
            self.title = line.content
        self.headings.append(line)

    def _begins(self, line: Line) -> bool:
        """Whether a task begins here; if so, it is taken."""
        if self.headed or line.kind is not (Kind.BOX if self.boxed else Kind.BULLET):
            return False
        while self.open and line.indent < self.open[-1].head.indent + _DEEPER:
            self.open.pop()
        above = self.open[-1] if self.open else None
        item = _item(line)
        if item.id is None and (above or (not self.boxed and self._number() is None)):
            return False
        if item.id is None and _LEGEND.fullmatch(line.state):  # "[P] tasks = different files"
            return False
        item.above, item.group = above, above.group if above else self._group()
        self._add(item)
        return True

    def _add(self, item: Item) -> None:
        if len(self.items) == MAX_TASKS:
            raise TooManyTasks
        self.items.append(item)
        self.open.append(item)

    def _below(self, line: Line) -> None:
        """Give a line to the task it belongs to, if it belongs to any."""
        while self.open and not self._holds(self.open[-1], line):
            self.open.pop()
        if self.open:
            self.open[-1].body.append(line)
            if line.kind is Kind.BOX:
                self.open[-1].steps.append(line)

    def _holds(self, item: Item, line: Line) -> bool:
        if item.head.kind is Kind.HEADING or line.indent > item.head.indent:
            return True
        lazy = line.kind is Kind.TEXT and not self.blank
        stated = line.kind is Kind.BULLET and line.indent == item.head.indent
        return lazy or (stated and field_of(line, KEYS) is not None)

    def _number(self) -> str | None:
        return next((n for h in reversed(self.headings) if (n := group_number(h.content))), None)

    def _group(self) -> Group | None:
        """The innermost heading with a number, else the outermost below the title."""
        headings = [h for h in self.headings if h.level > _TITLE_LEVEL or group_number(h.content)]
        numbered = [h for h in headings if group_number(h.content)]
        heading = numbered[-1] if numbered else next(iter(headings), None)
        if heading is None:
            return None
        if heading.number not in self.groups:
            own = group_number(heading.content)
            self.groups[heading.number] = Group(
                name=heading.content,
                number=own or str(len(self.groups) + 1),
                own=own is not None,
                line=heading.number,
            )
        return self.groups[heading.number]


def _item(line: Line) -> Item:
    """The item that a box or bullet begins. A bare number is no id: "3 tests fail"."""
    found = _ID.match(line.content)
    if found is None:
        return Item(head=line, id=None, rest=line.content.strip())
    marked = bool(found["mark"] or found["late"] or found["open"])
    if not marked and "." not in found["id"] and not found["id"].startswith("T"):
        return Item(head=line, id=None, rest=line.content.strip())
    bold = bool(found["open"]) and not found["close"]
    name = found["id"].replace("\\", "")
    return Item(head=line, id=name, rest=found["rest"].strip(), bold=bold)
