"""Words of the shell: from the grammar's nodes to pieces, escapes resolved."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from plait.core.guardrails.script import Channel, Hole, Output, Piece, Script, Text, Variable, Word

if TYPE_CHECKING:
    from tree_sitter import Node

DEEPEST = 60
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_IN_QUOTES = re.compile(r'\\([$`"\\])')
_ANSI = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|(.))", re.DOTALL
)
_NAMES = frozenset({"variable_name", "special_variable_name", "subscript"})
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b",
          "f": "\f", "v": "\v"}  # fmt: skip


def joined(text: str) -> Word:
    """A word that is one literal text."""
    return (Text(text, quoted=True),)


def ansi(text: str) -> str:
    """The text that stands in `$'…'`, as `printf` and `echo -e` read theirs too."""

    def one(found: re.Match[str]) -> str:
        hexadecimal, octal, short, long, letter = found.groups()
        if letter is not None:
            return _NAMED.get(letter, letter if letter in "\\'\"?" else found[0])
        code = int(octal, 8) if octal else int(hexadecimal or short or long, 16)
        return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"  # noqa: PLR2004

    return _ANSI.sub(one, text)


class Pieces:
    """A reader of the words of one text."""

    def __init__(self, source: str, script: Callable[[Node], Script]) -> None:
        """Read nothing yet; `script` is for what is substituted."""
        self._source = source
        self._script = script
        self._depth = 0

    def text(self, node: Node) -> str:
        """A node as it stands there."""
        return self._cut(node.start_byte, node.end_byte)

    def _cut(self, start: int, end: int) -> str:
        return self._source[start:end]

    def unknown(self) -> Word:
        """A word that is not known."""
        return (Hole(),)

    def word(self, node: Node, *, quoted: bool = False) -> Word:
        """The pieces of a word."""
        self._depth += 1
        try:
            if self._depth > DEEPEST:
                return (Hole(quoted),)
            return self._word(node, quoted=quoted)
        finally:
            self._depth -= 1

    def _word(self, node: Node, *, quoted: bool) -> Word:
        match node.type:
            case "word" | "number" | "variable_name" | "test_operator" | "extglob_pattern":
                return (Text(_ESCAPED.sub(r"\1", self.text(node)), quoted),)
            case "raw_string":
                return (Text(self.text(node)[1:-1], quoted=True),)
            case "ansi_c_string":
                return (Text(ansi(self.text(node)[2:-1]), quoted=True),)
            case "string" | "translated_string":
                return self._string(node)
            case "concatenation":
                return self._concatenation(node, quoted=quoted)
            case "simple_expansion":
                return (Variable(self.text(node)[1:], quoted),)
            case "expansion":
                return self._expansion(node, quoted=quoted)
            case "command_substitution":
                return (Output(self._script_of(node), quoted),)
            case "process_substitution":
                return (Channel(self._script_of(node)),)
            case "brace_expression":
                return (Text(self.text(node), quoted),)
            case "heredoc_content" | "string_content":
                return (Text(_IN_QUOTES.sub(r"\1", self.text(node)), quoted=True),)
            case _:
                # Arithmetic, patterns: what is substituted in them is run all the same.
                inner = self._substituted(node)
                return (*inner, Hole(quoted))

    def _substituted(self, node: Node) -> Word:
        found: list[Piece] = []
        waiting = list(node.named_children)
        while waiting:
            child = waiting.pop()
            if child.type in {"command_substitution", "process_substitution"}:
                found.append(Output(self._script_of(child), quoted=True))
            else:
                waiting += child.named_children
        return tuple(found)

    def _script_of(self, node: Node) -> Script:
        return tuple(each for child in node.named_children for each in self._script_in(child))

    def _script_in(self, node: Node) -> Script:
        return self._script(node)

    def _string(self, node: Node) -> Word:
        pieces: list[Piece] = []
        inner = [each for each in node.children if each.is_named and not each.is_missing]
        at = node.start_byte + self._source[node.start_byte : node.end_byte].find('"') + 1
        end = (
            node.end_byte - 1
            if self._source[node.end_byte - 1 : node.end_byte] == '"'
            else (node.end_byte)
        )
        for child in inner:
            if child.type == "string_content":
                continue  # taken with the gap, which the grammar may leave blanks in
            pieces.append(self._literal(at, child.start_byte))
            pieces += self.word(child, quoted=True)
            at = child.end_byte
        pieces.append(self._literal(at, end))
        return tuple(each for each in pieces if each != Text("", quoted=True)) or joined("")

    def _literal(self, start: int, end: int) -> Text:
        return Text(_IN_QUOTES.sub(r"\1", self._cut(start, end)), quoted=True)

    def _concatenation(self, node: Node, *, quoted: bool) -> Word:
        pieces: list[Piece] = []
        at = node.start_byte
        for child in node.named_children:
            if child.start_byte > at:
                pieces.append(Text(_ESCAPED.sub(r"\1", self._cut(at, child.start_byte)), quoted))
            pieces += self.word(child, quoted=quoted)
            at = child.end_byte
        if at < node.end_byte:
            pieces.append(Text(_ESCAPED.sub(r"\1", self._cut(at, node.end_byte)), quoted))
        return tuple(pieces)

    def _expansion(self, node: Node, *, quoted: bool) -> Word:
        children = node.children
        kinds = [child.type for child in children]
        names = [each for each in node.named_children if each.type in _NAMES]
        if not names or "!" in kinds or "#" in kinds[:2]:
            return (*self._substituted(node), Hole(quoted))
        name = names[0]
        operators = [child for child in children if not child.is_named
                     and child.type not in {"${", "}"}]  # fmt: skip
        told = self.text(name)
        if not operators:
            return (Variable(told, quoted),)
        op = operators[0].type
        if op not in {":-", "-", ":=", "=", ":?", "?"}:
            return (*self._substituted(node), Hole(quoted))
        if op in {":?", "?"}:
            return (Variable(told, quoted),)
        rest: list[Piece] = []
        for child in node.named_children:
            if child.start_byte >= operators[0].end_byte:
                rest += self.word(child, quoted=quoted)
        return (Variable(told, quoted, tuple(rest), assigned=op in {":=", "="}),)
