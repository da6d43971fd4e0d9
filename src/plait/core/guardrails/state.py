"""What a shell knows while a text is walked through: variables, functions, files, its folder."""

from __future__ import annotations

from typing import TypeAlias

from plait.core.guardrails.script import Script

HOLE = "\0"  # in a text: something that is not known; no text of a shell holds this character
FETCHED = "\0\x01"  # something that came over the network
SHOWN = "\x02"  # in what is printed: it is the environment, or a file of secrets
STANDS_FOR_HOLE = "\ue00f"  # where a text with a hole is read again
MOST_TEXT = 64 * 1024
MOST_VALUES = 48

Value: TypeAlias = tuple[str, ...]  # of a plain variable one text, of an array several
Values: TypeAlias = tuple[Value, ...]  # one of these

_KNOWN: dict[str, str] = {
    "HOME": "~", "IFS": " \t\n", "SHELL": "/bin/sh", "BASH": "/bin/bash", "TMPDIR": "/tmp",  # noqa: S108
    "PYTHON": "python3", "PYTHON3": "python3", "PYTHON_BIN": "python3", "MAKE": "make",
    "CC": "cc", "CXX": "c++", "EDITOR": "vi", "VISUAL": "vi", "PAGER": "less", "NODE": "node",
    "CARGO": "cargo", "GO": "go", "NPM": "npm", "BROWSER": "browser", "0": "bash",
}  # fmt: skip


class State:
    """The shell's. A subshell has a copy."""

    __slots__ = ("aliases", "cwd", "files", "functions", "given", "variables")

    def __init__(self, cwd: str = "") -> None:
        """A new shell in a folder, relative to the worktree."""
        self.cwd = cwd
        self.variables: dict[str, Values] = {}
        self.functions: dict[str, Script] = {}
        self.aliases: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self.given: Value | None = None  # the arguments of a function or a script

    def copy(self) -> State:
        """Another that goes on from here by itself."""
        other = State(self.cwd)
        other.variables = dict(self.variables)
        other.functions = dict(self.functions)
        other.aliases = dict(self.aliases)
        other.files = dict(self.files)
        other.given = self.given
        return other

    def values(self, name: str) -> Values:
        """What a variable may hold."""
        if name in self.variables:
            return self.variables[name]
        if name == "PWD":
            return ((self.cwd or ".",),)
        if name in {"@", "*"}:
            return ((HOLE,),) if self.given is None else (self.given,)
        if name.isdigit() and name != "0" and self.given is not None:
            place = int(name) - 1 if len(name) < 4 else MOST_VALUES  # noqa: PLR2004
            return (self.given[place : place + 1],)
        return ((_KNOWN.get(name, HOLE),),)

    def knows(self, name: str) -> bool:
        """Whether the text itself, or any system, says what a variable is."""
        return name in self.variables or name in _KNOWN or name == "PWD"

    def set(self, name: str, values: Values) -> None:
        """Let a variable be one of these."""
        kept = tuple(dict.fromkeys(values))
        self.variables[name] = kept if len(kept) <= MOST_VALUES else ((HOLE,),)

    def merge(self, others: list[State]) -> None:
        """Become what any of these may be, or what it is already."""
        every = [self, *others]
        names = {name for each in others for name in each.variables}
        for name in sorted(names):
            found = tuple(value for each in every for value in each.values(name))
            if any(each.variables.get(name) != self.variables.get(name) for each in others):
                self.set(name, found)
        for each in others:
            self.functions.update(each.functions)
            self.aliases.update(each.aliases)
            self.files.update(each.files)
            if each.cwd != self.cwd:
                self.cwd = HOLE
