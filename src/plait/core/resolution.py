"""A conflict between a candidate and what landed: which attempt it is of, and is it resolved?

An agent that resolves one is judged by what it left: no marker, no talk where code belongs, and
nothing of what landed given up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from posixpath import splitext

from plait.core.package import Attempt, PackageState
from plait.core.remerge import Read, reads_as_before
from plait.core.retry import CONFLICT_LEFT, LANDED_WORK_LOST, LANDING_FAILED, PROSE_FOR_CODE

_MARKERS = ("<" * 7, "=" * 7, ">" * 7)
_TALK = re.compile(
    r"(?i)(sure[,!.]|certainly[,!.]|of course[,!.]|i('ve| have| will|'ll| can| merged| resolved)\b"
    r"|here('s| is| are)\b|below is\b|the (merged|resolved|updated|final) (file|version|code)\b"
    r"|as an? (ai|language model)\b|both (changes|sides) (are|have been)\b)"
)
_WORDS = {".md", ".markdown", ".txt", ".rst", ".adoc", ".html", ".tex", ".org", ""}
_TOKEN = re.compile(r"\w+")
_LONGEST = 2 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """A file before both changed it, as it landed, and as the candidate had it; None: none."""

    base: bytes | None
    landed: bytes | None
    candidate: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unresolved:
    """Why an answer to a conflict is refused."""

    code: str
    reason: str


def unresolved(state: PackageState) -> Attempt | None:
    """The attempt whose conflict with what landed the package's next one has to resolve."""
    for attempt in reversed(state.attempts):
        if attempt.conflicts and attempt.commit is not None and not attempt.interrupted:
            return attempt
        if attempt.interrupted or attempt.outcome is None:
            continue
        if attempt.error_code in {None, LANDING_FAILED}:  # it was resolved; that came later
            return None
    return None


def judge(
    sides: Mapping[str, Sides], left: Mapping[str, bytes | None], read: Read
) -> Unresolved | None:
    """Why what an agent left does not resolve a conflict, or None.

    Args:
        sides: The files that conflict, and all others that the answer changes.
        left: What the answer has at these paths; None: nothing.
        read: What reads a text of a form, or raises `ValueError`.
    """
    for path, content in left.items():
        if content is None or len(content) > _LONGEST:
            continue
        text, before = _text(content), [_text(each) for each in _known(sides[path])]
        if _is_marked(text) and not any(map(_is_marked, before)):
            return Unresolved(code=CONFLICT_LEFT, reason=f"{path} holds markers of the conflict")
        if not before:
            continue
        if talk := _talk(path, text, before):
            return Unresolved(
                code=PROSE_FOR_CODE, reason=f"{path} holds words to a reader, no code: {talk}"
            )
        if not reads_as_before(path, text, before, read):
            return Unresolved(
                code=PROSE_FOR_CODE,
                reason=f"{path} can no longer be read as what its name says, and could be before",
            )
    everything = " ".join(_text(each) for each in left.values() if each is not None)
    words = frozenset(_TOKEN.findall(everything))
    known = frozenset(
        word
        for each in sides.values()
        for text in (each.base, each.candidate)
        for word in _TOKEN.findall(_text(text or b""))
    )
    for path, each in sides.items():
        if path in left and (lost := _lost(each, left[path], words, known)):
            return Unresolved(code=LANDED_WORK_LOST, reason=f"{path}: {lost}")
    return None


def _is_marked(text: str) -> bool:
    """Whether lines begin with the markers of a conflict, in their order."""
    wanted = 0
    for line in text.splitlines():
        if line[:7] == _MARKERS[wanted] and line[7:8] in {"", " "}:
            wanted += 1
            if wanted == len(_MARKERS):
                return True
    return False


def _known(sides: Sides) -> list[bytes]:
    return [each for each in (sides.landed, sides.candidate) if each is not None]


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace").replace("\r\n", "\n")


def _talk(path: str, text: str, before: Sequence[str]) -> str:
    """A line that is said to whoever asked, in a file of code or data; empty if there is none."""
    if splitext(path)[1].lower() in _WORDS:
        return ""
    lines = [each for each in text.splitlines() if each.strip()]
    known = {each for one in before for each in one.splitlines()}
    for line in (*lines[:2], *lines[-2:]):
        if line not in known and (line.startswith("```") or _TALK.match(line.strip())):
            return line.strip()[:80]
    return ""


def _lost(sides: Sides, left: bytes | None, words: frozenset[str], known: frozenset[str]) -> str:
    """What of a landed change an answer gives up; empty if nothing.

    Args:
        sides: The file.
        left: What the answer has there.
        words: All words of the answer: what landed may have moved to another file.
        known: All words that do not tell what landed from what was there before.
    """
    if sides.landed in (sides.base, left, sides.candidate):
        return ""
    if sides.landed is None:
        return "" if left is None else "it is there again, and what landed had deleted it"
    if left == sides.candidate and left is not None:
        return "it is the candidate's version; what landed changed it too"
    base, landed = _text(sides.base or b""), _text(sides.landed)
    if "\0" in landed or max(len(base), len(landed)) > _LONGEST:
        return ""
    for block in _put_in(base.splitlines(), landed.splitlines()):
        own = frozenset(_TOKEN.findall(block)) - known
        if own and not own & words:
            first = next(line for line in block.splitlines() if line.strip()).strip()
            return f"of what landed this is gone: {first[:120]}"
    return ""


def _put_in(base: Sequence[str], landed: Sequence[str]) -> Iterable[str]:
    """The blocks of lines that a side put in."""
    for tag, _, _, start, end in SequenceMatcher(None, base, landed).get_opcodes():
        if tag in {"insert", "replace"}:
            yield "\n".join(landed[start:end])
