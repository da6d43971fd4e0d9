"""From tree-sitter's tree of a shell's text to the plain one.

Whatever the text, it is bounded: what is long, deep or full of operators beyond measure is not
read, and said to be so; a grammar's recovery from errors would take minutes and gigabytes.
"""

from __future__ import annotations

import re
import time
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING, Any

from plait.core.guardrails.script import Broken, Script
from plait.shell.here import Document, taken_out
from plait.shell.nodes import Nodes

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

LONGEST = 64 * 1024  # characters, without here-documents
WHOLE = 4 * 1024 * 1024  # with them
OPERATORS = 1200  # the grammar's recovery takes time by the square of them
PATIENCE_S = 0.5
_OPERATORS = "|&;<(){}`"
_CHUNK = 4096
_BOTH_WAYS = re.compile(r"(?<=\d)<>(?=[\s\"'$/~\w])")  # a redirection that the grammar lacks
_TIMED = re.compile(r"(?<![^\s;|&(])time(?: +-p)? +(?=[({])")  # before a group it lacks that too
# `$A/$B/c` is two words to the grammar, and `${B}` is the same to a shell.
_NAME = re.compile(r"(?<=[^\s\\])\$([A-Za-z_]\w*)(?=[^\s\w\[\"'`$\\;|&<>()]|$)")
# The grammar's scanner reads beyond its tables at some of these. To a shell all are letters; so
# each is one to the grammar, which makes its places in the text those of characters.
_OTHERS = re.compile(r"[^\x01-\x7f]")


def parse(text: str) -> Script:
    """The plain tree of a shell's text; of what cannot be read, one that says so.

    It never fails, and is done within a second on a machine that is not busy.
    """
    if "\0" in text:
        return (Broken("it holds a character that no text has"),)
    if len(text) > WHOLE:
        return (Broken("it is too long to be looked through"),)
    text = text.replace("\r\n", "\n").replace("\\\n", "")
    text = _TIMED.sub("", _BOTH_WAYS.sub("<", text))
    left: set[str] = set()
    for _ in range(3):
        short, documents = taken_out(text, left)
        script, met = _read(short, documents)
        wrong = documents.keys() - met
        if not wrong:
            return script
        left |= wrong
    return (Broken("where its here-documents end is not clear"),)


def _read(text: str, documents: dict[str, Document]) -> tuple[Script, set[str]]:
    every = set(documents)
    if len(text) > LONGEST or sum(map(text.count, _OPERATORS)) > OPERATORS:
        return (Broken("it is too long or too involved to be looked through"),), every
    text = _NAME.sub(r"${\1}", text)
    root = _tree(_OTHERS.sub("x", text).encode("ascii"))
    if root is None:
        return (Broken("it is too involved to be read"),), every
    nodes = Nodes(text, documents, parse)
    try:
        script = nodes.script(root)
    except RecursionError:
        return (Broken("it is nested too deeply"),), every
    if nodes.unended:
        script = (*script, Broken("a here-document in it does not end"))
    if root.has_error and not any(isinstance(each, Broken) for each in script):
        script = (*script, Broken("a part of it is no shell text that can be read"))
    return script, nodes.met


def _tree(source: bytes) -> Node | None:
    parser = _parser()
    end = time.monotonic() + PATIENCE_S

    def chunk(offset: int, _point: Any) -> bytes:
        return source[offset : offset + _CHUNK]

    def over(_offset: int, _failed: bool) -> bool:  # noqa: FBT001 - the library calls it so
        return time.monotonic() > end

    try:
        return parser.parse(chunk, progress_callback=over).root_node
    except ValueError:  # it was told to stop
        parser.reset()
        return None


@cache
def _parser() -> Parser:
    from tree_sitter import Language, Parser

    return Parser(Language(_grammar().language()))


def _grammar() -> Any:
    """The grammar's own module: what is around it imports three times as much, for nothing."""
    package = find_spec("tree_sitter_bash")
    if package is None or package.origin is None:
        raise ImportError("tree_sitter_bash")
    folder = package.origin.rpartition("/")[0]
    finder = FileFinder(folder, (ExtensionFileLoader, EXTENSION_SUFFIXES))
    spec = finder.find_spec("_binding")
    if spec is None:
        raise ImportError("tree_sitter_bash._binding")
    module = module_from_spec(spec)
    if spec.loader is not None:
        spec.loader.exec_module(module)
    return module
