"""A spec-kit task list read: phases, tasks with their labels, and what is said of their order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from plait.core.finding import Finding, Severity
from plait.plans.markdown import Kind, Line
from plait.plans.page import span_of, state_of
from plait.plans.tasks import State

_ID = r"T(?:[0-9]{1,3}-[0-9]{2,6}|[0-9]{2,6})[a-z]?(?:\.[0-9]{1,3})?(?:-[A-Za-z]{1,12})?"
_LEAD = r"(?:(?:<[^<>\n]{1,200}>|[\u2190-\u2bff\ufe0f\U0001f300-\U0001faff])[ \t]*){0,4}"
_TASK = re.compile(rf"{_LEAD}[*_~`\[]{{0,4}}(?P<id>{_ID})(?![\w-])[*_~`\]]{{0,4}}[:.]?(?P<rest>.*)")
_SKIP = re.compile(
    rf"[*_~]{{0,4}}SKIP(?:PED)?\b[*_:\s]{{0,4}}(?P<id>{_ID})(?![\w-])[*_:\s]{{0,4}}(?P<rest>.*)"
)
_WHY = re.compile(r"\((?P<title>[^()]{1,200})\)[ \t]*[-–—:]*[ \t]*(?P<reason>.*)")  # noqa: RUF001
_LABEL = re.compile(
    r"[ \t*·`]{0,4}\[(?P<label>P|[A-Z]{1,6}-?[0-9]{0,3}(?:[/,] ?(?:US)?[0-9]{1,3}){0,9}"
    r"|[A-Za-z][A-Za-z-]{2,15})\](?!\()`?"
)
_LAST_LABEL = re.compile(r"[ \t]{0,20}\[P\][ \t]*$")
_PHASE = re.compile(r"Phase[ \t]+(?P<number>[0-9]{1,3}(?:\.[0-9]{1,3})?|[A-Z])(?!\w)")
_STORIES = re.compile(r"\b(?:User Story|US)[ -]?([0-9]{1,3})\b", re.IGNORECASE)
_TESTS = re.compile(r"(?:\w{1,20} )?Tests?\b", re.IGNORECASE)
_ORDER = re.compile(r"Dependenc|Execution Order|Task Order|依赖|依存|执行顺序", re.IGNORECASE)
_BESIDE = re.compile(r"Parallel|并行|並列|Strategy|Example", re.IGNORECASE)
_PREREQUISITE = re.compile(
    r"\*{0,2}(?:Depends on|Dependenc(?:y|ies)|Prerequisites?|前置|依赖|依存)\*{0,2}[ \t]*[:：]"  # noqa: RUF001
)
_DONE = re.compile(r"[ \t]{0,20}(?:✅|\[(?:COMPLETED?|DONE)\])", re.IGNORECASE)
_GENERIC = re.compile(
    r"(?:implementation )?tasks?(?: list| document| breakdown)?|タスク(?:リスト|一覧)?"
    r"|(?:实现|实施)?任务(?:列表|清单)?|(?:lista de )?(?:tareas|tarefas)|tâches|aufgaben",
    re.IGNORECASE,
)
_MOST_WRAPPED = 40  # lines of a description
_WIDTH = 76  # what is broken no later than here was not broken because the line was full
_MARKS = {" ": State.OPEN, "x": State.DONE, "X": State.DONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A phase: its heading, its number as written, and the user stories that it is for."""

    at: int
    label: str
    line: Line
    number: str | None = None
    stories: tuple[int, ...] = ()


@dataclass(slots=True, kw_only=True)
class Item:
    """A task; `tests` says that it stands among the tests that its phase begins with.

    `wrapped` are the lines over which its description runs on.
    """

    id: str
    title: str
    line: Line
    labels: tuple[str, ...]
    state: State
    reason: str = ""
    phase: Phase | None = None
    tests: bool = False
    parent: str | None = None
    wrapped: list[Line] = field(default_factory=list)
    body: list[Line] = field(default_factory=list)

    @property
    def parallel(self) -> bool:
        """Whether the list marks it as safe beside others."""
        return "P" in self.labels


@dataclass(slots=True, kw_only=True)
class Outline:
    """What stands in a list.

    `order` are the lines of the sections on dependencies, `own` those by which phases tell
    themselves what they depend on.
    """

    title: str = ""
    items: list[Item] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    order: list[Line] = field(default_factory=list)
    own: list[tuple[Phase, Line]] = field(default_factory=list)


def outline_of(lines: Sequence[Line], file: str, findings: list[Finding]) -> Outline:
    """Read a list's lines.

    Args:
        lines: The file's.
        file: How findings call it.
        findings: Takes `UNKNOWN_MARK`, `BOX_WITHOUT_ID`.
    """
    boxes = any(line.kind is Kind.BOX and _head(line.content) for line in lines)
    phased = [line.level for line in lines if line.kind is Kind.HEADING and _phase_of(line, 0)]
    reader = _Reader(file=file, findings=findings, boxes=boxes, level=min(phased, default=2))
    for line in lines:
        reader.read(line)
    if reader.loose:
        count = len(reader.loose)
        findings.append(
            Finding(
                code="BOX_WITHOUT_ID",
                severity=Severity.INFO,
                message="a box in a phase has no id: it is no task"
                if count == 1
                else f"{count} boxes in phases have no id: they are no tasks",
                span=span_of(reader.loose[0], file),
                hint="give an id (T001) to what an agent should do",
            )
        )
    return reader.outline


@dataclass(slots=True, kw_only=True)
class _Reader:
    file: str
    findings: list[Finding]
    boxes: bool  # tasks are boxes; without any they are headings
    level: int  # of the headings that phases have
    outline: Outline = field(default_factory=Outline)
    section: Line | None = None  # a heading that is a phase once a task stands below it
    phase: Phase | None = None
    tests: bool = False
    item: Item | None = None
    above: list[Item] = field(default_factory=list)  # boxes that the present one is nested in
    loose: list[Line] = field(default_factory=list)  # boxes in phases that have no id
    order: int = 0  # the level of the section on dependencies, or 0
    beside: int = 0  # the level of a section on what may run in parallel, or 0

    def read(self, line: Line) -> None:
        match line.kind:
            case Kind.HEADING:
                self._heading(line)
            case Kind.BOX if self.boxes:
                self._box(line)
            case _:
                self._other(line)

    def _heading(self, line: Line) -> None:
        text = line.content
        if line.level == 1 and not self.outline.title:
            title = re.sub(r"^[^:：]{1,60}[:：][ \t]*", "", text).strip() or text  # noqa: RUF001
            self.outline.title = "" if _GENERIC.fullmatch(title) else title
        if self.item and not self.boxes and line.level > self.item.line.level:
            self.item.body.append(line)
            return
        self.item, self.above = None, []
        if self.order and line.level <= self.order:
            self.order = 0
        if self.beside and line.level <= self.beside:
            self.beside = 0
        if phase := _phase_of(line, len(self.outline.phases)):
            self.outline.phases.append(phase)
            self.phase, self.section, self.tests, self.order = phase, None, False, 0
        elif not self.boxes and (head := _head(text)):
            self._add(line, head, State.DONE if _DONE.search(text) else State.OPEN)
        elif line.level <= self.level:
            self.phase, self.section, self.tests = None, line, False
        else:
            self.tests = _TESTS.match(text) is not None
        if not self.order and not self.phase and _ORDER.search(text):
            self.order, self.beside = line.level, 0
        elif not self.beside and _BESIDE.search(text):
            self.beside = line.level

    def _box(self, line: Line) -> None:
        while self.above and line.indent <= self.above[-1].line.indent:
            self.above.pop()
        skipped = _SKIP.match(line.content)
        head = skipped or _head(line.content)
        if head is None:
            if self.above:
                self.item = self.above[-1]
                self.item.body.append(line)
                return
            self.item = None
            if self.phase and line.state in _MARKS:
                self.loose.append(line)
            return
        struck = line.content.startswith("~~")
        state = state_of(line, _MARKS, self.file, self.findings)
        item = self._add(line, head, State.SKIPPED if skipped or struck else state)
        item.parent = self.above[-1].id if self.above else None
        if struck:
            item.reason = "struck out"
        elif skipped and (why := _WHY.match(head["rest"])):
            item.title, item.reason = why["title"], why["reason"]
        self.above.append(item)

    def _add(self, line: Line, head: re.Match[str], state: State) -> Item:
        if self.phase is None and self.section is not None and self.section.level > 1:
            label = self.section.content.strip("* ")
            self.phase = Phase(at=len(self.outline.phases), label=label, line=self.section)
            self.outline.phases.append(self.phase)
            self.section = None
        labels, title = _labels(head["rest"])
        self.item = Item(
            id=head["id"],
            title=title or head["id"],
            line=line,
            labels=labels,
            state=state,
            phase=self.phase,
            tests=self.tests,
        )
        self.outline.items.append(self.item)
        return self.item

    def _other(self, line: Line) -> None:
        if self.order and not self.beside:
            self.outline.order.append(line)
        if self.item is None:
            if self.phase and _PREREQUISITE.match(line.content):
                self.outline.own.append((self.phase, line))
        elif line.kind is Kind.BLANK or not self.boxes or line.indent > self.item.line.indent:
            self._below(self.item, line)
        else:
            self.item, self.above = None, []

    def _below(self, item: Item, line: Line) -> None:
        """A line of a task: its description runs on where the line above was full."""
        if (
            line.kind is Kind.TEXT
            and item.line.kind is Kind.BOX
            and not item.body
            and len(item.wrapped) < _MOST_WRAPPED
            and wraps([item.line, *item.wrapped][-1], line)
        ):
            item.wrapped.append(line)
            item.title = f"{item.title} {line.content.rstrip('* ')}"
        else:
            item.body.append(line)


def wraps(above: Line, line: Line) -> bool:
    """Whether a line goes on with the sentence of a full one above it."""
    word = line.content.split(" ", 1)[0]
    return len(above.text.rstrip()) + 1 + len(word) > _WIDTH and line.indent >= above.indent


def _head(text: str) -> re.Match[str] | None:
    return _TASK.match(text)


def _phase_of(line: Line, at: int) -> Phase | None:
    text = line.content.strip("* ")
    found = _PHASE.match(text)
    if not found:
        return None
    stories = tuple(dict.fromkeys(int(number) for number in _STORIES.findall(text)))
    return Phase(at=at, label=text, line=line, number=found["number"], stories=stories)


def _labels(text: str) -> tuple[tuple[str, ...], str]:
    """The labels before a description, and the description; a last [P] counts too."""
    labels: list[str] = []
    at = 0
    while found := _LABEL.match(text, at):
        labels.append(found["label"])
        at = found.end()
    title = text[at:]
    if last := _LAST_LABEL.search(title):
        labels.append("P")
        title = title[: last.start()]
    title = title.replace("~~", "").strip(": \t")
    bold = title.count("**") % 2 == 0  # else the bold began before the id
    return tuple(labels), title if bold else title.strip("*: \t")
