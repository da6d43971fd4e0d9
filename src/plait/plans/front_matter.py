"""The YAML at a Markdown file's beginning: its fields with their places, and the text behind it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.plans import yaml_source
from plait.plans.markdown import Kind, Line
from plait.plans.page import Page
from plait.plans.records import Record
from plait.plans.text import SourceText

_FENCES = ("---", "...")
_WITHIN = 12  # lines from the file's beginning, for one that stands below a heading
_PROSE = re.compile(r"(?:name|title|description): (?![ \"'|>\[{&*!])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """A file's fields (None where it has none) and the lines behind them."""

    record: Record | None
    lines: tuple[Line, ...]
    body: str
    findings: tuple[Finding, ...] = ()


def front_of(page: Page) -> Front:
    """Read the front matter: between two `---`, or fenced below a heading that calls it so.

    Findings: `NO_FRONT_MATTER` for a file without one, or whose one never closes; then all of
    the text is body. What is wrong in the YAML is told as `yaml_source` does.
    """
    lines = page.text.lines
    begin, end = _dashed(lines) or _fenced(page.lines)
    if end <= begin:
        what = "never closes" if begin and not end else "is missing"
        finding = Finding(
            code="NO_FRONT_MATTER",
            severity=Severity.WARNING,
            message=f"the front matter {what}: only the text is read",
            span=Span(file=page.text.name),
            hint="begin the file with fields between two lines of ---",
        )
        return Front(record=None, lines=page.lines, body=_joined(lines), findings=(finding,))
    document = _parsed(page.text, begin, end)
    root = document.root
    fields = root if root is not None and isinstance(root.value, dict) else None
    return Front(
        record=None if fields is None else Record(node=fields, document=document),
        lines=tuple(line for line in page.lines if line.number > end + 1),
        body=_joined(lines[end + 1 :]),
        findings=document.findings,
    )


def _dashed(lines: tuple[str, ...]) -> tuple[int, int] | None:
    """The lines between two `---`, from the first of them to behind the last."""
    if not lines or lines[0].rstrip() != "---":
        return None
    return 1, next((at for at in range(1, len(lines)) if lines[at].rstrip() in _FENCES), 0)


def _fenced(lines: tuple[Line, ...]) -> tuple[int, int]:
    """The same for a fence below a heading "Frontmatter"."""
    start = lines[:_WITHIN]
    heads = [at for at, line in enumerate(start) if line.kind is Kind.HEADING]
    named = [at for at in heads if start[at].content.replace(" ", "").lower() == "frontmatter"]
    code = lines[named[0] + 1 :] if named else ()
    block = []
    for line in code:
        if line.kind is Kind.CODE:
            block.append(line)
        elif block or line.kind is not Kind.BLANK:
            break
    return (block[0].number, block[-1].number - 1) if block else (0, 0)


def _parsed(text: SourceText, begin: int, end: int) -> yaml_source.Document:
    """Parse the lines; what people write there is often no YAML (`name: Model: part 1`).

    If it is none, it is read again with prose in quotes, which moves no other field.
    """
    document = yaml_source.parse(_part(text, begin, text.lines[begin:end]))
    if document.root is None:
        quoted = tuple(map(_quoted, text.lines[begin:end]))
        again = yaml_source.parse(_part(text, begin, quoted))
        document = again if again.root is not None else document
    return document


def _quoted(line: str) -> str:
    field = _PROSE.match(line)
    value = line[field.end() :].rstrip() if field else ""
    return f"{field[0]}{json.dumps(value, ensure_ascii=False)}" if field else line


def _part(text: SourceText, begin: int, lines: tuple[str, ...]) -> SourceText:
    """A part of a file as a text of its own, with its lines where they are."""
    all_lines = (*("",) * begin, *lines)
    return replace(text, lines=all_lines, text="\n".join(all_lines))


def _joined(lines: tuple[str, ...]) -> str:
    return "\n".join(lines).strip()
