"""The rules of the house that no other tool holds."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
FOREIGN = {"node_modules", ".venv"}  # what is installed below tests/agents
TESTS = sorted(each for each in (ROOT / "tests").rglob("*.py") if not FOREIGN & set(each.parts))
PAGES = sorted((ROOT / "docs").rglob("*.md"))

MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 60
NO_MODULE = {"utils", "helpers", "common", "types", "base"}
NO_CLASS = ("Manager", "Handler", "Service", "Helper")

# File below src/plait -> why it may catch everything and go on.
BROAD = {
    "agents/__init__.py": "a plug-in may fail in any way",
    "agents/hook.py": "whatever fails there, the answer is no",
    "announce/__main__.py": "whatever goes wrong, the run is told why and goes on",
    "cli/boundary.py": "the error boundary",
    "engine/announcing.py": "what announces a run never fails it",
    "engine/listening.py": "a plug-in may fail in any way",
    "plans/registry.py": "a plug-in may fail in any way",
    "store/coordination/__init__.py": "who writes for others hands each what its own work raised",
}

_BROAD = {"Exception", "BaseException"}
_PLACE = re.compile(r"(?<![\w.~/-])/(?:work|home|root)/")
_IGNORE = re.compile(r"#\s*type:\s*ignore(?!\[)")


def named(path: Path) -> str:
    """How a test's parameter is called."""
    return path.relative_to(ROOT).as_posix()


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions and methods."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def parsed(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def catches_everything(handler: ast.ExceptHandler) -> bool:
    """Whether the clause names no exception, or one that all others are, and lets none go on."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False
    if handler.type is None:
        return True
    return any(isinstance(n, ast.Name) and n.id in _BROAD for n in ast.walk(handler.type))


def test_there_is_something_to_look_at():
    """The rules look at real files."""
    assert SOURCES
    assert TESTS


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_files_and_functions_stay_short(path):
    """A file has at most 400 lines, a function at most 60."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    lengths = {f.name: (f.end_lineno or 0) - f.lineno + 1 for f in functions(parsed(path))}
    assert {n: lines for n, lines in lengths.items() if lines > MOST_LINES_OF_A_FUNCTION} == {}


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_names_say_what_a_thing_is(path):
    """No module and no class has a name that could be anything's."""
    assert not NO_MODULE & {path.stem, path.parent.name}
    classes = [node.name for node in ast.walk(parsed(path)) if isinstance(node, ast.ClassDef)]
    assert [name for name in classes if name.endswith(NO_CLASS)] == []


def test_everything_is_caught_only_where_it_is_explained():
    """Broad excepts stand where the list allows, and the list holds no place without one."""
    found = {
        path.relative_to(ROOT / "src" / "plait").as_posix()
        for path in SOURCES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
    }
    assert found == set(BROAD)
    assert all(BROAD.values())


@pytest.mark.parametrize("path", SOURCES + TESTS, ids=named)
def test_type_errors_are_ignored_by_code(path):
    """`type: ignore` names the code that it ignores."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [n for n, line in enumerate(lines, start=1) if _IGNORE.search(line)] == []


@pytest.mark.parametrize("path", TESTS, ids=named)
def test_every_test_says_what_it_holds(path):
    """A test has a docstring that states the behaviour."""
    tests = [f for f in functions(parsed(path)) if f.name.startswith("test_")]
    assert [f.name for f in tests if not ast.get_docstring(f)] == []


@pytest.mark.parametrize("path", SOURCES + PAGES, ids=named)
def test_no_path_of_the_machine_it_was_made_on(path):
    """Neither code nor documentation names a folder of a person's machine."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if _PLACE.search(line)] == []
