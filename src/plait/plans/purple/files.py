"""A ticket's files, in the four ways that specs list them, as its scope.

``**Create:** `p` ``, ``CREATE: `p` ``, ``- `p` -- New file``, and bullets below "Files To Modify".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from plait.core.finding import Finding, Severity
from plait.core.plan import Confidence, Scope
from plait.plans.markdown import Kind, Line
from plait.plans.page import span_of
from plait.plans.paths import listed
from plait.plans.purple.fields import Field, labelled

_DASH = re.compile(r" (?:--|—|–|-) ")  # noqa: RUF001 - dashes as written
_TICKED = re.compile(r"`[^`\n]{0,300}`")
_OPTIONAL = re.compile(r"\boptional(?:ly)?\b", re.IGNORECASE)
_CONDITION = re.compile(r"\b(?:if|unless|as needed|where needed)\b|^or\b", re.IGNORECASE)
_CONDITIONAL = re.compile(
    r"(?:(?:change|create|edit|modify|update)s? )?(?:only )?(?:if|unless|as needed|where needed)\b",
    re.IGNORECASE,
)
_UNWRITTEN = re.compile(
    r"\b(?:read[- ]only|reference only|for reference|no changes?|unchanged|"
    r"do not (?:change|edit|modify))\b",
    re.IGNORECASE,
)
_READ = frozenset({"read", "reference"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    line: Line
    globs: tuple[str, ...]
    optional: bool
    conditional: bool


def scope_of(fields: Iterable[Field], file: str, findings: list[Finding]) -> Scope:
    """What a ticket may write: inferred from its file lists, unknown without a path in them.

    A file that is to be written on a condition, or as an alternative, counts; one that is
    optional does not: `CONDITIONAL_FILE` tells of both.
    """
    globs: dict[str, None] = {}
    for field in fields:
        if field.key != "files":
            continue
        for entry in _entries(field):
            if entry.optional or entry.conditional:
                findings.append(_conditional(entry, file))
            if not entry.optional:
                globs.update(dict.fromkeys(entry.globs))
    if not globs:
        return Scope()
    return Scope(write=tuple(globs), confidence=Confidence.INFERRED)


def own_repository(globs: Sequence[str], name: str, *, gathered: bool) -> tuple[str, ...]:
    """Paths without the `repos/<name>/` before them, if they mean this very repository.

    Args:
        globs: Paths of a scope.
        name: The repository's name.
        gathered: Whether repositories do lie in a folder `repos` here: then paths stay.
    """
    prefix = f"repos/{name}/"
    return tuple(globs) if gathered else tuple(glob.removeprefix(prefix) for glob in globs)


def _entries(field: Field) -> Iterator[_Entry]:
    if field.value.text and (entry := _entry(field.line, field.value.text)):
        yield entry
    above: int | None = None  # the indent of the bullet that has named a file
    for line in field.below:
        item = line.kind in {Kind.BULLET, Kind.BOX}
        named = line.content.lstrip("*").startswith(("`", "|")) or labelled(line.content)
        if not item and not named:
            continue
        if above is not None and line.indent > above:
            continue  # what stands below a file tells of it
        entry = _entry(line, line.content)
        above = line.indent if entry and item else None
        if entry:
            yield entry


def _entry(line: Line, text: str) -> _Entry | None:
    plain = text.replace("**", "")
    label = labelled(plain)
    head, dash, rest = _cut(plain)
    globs = listed(head)
    if not globs and dash:
        head, rest = plain, ""
        globs = listed(head)
    if not globs or _UNWRITTEN.search(plain) or (label and label[0] in _READ):
        return None
    words = _TICKED.sub("", head).strip()
    return _Entry(
        line=line,
        globs=globs,
        optional=bool(_OPTIONAL.search(_TICKED.sub("", plain))),
        conditional=bool(_CONDITION.search(words) or _CONDITIONAL.match(rest)),
    )


def _cut(text: str) -> tuple[str, bool, str]:
    """What stands before the first dash, whether there is one, and what stands behind it."""
    dash = _DASH.search(text)
    return (text[: dash.start()], True, text[dash.end() :]) if dash else (text, False, "")


def _conditional(entry: _Entry, file: str) -> Finding:
    paths = ", ".join(entry.globs)
    what = "optional: not counted" if entry.optional else "conditional: counted as written"
    return Finding(
        code="CONDITIONAL_FILE",
        severity=Severity.INFO,
        message=f"{paths} is {what} in the ticket's scope",
        span=span_of(entry.line, file),
        hint="list the files that the ticket does write",
    )
