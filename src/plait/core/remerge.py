"""A file that git could not merge → the one that holds both sides' changes, where that is sure.

Neither side is ever taken for the other. An answer is given only where it can be shown to hold
what each side changed: data by merging the data, imports and lists of lines where both sides
only added, line endings by themselves. Everything else is for somebody who knows what it means.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from posixpath import basename, splitext
from typing import Any

from plait.core.datamerge import (
    MISSING,
    Both,
    format_of,
    merge_data,
    same_data,
    written_as,
)

Read = Callable[[str, str], Any]  # form and text → what it says, or `ValueError`

MARKER = 40  # characters of a marker of conflict, as git is asked to write it
MOST_BYTES = 4 << 20
LONGEST_LINE = 1000  # characters of one that speaks for itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """A text as both sides began with it (None: they did not), and as each left it.

    The line endings are LF; `crlf` says whether they were others and shall be again.
    """

    path: str
    base: str | None
    ours: str
    theirs: str
    crlf: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    """Where both sides changed the same lines."""

    ours: tuple[str, ...]
    base: tuple[str, ...]
    theirs: tuple[str, ...]


def versions(path: str, base: bytes | None, ours: bytes, theirs: bytes) -> Versions | None:
    """The three as texts; None if one is none, is too long, or mixes line endings."""
    known = [each for each in (base, ours, theirs) if each is not None]
    if any(len(each) > MOST_BYTES or b"\0" in each for each in known):
        return None
    try:
        texts = [each.decode("utf-8") for each in known]
    except UnicodeDecodeError:
        return None
    styles = [_is_crlf(each) for each in texts]
    if None in styles or any("\r" in each.replace("\r\n", "\n") for each in texts):
        return None
    plain = [each.replace("\r\n", "\n") for each in texts]
    before = plain[0] if base is not None else None
    mine, other = styles[-2], styles[-1]
    # Line endings are merged like anything else: who changed them has changed them.
    crlf = mine if base is None or other == styles[0] else other
    if base is None and mine != other:
        return None
    return Versions(path=path, base=before, ours=plain[-2], theirs=plain[-1], crlf=bool(crlf))


def settled(given: Versions, marked: str, read: Read) -> bytes | None:
    """What holds both sides' changes; None if that is not sure.

    Args:
        given: The three versions.
        marked: The merge of them with markers of `MARKER` characters, the base's lines included.
        read: What reads a text of a form, or raises `ValueError`.
    """
    parts = _parts(marked)
    if parts is None:
        return None
    if not any(isinstance(each, Hunk) for each in parts):
        text: str | None = marked
    else:
        form = format_of(given.path)
        text = _data(form, given, parts, read) if form else _lines(given, parts)
    if text is None or not reads_as_before(given.path, text, (given.ours, given.theirs), read):
        return None
    return (text.replace("\n", "\r\n") if given.crlf else text).encode("utf-8")


def reads_as_before(path: str, text: str, before: Sequence[str], read: Read) -> bool:
    """Whether a file can be read as what its name says; true if it could not be before either."""
    form = "python" if splitext(path)[1] in {".py", ".pyi"} else format_of(path)
    if not form or _can(read, form, text):
        return True
    return not all(_can(read, form, each) for each in before)


def _can(read: Read, form: str, text: str) -> bool:
    try:
        read(form, text)
    except ValueError:
        return False
    return True


def _is_crlf(text: str) -> bool | None:
    """Whether its lines end in CRLF; None if only some do."""
    crlf, lines = text.count("\r\n"), text.count("\n")
    return None if 0 < crlf < lines else crlf > 0


# -- the parts of a merge with markers -------------------------------------------------------


def _parts(marked: str) -> list[str | Hunk] | None:
    """Lines that are merged, and hunks that are not; None if the markers make no sense."""
    found: list[str | Hunk] = []
    sides: list[list[str]] | None = None
    for line in marked.splitlines(keepends=True):
        mark = line[0] if line[:MARKER] == line[0] * MARKER else ""
        if mark == "<" and sides is None:
            sides = [[]]
        elif mark in {"|", "="} and sides is not None and len(sides) == (1 if mark == "|" else 2):
            sides.append([])
        elif mark == ">" and sides is not None and len(sides) == 3:  # noqa: PLR2004 - sides
            ours, base, theirs = (tuple(each) for each in sides)
            found.append(Hunk(ours=ours, base=base, theirs=theirs))
            sides = None
        elif mark and mark in "<|>":
            return None
        elif sides is not None:
            sides[-1].append(line)
        else:
            found.append(line)
    return None if sides is not None else found


def _joined(parts: Sequence[str | Hunk], settle: Callable[[Hunk], Sequence[str] | None]) -> str:
    """The text with each hunk settled.

    Raises:
        Both: One cannot be.
    """
    text: list[str] = []
    for part in parts:
        if isinstance(part, str):
            text.append(part)
            continue
        lines = settle(part)
        if lines is None:
            raise Both("both sides changed the same lines", code="BOTH_CHANGED")
        text += lines
    return "".join(text)


# -- data ------------------------------------------------------------------------------------


def _data(form: str, given: Versions, parts: Sequence[str | Hunk], read: Read) -> str | None:
    """The text whose data is the merge of the data."""
    try:
        base = MISSING if given.base is None else read(form, given.base)
        merged = merge_data(base, read(form, given.ours), read(form, given.theirs))
        if form == "json":
            return written_as(given.ours, merged)
        text = _joined(parts, _one_after_the_other)
        return text if same_data(read(form, text), merged) else None
    except (Both, ValueError):
        return None


def _one_after_the_other(hunk: Hunk) -> Sequence[str] | None:
    """Lines that both sides put in at one place."""
    if hunk.base:
        return None
    return (*_ended(hunk.ours), *(each for each in hunk.theirs if each.strip() or not hunk.ours))


def _ended(lines: Sequence[str]) -> list[str]:
    """Lines of which the last one ends as well."""
    return [each if each.endswith("\n") else f"{each}\n" for each in lines]


# -- lines -----------------------------------------------------------------------------------

_JS = r"import\b[^;]*\bfrom\s*['\"][^'\"]+['\"];?|import\s+['\"][^'\"]+['\"];?"
_JAVA = r"import\s+(static\s+)?[\w.*]+;?"
_IMPORTS: Mapping[str, str] = {
    **dict.fromkeys((".py", ".pyi"), r"import\s+[\w.]+(\s+as\s+\w+)?|from\s+[\w.]+\s+import\s+.+"),
    **dict.fromkeys((".js", ".jsx", ".mjs", ".ts", ".tsx", ".mts", ".vue", ".svelte"), _JS),
    **dict.fromkeys((".java", ".kt", ".scala", ".groovy"), _JAVA),
    ".rs": r"(pub(\([\w:]+\))?\s+)?use\s+[\w:]+(\s+as\s+\w+)?;",
    ".go": r"(\w+\s+)?\"[^\"]+\"",
    ".cs": r"using\s+[\w.]+;",
    ".swift": r"import\s+\w+",
    **dict.fromkeys((".c", ".h", ".cc", ".cpp", ".hpp"), r"#\s*include\s*[<\"][^>\"]+[>\"]"),
}
_LISTS = {".gitignore", ".dockerignore", ".npmignore", ".eslintignore", ".prettierignore"}
_SUMS = {"go.sum"}
_WORD = re.compile(r"\w+")


def _lines(given: Versions, parts: Sequence[str | Hunk]) -> str | None:
    """Lines of which each speaks for itself, and to which both sides only added."""
    suffix = splitext(given.path)[1]
    if basename(given.path) in _LISTS | _SUMS:
        form = re.compile(r"[^!\s].*\n?")  # a line with ! depends on those before it
    elif suffix in _IMPORTS:
        form = re.compile(rf"\s*(?:{_IMPORTS[suffix]})\s*")
    else:
        return None

    def union(hunk: Hunk) -> Sequence[str] | None:
        ours, theirs = _ended(hunk.ours), _ended(hunk.theirs)
        if hunk.base or any(len(each) > LONGEST_LINE for each in (*ours, *theirs)):
            return None
        if not all(form.fullmatch(each) for each in (*ours, *theirs) if each.strip()):
            return None
        added = [each for each in theirs if each not in ours]
        if suffix in _IMPORTS and _bound(ours, theirs) & _bound(added, ours):
            return None
        both = [*ours, *added]
        tidy = ours == sorted(ours) and theirs == sorted(theirs)
        return sorted(both) if tidy else both

    try:
        text = _joined(parts, union)
    except Both:
        return None
    return text if _holds(text, given) else None


def _bound(lines: Sequence[str], other: Sequence[str]) -> set[str]:
    """The names that lines bring in and that the other side does not bring in by the same line."""
    names: set[str] = set()
    for each in lines:
        if each in other or not (words := _WORD.findall(each)):
            continue
        text = each.strip()
        if text.startswith("from "):
            brought = text.partition(" import ")[2].split(",")
            names |= {_WORD.findall(one)[-1] for one in brought if _WORD.search(one)}
        elif " from " in text:
            names |= {_WORD.findall(one)[-1] for one in re.split(r"[,{}]", text.split(" from ")[0])
                      if _WORD.search(one)} - {"import", "type"}  # fmt: skip
        elif not text.startswith("#"):
            names.add(words[-1])
    return names


def _holds(text: str, given: Versions) -> bool:
    """Whether all that either side added is in it, and what neither took out."""
    base = Counter((given.base or "").splitlines())
    ours, theirs = Counter(given.ours.splitlines()), Counter(given.theirs.splitlines())
    found = Counter(text.splitlines())
    added = (ours - base) | (theirs - base)
    gone = (base - ours) | (base - theirs)
    return all(found[line] >= count for line, count in ((base - gone) | added).items())
