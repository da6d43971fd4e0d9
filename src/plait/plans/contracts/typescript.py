"""TypeScript contracts: parsed by a grammar, without node."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.plans.contracts import extra
from plait.plans.contracts.shelf import Contract, found

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

_MOST_FINDINGS = 10
_MOST_CHARACTERS = 500_000
_SECONDS = 0.5  # a grammar that tries to mend garbage has no bound of its own
_CHUNK = 65_536
# What the language has and the grammar does not know yet; each is replaced by as many characters.
_ATTRIBUTES = re.compile(r"""(["'])([ \t]{0,20})with[ \t]{0,20}\{[^{}]{0,200}\}""")
_VARIANCE = re.compile(r"(?<=[<,])([ \t]{0,20})(in[ \t]{1,20}out|in|out)(?=[ \t]{1,20}[A-Za-z_$])")
_USING = re.compile(r"(?m)^([ \t]{0,100})using(?=[ \t]{1,20}[A-Za-z_$])")


def available() -> bool:
    """Whether the grammar is installed."""
    return all(extra.load(name) is not None for name in ("tree_sitter", "tree_sitter_typescript"))


def check(contract: Contract) -> Iterator[Finding]:
    """`CONTRACT_SYNTAX` where the grammar cannot read on, or something is missing."""
    text = contract.source.text
    if len(text) > _MOST_CHARACTERS:
        yield _unread(contract, f"more than {_MOST_CHARACTERS:,} characters of TypeScript")
        return
    text = _ATTRIBUTES.sub(lambda found: found[1] + " " * (len(found[0]) - 1), text)
    text = _VARIANCE.sub(lambda found: " " * len(found[0]), text)
    raw = _USING.sub(r"\1const", text).encode("utf-8", errors="replace")
    tree = _tree(raw, jsx=contract.path.suffix.lower() == ".tsx")
    if tree is None:
        yield _unread(contract, "it takes too long to read")
        return
    for node in _wrong(tree.root_node):
        start = raw.rfind(b"\n", 0, node.start_byte) + 1
        column = len(raw[start : node.start_byte].decode("utf-8", errors="replace")) + 1
        shown = raw[node.start_byte : node.start_byte + 160].decode("utf-8", errors="replace")
        shown = shown.partition("\n")[0].strip()[:40]
        missing = f"{node.type!r} is missing" if node.is_missing else ""
        yield found(
            contract,
            "CONTRACT_SYNTAX",
            f"no TypeScript: {missing or f'cannot be read at {shown!r}'}",
            at=Span(file=contract.name, line=node.start_point.row + 1, column=column),
            hint="look at brackets, commas and names here and on the line before",
        )


def _tree(raw: bytes, *, jsx: bool) -> Tree | None:
    """The syntax tree, or None if it takes too long."""
    import tree_sitter_typescript
    from tree_sitter import Language, Parser

    make = (
        tree_sitter_typescript.language_tsx if jsx else tree_sitter_typescript.language_typescript
    )
    latest = time.monotonic() + _SECONDS
    try:
        return Parser(Language(make())).parse(
            lambda offset, _: raw[offset : offset + _CHUNK],
            progress_callback=lambda _offset, _error: time.monotonic() > latest,
        )
    except ValueError:
        return None


def _wrong(root: Node) -> Iterator[Node]:
    """The outermost nodes that are no TypeScript, in the order of the text."""
    stack, told = [root], 0
    while stack and told < _MOST_FINDINGS:
        node = stack.pop()
        if node.is_missing or node.is_error:
            told += 1
            yield node
        elif node.has_error:
            stack += reversed(node.children)


def _unread(contract: Contract, why: str) -> Finding:
    return found(
        contract,
        "CONTRACT_TOO_LARGE",
        f"{why}: not checked",
        severity=Severity.WARNING,
        hint="divide it",
    )
