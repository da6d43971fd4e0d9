"""Tasks that are records, not lines of a list: their fields as text, names, states, priorities.

What people and tools write into a field differs in type from file to file (an id is a number
here and text there), so a field is asked for what it means, never for what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from plait.core.finding import Finding, Severity
from plait.core.plan import Confidence, Scope, Span
from plait.plans.fields import following_files, speaks
from plait.plans.markdown import Line, scan
from plait.plans.paths import globs_of, listed, written
from plait.plans.tasks import State
from plait.plans.yaml_source import Document, Node

MOST_NAMES = 20_000
_LONGEST_TITLE = 300
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_NONE = frozenset({"", "-", "—", "[]", "n/a", "none", "null", "nothing"})
_FILES = (
    *("files", "file", "files affected", "affected files", "files changed", "files to change"),
    *("files to create", "files to modify", "files to create/modify", "files to update"),
    *("code locations", "code locations/files affected", "file scope"),
)
_TELLS = re.compile(r"`|\b(?:files?|code locations)\b", re.IGNORECASE)
_USUAL_PRIORITY = 5
_PRIORITIES = {
    **dict.fromkeys(("p0", "critical", "highest", "urgent", "blocker"), 1),
    **dict.fromkeys(("p1", "high"), 3),
    **dict.fromkeys(("p2", "medium", "normal"), _USUAL_PRIORITY),
    **dict.fromkeys(("p3", "low"), 7),
    **dict.fromkeys(("p4", "lowest", "trivial"), 9),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A mapping in a file: its fields by any of their names, and where they stand."""

    node: Node
    document: Document

    def get(self, *names: str) -> Node | None:
        """The first field of these names that has a value."""
        value = self.node.value
        if isinstance(value, dict):
            for name in names:  # a loop, for it is asked a million times
                node = value.get(name)
                if node is not None and node.value is not None:
                    return node
        return None

    def text(self, *names: str) -> str:
        """A field as text."""
        return text_of(self.get(*names))

    def line(self, *names: str) -> str:
        """A field as one line of text."""
        return line_of(self.get(*names))

    def entries(self, *names: str) -> tuple[Node, ...]:
        """The entries of a list; of anything else but null that one thing."""
        node = self.get(*names)
        if node is None:
            return ()
        return tuple(node.value) if isinstance(node.value, list) else (node,)

    def records(self, *names: str) -> Iterator[Record]:
        """The entries of a list that are mappings."""
        for node in self.entries(*names):
            if isinstance(node.value, dict):
                yield Record(node=node, document=self.document)

    def names(self, *names: str) -> tuple[tuple[str, Span], ...] | None:
        """The entries of a list of ids, comma lists taken apart; None where nothing is said.

        Each stands once; who names more than `MOST_NAMES` names no tasks of a plan.
        """
        if self.get(*names) is None:
            return None
        found: dict[str, Span] = {}
        for node in self.entries(*names):
            for part in re.split(r"[,;\n]", text_of(node)):
                name = part.strip().strip("'\"")[:_LONGEST_TITLE]
                if name.lower() not in _NONE and name not in found:
                    found[name] = self.span(node)
                if len(found) >= MOST_NAMES:
                    return tuple(found.items())
        return tuple(found.items())

    def span(self, node: Node | None = None) -> Span:
        """Where the record begins, or a field of it."""
        return self.document.at(node or self.node)


def text_of(node: Node | None) -> str:
    """A value as text: lists as bullets, mappings as lines, without control characters."""
    value = None if node is None else node.value
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(f"- {text}" for each in value if (text := text_of(each)))
    if isinstance(value, dict):
        return "\n".join(f"{key}: {text}" for key, each in value.items() if (text := text_of(each)))
    if isinstance(value, bool):
        return str(value).lower()
    return _CONTROLS.sub("", str(value).replace("\r\n", "\n").replace("\r", "\n")).strip()


def line_of(node: Node | None) -> str:
    """A value as one line of text, of a title's length at most."""
    line = " ".join(text_of(node).split())
    return line if len(line) <= _LONGEST_TITLE else f"{line[: _LONGEST_TITLE - 1]}…"


def body_of(parts: Iterable[tuple[str, str]]) -> str:
    """Texts, each below a heading of its own (none where it is empty) and without the void."""
    told = (f"## {head}\n\n{text}" if head else text for head, text in parts if text)
    return "\n\n".join(told)


def state_of(
    record: Record, states: Mapping[str, State], findings: list[Finding], *names: str
) -> State:
    """What a status says by the format's own table; an unknown one is open, and told.

    Args:
        record: The record.
        states: The format's states, in lower case and with hyphens between words.
        findings: Takes `UNKNOWN_STATUS`.
        names: The field's names.
    """
    node = record.get(*names)
    said = line_of(node)
    word = re.sub(r"[ _-]+", "-", said.lower()).strip("-")
    if not word:
        return State.OPEN
    state = states.get(word)
    if state is None:
        findings.append(
            Finding(
                code="UNKNOWN_STATUS",
                severity=Severity.WARNING,
                message=f"status {said!r} is none that this format knows: read as open",
                span=record.span(node),
                hint="write open, in-progress or done in the format's own words",
            )
        )
    return state or State.OPEN


def nameless(records: Sequence[Record]) -> Iterator[Finding]:
    """`NO_ID` for records without an id: at the first of them, with their number."""
    if records:
        count = len(records)
        what = "a task has no id: it is" if count == 1 else f"{count} tasks have no id: they are"
        yield Finding(
            code="NO_ID",
            severity=Severity.ERROR,
            message=f"{what} left out",
            span=records[0].span(),
            hint="give each an id",
        )


def priority_of(record: Record, *names: str, usual: int | None = None) -> int:
    """A priority's word (critical, high, medium, low; P0 to P4) as 1, 3, 5, 7 or 9.

    Args:
        record: The record.
        names: The field's names.
        usual: What it is without a word, or with one that says nothing; else 5.
    """
    word = record.line(*names).lower()
    return _PRIORITIES.get(word) or _PRIORITIES.get(f"p{word}") or usual or _USUAL_PRIORITY


def scope_of(
    *, write: Iterable[str], read: Iterable[str] = (), prose: str | Sequence[Line] = ""
) -> Scope:
    """What a record suggests that its task writes; by default, what its prose says that it does.

    Args:
        write: Paths and lists of paths.
        read: Paths that it should read.
        prose: Where nothing is listed, its lists of files count, and without such a list the
            paths behind a verb of writing.
    """
    globs = _globs(write) or _told(prose)
    known = _globs(read)
    confidence = Confidence.INFERRED if globs else Confidence.UNKNOWN
    return Scope(write=globs, read=(*known, "**"), confidence=confidence)


def _told(prose: str | Sequence[Line]) -> tuple[str, ...]:
    if isinstance(prose, str):
        if not _TELLS.search(prose):  # then there is nothing to find
            return ()
        prose = scan(prose.split("\n")).lines
    said = (line.content for line in prose if speaks(line))
    return _globs(following_files(prose, _FILES)) or written(said)


def _globs(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(glob for text in texts for glob in _paths(text)))


def _paths(text: str) -> tuple[str, ...]:
    return globs_of(text) or listed(text)
