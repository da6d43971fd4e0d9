"""The nodes of tree-sitter's grammar of Bash, one by one, as those of the plain tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from plait.core.guardrails.script import (
    Assign,
    Broken,
    Choice,
    Function,
    Group,
    Loop,
    Node as Plain,
    Parse,
    Pipe,
    Redirect,
    Script,
    Simple,
    Word,
)
from plait.shell.here import Document
from plait.shell.pieces import Pieces, joined

if TYPE_CHECKING:
    from tree_sitter import Node

DEEPEST = 60  # statements in one another
_SILENT = frozenset({"comment", "heredoc_start", "heredoc_end", "heredoc_body"})
_REDIRECTS = frozenset({"file_redirect", "herestring_redirect", "heredoc_redirect"})


class Nodes:
    """A reader of one text.

    `met` are the here-documents that stood where such may stand; `unended`: another has no end.
    """

    def __init__(self, source: str, documents: Mapping[str, Document], parse: Parse) -> None:
        """Read nothing yet; `parse` is for what is expanded in a here-document."""
        self.met: set[str] = set()
        self.unended = False
        self._documents = documents
        self._parse = parse
        self._depth = 0
        self._pieces = Pieces(source, self.script)
        self._kinds: Mapping[str, Callable[[Node], Script]] = {
            "command": self._command,
            "declaration_command": self._declaration,
            "unset_command": self._declaration,
            "variable_assignment": self._assignments,
            "variable_assignments": self._assignments,
            "redirected_statement": self._redirected,
            "pipeline": self._pipeline,
            "list": self._list,
            "negated_command": self._inner,
            "do_group": self._inner,
            "program": self._inner,
            "subshell": lambda node: (Group(self._inner(node), apart=True),),
            "compound_statement": lambda node: (Group(self._inner(node)),),
            "if_statement": self._choice,
            "case_statement": self._choice,
            "while_statement": self._loop,
            "for_statement": self._loop,
            "c_style_for_statement": self._loop,
            "function_definition": self._function,
        }

    def script(self, node: Node) -> Script:
        """The commands of a node, in the order of the text."""
        return self._statement(node) if node.type in self._kinds else self._inner(node)

    def _inner(self, node: Node) -> Script:
        return tuple(each for child in node.named_children for each in self._statement(child))

    def _statement(self, node: Node) -> Script:
        if node.type in _SILENT:
            return ()
        if node.type == "ERROR" or node.is_missing:
            return (Broken("a part of it is no shell text that can be read"), *self._within(node))
        known = self._kinds.get(node.type)
        self._depth += 1
        try:
            if self._depth > DEEPEST:
                return (Broken("it is nested too deeply"),)
            # An expression (a test, arithmetic) runs what is substituted in it, and nothing else.
            return self._within(node) if known is None else known(node)
        finally:
            self._depth -= 1

    def _within(self, node: Node) -> Script:
        """What is run by an expression: the command substitutions in it."""
        found: list[Plain] = []
        waiting = list(reversed(node.named_children))
        while waiting:
            child = waiting.pop()
            if child.type in {"command_substitution", "process_substitution"}:
                found += (Group(self._inner(child), apart=True),)
            elif child.type in self._kinds:
                found += self._statement(child)
            else:
                waiting += reversed(child.named_children)
        return tuple(found)

    def _command(self, node: Node) -> Script:
        assigns: list[Assign] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        for child in node.named_children:
            if child.type == "variable_assignment":
                assigns.append(self._assign(child))
            elif child.type in _REDIRECTS:
                redirect, further = self._redirect(child)
                redirects += redirect
                words += further
            elif child.type == "command_name":
                words.append(
                    self._pieces.word(child.named_children[0])
                    if child.named_children
                    else self._pieces.word(child)
                )
            elif child.type not in _SILENT:
                words.append(self._pieces.word(child))
        return (Simple(tuple(assigns), tuple(words), tuple(redirects)),)

    def _declaration(self, node: Node) -> Script:
        """`export`, `declare`, `local`, `readonly`, `unset`: a command with assignments in it."""
        name = self._pieces.text(node).split(None, 1)[0]
        assigns: list[Assign] = []
        words: list[Word] = [joined(name)]
        for child in node.named_children:
            if child.type == "variable_assignment":
                assigns.append(self._assign(child))
            elif child.type not in _SILENT:
                words.append(self._pieces.word(child))
        return (*((Simple(tuple(assigns)),) if assigns else ()), Simple(words=tuple(words)))

    def _assignments(self, node: Node) -> Script:
        each = [node] if node.type == "variable_assignment" else node.named_children
        return (Simple(tuple(self._assign(one) for one in each)),)

    def _assign(self, node: Node) -> Assign:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        told = self._pieces.text(name).partition("[")[0] if name else ""
        appended = any(child.type == "+=" for child in node.children)
        if value is not None and value.type == "array":
            words = tuple(self._pieces.word(each) for each in value.named_children)
            return Assign(told, words, array=True, appended=appended)
        word = self._pieces.word(value) if value is not None else ()
        array = name is not None and name.type == "subscript"
        return Assign(told, (word,), array=array, appended=appended or array)

    def _redirected(self, node: Node) -> Script:
        redirects: list[Redirect] = []
        further: list[Word] = []
        inner: list[Plain] = []
        for child in node.named_children:
            if child.type in _REDIRECTS:
                redirect, words = self._redirect(child)
                redirects += redirect
                further += words
            else:
                inner += self._statement(child)
        last = inner[-1] if inner else Simple()
        if isinstance(last, Simple):
            told = Simple(last.assigns, (*last.words, *further), (*last.redirects, *redirects))
            return (*inner[:-1], told)
        return (Group(tuple(inner), tuple(redirects)),)

    def _redirect(self, node: Node) -> tuple[list[Redirect], list[Word]]:
        """A redirection; what stands behind its target are further words of the command."""
        op = next((each.type for each in node.children if not each.is_named), "<")
        number = next((each for each in node.children if each.type == "file_descriptor"), None)
        if number is not None and self._pieces.text(number) not in {"0", "1"}:
            op = f"{self._pieces.text(number)}{op}"
        targets = [
            each for each in node.named_children
            if each.type not in {"file_descriptor", *_SILENT}
        ]  # fmt: skip
        if node.type == "heredoc_redirect":
            self.unended = True  # all that end were taken out before
            return [], []
        if not targets:
            return [], []
        words = [self._pieces.word(each) for each in targets]
        if node.type == "herestring_redirect":
            return [Redirect("<<", words[0])], words[1:]
        name = self._pieces.text(targets[0])
        if name in self._documents:
            self.met.add(name)
            return [Redirect("<<", self._document(self._documents[name]))], words[1:]
        return [Redirect(op, words[0])], words[1:]

    def _document(self, document: Document) -> Word:
        if document.literal or not ("$" in document.text or "`" in document.text):
            return joined(document.text)
        escaped = document.text.replace('"', '\\"')
        match self._parse(f': "{escaped}"'):
            case (Simple(words=(_, word)),):
                return word
            case _:
                return (*joined(document.text), *self._pieces.unknown())

    def _pipeline(self, node: Node) -> Script:
        stages = tuple(
            stage[0] if len(stage) == 1 else Group(stage, apart=True)
            for child in node.named_children
            if (stage := self._statement(child))
        )
        return (Pipe(stages),)

    def _list(self, node: Node) -> Script:
        """`a && b || c`, which nests to the left, without end."""
        parts: list[Node] = []
        current: Node | None = node
        while current is not None and current.type == "list":
            children = current.named_children
            parts += reversed(children[1:])
            current = children[0] if children else None
        if current is not None:
            parts.append(current)
        return tuple(each for part in reversed(parts) for each in self._statement(part))

    def _choice(self, node: Node) -> Script:
        """The condition, which is run, and the branches."""
        first: list[Plain] = []
        branches: list[list[Plain]] = [[]]
        for child, name in _fields(node):
            if child.type in {"elif_clause", "else_clause", "case_item"}:
                branches.append(list(self._inner_of_clause(child)))
            elif name == "condition":
                first += self._statement(child)
            elif name == "value" and node.type == "case_statement":
                first += self._within(child)
            else:
                branches[0] += self._statement(child)
        return (*first, Choice(tuple(tuple(each) for each in branches if each)))

    def _inner_of_clause(self, node: Node) -> Iterator[Plain]:
        for child, name in _fields(node):
            if name == "value":
                yield from self._within(child)
            else:
                yield from self._statement(child)

    def _loop(self, node: Node) -> Script:
        name, values = "", []
        body: list[Plain] = []
        for child, field in _fields(node):
            if field == "variable":
                name = self._pieces.text(child)
            elif field == "value":
                values.append(self._pieces.word(child))
            else:
                body += self._statement(child)
        return (Loop(tuple(body), name, tuple(values)),)

    def _function(self, node: Node) -> Script:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is None or body is None:
            return (Broken("a function without a name"),)
        return (Function(self._pieces.text(name), self._statement(body)),)


def _fields(node: Node) -> Iterable[tuple[Node, str]]:
    for number, child in enumerate(node.children):
        if child.is_named:
            yield child, node.field_name_for_child(number) or ""
