"""Statements of SQL that lose data, read as statements: not comments, not texts in quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plait.core.guardrails.state import HOLE

LARGEST = 512 * 1024
_TOKENS = re.compile(
    r"--[^\n]*|/\*.*?(?:\*/|$)|'(?:[^']|'')*(?:'|$)|\$([A-Za-z_]*)\$.*?(?:\$\1\$|$)"
    r"|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]\n]*\]|[\w.\0$]+|;|[^\s\w]",
    re.DOTALL,
)
_NOTHING = frozenset({"1=1", "true", "1", "'a'='a'", "0=0", "(1=1)", "1<>0", "2>1"})
_DROPPED = frozenset(
    {"DATABASE", "SCHEMA", "TABLE", "TABLESPACE", "KEYSPACE", "OWNED", "USER", "ROLE"}
)
_MINOR = frozenset({"VIEW", "INDEX", "COLUMN", "TRIGGER", "FUNCTION", "PROCEDURE", "SEQUENCE",
                    "TYPE", "EXTENSION", "CONSTRAINT", "MATERIALIZED", "POLICY"})  # fmt: skip


def losses(text: str) -> Iterator[tuple[str, bool]]:
    """What the statements of a text lose: which, and whether it is past all restoring."""
    if len(text) > LARGEST:
        return
    statement: list[str] = []
    for found in _TOKENS.finditer(text):
        piece = found[0]
        if piece.startswith(("--", "/*")):
            continue
        if piece == ";":
            yield from _of(statement)
            statement = []
        else:
            statement.append(piece)
    yield from _of(statement)


def _of(statement: list[str]) -> Iterator[tuple[str, bool]]:
    words = [each.upper() for each in statement]
    while words and words[0] in {"EXPLAIN", "BEGIN", "(", "DO", "EXEC", "EXECUTE", "IF"}:
        if words[0] == "EXPLAIN" and "ANALYZE" not in words[:3]:
            return
        words, statement = words[1:], statement[1:]
    if words[:1] == ["WITH"]:
        verb = next((at for at, each in enumerate(words) if each in {"DELETE", "UPDATE"}), None)
        if verb is None:
            return
        words, statement = words[verb:], statement[verb:]
    if not words:
        return
    second = words[1] if len(words) > 1 else ""
    match words[0]:
        case "DROP" if second in _DROPPED:
            yield f"DROP {second}", True
        case "DROP" if second in _MINOR:
            yield f"DROP {second}", False
        case "TRUNCATE" if second:
            yield "TRUNCATE", True
        case "DELETE" if second == "FROM" and _everything(words, statement):
            yield "DELETE without WHERE", False
        case "UPDATE" if "SET" in words and _everything(words, statement):
            yield "UPDATE without WHERE", False
        case "ALTER" if "DROP" in words and second in {"TABLE", "DATABASE", "SCHEMA"}:
            yield f"ALTER {second} DROP", False
        case _:
            return


def _everything(words: list[str], statement: list[str]) -> bool:
    """Whether its condition is none, or always true."""
    if "WHERE" not in words:
        return "LIMIT" not in words
    rest = statement[words.index("WHERE") + 1 :]
    told = "".join(rest).lower()
    return told in _NOTHING and HOLE not in told
