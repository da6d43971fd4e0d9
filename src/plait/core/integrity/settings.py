"""Settings files of test runners, linters and type checkers, laid out flat to be compared.

TOML, JSON and INI are read; of anything else, the lines. A file that cannot be read says nothing.
"""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

Flat = Mapping[str, Any]
"""Values by their path, `tool.ruff.lint.ignore`; a value is a scalar or a list of texts."""

_TOOLS = re.compile(
    r"^tool\.(?:ruff|mypy|pytest|coverage|pylint|flake8|bandit|pyright|basedpyright|pydocstyle|ty|"
    r"pytype|vulture|importlinter)\b"
)
_SECTIONS = re.compile(
    r"^(?:tool:)?(?:pytest|coverage|run|report|mypy|flake8|pylint|pycodestyle|pydocstyle|isort|"
    r"bandit|testenv|MASTER|MAIN|MESSAGES CONTROL)\b"
)
_NAMES = re.compile(
    r"^(?:pyproject\.toml|ruff\.toml|\.ruff\.toml|setup\.cfg|tox\.ini|pytest\.ini|\.?mypy\.ini|"
    r"\.coveragerc|\.flake8|\.pylintrc|pylintrc|\.bandit|pyrightconfig\.json|package\.json|"
    r"tsconfig[^/]*\.json|\.eslintrc(?:\.json)?|biome\.jsonc?|\.nycrc(?:\.json)?|"
    r"jest\.config\.json|\.c8rc\.json|deno\.jsonc?|clippy\.toml|Cargo\.toml|phpstan\.neon|"
    r"\.swiftlint\.yml|\.golangci\.ya?ml|\.rubocop\.ya?ml|codecov\.ya?ml|\.codecov\.ya?ml|"
    r"(?:jest|vitest|vite|eslint|playwright|karma|babel)\.config\.[cm]?[jt]s|\.eslintrc\.c?js|"
    r"\.eslintignore|\.(?:prettier|stylelint)ignore|conftest\.py|noxfile\.py)$"
)
_OWN_NAMES = ("module", "files", "name", "path")  # by which a table of a list is known
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*+"?)|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?', re.DOTALL)
_TRAILING = re.compile(r",(\s*[}\]])")


def is_settings(path: str) -> bool:
    """Whether a path is one where such settings stand."""
    return bool(_NAMES.match(path.rpartition("/")[2]))


def flat(path: str, text: str | None) -> Flat | None:
    """The settings of a file that are about tests, linters and types; None: it is read by lines."""
    name = path.rpartition("/")[2]
    if not text:
        return {} if name.endswith((".toml", ".json", ".jsonc", ".cfg", ".ini")) else None
    try:
        if name.endswith(".toml"):
            whole = dict(_flattened(tomllib.loads(text), ""))
            shared = name in {"pyproject.toml", "Cargo.toml"}
            return {
                key: value
                for key, value in whole.items()
                if not shared or _TOOLS.match(key) or key.startswith(("lints.", "workspace.lints."))
            }
        if name.endswith((".json", ".jsonc")) or name in {".nycrc", ".eslintrc"}:
            found = json.loads(_TRAILING.sub(r"\1", _COMMENT.sub(r"\1", text)))
            return dict(_flattened(found, "")) if isinstance(found, dict) else {}
        if name.endswith((".cfg", ".ini")) or name in {
            ".coveragerc",
            ".flake8",
            ".pylintrc",
            "pylintrc",
        }:
            return dict(_ini(text, everything=name not in {"setup.cfg", "tox.ini"}))
    except (ValueError, RecursionError, configparser.Error):
        return None
    return None


def _flattened(value: Any, at: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _flattened(each, f"{at}.{key}" if at else str(key))
    elif isinstance(value, list):
        if any(isinstance(each, dict) for each in value):
            for number, each in enumerate(value):
                told = each if isinstance(each, dict) else {}
                own = next((told[key] for key in _OWN_NAMES if key in told), number)
                yield from _flattened(each, f"{at}.{own}")
        else:
            yield at, [str(each) for each in value]
    else:
        yield at, value


def _ini(text: str, *, everything: bool) -> Iterator[tuple[str, Any]]:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    parser.read_string(text)
    for section in parser.sections():
        if everything or _SECTIONS.match(section):
            for key, value in parser.items(section):
                lines = [each.strip() for each in re.split(r"[\n,]", value or "") if each.strip()]
                yield f"{section}.{key}", lines if "\n" in (value or "") else value


def place(text: str, *names: str) -> int:
    """The line of the last of these that stands in a text, each after the one before."""
    at, line = 0, 1
    for name in names:
        found = text.find(name, at)
        if found >= 0:
            at, line = found, text.count("\n", 0, found) + 1
    return line
