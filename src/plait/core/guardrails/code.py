"""Programs in other languages given on a command line, as far as a literal tells what they run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from plait.core.guardrails.call import Call, behind
from plait.core.guardrails.inner import Inner
from plait.core.guardrails.state import HOLE

LARGEST = 256 * 1024
_VALUED = ("-W", "-X", "-r", "--require", "-I", "-Q", "--check-hash-based-pycs")
_BY_SHELL = frozenset({"system", "popen", "getoutput", "getstatusoutput"})
_STARTS = frozenset(
    {"run", "call", "check_call", "check_output", "Popen", "create_subprocess_shell",
     "create_subprocess_exec", "spawn"}
)  # fmt: skip
_TEXT = r"""(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|`((?:[^`\\]|\\.)*)`)"""
_SHELLED = re.compile(
    r"(?:\bsystem|\bexec|\bexecSync|\bpopen|\bshell_exec|\bpassthru|\bspawnSync?|\$)\s*(?:\(\s*)?"
    + _TEXT
)
_DELETED = re.compile(
    r"(?:\brmSync|\brmdirSync|\brimraf(?:\.sync)?|\brm|\brm_rf|\brm_r|\bremove_entry_secure"
    r"|\bremove_dir|\brmtree|\bremove_tree|\bremoveSync|\bemptyDirSync)\s*(?:\(\s*)?" + _TEXT
)
_OPENED = re.compile(r"\b(?:readFile(?:Sync)?|file_get_contents|File\.read)\s*(?:\(\s*)?" + _TEXT)
_BACKTICKS = re.compile(r"`([^`\n]{1,4000})`")


def inner(call: Call) -> Iterator[Inner] | None:
    """The shell's commands that the given program runs; None if it is no interpreter."""
    stem = call.name.rstrip("0123456789.")
    if stem in {"python", "pypy", "ipython"}:
        return _python(call)
    letters = _LANGUAGES.get(stem)
    return None if letters is None else _other(call, stem, letters)


_LANGUAGES = {"node": ("-e", "-p", "--eval", "--print", "-pe"), "bun": ("-e", "--eval"),
              "deno": ("eval",), "perl": ("-e", "-E", "-ne", "-pe"), "ruby": ("-e",),
              "php": ("-r",)}  # fmt: skip


def _python(call: Call) -> Iterator[Inner]:
    args = call.args
    while args and args[0].startswith("-") and args[0] not in {"-", "-c", "-m"}:
        if args[0][1:2] != "-" and args[0][-1:] in "cm" and args[0] not in _VALUED:
            args = (f"-{args[0][-1]}", *args[1:])
            break
        args = args[2:] if args[0] in _VALUED else args[1:]
    if args[:1] == ("-m",):
        if len(args) > 1:
            yield Inner(words=args[1:])
    elif args[:1] == ("-c",):
        yield from _of_python(args[1] if len(args) > 1 else "")
    elif call.stdin is not None and (not args or args[0] == "-"):
        yield from _of_python(call.stdin)


def _of_python(code: str) -> Iterator[Inner]:
    import ast

    if len(code) > LARGEST or HOLE in code:
        return
    try:
        tree = ast.parse(code)
        calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for each in calls[:500]:
        name = each.func.attr if isinstance(each.func, ast.Attribute) else getattr(
            each.func, "id", "")  # fmt: skip
        value = _literal(each.args[0]) if each.args else None
        if name in _BY_SHELL | _STARTS:
            if isinstance(value, str):
                yield Inner(text=value)
            elif isinstance(value, list) and value:
                yield Inner(words=tuple(value))
        elif name in {"open", "read_text", "Path"} and isinstance(value, str):
            yield Inner(words=("cat", value))
        elif name in {"rmtree", "removedirs"}:
            yield Inner(words=("rm", "-rf", value if isinstance(value, str) else HOLE))
        elif name in {"remove", "unlink"} and isinstance(value, str):
            yield Inner(words=("rm", "-f", value))


def _literal(node: Any) -> str | list[str] | None:
    """A text, or a list of texts, as far as it stands there."""
    import ast

    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(
            each.value if isinstance(each, ast.Constant) and isinstance(each.value, str) else HOLE
            for each in node.values
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _shallow(node)
        return f"{left}{right}"
    if isinstance(node, ast.List | ast.Tuple):
        told = [_literal(each) for each in node.elts[:64]]
        return [each if isinstance(each, str) else HOLE for each in told]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        name, value = node.func.attr, _literal(node.args[0]) if node.args else None
        if name == "expanduser" and isinstance(value, str):
            return value
        if name == "split" and not node.args:
            text = _literal(node.func.value)
            return text.split() if isinstance(text, str) else None
        if name == "home":
            return "~"
    return None


def _shallow(node: Any) -> tuple[str, str]:
    left, right = _literal(node.left), _literal(node.right)
    return (left if isinstance(left, str) else HOLE), (right if isinstance(right, str) else HOLE)


def _other(call: Call, stem: str, letters: tuple[str, ...]) -> Iterator[Inner]:
    codes = [call.args[at + 1] for at, each in enumerate(call.args[:-1]) if each in letters]
    if not codes and call.stdin is not None and not behind(call.args, _VALUED):
        codes = [call.stdin]
    for code in codes:
        if len(code) > LARGEST:
            continue
        for found in _SHELLED.finditer(code):
            yield Inner(text=_said(found))
        for found in _DELETED.finditer(code):
            yield Inner(words=("rm", "-rf", _said(found)))
        for found in _OPENED.finditer(code):
            yield Inner(words=("cat", _said(found)))
        if stem in {"perl", "ruby"}:
            for found in _BACKTICKS.finditer(code):
                yield Inner(text=found[1])
            for word in re.finditer(r"\bunlink\b[^;]*?" + _TEXT, code):
                yield Inner(words=("rm", "-f", _said(word)))


def _said(found: re.Match[str]) -> str:
    text = next((each for each in found.groups() if each is not None), "")
    return re.sub(r"\\(.)", r"\1", re.sub(r"[$#]\{[^}]*\}", HOLE, text))
