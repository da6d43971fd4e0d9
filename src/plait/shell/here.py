"""Here-documents, taken out of a text before it is read.

They are most of what agents write into long commands, and mean nothing to the grammar: what is
left is short. Each `<<WORD` becomes a redirection from a file of a name that stands nowhere else
in the text; where the tree does not have it as such (it stood in quotes, in a comment), it is put
back.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection
from typing import NamedTuple

_START = re.compile(r"(?<!<)<<(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([\w.!%+@/-]+))(?!<)")
_MOST = 200


class Document(NamedTuple):
    """A here-document. `literal`: its delimiter was quoted, so nothing in it is expanded."""

    text: str
    literal: bool


def taken_out(text: str, left: Collection[str] = ()) -> tuple[str, dict[str, Document]]:
    """The text without its here-documents, and these by the names that stand in their place.

    Args:
        text: A shell's text.
        left: Names of those that are no here-documents, and stay as they are.
    """
    stem = "plait-here"
    while stem in text:
        stem += "-x"
    lines = text.split("\n")
    kept: list[str] = []
    found: dict[str, Document] = {}
    ends = _ends(lines)
    at = count = 0
    while at < len(lines):
        line, at = lines[at], at + 1
        pieces: list[str] = []
        done = 0
        for start in _START.finditer(line):
            word = start[2] or start[3] or start[4]
            name = f"{stem}-{count}"
            count += 1
            places = ends.get((word, bool(start[1])), [])
            place = bisect_left(places, at)
            end = places[place] if place < len(places) else None
            if end is None or name in left or len(found) >= _MOST:
                continue
            body = lines[at:end]
            if start[1]:
                body = [each.lstrip("\t") for each in body]
            quoted = start[4] is None or "\\" in start[0]
            found[name] = Document("\n".join((*body, "")), quoted)
            pieces += (line[done : start.start()], f"< {name} ")
            done, at = start.end(), end + 1
        kept.append("".join((*pieces, line[done:])))
    return "\n".join(kept), found


def _ends(lines: list[str]) -> dict[tuple[str, bool], list[int]]:
    """The numbers of lines that are one short word, by the word, as it stands or behind tabs."""
    found: dict[tuple[str, bool], list[int]] = {}
    for number, line in enumerate(lines):
        if 0 < len(line) <= 80:  # noqa: PLR2004 - no delimiter is as long
            found.setdefault((line, False), []).append(number)
            found.setdefault((line.lstrip("\t"), True), []).append(number)
    return found
