"""The test cases of a Python file, for pytest and unittest."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from plait.core.integrity.case import Case, Cases

_ASSERTS = re.compile(
    r"^_?(?:assert|expect|check|verify|should|must|ensure|raises|warns|fail|refute|compare)"
)
_EXACT = frozenset(
    {
        "assertEqual", "assertEquals", "assertListEqual", "assertDictEqual", "assertSetEqual",
        "assertTupleEqual", "assertSequenceEqual", "assertCountEqual", "assertMultiLineEqual",
        "assert_called_once_with", "assert_called_with", "assert_has_calls", "assert_equal",
    }
)  # fmt: skip
_LOOSE = frozenset(
    {
        "assertTrue", "assertIsNotNone", "assertIn", "assertIsInstance", "assertGreater",
        "assertGreaterEqual", "assert_called", "assert_called_once", "assertNotEqual",
    }
)  # fmt: skip
_SKIPS = frozenset({"skip", "skipif", "xfail", "skipIf", "skipUnless", "expectedFailure"})
_SKIP_CALLS = frozenset({"skip", "skipTest", "xfail", "importorskip", "SkipTest"})
_WORDS = re.compile(r"\w+")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def read(text: str) -> Cases:
    """The cases of a file; none if it is not of this Python's grammar."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Cases()
    lines = text.splitlines()
    found: list[Case] = []
    beside: list[str] = []
    helpers: list[str] = []
    skipped = _module_skip(tree.body)
    for function, names, of_class in _functions(tree.body, (), 0):
        if function.name.startswith("test"):
            case = _case(function, names, lines)
            mark = skipped or of_class
            if mark and not case.skipped:
                case = replace(case, skipped=mark)
            found.append(case)
            continue
        asserted = _asserts(function)
        beside += asserted
        if asserted:
            helpers.append(function.name)
    return Cases(cases=tuple(found), beside=tuple(beside), helpers=tuple(helpers))


def _functions(
    body: Sequence[ast.stmt], names: tuple[str, ...], skipped: int
) -> Iterator[tuple[_Function, tuple[str, ...], int]]:
    """Functions and methods, with the names of their classes and the line of a class's skip."""
    for node in body:
        if isinstance(node, _Function):
            yield node, (*names, node.name), skipped
        elif isinstance(node, ast.ClassDef):
            line, conditional = _decorated(node.decorator_list)
            own = _module_skip(node.body) or (0 if conditional else line)
            yield from _functions(node.body, (*names, node.name), skipped or own)
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from _functions(node.body, names, skipped)


def _case(function: _Function, names: tuple[str, ...], lines: Sequence[str]) -> Case:
    first = min([function.lineno, *(each.lineno for each in function.decorator_list)])
    text = "\n".join(lines[first - 1 : function.end_lineno])
    skipped, conditional = _decorated(function.decorator_list)
    if not skipped:
        skipped, conditional = _skip_call(function.body)
    body = _reached(function.body)
    reached = ast.Module(body=list(body), type_ignores=[])
    asserted = _asserts(reached)
    names_called = frozenset(
        called
        for each in ast.walk(reached)
        if isinstance(each, ast.Call) and (called := _name(each.func))
    )
    loops = sum(
        isinstance(each, ast.For | ast.While | ast.comprehension) for each in ast.walk(reached)
    )
    loops += text.count("parametrize")
    return Case(
        name=names[-1],
        qualified=".".join(names),
        line=function.lineno,
        words=frozenset(_WORDS.findall(text)),
        asserts=tuple(asserted),
        exact=sum(map(_is_exact, ast.walk(reached))),
        loose=sum(map(_is_loose, ast.walk(reached))),
        loops=loops,
        skipped=skipped,
        conditional=conditional,
        empty=all(map(_is_idle, body)),
        calls=names_called,
    )


def _asserts(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and not _is_idle(node):
            found.append(f"assert {ast.unparse(node.test)}")
        elif isinstance(node, ast.Call) and _ASSERTS.match(_name(node.func)):
            found.append(ast.unparse(node))
    return found


def _is_exact(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare):
        return isinstance(node.test.ops[0], ast.Eq)
    return isinstance(node, ast.Call) and _name(node.func) in _EXACT


def _is_loose(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        return not (isinstance(node.test, ast.Compare) and isinstance(node.test.ops[0], ast.Eq))
    return isinstance(node, ast.Call) and _name(node.func) in _LOOSE


def _is_idle(node: ast.stmt) -> bool:
    """Whether a statement does nothing that could fail."""
    match node:
        case ast.Pass() | ast.Expr(value=ast.Constant()) | ast.Return(value=None | ast.Constant()):
            return True
        case ast.Assert(test=ast.Constant(value=value)):
            return bool(value)
        case ast.Assert(test=ast.Compare(left=left, ops=[ast.Eq()], comparators=[right])):
            return isinstance(left, ast.Constant) and ast.dump(left) == ast.dump(right)
        case ast.Expr(value=ast.Call(args=[ast.Constant(value=True)]) as call):
            return _name(call.func) in {"assertTrue", "assert_", "ok_"}
        case _:
            return False


def _reached(body: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
    """The statements up to the first that ends the test whatever happens."""
    for place, node in enumerate(body):
        if isinstance(node, ast.Return):
            return body[: place + 1]
    return body


def _decorated(decorators: Iterable[ast.expr]) -> tuple[int, bool]:
    """The line of a decorator that keeps a test from running; whether only under a condition."""
    for each in decorators:
        call = each if isinstance(each, ast.Call) else None
        name = _name(call.func if call else each)
        if name in _SKIPS:
            return each.lineno, name in {"skipif", "skipIf", "skipUnless"} and not _always(call)
    return 0, False


def _always(call: ast.Call | None) -> bool:
    first = call.args[0] if call and call.args else None
    return isinstance(first, ast.Constant) and bool(first.value) and first.value is not False


def _skip_call(body: Sequence[ast.stmt], *, within: bool = False) -> tuple[int, bool]:
    """The line of a call that ends a test as skipped, and whether a condition stands before."""
    for node in body:
        if isinstance(node, ast.If):
            sure = isinstance(node.test, ast.Constant) and bool(node.test.value)
            line, conditional = _skip_call(node.body, within=within or not sure)
            if line:
                return line, conditional
            continue
        if isinstance(node, ast.With | ast.Try):
            line, conditional = _skip_call(node.body, within=within)
            if line:
                return line, conditional
            continue
        call = node.value if isinstance(node, ast.Expr) else getattr(node, "exc", None)
        if isinstance(call, ast.Call) and _name(call.func) in _SKIP_CALLS:
            return node.lineno, within or _name(call.func) == "importorskip"
    return 0, False


def _module_skip(body: Sequence[ast.stmt]) -> int:
    """The line by which nothing of a module, or of a class, runs."""
    for node in body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(each, ast.Name) and each.id == "pytestmark" for each in targets):
                marks = (
                    node.value.elts
                    if isinstance(node.value, ast.List | ast.Tuple)
                    else [node.value]
                )
                line, conditional = _decorated(marks)
                if line and not conditional:
                    return line
            if any(isinstance(each, ast.Name) and each.id == "__test__" for each in targets):
                value = node.value
                if isinstance(value, ast.Constant) and value.value is False:
                    return node.lineno
        if isinstance(node, ast.Expr | ast.Raise):
            line, conditional = _skip_call([node])
            if line and not conditional:
                return line
    return 0


def _name(node: ast.expr) -> str:
    """The last name of `a.b.c`."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
