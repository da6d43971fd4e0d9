"""What a ticket or phase states: `**Files:**`, `- **Dependencies**: AB-1`, `Goal: …`, `#### Files`.

A field is its line's value and the lines below it, up to the next field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from plait.plans.fields import Words
from plait.plans.markdown import Kind, Line

_LABEL = re.compile(
    r"(?P<bold>\*\*|__)?(?P<key>[A-Za-z][A-Za-z /&-]{0,40}?)(?: ?\([^()]{0,60}\))?"
    r"(?:(?:\*\*|__)?[:：](?:\*\*|__)?[ \t]*(?P<value>.*)|(?P<alone>\*\*|__)[ \t]*$)"  # noqa: RUF001
)
_FILES = """
    file, files, new files, modified files, affected files, files affected, files changed,
    files created, files modified, files to change, files to create, files to create/modify,
    files to create or modify, files to create and modify, files to edit, files to modify,
    files to modify/create, files to touch, files to update, files/modules, files & modules
"""
_OTHER = """
    acceptance, acceptance criteria, blocks, contract, contract/interface, contracts,
    description, interface, key considerations, notes, out of scope,
    pattern reference, patterns, scope, status, success criteria, testing, verification
"""
_KEYS = {
    "ticket id": "id",
    "title": "title",
    "objective": "objective",
    "goal": "objective",
    "dependencies": "needs",
    "dependency": "needs",
    "depends on": "needs",
    "blocked by": "needs",
    "estimated effort": "effort",
    "effort": "effort",
    "documentation output": "document",
    **{name.strip(): "files" for name in _FILES.split(",")},
    **{name.strip(): "other" for name in _OTHER.split(",")},
}
_ACTION_WORDS = """
    add change create created delete edit extend modify modified move new read reference remove
    rename replace update updated
"""
_ACTIONS = frozenset(_ACTION_WORDS.split())
_OPEN_TO_ACTIONS = frozenset({"id", "title", "objective", "effort", "needs"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field: what it is, the words on its own line, and the lines below it."""

    key: str
    value: Words
    line: Line
    below: list[Line] = field(default_factory=list)


def fields_below(lines: Iterable[Line]) -> list[Field]:
    """The fields that the lines of a ticket or a phase state."""
    found: list[Field] = []
    current: Field | None = None
    for line in lines:
        if line.kind in {Kind.CODE, Kind.COMMENT, Kind.QUOTE, Kind.BLANK, Kind.RULE}:
            continue
        opened = _opened(line, current)
        if opened:
            found.append(opened)
            current = opened
        elif line.kind is Kind.HEADING or (current and _ends(line, current)):
            current = None
        elif current:
            current.below.append(line)
    return found


def labelled(text: str) -> tuple[str, str] | None:
    """The key, in lower case, and the value of a line that begins with a label."""
    label = _LABEL.match(text)
    if not label or (label["alone"] and not label["bold"]):
        return None
    return label["key"].strip().lower(), (label["value"] or "").strip()


def _opened(line: Line, current: Field | None) -> Field | None:
    if line.kind is Kind.BOX:
        return None
    label = (
        (line.content.strip(" :*_").lower(), "")
        if line.kind is Kind.HEADING
        else labelled(line.content)
    )
    if label is None:
        return None
    name, value = label
    key = _KEYS.get(name)
    if key is None and name in _ACTIONS and line.kind is not Kind.HEADING:
        if current and current.key not in _OPEN_TO_ACTIONS:
            return None
        key, value = "files", line.content
    if key is None:
        return None
    column = max(line.text.find(value), 0) + 1
    return Field(key=key, value=Words(text=value, line=line.number, column=column), line=line)


def _ends(line: Line, current: Field) -> bool:
    """Whether a line begins a field of an unknown name: bold, and no deeper than the field is."""
    label = labelled(line.content) if line.content.startswith(("**", "__")) else None
    if label is None or label[0] in _ACTIONS:
        return False
    return line.kind is current.line.kind and line.indent <= current.line.indent
