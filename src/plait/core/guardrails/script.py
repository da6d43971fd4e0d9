"""A shell's text as a plain tree: what `plait.shell` reads it into, and guardrails walk.

It keeps what matters for the question what would be run: words in their pieces, redirections,
pipes, who runs in a shell apart, what runs perhaps or again and again. A word's piece whose value
nobody can know from the text (arithmetic, a pattern's removal) is a `Hole`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias


class Text(NamedTuple):
    """Literal text, escapes resolved."""

    text: str
    quoted: bool = False


class Variable(NamedTuple):
    """`$NAME`, or `${NAME:-otherwise}`."""

    name: str
    quoted: bool = False
    otherwise: tuple[Piece, ...] | None = None
    assigned: bool = False  # `:=` sets it


class Output(NamedTuple):
    """`$(script)`: what it prints."""

    script: Script
    quoted: bool = False


class Channel(NamedTuple):
    """`<(script)`: the path of a pipe that holds what it prints; `>(script)`: one to write to."""

    script: Script


class Hole(NamedTuple):
    """Something that is not known before it runs."""

    quoted: bool = False


Piece: TypeAlias = Text | Variable | Output | Channel | Hole
Word: TypeAlias = tuple[Piece, ...]


class Assign(NamedTuple):
    """`NAME=word`, `NAME+=word`, `NAME=(words)`."""

    name: str
    words: tuple[Word, ...]
    array: bool = False
    appended: bool = False


class Redirect(NamedTuple):
    """`OP target`; of a here-document or here-string (`<<`) the target is its text."""

    op: str
    target: Word


class Simple(NamedTuple):
    """One command: assignments before it, its words, its redirections."""

    assigns: tuple[Assign, ...] = ()
    words: tuple[Word, ...] = ()
    redirects: tuple[Redirect, ...] = ()


class Pipe(NamedTuple):
    """`a | b | c`."""

    stages: tuple[Node, ...]


class Group(NamedTuple):
    """Commands with common redirections; `apart`: in a shell of their own."""

    body: Script
    redirects: tuple[Redirect, ...] = ()
    apart: bool = False


class Choice(NamedTuple):
    """Commands of which some are run, or none: an `if`, a `case`, what stands behind `&&`."""

    branches: tuple[Script, ...]


class Loop(NamedTuple):
    """`for name in values`, or another loop; its body is run any number of times."""

    body: Script
    name: str = ""
    values: tuple[Word, ...] = ()


class Function(NamedTuple):
    """`name() { … }`."""

    name: str
    body: Script


class Broken(NamedTuple):
    """What could not be read, and why."""

    why: str


Node: TypeAlias = Simple | Pipe | Group | Choice | Loop | Function | Broken
Script: TypeAlias = tuple[Node, ...]
Parse: TypeAlias = Callable[[str], Script]
