"""YAML with positions, from untrusted text: read in one pass, without recursion, within limits.

Plain scalars are read narrowly, as a person reads them: `true`, `null`, `12` and `1.5` are
values; `010`, `0x1f`, `1e3`, `12:30`, `yes` and `2026-01-01` are text. Keys are always text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import accumulate

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.plans.text import SourceText
from plait.plans.yaml_scalars import Scalar, plain_scalar

MAX_VALUES = 100_000  # of a document with all its aliases written out, and beyond that
BYTES_A_VALUE = 20  # one more for so much text: a large plan is wordy, a trap is not
MAX_DEPTH = 50
MOST_FINDINGS = 200  # of one kind: who has more starts again

Path = tuple[str | int, ...]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"
TOO_MANY = "values, aliases written out"  # behind a number
_USUAL = "look at indentation, colons and quotes here and on the line before"
_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset({"null", "bool", "int", "float"})


_NO_KEYS: dict[str, int] = {}  # of all that is no mapping: a plan has many values


@dataclass(slots=True, kw_only=True, eq=False)
class Node:
    """A value and where it begins; `keys` are the places of a mapping's keys.

    `values` and `height` count the values in it and the levels below it, aliases written out.
    `said` is what the file has for a number, a truth value or nothing: `1.10` is no text, but may
    be meant as one.
    """

    index: int
    value: Scalar | list[Node] | dict[str, Node]
    keys: dict[str, int] = field(default_factory=lambda: _NO_KEYS)
    values: int = 1
    height: int = 0
    said: str | None = None

    def plain(self) -> object:
        """The value without places: text, numbers, booleans, None, lists and dicts."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


class Document:
    """A parsed file: its root (None where it has none or cannot be read) and what was found."""

    def __init__(self, places: Places, root: Node | None, findings: tuple[Finding, ...]) -> None:
        self.root = root
        self.findings = findings
        self._places = places

    def node(self, path: Path) -> Node | None:
        """The node at a path of keys and positions, or None."""
        node = self.root
        for step in path:
            node = _child(node, step)
        return node

    def text(self, path: Path) -> str:
        """The text at a path; empty where there is none."""
        node = self.node(path)
        return node.value if node is not None and isinstance(node.value, str) else ""

    def fields(self, path: Path) -> frozenset[str]:
        """The keys of the mapping at a path; none where there is no mapping."""
        node = self.node(path)
        if node is None or not isinstance(node.value, dict):
            return frozenset()
        return frozenset(node.value)

    def drop(self, paths: Iterable[Path]) -> None:
        """Take out the values at these paths; the places of all others stay what they are."""
        doomed: dict[int, tuple[Node, set[int]]] = {}
        for path in paths:
            parent = self.node(path[:-1])
            child = _child(parent, path[-1]) if path else None
            if parent is not None and child is not None:
                doomed.setdefault(id(parent), (parent, set()))[1].add(id(child))
        for parent, children in doomed.values():
            if isinstance(parent.value, dict):
                kept = {k: node for k, node in parent.value.items() if id(node) not in children}
                parent.value = kept
            elif isinstance(parent.value, list):
                parent.value = [node for node in parent.value if id(node) not in children]

    def span(self, path: Path, *, key: bool = False) -> Span:
        """Where the value at a path stands, or its nearest ancestor; with `key`, its key."""
        node = self.root
        if node is None:
            return self._places.at(0)
        index = node.index
        for position, step in enumerate(path):
            if key and position == len(path) - 1 and isinstance(step, str):
                index = node.keys.get(step, index)
            inner = _child(node, step)
            if inner is None:
                break
            node = inner
            if not (key and position == len(path) - 1):
                index = node.index
        return self._places.at(index)

    def at(self, node: Node) -> Span:
        """Where a node of this document begins."""
        return self._places.at(node.index)


def parse(
    source: SourceText,
    *,
    events: Iterable[Event] | None = None,
    plain: Callable[[str], Scalar] = plain_scalar,
    most: int | None = None,
) -> Document:
    """Read the one YAML document of a text. Raises nothing for bad content.

    Args:
        source: The text.
        events: What stands in it, for another syntax of the same values; None for YAML.
        plain: What a plain scalar means.
        most: How many values it may hold; None for what is right for a plan of its length.

    Findings: `BAD_YAML` for what is no YAML, for a second document, for tags of a programming
    language and for what goes beyond the limits; `DUPLICATE_KEY` where the first one counts.
    """
    places = Places(source)
    builder = _Builder(places, plain, most or MAX_VALUES + places.length // BYTES_A_VALUE)
    try:
        for event in yaml.parse(source.text, Loader=_LOADER) if events is None else events:
            builder.read(event)
    except yaml.YAMLError as error:
        return Document(places, None, (*builder.findings, _syntax(source, places, error)))
    except _RefusedError as refused:
        finding = builder.finding("BAD_YAML", refused.message, refused.index, refused.hint)
        return Document(places, None, (*builder.findings, finding))
    return Document(places, builder.root, tuple(builder.findings))


class Places:
    """Positions in a text as lines and columns.

    Lines are the editor's: YAML also takes U+0085, U+2028 and U+2029 for line ends.
    """

    def __init__(self, source: SourceText) -> None:
        self.name = source.name
        lengths = map((1).__add__, map(len, source.lines[:-1]))
        self.starts = list(accumulate(lengths, initial=0))
        if source.text.endswith("\n"):  # what stands behind the end is shown on the last line
            self.length = len(source.text) - 1
        else:
            self.length = len(source.text)

    def at(self, index: int) -> Span:
        """Where the character of that index stands."""
        index = min(index, self.length)
        line = bisect_right(self.starts, index)
        return Span(file=self.name, line=line, column=index - self.starts[line - 1] + 1)


def _child(node: Node | None, step: str | int) -> Node | None:
    value = None if node is None else node.value
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
        return value[step]
    return None


class _RefusedError(Exception):
    """The document cannot be read on."""

    def __init__(self, message: str, index: int, hint: str = "write it out plainly") -> None:
        super().__init__(message)
        self.message = message
        self.index = index
        self.hint = hint


class _Builder:
    """Builds the tree of nodes event by event; `stack` holds the collections still open."""

    def __init__(self, places: Places, plain: Callable[[str], Scalar], most: int) -> None:
        self.root: Node | None = None
        self.findings: list[Finding] = []
        self.places = places
        self.stack: list[Node] = []
        self.pending: list[tuple[str, int] | None] = []  # per open collection, the key just read
        self.anchors: dict[str, Node] = {}
        self.documents = 0
        self.values = 0
        self.plain = plain
        self.most = most

    def read(self, event: Event) -> None:
        index = event.start_mark.index if event.start_mark else 0
        if isinstance(event, ScalarEvent):
            self.scalar(event, index)
        elif isinstance(event, CollectionEndEvent):
            self.close()
        elif isinstance(event, MappingStartEvent):
            self.open(Node(index=index, value={}, keys={}, height=1), event)
        elif isinstance(event, SequenceStartEvent):
            self.open(Node(index=index, value=[], height=1), event)
        elif isinstance(event, AliasEvent):
            self.add(self.alias(event, index))
        elif isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise _RefusedError(
                    "the file holds several documents", index, "keep one document in a file"
                )

    def scalar(self, event: ScalarEvent, index: int) -> None:
        if self.stack and self.pending[-1] is None and isinstance(self.stack[-1].value, dict):
            self.pending[-1] = (event.value, index)
            if event.anchor is not None:
                self.anchors[event.anchor] = Node(index=index, value=event.value)
            return
        value = self.resolve(event, index)
        node = Node(index=index, value=value, said=None if value is event.value else event.value)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        self.add(node)

    def resolve(self, event: ScalarEvent, index: int) -> Scalar:
        tag = event.tag
        if tag is None or tag == "!":
            return self.plain(event.value) if event.implicit[0] and tag is None else event.value
        kind = tag.removeprefix(_TAG)
        if kind in _PLAIN_TAGS:
            return self.plain(event.value)
        if kind != "str":
            self.unknown_tag(tag, index)
        return event.value

    def open(self, node: Node, event: MappingStartEvent | SequenceStartEvent) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise _RefusedError(TOO_DEEP, node.index, "write it flatter")
        if event.tag not in {None, "!", f"{_TAG}map", f"{_TAG}seq"}:
            self.unknown_tag(event.tag, node.index)
        self.expect_value(node.index)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        self.stack.append(node)
        self.pending.append(None)

    def close(self) -> None:
        node = self.stack.pop()
        self.pending.pop()
        if isinstance(node.value, dict) and "<<" in node.value:
            self.merge(node, node.value)
            inner = node.value.values()
            node.values = 1 + sum(child.values for child in inner)
            node.height = 1 + max((child.height for child in inner), default=0)
        if node.height + len(self.stack) > MAX_DEPTH:
            raise _RefusedError(TOO_DEEP, node.index, "write it flatter")
        self.add(node)

    def merge(self, node: Node, value: dict[str, Node]) -> None:
        """`<<: *other`: take over what the mapping does not say itself."""
        merged = value.pop("<<")
        others = merged.value if isinstance(merged.value, list) else [merged]
        for other in others:
            if not isinstance(other.value, dict):
                raise _RefusedError("what is merged by '<<' must be a mapping", other.index)
            self.values += len(other.value)
            self.limit(self.values, merged.index)
            for key, inner in other.value.items():
                value.setdefault(key, inner)
                node.keys.setdefault(key, other.keys[key])

    def add(self, node: Node) -> None:
        """Put a complete node where it belongs."""
        self.values += 1
        self.limit(self.values, node.index)
        if not self.stack:
            self.limit(node.values, node.index)
            self.root = node
            return
        parent = self.stack[-1]
        parent.values += node.values
        parent.height = max(parent.height, node.height + 1)
        self.limit(parent.values, node.index)
        if isinstance(parent.value, list):
            parent.value.append(node)
        elif isinstance(parent.value, dict):
            pending = self.pending[-1]
            if pending is None:
                raise _RefusedError("a key must be plain text", node.index)
            self.pending[-1] = None
            self.enter(parent, parent.value, pending, node)

    def enter(
        self, parent: Node, value: dict[str, Node], pending: tuple[str, int], node: Node
    ) -> None:
        key, index = pending
        if key in value and len(self.findings) < MOST_FINDINGS:
            first = self.places.at(parent.keys[key]).line
            self.findings.append(
                self.finding(
                    "DUPLICATE_KEY",
                    f"duplicate key {key!r} (first on line {first})",
                    index,
                    "keep one of them; only the first was read",
                )
            )
        if key not in value:
            value[key] = node
            parent.keys[key] = index

    def alias(self, event: AliasEvent, index: int) -> Node:
        node = self.anchors.get(event.anchor or "")
        if node is None:
            raise _RefusedError(f"alias *{event.anchor} has no anchor before it", index)
        if any(node is open_node for open_node in self.stack):
            raise _RefusedError(f"alias *{event.anchor} stands in what it repeats", index)
        return node

    def expect_value(self, index: int) -> None:
        if self.stack and isinstance(self.stack[-1].value, dict) and self.pending[-1] is None:
            raise _RefusedError("a key must be plain text", index)

    def limit(self, values: int, index: int) -> None:
        if values > self.most:
            raise _RefusedError(f"more than {self.most:,} {TOO_MANY}", index, "split the plan")

    def unknown_tag(self, tag: str, index: int) -> None:
        if len(self.findings) >= MOST_FINDINGS:
            return
        self.findings.append(
            self.finding("BAD_YAML", f"tag {tag!r} means nothing here", index, "remove the tag")
        )

    def finding(self, code: str, message: str, index: int, hint: str = "") -> Finding:
        return Finding(
            code=code,
            severity=Severity.ERROR,
            message=message,
            span=self.places.at(index),
            hint=hint,
        )


def _syntax(source: SourceText, places: Places, error: yaml.YAMLError) -> Finding:
    """The parser's own complaint, with its place and, for what is usual, its cure."""
    message, index = str(error).partition("\n")[0], 0
    if isinstance(error, yaml.MarkedYAMLError):
        message = " ".join(part for part in (error.context, error.problem) if part)
        mark = error.problem_mark or error.context_mark
        index = 0 if mark is None else mark.index
    elif isinstance(error, yaml.reader.ReaderError):
        character = error.character
        message = f"{error.reason} (U+{character:04X})"
        index = max(0, source.text.find(chr(character)))
    span = places.at(index)
    line = source.lines[span.line - 1] if span.line <= len(source.lines) else ""
    tab = "\t" in line[: len(line) - len(line.lstrip())]
    return Finding(
        code="BAD_YAML",
        severity=Severity.ERROR,
        message=message,
        span=span,
        hint="indent with spaces: YAML takes no tabs" if tab else _USUAL,
    )
