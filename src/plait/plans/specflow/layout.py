"""A specflow task list, read: what stands around the items (phases, tracks, groups, blocks)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from plait.plans.fields import Words, field_of
from plait.plans.markdown import Kind, Line
from plait.plans.specflow.flow import Flow, flow_of
from plait.plans.specflow.items import KEYS, Head, Item, head_of, item_of
from plait.plans.tasks import MAX_TASKS, TooManyTasks

_TRACK = re.compile(r"Track[ \t]+([A-Z])\b(?!-)[ \t]*[:.–—-]?[ \t]*(.*)")  # noqa: RUF001
_HEADER = re.compile(
    r"\([ \t]*(?:dependenc(?:y|ies):|depends on|needs|requires|after|blocked by|"
    r"(?=no[ \t]+dependenc))",
    re.IGNORECASE,
)
_GROUP = re.compile(r"(?:(?:Parallel|Execution)[ \t]+)?Group[ \t]+([0-9]{1,3}|[A-Z])\b(.*)")
_AFTER = re.compile(
    r"\b(?:depends on|needs|requires|after|dependenc(?:y|ies):)(?=\s)", re.IGNORECASE
)
_FREE = re.compile(r"\b(?:independent(?:ly)?|any ?time)\b", re.IGNORECASE)
_TASKS = re.compile(r"Tasks?[ \t]+(?=[0-9])")
_TRACK_LINE = re.compile(r"Track[ \t]+([A-Z])\b([^:]*):[ \t]*(.*)")
_TASKS_IN = re.compile(r"\((Tasks?[ \t]+[^()]*)\)")
_IDS_END = re.compile(r"[(:（]|[ \t][-–—][ \t]+(?=[A-Za-z])")  # noqa: RUF001
_BLOCKS = re.compile(r"\bblocks[ \t]+([^()]*)", re.IGNORECASE)
_AGENT = re.compile(r"(?:\*\*|_)?Primary Agent(?:\*\*|_)?:(?:\*\*|_)?[ \t]*(.*)", re.IGNORECASE)
_BLOCKED = re.compile(
    r"(?:\*\*)?BLOCKED\b(?:\*\*)?:?[ \t]*(?:until|by|on)?:?[ \t]+(.*)", re.IGNORECASE
)
_PHASE = re.compile(r"Phase\b", re.IGNORECASE)
_PREREQUISITES = re.compile(r"Prerequisites?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A track's own section: what its heading and the quoted lines below it say."""

    name: str
    needs: tuple[Words, ...] = ()
    agent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A bullet that names tasks: "Track A: Tasks 4-6 (label) - needs 9-10".

    `needs` is its condition, if it has one; `free` says that it waives its group's.
    """

    tasks: Words
    group: str | None = None
    track: str | None = None
    needs: Words | None = None
    free: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The tasks, and those that wait for them: "Task 2: core types (blocks 4-6)"."""

    tasks: Words
    blocks: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """Everything a task list says. `groups` hold the condition of each, if it states one.

    `items` carry the phase they stand in; a section counts as a phase if any does in a list
    without track sections. `flow` is the order of phases that a drawing states.
    """

    title: str
    items: tuple[Item, ...]
    tracks: tuple[Track, ...]
    groups: dict[str, Words | None]
    entries: tuple[Entry, ...]
    blocks: tuple[Block, ...]
    flow: Flow


def outline_of(lines: Sequence[Line]) -> Outline:
    """Read a whole task list.

    Raises:
        UsageError: `PLAN_TOO_LARGE` if it has more than `MAX_TASKS` items.
    """
    reader = _Reader()
    for line in lines:
        reader.take(line)
    reader.close()
    items = _phased(reader.items, reader.sections) if not reader.tracks else reader.items
    return Outline(
        title=reader.title,
        items=tuple(items),
        tracks=tuple(reader.tracks.values()),
        groups=reader.groups,
        entries=tuple(reader.entries),
        blocks=tuple(reader.blocks),
        flow=flow_of(lines),
    )


@dataclass(slots=True)
class _Reader:
    title: str = ""
    items: list[Item] = field(default_factory=list)
    sections: list[str | None] = field(default_factory=list)  # of each item: its nearest heading
    tracks: dict[str, Track] = field(default_factory=dict)
    groups: dict[str, Words | None] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    headings: list[Line] = field(default_factory=list)  # the open ones, outermost first
    group: str | None = None
    head: tuple[Head, Line] | None = None
    body: list[Line] = field(default_factory=list)

    def take(self, line: Line) -> None:
        """Read one line: an item's first, one of its body, or structure."""
        if line.kind is Kind.HEADING:
            self._heading(line)
        elif self._inside(line):
            self.body.append(line)
        elif (head := self._box(line)) is not None:
            self._open(head, line)
        elif line.kind is not Kind.BLANK:
            self.close()
            self._structure(line)

    def close(self) -> None:
        """End the item being read."""
        if self.head is None:
            return
        if len(self.items) == MAX_TASKS:
            raise TooManyTasks
        head, line = self.head
        while self.body and self.body[-1].kind is Kind.BLANK:
            self.body.pop()
        phase, track = self._find(_PHASE), self._find(_TRACK)
        letter = _TRACK.match(track) if track else None
        self.items.append(
            item_of(head, line, self.body, phase=phase, track=letter[1] if letter else None)
        )
        self.sections.append(self.headings[-1].content if self.headings else None)
        self.head, self.body = None, []

    def _open(self, head: Head, line: Line) -> None:
        self.close()
        self.head, self.body, self.group = (head, line), [], None

    def _find(self, pattern: re.Pattern[str]) -> str | None:
        """The innermost open heading that a pattern matches."""
        return next((h.content for h in reversed(self.headings) if pattern.match(h.content)), None)

    def _inside(self, line: Line) -> bool:
        """Whether a line belongs to the item being read."""
        if self.head is None:
            return False
        first = self.head[1]
        if line.kind is Kind.BLANK or first.kind is Kind.HEADING:
            return True
        if line.kind is Kind.BOX:
            return line.indent >= first.inner
        lazy = line.kind is Kind.TEXT and (self.body or [first])[-1].kind is not Kind.BLANK
        italic = line.kind is Kind.BULLET and line.content.startswith("_") and field_of(line, KEYS)
        return line.indent > first.indent or lazy or bool(italic)

    def _box(self, line: Line) -> Head | None:
        strict = self._find(_PREREQUISITES) is not None
        return head_of(line, strict=strict) if line.kind is Kind.BOX else None

    def _heading(self, line: Line) -> None:
        if (head := head_of(line, strict=False)) is not None:
            self._open(head, line)
            return
        above = self.head[1] if self.head is not None else None
        if above is not None and above.kind is Kind.HEADING and line.level > above.level:
            self.body.append(line)
            return
        self.close()
        while self.headings and self.headings[-1].level >= line.level:
            self.headings.pop()
        if line.level == 1:
            self.title = self.title or line.content
        else:
            self.headings.append(line)
        self.group = None
        if track := _TRACK.match(line.content):
            self._track(track[1], line)
        else:
            self._group(line)

    def _track(self, name: str, line: Line) -> None:
        header = _HEADER.search(line.content)
        needs = self.tracks[name].needs if name in self.tracks else ()
        if header:
            inner = _bracketed(line.content[header.end() :])
            needs = (*needs, _words(line, inner))
        agent = self.tracks[name].agent if name in self.tracks else None
        self.tracks[name] = Track(name=name, needs=needs, agent=agent)

    def _structure(self, line: Line) -> None:
        track = _TRACK.match(self._find(_TRACK) or "")
        if line.kind is Kind.QUOTE and track:
            known = self.tracks[track[1]]
            if agent := _AGENT.match(line.content):
                name = agent[1].strip(" *_`")
                self.tracks[track[1]] = replace(known, agent=known.agent or name or None)
            elif blocked := _BLOCKED.match(line.content):
                needs = (*known.needs, _words(line, blocked[1]))
                self.tracks[track[1]] = replace(known, needs=needs)
        elif line.kind is Kind.TEXT:
            self._group(line)
        elif line.kind is Kind.BULLET and not self._group(line):
            self._bullet(line)

    def _group(self, line: Line) -> bool:
        found = _GROUP.match(line.content.lstrip("*_ "))
        if found is None:
            return False
        self.group = found[1]
        condition = _condition(line, found[2])
        self.groups.setdefault(found[1], condition)
        return True

    def _bullet(self, line: Line) -> None:
        """A bullet that places tasks in a track or group, or says what they block."""
        text = line.content.replace("**", "").replace("__", "")
        track = _TRACK_LINE.match(text)
        rest = track[3] if track else text
        named = _TASKS.match(rest)
        if named is None:
            inner = _TASKS_IN.search(rest) if track else None
            if track and inner:
                self._place(line, inner[1], "", track[1])
            elif self.group and re.match(r"(?:CR|PR)[-0-9]", rest):
                self._place(line, rest.partition("(")[0], "", None)
            return
        end = _IDS_END.search(rest, named.end())
        ids, rest = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
        if (blocks := _BLOCKS.search(rest)) and not track:
            self.blocks.append(Block(tasks=_words(line, ids), blocks=_words(line, blocks[1])))
        elif self.group or track:
            self._place(line, ids, rest, track[1] if track else None)

    def _place(self, line: Line, ids: str, rest: str, track: str | None) -> None:
        label = re.match(r"\(([^()]*)\)", rest)
        # "(Cleanup after migration) - needs 4": a label is no condition unless it begins as one.
        if label and not _AFTER.match(label[1]) and not _FREE.match(label[1]):
            rest = rest[label.end() :]
        self.entries.append(
            Entry(
                tasks=_words(line, ids),
                group=self.group,
                track=track,
                needs=_condition(line, rest),
                free=bool(_FREE.search(rest)),
            )
        )


def _phased(items: Sequence[Item], sections: Sequence[str | None]) -> Iterator[Item]:
    """Without tracks each section that holds tasks is a phase, named so or not."""
    for item, section in zip(items, sections, strict=True):
        yield replace(item, phase=item.phase or section)


def _condition(line: Line, text: str) -> Words | None:
    """What follows "needs", "after" or "depends on", up to the bracket or emphasis that ends."""
    found = _AFTER.search(text)
    if found is None:
        return None
    return _words(line, _bracketed(text[found.end() :]).split("**")[0])


def _bracketed(text: str) -> str:
    """The text up to the bracket that closes one opened before it."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return text[:at]
    return text


def _words(line: Line, text: str) -> Words:
    text = text.strip()
    return Words(text=text, line=line.number, column=max(line.text.find(text), 0) + 1)
