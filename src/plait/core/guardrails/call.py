"""One command as it would be run, and how its arguments are read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from plait.core.guardrails.places import Place, normal, place
from plait.core.guardrails.state import HOLE


class Call(NamedTuple):
    """A program's name without its folder, its arguments, what it reads, where it runs.

    `stdin` is None where it reads what the shell itself reads: nothing that the text tells of.
    By variables of the text: `pointed`, git is led to another repository or worktree; `tested`,
    the environment is the one of tests.
    """

    name: str
    args: tuple[str, ...]
    stdin: str | None = None
    cwd: str = ""
    roots: tuple[str, ...] = ()
    pointed: bool = False
    tested: bool = False

    def place(self, path: str) -> Place:
        """What lies at a path that it is given."""
        return place(path, self.cwd, self.roots)

    def normal(self, path: str) -> str:
        """The path, relative to the worktree where it lies in it."""
        return normal(path, self.cwd, self.roots)

    def shown(self) -> str:
        """The command for people, shortened."""
        told = " ".join((self.name, *self.args)).replace(HOLE, "…").replace("\x01", "")
        told = " ".join(told.split())
        return told if len(told) <= 80 else f"{told[:79]}…"  # noqa: PLR2004


class Options(NamedTuple):
    """Arguments apart: short letters, long names with their values, and what is no option.

    `long` holds names without dashes, as they are written: possibly shortened.
    """

    letters: frozenset[str]
    long: tuple[tuple[str, str], ...]
    rest: tuple[str, ...]
    values: tuple[tuple[str, str], ...]

    def has(self, letters: str, *names: str) -> bool:
        """Whether one of the letters is there, or a long name, in full or shortened."""
        if self.letters & set(letters):
            return True
        return any(
            name == given or (len(given) >= 3 and name.startswith(given))  # noqa: PLR2004
            for given, _ in self.long
            for name in names
        )

    def value(self, *names: str) -> str:
        """The value of the first of these options that has one: letters and long names."""
        return next(self.all(*names), "")

    def all(self, *names: str) -> Iterator[str]:
        """All values of these options."""
        return (value for name, value in self.values if name in names)


def options(args: Collection[str], valued: Collection[str] = ()) -> Options:
    """The arguments apart.

    Args:
        args: What the program is given.
        valued: Options that take the next argument as their value: `C`, `user`.
    """
    letters: set[str] = set()
    long: list[tuple[str, str]] = []
    rest: list[str] = []
    values: list[tuple[str, str]] = []
    waiting = iter(args)
    for each in waiting:
        if each == "--":
            rest += waiting
        elif each.startswith("--"):
            name, equals, value = each[2:].partition("=")
            if not equals and name in valued:
                value = next(waiting, "")
            long.append((name, value))
            values.append((name, value))
        elif each.startswith("-") and len(each) > 1:
            for at, letter in enumerate(each[1:], start=2):
                letters.add(letter)
                if letter in valued:
                    values.append((letter, each[at:] or next(waiting, "")))
                    break
        else:
            rest.append(each)
    return Options(frozenset(letters), tuple(long), tuple(rest), tuple(values))


def behind(args: tuple[str, ...], valued: Collection[str] = (), skip: int = 0) -> tuple[str, ...]:
    """What stands behind a program's own options and `skip` further arguments.

    Args:
        args: What the program is given.
        valued: Its options that take the next argument, with their dashes.
        skip: How many arguments are its own.
    """
    at = 0
    while at < len(args) and args[at].startswith("-") and args[at] != "-":
        if args[at] == "--":
            at += 1
            break
        at += 2 if args[at] in valued else 1
    return args[at + skip :]
