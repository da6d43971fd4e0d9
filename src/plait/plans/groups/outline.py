"""What belongs to what in a list in task groups: headings by level, boxes by indentation.

A heading or box with an id is a node. One without nodes in it is a task; others hold tasks. A box
without an id is a step of the task it stands in, or, below a label such as "Acceptance
Criteria", one of its criteria; neither is a task.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from plait.plans.fields import Words, field_of, speaks
from plait.plans.groups.lines import Head, Role, heading_of, item_of
from plait.plans.markdown import Kind, Line

KEYS = {
    **dict.fromkeys(("dependencies", "dependency", "depends on", "depends upon"), "needs"),
    **dict.fromkeys(("parallelizable with", "parallel with", "runs parallel with"), "parallel"),
    **dict.fromkeys(
        (
            "files",
            "file",
            "files to modify",
            "files to create",
            "files to create/modify",
            "files to create or modify",
            "files to update",
            "files created",
            "files modified",
            "files created/modified",
            "affected files",
            "file to create",
            "file to modify",
            "directories to create",
            "location",
        ),
        "files",
    ),
    **dict.fromkeys(
        (
            "acceptance criteria",
            "acceptance criterion",
            "acceptance",
            "success criteria",
            "definition of done",
            "testing",
            "testing requirements",
            "verification",
            "mitigation",
        ),
        "criteria",
    ),
    **dict.fromkeys(
        ("estimated", "estimate", "estimated time", "effort", "estimated effort", "duration"),
        "estimate",
    ),
    **dict.fromkeys(("complexity", "estimated complexity", "size"), "size"),
    "priority": "priority",
    "status": "status",
    **dict.fromkeys(
        (
            "assigned implementer",
            "assigned specialist",
            "assigned agent",
            "assigned to",
            "specialist",
            "implementer",
            "agent",
        ),
        "role",
    ),
}
HOLDING = (Role.GROUP, Role.TASK, Role.SECTION, Role.ITEM)
_MOST_LEVELS = 8  # boxes in boxes: what lies deeper is a step


@dataclass(slots=True, kw_only=True, eq=False)
class Node:
    """A heading or box with an id, and what stands in it.

    `body` are its lines up to the next node; `boxes` those among them that are steps, without
    ids; `above` is the node it stands in, `parts` are those that stand in it.
    """

    head: Head
    line: Line
    above: Node | None = None
    closed: bool = False  # a checklist, or in one
    body: list[Line] = field(default_factory=list)
    boxes: list[Line] = field(default_factory=list)
    parts: list[Node] = field(default_factory=list)
    fields: dict[str, list[Words]] | None = None  # `group_says.said` fills it, once

    @property
    def role(self) -> Role:
        """What it is."""
        return self.head.role

    def within(self, *roles: Role) -> Node | None:
        """The nearest node above it that has one of these roles."""
        node = self.above
        while node is not None and node.role not in roles:
            node = node.above
        return node


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """All nodes, in the order of the list, and the list's title."""

    title: str
    nodes: tuple[Node, ...]


def outline_of(lines: Sequence[Line], *, most: int) -> Outline:
    """Build the outline of a list's lines, up to the node that is one too many.

    Args:
        lines: The list's lines.
        most: How many nodes there may be.
    """
    builder = _Builder()
    for line in lines:
        if len(builder.nodes) > most:
            break
        if line.kind is Kind.HEADING:
            builder.heading(line)
        elif line.kind is Kind.BOX:
            builder.box(line)
        else:
            builder.other(line)
    return Outline(title=builder.title, nodes=tuple(builder.nodes))


def said_of(line: Line) -> list[tuple[str, str]]:
    """The fields that a line states: one, or several in a row (``**Priority**: A | …``)."""
    if line.kind is Kind.QUOTE:
        line = replace(line, kind=Kind.TEXT)
    if not speaks(line):
        return []
    if " | " in line.content and not line.content.startswith("|"):
        parts = (replace(line, content=part.strip()) for part in line.content.split(" | "))
        return [found for part in parts if (found := field_of(part, KEYS))]
    found = field_of(line, KEYS)
    return [found] if found else []


@dataclass(slots=True)
class _Builder:
    title: str = ""
    nodes: list[Node] = field(default_factory=list)
    headings: list[Node] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)
    criteria: int | None = None  # the indent of a label below which boxes are criteria
    flush: bool = False  # that label is no bullet: boxes of its own indent are meant too

    def heading(self, line: Line) -> None:
        head = heading_of(line)
        if line.level == 1 and not self.title:
            self.title = head.label
        self.items.clear()
        self.criteria = None
        top = self.headings[-1] if self.headings else None
        inner = top is not None and line.level > top.line.level and top.role in HOLDING
        if top is not None and inner and head.role in {Role.OTHER, Role.CLOSED}:
            top.body.append(line)  # "#### Tests for 1.1" is a part of task 1.1
            if head.role is Role.CLOSED:
                self.criteria, self.flush = -1, False
            return
        while self.headings and self.headings[-1].line.level >= line.level:
            self.headings.pop()
        self._open(head, line, self.headings)

    def box(self, line: Line) -> None:
        while self.items and line.indent <= self.items[-1].line.indent:
            if _counts_zero(self.items[-1], line):
                break
            self.items.pop()
        judged = self._judges(line)
        if not judged:
            self.criteria = None
        head = self._item(line, judged=judged)
        here = self._here()
        if head is not None:
            self.criteria = None
            self._open(head, line, self.items)
        elif here is not None:
            here.body.append(line)
            if not judged:
                here.boxes.append(line)

    def other(self, line: Line) -> None:
        if line.kind not in {Kind.BLANK, Kind.CODE, Kind.COMMENT}:
            while self.items and line.indent <= self.items[-1].line.indent:
                self.items.pop()
        self._label(line)
        here = self._here()
        if here is not None:
            here.body.append(line)

    def _label(self, line: Line) -> None:
        """Begin or end the criteria below a label."""
        if line.kind in {Kind.BLANK, Kind.CODE, Kind.COMMENT}:
            return
        if self.criteria is not None and line.indent <= self.criteria:
            bullet = line.kind is Kind.BULLET and self.flush and line.indent == self.criteria
            if not bullet:
                self.criteria = None
        if any(key == "criteria" for key, _ in said_of(line)):
            self.criteria, self.flush = line.indent, line.kind is not Kind.BULLET

    def _judges(self, line: Line) -> bool:
        """Whether a box is a criterion."""
        if self.criteria is None:
            return False
        return line.indent > self.criteria or (self.flush and line.indent == self.criteria)

    def _item(self, line: Line, *, judged: bool) -> Head | None:
        """A box as a task. In a numbered task its id carries on the number."""
        head = item_of(line)
        top = self.items[-1] if self.items else self._numbered()
        closed = bool(self.headings) and self.headings[-1].closed
        if head is None or closed or len(self.items) >= _MOST_LEVELS:
            return None
        if head.sure:
            return head
        if judged and (not self.flush or top is None):
            return None
        if top is None or top.role is Role.GROUP or not top.head.id[0].isdigit():
            return head
        stem = top.head.id.removesuffix(".0")
        return head if head.id == stem or head.id.startswith(f"{stem}.") else None

    def _numbered(self) -> Node | None:
        return next((node for node in reversed(self.headings) if node.role in HOLDING), None)

    def _here(self) -> Node | None:
        return self.items[-1] if self.items else self.headings[-1] if self.headings else None

    def _open(self, head: Head, line: Line, stack: list[Node]) -> None:
        above = self._here()
        closed = head.role is Role.CLOSED or (above is not None and above.closed)
        node = Node(head=head, line=line, above=above, closed=closed)
        stack.append(node)
        if closed or head.role in {Role.OTHER, Role.CLOSED}:
            return
        self.nodes.append(node)
        while above is not None:
            above.parts.append(node)
            above = above.above


def _counts_zero(node: Node, line: Line) -> bool:
    """Whether `1.1` follows its whole, `1.0`, on the same level."""
    if line.indent != node.line.indent or not node.head.id.endswith(".0"):
        return False
    head = item_of(line)
    return head is not None and head.id.startswith(node.head.id[:-1]) and head.id != node.head.id
