"""JSON with positions, from untrusted text: read in one pass, without recursion, within limits.

The result is that of `yaml_source`. Two things are told and read all the same: a key that stands
twice (the first counts) and `NaN` or `Infinity` (null). A number with a point, or with more than
18 digits, is text as it stands: an id 1.10 is not 1.1.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from plait.core.finding import Finding, Severity
from plait.plans.text import SourceText
from plait.plans.yaml_source import MAX_DEPTH, MOST_FINDINGS, Document, Node, Places

MAX_VALUES = 200_000  # of a file
_LONGEST_INTEGER = 18
_BLANK = re.compile(r"[ \t\n\r]*")
_CONSTANTS = ("NaN", "Infinity", "-Infinity")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONFLICT = re.compile(r"(?:<{7}|={7}|>{7})(?: |$)")
_USUAL = "look at commas, quotes and brackets here and on the line before"


def parse(source: SourceText) -> Document:
    """Read the one JSON value of a text. Raises nothing for bad content.

    Findings: `BAD_JSON` for what is no JSON and for what goes beyond the limits, `DUPLICATE_KEY`.
    """
    places = Places(source)
    reader = _Reader(text=source.text, places=places)
    root = reader.document()
    return Document(places, root, tuple(reader.findings))


def parse_lines(source: SourceText) -> Document:
    """Read a text of one JSON value a line; the root is the list of them.

    A line that is no JSON is told, as above, and left out; blank lines are passed over.
    """
    places = Places(source)
    root = Node(index=0, value=[])
    found: list[Node] = []
    findings: list[Finding] = []
    budget = MAX_VALUES
    for line, start in zip(source.lines, places.starts, strict=False):
        if not line.strip():
            continue
        reader = _Reader(text=line, places=places, base=start, budget=budget)
        if budget <= 0:
            findings.append(reader.finding(f"more than {MAX_VALUES:,} values", 0, "split the file"))
            break
        node = reader.document()
        budget = reader.budget - 1
        if node is not None:
            found.append(node)
        findings.extend(reader.findings[: MOST_FINDINGS - len(findings)])
    root.value = found
    return Document(places, root, tuple(findings))


class _BrokenError(Exception):
    """The text cannot be read on."""

    def __init__(self, message: str, at: int, hint: str = _USUAL) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.hint = hint


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits.lstrip("-")) <= _LONGEST_INTEGER else digits


_SCALARS = json.JSONDecoder(strict=False, parse_int=_integer, parse_float=str)


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Reads one value; `stack` holds the collections still open.

    `base` is where `text` begins in the file, `budget` the number of values it may have.
    """

    text: str
    places: Places
    base: int = 0
    budget: int = MAX_VALUES
    at: int = 0
    stack: list[Node] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    escaped: bool = field(init=False)

    def __post_init__(self) -> None:
        self.escaped = "\\u" in self.text

    def document(self) -> Node | None:
        """The text's value; None, and a finding, if it is broken."""
        try:
            return self.whole()
        except _BrokenError as broken:
            self.findings.append(self.finding(broken.message, broken.at, broken.hint))
            return None

    def whole(self) -> Node:
        root = self.begin()
        while self.stack:
            self.step()
        if self.peek():
            raise _BrokenError("something follows the value", self.at)
        return root

    def step(self) -> None:
        """Read the next entry of the innermost collection, or close it."""
        node = self.stack[-1]
        mapping = isinstance(node.value, dict)
        end = "}" if mapping else "]"
        if self.peek() == end:
            self.at += 1
            self.stack.pop()
            return
        if node.value:
            self.expect(",", f"',' or '{end}' is missing")
            if self.peek() == end:
                raise _BrokenError("a comma stands before the end", self.at, "take it out")
        if isinstance(node.value, dict):
            key, at = self.key()
            self.expect(":", "':' is missing")
            value = self.begin()
            if key in node.value:
                self.duplicate(key, at, node)
            else:
                node.value[key] = value
                node.keys[key] = self.base + at
        elif isinstance(node.value, list):
            node.value.append(self.begin())

    def key(self) -> tuple[str, int]:
        if self.peek() != '"':
            raise _BrokenError("a key in double quotes is missing", self.at)
        at = self.at
        return str(self.scalar()), at

    def begin(self) -> Node:
        """A whole scalar, or a collection that is open from here."""
        first = self.peek()
        self.budget -= 1
        if self.budget < 0:
            raise _BrokenError(f"more than {MAX_VALUES:,} values", self.at, "split the file")
        node = Node(index=self.base + self.at, value=None)
        if first in {"{", "["}:
            if len(self.stack) >= MAX_DEPTH:
                message = f"nested more than {MAX_DEPTH} levels deep"
                raise _BrokenError(message, self.at, "write it flatter")
            node.value = {} if first == "{" else []
            self.stack.append(node)
            self.at += 1
        else:
            node.value = self.scalar()
        return node

    def scalar(self) -> str | int | bool | None:
        at = self.at
        for word in _CONSTANTS:
            if self.text.startswith(word, at):
                self.at += len(word)
                self.tell("BAD_JSON", f"{word} is no JSON: read as null", at, "write null")
                return None
        try:
            value, self.at = _SCALARS.raw_decode(self.text, at)
        except json.JSONDecodeError as error:
            raise self.broken(error) from None
        if isinstance(value, str) and self.escaped:
            return _SURROGATE.sub("\ufffd", value)
        return value if isinstance(value, str | int) else None

    def broken(self, error: json.JSONDecodeError) -> _BrokenError:
        """The decoder's complaint, and for what is usual its cure."""
        word = self.text[error.pos : error.pos + 7]
        if not word:
            return _BrokenError("the text ends too early", error.pos, "restore what was cut off")
        if _CONFLICT.match(self.text[error.pos : error.pos + 8]):
            message = "a mark of a merge conflict stands here"
            return _BrokenError(message, error.pos, "settle the conflict")
        if word[0] == "'":
            return _BrokenError("single quotes are no JSON", error.pos, "use double quotes")
        return _BrokenError(error.msg[:1].lower() + error.msg[1:], error.pos)

    def duplicate(self, key: str, at: int, node: Node) -> None:
        first = self.places.at(node.keys[key])
        self.tell(
            "DUPLICATE_KEY",
            f"duplicate key {key!r} (first at {first.line}:{first.column})",
            at,
            "keep one of them; only the first was read",
        )

    def peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        character = self.text[self.at : self.at + 1]
        if character and character in " \t\n\r":
            blank = _BLANK.match(self.text, self.at)
            self.at = blank.end() if blank else self.at
            return self.text[self.at : self.at + 1]
        return character

    def expect(self, character: str, message: str) -> None:
        found = self.peek()
        if found != character:
            if not found:
                message = "the text ends too early"
            raise _BrokenError(message, self.at)
        self.at += 1

    def tell(self, code: str, message: str, at: int, hint: str) -> None:
        if len(self.findings) < MOST_FINDINGS:
            severity = Severity.ERROR if code == "DUPLICATE_KEY" else Severity.WARNING
            self.findings.append(self.finding(message, at, hint, code=code, severity=severity))

    def finding(
        self,
        message: str,
        at: int,
        hint: str,
        *,
        code: str = "BAD_JSON",
        severity: Severity = Severity.ERROR,
    ) -> Finding:
        return Finding(
            code=code,
            severity=severity,
            message=message,
            span=self.places.at(self.base + at),
            hint=hint,
        )
