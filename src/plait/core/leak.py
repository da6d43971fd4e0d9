"""Secrets that a change would put into the history: keys, tokens, passwords, with their places.

Keys of well-known forms are told by `clean`, which strikes them out of what is written down
anyway; what is judged here is where a line is new, and whether what stands there is meant: a
placeholder, a public example and a password of a test's own server are no secrets. A text behind
a name like `api_key` is one perhaps.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from math import log2
from typing import NamedTuple

Clean = Callable[[bytes], bytes]

MOST = 50
_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,24}PRIVATE KEY(?: BLOCK)?-----")
_END = "-----END "
_ADDRESS = re.compile(r"://[^\s/:@'\"]*:(?P<word>[^\s/@'\"]{1,200})@(?P<host>[\w.\-]*)")
_TAIL = re.compile(r"\A[\w.-]*")
_LONGEST_NAME = 40
_NAMED = re.compile(
    r"""(?P<name>(?:api[_-]?key|secret|token|passw(?:or)?d|passphrase|credential
    |private[_-]?key|access[_-]?key)[\w-]{0,20})["']?\s{0,4}(?:=>|:=|[:=])\s{0,4}
    (?P<quote>["'`])(?P<value>[^"'`\s]{12,200})(?P=quote)""",
    re.IGNORECASE | re.VERBOSE,
)
# What stands where a secret would, for people to fill in, or for tests to work with.
_MEANT = re.compile(
    r"example|sample|placeholder|change[_-]?me|replace|redacted|dummy|fake|mock|todo|your[_-]|insert"
    r"|not[_-]?(?:a[_-]?)?(?:real|secret)|xxxx|0000|1234567|abcdefg|<|\$|\{|%|\*{3}|\.{3}",
    re.IGNORECASE,
)
_LOCAL = re.compile(
    r"(?:localhost|127\.[\d.]+|0\.0\.0\.0|db|database|postgres|mysql|mongo|redis|host|server"
    r"|(?:.*\.)?example(?:\.\w+)?|.*\.(?:test|local|localhost|invalid)|)"
)
_LEAST_BITS = 3.0  # of a character; words and paths have fewer than keys
_LEAST_PASSWORD = 8


class Leak(NamedTuple):
    """A secret in a new line. Line and column count from 1; `certain`: by its very form."""

    line: int
    column: int
    what: str
    certain: bool


def leaks(before: str | None, after: str | None, clean: Clean) -> tuple[Leak, ...]:
    """The secrets in lines that a change adds to a file, at most fifty.

    Args:
        before: The file's text before the change; None if there was none.
        after: Its text afterwards; None if it is gone, or no text.
        clean: A line without keys of well-known forms.
    """
    if not after:
        return ()
    old = Counter((before or "").split("\n"))
    found: list[Leak] = []
    inside = False  # a private key, which is told once
    for number, line in enumerate(after.split("\n"), start=1):
        known = old[line] > 0
        old[line] -= known
        begins = _BEGIN.search(line)
        if inside:
            inside = _END not in line
        elif begins is not None:
            inside = _END not in line[begins.end() :]
            if not known:
                found.append(Leak(number, begins.start() + 1, "a private key", certain=True))
        elif not known:
            found += (Leak(number, *each) for each in _in_line(line, clean))
        if len(found) >= MOST:
            break
    return tuple(found[:MOST])


def _in_line(line: str, clean: Clean) -> Iterator[tuple[int, str, bool]]:
    for found in _ADDRESS.finditer(line):
        word = found["word"]
        if _is_password(word) and not _LOCAL.fullmatch(found["host"]):
            yield found.start("word") + 1, "a password in an address", True
    bare = _ADDRESS.sub("://", line)  # its passwords are judged above
    raw = bare.encode("utf-8", "surrogatepass")
    cleaned = clean(raw)
    if cleaned != raw:
        at = next((n for n, pair in enumerate(zip(raw, cleaned, strict=False))
                   if pair[0] != pair[1]), len(cleaned))  # fmt: skip
        prefix = raw[:at].decode("utf-8", "ignore")
        rest = bare[len(prefix) :].split()
        if not _MEANT.search(rest[0] if rest else ""):
            yield max(line.find(rest[0] if rest else ""), 0) + 1, "a key or a token", True
        return
    for named in _NAMED.finditer(line):
        value = named["value"]
        if _is_random(value) and not _MEANT.search(value):
            name = _whole_name(line, named.start()) + named["name"]
            yield named.start("value") + 1, f"a secret, by its name {name}", False


def _whole_name(line: str, end: int) -> str:
    """What stands before a part of a name and belongs to it."""
    before = line[max(0, end - _LONGEST_NAME) : end]
    found = _TAIL.search(before[::-1])
    return found[0][::-1] if found is not None else ""


def _is_password(word: str) -> bool:
    mixed = any(map(str.isdigit, word)) and any(map(str.isalpha, word))
    return len(word) >= _LEAST_PASSWORD and mixed and not _MEANT.search(word)


def _is_random(value: str) -> bool:
    """Whether it is no word, no path and no name: letters and digits, evenly mixed."""
    if not any(map(str.isdigit, value)) or not any(map(str.isalpha, value)):
        return False
    if value.count("/") > 1 or value.count(".") > 2:  # noqa: PLR2004 - a path, a module
        return False
    counts = Counter(value)
    bits = -sum(n / len(value) * log2(n / len(value)) for n in counts.values())
    return bits >= _LEAST_BITS
