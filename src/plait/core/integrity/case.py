"""Case: one test as it stands in a file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test.

    `qualified` has the names of what it stands in before its own. `asserts` are its assertions in
    one spelling, `exact` and `loose` how many of them compare with a value, or only say that
    there is one. `skipped` is the line that keeps it from running, or 0; `conditional`: not
    everywhere. `empty`: nothing it does could fail. `words` are those of its text.
    """

    name: str
    qualified: str
    line: int
    words: frozenset[str]
    asserts: tuple[str, ...] = ()
    exact: int = 0
    loose: int = 0
    loops: int = 0
    skipped: int = 0
    conditional: bool = False
    empty: bool = False
    calls: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """The tests of a file.

    `focused` are the lines that keep all others from running, `beside` the assertions outside of
    tests, `helpers` the functions that hold such.
    """

    cases: tuple[Case, ...] = ()
    focused: tuple[int, ...] = ()
    beside: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()
