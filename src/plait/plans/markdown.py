"""Markdown read line by line: headings, list items, boxes; fences and comments set aside.

Fenced code and HTML comments follow CommonMark, the list item they stand in included. One rule
is ours: a fence or comment that never closes is not taken for one, so that it cannot hide the
rest of a plan; and indented code is read as text, for it is told from a deeper list by no more
than a space.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

_FENCE = re.compile(r"(`{3,}|~{3,})(.*)")
_HEADING = re.compile(r"(#{1,6})(?:[ \t]+(.*))?$")
_BULLET = re.compile(r"([-*+]|[0-9]{1,9}[.)])([ \t]+|$)")
_BOX = re.compile(r"\[([^\]]?)\](\*)?(?:[ \t]+|$)")
_RULE = re.compile(r"(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$")
_CLOSING_HASHES = re.compile(r"(?:^|[ \t])#+$")
_TAB = 4
_FRONT = 10  # lines


class Kind(StrEnum):
    """What a line is."""

    BLANK = "blank"
    HEADING = "heading"
    BULLET = "bullet"
    BOX = "box"
    QUOTE = "quote"
    RULE = "rule"
    TEXT = "text"
    CODE = "code"  # a fence or what stands in it
    COMMENT = "comment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line.

    `number` counts from 1. `indent` is the column of its first character, `inner` the column at
    which a list item's own content begins (tabs count to the next multiple of four). `content`
    is the text behind the heading's hashes, the bullet or the box. `state` is what stands
    between a box's brackets, empty for `[]`; `optional` that a star follows the box; `level` is
    a heading's.
    """

    number: int
    text: str
    kind: Kind
    content: str = ""
    indent: int = 0
    inner: int = 0
    level: int = 0
    state: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The lines, and the numbers of those that open a fence or comment which never closes.

    Of a run of blank lines outside fences the first stands for all.
    """

    lines: tuple[Line, ...]
    unclosed: tuple[int, ...] = ()


def scan(lines: Sequence[str]) -> Document:
    """Classify lines (without their ends). Total, and linear in the text's length."""
    scanner = _Scanner(lines=lines)
    found = tuple(scanner.run())
    return Document(lines=found, unclosed=tuple(scanner.unclosed))


def without_fences(text: str) -> str:
    """A text without its fenced code, roughly: what stands in examples does not tell what it is.

    What follows a fence that never closes is left as it is, and so is YAML at the beginning:
    some write their front matter so.
    """
    if "```" not in text and "~~~" not in text:
        return text
    lines = text.split("\n")
    kept: list[str] = []
    fenced: list[str] = []
    mark = ""
    front = False
    for at, line in enumerate(lines):
        body = line.strip()
        if mark:
            fenced.append(line)
            if _closes(body, mark):
                kept += fenced if front else ()
                mark = ""
        elif (fence := _FENCE.match(body)) and not (fence[1][0] == "`" and "`" in fence[2]):
            mark = fence[1]
            front = at < _FRONT and fence[2].strip() == "yaml"
            fenced = [line]
        else:
            kept.append(line)
    return "\n".join([*kept, *(fenced if mark else ())])


@dataclass(slots=True)
class _Scanner:
    lines: Sequence[str]
    unclosed: list[int] = field(default_factory=list)
    containers: list[int] = field(default_factory=list)  # content columns of the open list items
    hopeless: dict[tuple[str, int, int], int] = field(default_factory=dict)
    comments_end: bool = False

    def run(self) -> Iterator[Line]:
        at = 0
        while at < len(self.lines):
            indent, body = _dedent(self.lines[at])
            if not body:
                yield Line(number=at + 1, text=self.lines[at], kind=Kind.BLANK)
                while at < len(self.lines) and not self.lines[at].strip():
                    at += 1
                continue
            while self.containers and indent < self.containers[-1]:
                self.containers.pop()
            end, kind = self._block(at, indent, body)
            if end > at:
                yield from (
                    Line(number=n + 1, text=self.lines[n], kind=kind, indent=indent)
                    for n in range(at, end)
                )
                at = end
                continue
            line = _classify(at + 1, self.lines[at], indent, body)
            if line.inner:
                self.containers.append(line.inner)
            yield line
            at += 1

    def _block(self, at: int, indent: int, body: str) -> tuple[int, Kind]:
        """Where the fence or comment that opens at a line ends; the line itself if none does."""
        fence = _FENCE.match(body)
        if fence and not (fence[1][0] == "`" and "`" in fence[2]):
            return self._fence(at, indent, fence[1]), Kind.CODE
        if body.startswith("<!--"):
            return self._comment(at), Kind.COMMENT
        return at, Kind.TEXT

    def _fence(self, at: int, opened: int, mark: str) -> int:
        column = self.containers[-1] if self.containers else 0
        limit = max(column, opened) + _TAB
        key = (mark[0], column, limit)
        # Nothing closes this fence if nothing closed a shorter one further up: this keeps a
        # file of openers linear.
        if len(mark) < self.hopeless.get(key, len(mark) + 1):
            for n in range(at + 1, len(self.lines)):
                indent, body = _dedent(self.lines[n])
                if body and indent < column:
                    return n  # the list item ends, and its fence with it
                if indent < limit and _closes(body, mark):
                    return n + 1
            self.hopeless[key] = len(mark)
        self.unclosed.append(at + 1)
        return at

    def _comment(self, at: int) -> int:
        if not self.comments_end:
            for n in range(at, len(self.lines)):
                if "-->" in self.lines[n]:
                    return n + 1
            self.comments_end = True
        self.unclosed.append(at + 1)
        return at


def _closes(body: str, mark: str) -> bool:
    return body.startswith(mark) and not body.strip(mark[0]).strip(" \t")


def _dedent(text: str) -> tuple[int, str]:
    """The column of the first character, and the text from there without trailing blanks."""
    body = text.lstrip(" \t")
    lead = len(text) - len(body)
    return (_width(text[:lead], 0) if lead else 0), body.rstrip()


def _width(blanks: str, column: int) -> int:
    for character in blanks:
        column += _TAB - column % _TAB if character == "\t" else 1
    return column


def _classify(number: int, text: str, indent: int, body: str) -> Line:
    if heading := _HEADING.match(body):
        content = _CLOSING_HASHES.sub("", (heading[2] or "").strip()).strip()
        level = len(heading[1])
        return Line(
            number=number,
            text=text,
            kind=Kind.HEADING,
            content=content,
            indent=indent,
            level=level,
        )
    if body.startswith(">"):
        content = body.lstrip("> \t")
        return Line(number=number, text=text, kind=Kind.QUOTE, content=content, indent=indent)
    if _RULE.match(body):
        return Line(number=number, text=text, kind=Kind.RULE, indent=indent)
    if bullet := _BULLET.match(body):
        return _item(number, text, indent, body, bullet)
    return Line(number=number, text=text, kind=Kind.TEXT, content=body, indent=indent)


def _item(number: int, text: str, indent: int, body: str, bullet: re.Match[str]) -> Line:
    after = indent + len(bullet[1])
    gap = _width(bullet[2], after) - after
    inner = after + (gap if 0 < gap <= _TAB else 1)
    content = body[bullet.end() :]
    box = _BOX.match(content)
    return Line(
        number=number,
        text=text,
        kind=Kind.BOX if box else Kind.BULLET,
        content=content[box.end() :] if box else content,
        indent=indent,
        inner=inner,
        state=box[1] if box else "",
        optional=bool(box and box[2]),
    )
