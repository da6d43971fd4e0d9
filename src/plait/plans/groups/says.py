"""What a task or group of such a list says of itself: fields, state, files, text, boxes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from textwrap import dedent

from plait.core.finding import Finding, Severity
from plait.core.plan import Confidence, Marker, Scope
from plait.plans.fields import Words, listed_files, speaks
from plait.plans.groups.lines import MARKS, Role, status_of
from plait.plans.groups.outline import KEYS, Node, said_of
from plait.plans.markdown import Kind, Line
from plait.plans.page import Page, marker_of, span_of, state_of
from plait.plans.paths import titled, written
from plait.plans.tasks import State

_TELLING = frozenset({"needs", "criteria", "estimate", "size", "files", "role"})
_QUIET = frozenset({Kind.BLANK, Kind.CODE, Kind.COMMENT, Kind.RULE})
_HEADING_BOX = re.compile(r"\[(?P<state>[ xX])\](?=[ \t]|$)")


def said(node: Node) -> dict[str, list[Words]]:
    """The fields on a node's own level; a list below "Dependencies:" counts as its words."""
    if node.fields is not None:
        return node.fields
    found: dict[str, list[Words]] = {}
    lines = [line for line in node.body if line.kind not in _QUIET]
    level = 1
    if node.role is Role.ITEM:
        level = min((line.indent for line in lines if line.indent > node.line.indent), default=0)
    for at, line in enumerate(lines):
        if line.indent > level or line.kind in {Kind.BOX, Kind.HEADING}:
            continue
        for key, text in said_of(line):
            words = found.setdefault(key, [])
            if text:
                column = max(line.text.find(text), 0) + 1
                words.append(Words(text=text, line=line.number, column=column))
            elif key == "needs":
                words.extend(_below(lines, at))
    node.fields = found
    return found


def first(node: Node, key: str) -> str:
    """The first value of a field, or an empty string."""
    return next((words.text for words in said(node).get(key, ())), "")


def tells(node: Node) -> bool:
    """Whether a heading with an id stands for work: steps, or fields that only tasks have."""
    return bool(node.boxes) or not _TELLING.isdisjoint(said(node))


def state_of_node(node: Node, page: Page, findings: list[Finding]) -> tuple[State, str]:
    """Whether it is done, and why not.

    A box of its own decides, without one all of its steps: those are what Plait ticks. Words
    that say otherwise are told; without boxes they decide. Where nothing else says anything, a
    task whose criteria are all ticked is done.
    """
    title = node.head.title
    status = first(node, "status")
    words = title.said or (status_of(status) if status else None)
    reason = title.reason or (status if words is not None else "")
    whole = node.role is not Role.ITEM and node.parts
    done = None if whole else _ticked(node, page, findings)
    if done is None and words is None and not whole and _met(node, page, findings):
        return State.DONE, ""
    if done is None or (not done and words is not State.DONE):
        return words or State.OPEN, "" if words is State.DONE else reason
    if words is not None and done is not (words is State.DONE):
        findings.append(_contradiction(node, page, words, done=done))
    return State.DONE if done else State.OPEN, ""


def scope_of(node: Node) -> Scope:
    """The files that it lists, else those in backticks behind a verb of writing."""
    lines = _nested(node.body)
    globs = listed_files(lines, KEYS)
    if not globs and not node.parts:
        prose = written(line.content for line in node.body if speaks(line))
        globs = tuple(dict.fromkeys((*titled(node.head.title.text), *prose)))
    confidence = Confidence.INFERRED if globs else Confidence.UNKNOWN
    return Scope(write=globs, confidence=confidence)


def body_of(node: Node) -> str:
    """Its lines as they stand."""
    lines = [line.text for line in node.body if line.kind is not Kind.RULE]
    return dedent("\n".join(lines)).strip("\n").rstrip()


def markers_of(node: Node, page: Page) -> Iterator[Marker]:
    """A box's own byte; of a heading those of its steps, and the box behind its title."""
    if node.role is Role.ITEM:
        marker = marker_of(node.line, page.text)
        if marker:
            yield marker
    elif not node.parts:
        for line in node.boxes:
            if marker := marker_of(line, page.text):
                yield marker
        if marker := _heading_marker(node.line, page):
            yield marker


def _contradiction(node: Node, page: Page, words: State, *, done: bool) -> Finding:
    return Finding(
        code="CONTRADICTORY_STATUS",
        severity=Severity.WARNING,
        message=f"{node.head.id} is {'ticked' if done else 'not ticked'}, but its title or status "
        f'says "{words}": the boxes hold',
        span=span_of(node.line, page.text.name),
        hint="bring the boxes and the status into line",
    )


def _ticked(node: Node, page: Page, findings: list[Finding]) -> bool | None:
    """What its boxes say; None if it has none."""
    if node.role is Role.ITEM:
        return state_of(node.line, MARKS, page.text.name, findings) is State.DONE
    if not node.boxes:
        return None
    states = [state_of(box, MARKS, page.text.name, findings) for box in node.boxes]
    return all(state is State.DONE for state in states)


def _met(node: Node, page: Page, findings: list[Finding]) -> bool:
    """Whether it has criteria with boxes, and all of them are ticked."""
    boxes = [line for line in node.body if line.kind is Kind.BOX]
    states = [state_of(box, MARKS, page.text.name, findings) for box in boxes]
    return bool(states) and all(state is State.DONE for state in states)


def _heading_marker(line: Line, page: Page) -> Marker | None:
    """The byte in a heading's own box: "### Task 1.1: Parser [ ]"."""
    box = _HEADING_BOX.search(line.text)
    if line.kind is not Kind.HEADING or box is None:
        return None
    before = line.text[: box.start("state")].encode("utf-8", errors="surrogatepass")
    offset = page.text.offsets[line.number - 1] + len(before)
    if page.text.raw[offset - 1 : offset + 2] != box[0].encode():  # what precedes is no UTF-8
        return None
    span = replace(span_of(line, page.text.name), column=box.start() + 1)
    return Marker(span=span, offset=offset, pending=" ", done="x")


def _below(lines: Sequence[Line], at: int) -> Iterator[Words]:
    """The entries of the list below a label."""
    label = lines[at]
    for line in lines[at + 1 :]:
        deeper = line.indent > label.indent
        flush = label.kind is not Kind.BULLET and line.indent == label.indent
        if line.kind is not Kind.BULLET or not (deeper or flush) or said_of(line):
            return
        column = max(line.text.find(line.content), 0) + 1
        yield Words(text=line.content, line=line.number, column=column)


def _nested(body: Sequence[Line]) -> list[Line]:
    """The lines with lists a step deeper than the text above them: a label need be no bullet."""
    made: list[Line] = []
    shift: int | None = None
    for each in body:
        line = replace(each, kind=Kind.TEXT) if each.kind is Kind.QUOTE else each
        if line.kind in {Kind.TEXT, Kind.HEADING}:
            shift = line.indent
        elif shift is not None and line.kind in {Kind.BULLET, Kind.BOX} and line.indent >= shift:
            line = replace(line, indent=line.indent + 1)
        made.append(line)
    return made
