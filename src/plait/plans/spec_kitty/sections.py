"""A spec-kitty `tasks.md`, read: its work packages' sections, and the states generated into it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from plait.errors import UsageError
from plait.plans.fields import Words, field_of, speaks
from plait.plans.markdown import Kind, Line

WP = r"WP[0-9]{1,3}[a-z]?"
KEYS = {
    **dict.fromkeys(("dependencies", "dependency", "deps", "depends on"), "needs"),
    **dict.fromkeys(
        ("files", "owned files", "owns", "files to modify", "files to create"), "files"
    ),
    **dict.fromkeys(("requirements", "requirement refs", "discharges"), "requirements"),
    "priority": "priority",
    "status": "status",
}
_HEAD = re.compile(
    rf"(?:\*\*)?(?:Work[ \t]+Package[ \t]+)?(?P<id>{WP})\b[ \t]*[:.–—-]{{0,2}}[ \t]*(?P<rest>.*)"  # noqa: RUF001
)
_SPREAD = re.compile(rf"[ \t]*[–—-]{{1,2}}[ \t]*{WP}\b")  # noqa: RUF001
_MEMBER = re.compile(rf"\*\*(?P<id>{WP})\b[ \t:–—-]*(?P<title>[^*]{{0,200}})\*\*(?P<rest>.*)")  # noqa: RUF001
_DEPS = re.compile(r"\((?:deps?|depends on|after|needs)\b:?[ \t]*([^()]{1,300})\)", re.IGNORECASE)
_STATE = re.compile(rf"(?:\*\*)?(?P<id>{WP})(?:\*\*)?:[ \t]*(?P<lane>[a-z_]{{1,20}})[ \t]*")
_SUBTASK = re.compile(r"(?:\*\*)?T[0-9]{2,4}[a-z]?\b")
_SUBTASKS = re.compile(r"[*_ ]{0,4}(?:included )?subtasks[*_: ]{0,4}", re.IGNORECASE)
_ROW = re.compile(r"[ \t][·|•][ \t]{1,4}(?=[*_]{0,3}[A-Z][A-Za-z ]{0,30}[*_]{0,3}:)")
_COMPLETE = re.compile(r"\W{0,4}(?:complete|completed|done)\b", re.IGNORECASE)
_PRIORITY = re.compile(r"\bP([0-9])\b")
_TAIL = re.compile(r"[ \t]{0,20}\((?:Priority:|P[0-9])[^()]{0,60}\).*$")
_HEADLINE = 4  # no work package has a deeper heading
_MOST = 5000  # work packages


@dataclass(slots=True, kw_only=True)
class Section:
    """What `tasks.md` says of a work package. `needs` is None where it has no word on it.

    `common` is what stands above a list of several packages, for each of them.
    """

    id: str
    title: str
    head: Line
    phase: str | None = None
    needs: list[Words] | None = None
    body: list[Line] = field(default_factory=list)
    boxes: list[Line] = field(default_factory=list)  # its subtasks'
    status: Line | None = None  # that says it is done
    common: Sequence[Line] = ()
    priority: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A state that spec-kitty wrote into `tasks.md` ("WP01: done"), and where."""

    lane: str
    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """The file: its title, the work packages in their order, and generated states."""

    title: str
    packages: tuple[Section, ...]
    states: dict[str, Generated]


def sections_of(lines: Sequence[Line]) -> Sections:
    """Read the whole file.

    Raises:
        UsageError: `PLAN_TOO_LARGE` if it has more than 5,000 work packages.
    """
    reader = _Reader()
    for line in lines:
        reader.take(line)
    return Sections(
        title=reader.title, packages=tuple(map(_settled, reader.found)), states=reader.states
    )


@dataclass(slots=True)
class _Reader:
    title: str = ""
    found: list[Section] = field(default_factory=list)
    states: dict[str, Generated] = field(default_factory=dict)
    open: Section | None = None
    level: int = 0  # of the heading whose section is open
    phase: tuple[int, str] | None = None
    spread: bool = False  # the heading stands for several packages, listed below it
    common: list[Line] = field(default_factory=list)
    status: bool = False

    def take(self, line: Line) -> None:
        if line.kind is Kind.HEADING:
            self._heading(line)
        elif self.status and (state := _STATE.fullmatch(line.content)):
            self.states.setdefault(state["id"], Generated(lane=state["lane"], line=line))
        elif line.kind is Kind.BOX and self.open is None and (head := _HEAD.match(line.content)):
            if line.state in {"x", "X"}:  # "- [x] WP01: Store" in a list of the packages
                self.states.setdefault(head["id"], Generated(lane="done", line=line))
        elif self.spread and line.kind is Kind.BULLET and (head := _MEMBER.match(line.content)):
            self._begin(head["id"], head["title"] or head["rest"], line)
        elif self.open is not None:
            outside = self.spread and line.kind is not Kind.BLANK and not _within(line, self.open)
            if outside:
                self.open = None
                return
            self.open.body.append(line)
        elif self.spread:
            self.common.append(line)

    def _heading(self, line: Line) -> None:
        head = _HEAD.match(line.content) if 1 < line.level <= _HEADLINE else None
        if self.open is not None and not head and not self.spread and line.level > self.level:
            self.open.body.append(line)
            return
        self.open, self.spread, self.common = None, False, []
        self.status = line.content.lower().startswith("canonical status")
        if head is None:
            self.title = self.title or (line.content if line.level == 1 else "")
            if self.phase is None or line.level <= self.phase[0]:
                phased = line.content.lower().startswith("phase")
                self.phase = (line.level, line.content) if phased else None
            return
        self.level = line.level
        self.spread = bool(
            _SPREAD.match(head["rest"]) or _SPREAD.match(line.content, head.end("id"))
        )
        if not self.spread:
            self._begin(head["id"], head["rest"], line)

    def _begin(self, name: str, title: str, line: Line) -> None:
        if len(self.found) == _MOST:
            raise UsageError(
                f"the list has more than {_MOST} work packages",
                code="PLAN_TOO_LARGE",
                hint="split it into several missions",
            )
        priority = _PRIORITY.search(line.content)
        title = _TAIL.sub("", title).replace("**", "").strip(" :–—-") or name  # noqa: RUF001
        self.open = Section(
            id=name,
            title=title,
            head=line,
            phase=self.phase[1] if self.phase else None,
            priority=int(priority[1]) if priority else None,
            common=self.common,
        )
        self.found.append(self.open)


def _within(line: Line, section: Section) -> bool:
    return line.indent > section.head.indent


def _settled(section: Section) -> Section:
    """With what its lines say of its dependencies and priority."""
    phrases = list(_phrases(section))
    for line in section.body:
        for key, text in _stated(line):
            if key == "priority" and (found := _PRIORITY.search(text)):
                section.priority = section.priority or int(found[1])
            elif key == "status" and _COMPLETE.match(text):
                section.status = line
    return replace(section, needs=phrases or None, boxes=_boxes(section.body))


def _boxes(body: Sequence[Line]) -> list[Line]:
    """The boxes of subtasks: those with their ids, else all below the words "Included Subtasks"."""
    named = [line for line in body if line.kind is Kind.BOX and _SUBTASK.match(line.content)]
    found: list[Line] = []
    below = False
    for line in body:
        if line.kind in {Kind.HEADING, Kind.TEXT}:
            below = bool(_SUBTASKS.fullmatch(line.content))
        elif below and line.kind is Kind.BOX:
            found.append(line)
    return named or found


def _stated(line: Line) -> Iterator[tuple[str, str]]:
    """The fields of a line: one, or several in a row (``**Priority**: P1 · **Needs**: …``)."""
    if speaks(line):
        for part in _ROW.split(line.content):
            if found := field_of(replace(line, content=part.strip()), KEYS):
                yield found


def _phrases(section: Section) -> Iterator[Words]:
    """What it says that it needs: a field's value, the text below a heading, or in brackets."""
    inline = _DEPS.search(section.head.content) if section.head.kind is Kind.BULLET else None
    if inline:
        yield _words(section.head, inline[1])
    below = False
    for line in section.body:
        if line.kind is Kind.HEADING:
            below = line.content.lower().strip(" :*") in {"dependencies", "dependency"}
        elif needs := [text for key, text in _stated(line) if key == "needs"]:
            yield from (_words(line, re.split(r"[ \t]·[ \t]", text)[0]) for text in needs)
        elif below and speaks(line):
            yield _words(line, line.content)


def _words(line: Line, text: str) -> Words:
    text = text.strip()
    return Words(text=text, line=line.number, column=max(line.text.find(text), 0) + 1)
