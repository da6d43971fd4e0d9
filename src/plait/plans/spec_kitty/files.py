"""A spec-kitty mission's other files: work packages with front matter, lanes, status events."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.plans import yaml_source
from plait.plans.spec_kitty.sections import WP
from plait.plans.text import SourceText, decode
from plait.plans.yaml_source import Document

FILE = re.compile(rf"({WP})(?:[-_.].*)?\.md")
LANES = ("planned", "doing", "for_review", "done")  # folders that older versions moved files to
_ID = re.compile(WP)
_LANE_ID = re.compile(r'"lane_id"[ \t]{0,9}:[ \t]{0,9}"([^"]{1,200})"')
_MOST_TOLD = 5  # bad events, one by one
_MOST_BAD = 1000  # then it is no file of events
_LANES_HINT = "let spec-kitty compute the lanes again"
_MEND = "correct it, or take it out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A work package's own file. What its front matter does not say is None, or empty."""

    id: str
    text: SourceText
    title: str = ""
    lane: str = ""
    phase: str | None = None
    role: str | None = None
    needs: tuple[tuple[str, Span], ...] | None = None
    writes: tuple[str, ...] | None = None
    requirements: tuple[str, ...] = ()
    body: tuple[int, str] = (1, "")  # the line it begins on, and its text
    lane_span: Span | None = None
    needs_span: Span | None = None
    effort: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A row of work packages that share a worktree, one after another."""

    id: str
    packages: tuple[str, ...]
    after: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The last move of a work package on the board."""

    lane: str
    reason: str = ""
    span: Span
    order: tuple[str, str] = field(default=("", ""))


def prompt_of(path: Path, text: SourceText, findings: list[Finding]) -> Prompt | None:
    """A work package's file; None if neither its name nor its front matter has an id."""
    named = FILE.fullmatch(path.name)
    block, start = _front_matter(text)
    document = yaml_source.parse(block)
    findings.extend(replace(found, severity=Severity.WARNING) for found in document.findings)
    stated = document.text(("work_package_id",))
    name = stated if _ID.fullmatch(stated) else named[1] if named else None
    if name is None:
        return None
    if named and named[1] != name:
        findings.append(
            _warning(
                "WRONG_FILE_NAME",
                f"the file is called {named[1]}, its front matter says {name}: that holds",
                document.span(("work_package_id",)),
                "rename the file",
            )
        )
    requirements = _texts(document, "requirement_refs", findings) or ()
    needs = _texts(document, "dependencies", findings)
    owned = _texts(document, "owned_files", findings)
    created = _texts(document, "create_intent", findings) or ()
    folder = path.parent.name
    return Prompt(
        id=name,
        text=text,
        title=document.text(("title",)),
        lane=document.text(("lane",)) or (folder if folder in LANES else ""),
        phase=document.text(("phase",)) or None,
        role=document.text(("agent_profile",)) or None,
        needs=needs,
        writes=tuple(_glob(each) for each, _ in (*owned, *created)) if owned else None,
        requirements=tuple(each for each, _ in requirements),
        body=(start, "\n".join(text.lines[start - 1 :]).strip("\n")),
        lane_span=document.span(("lane",)),
        needs_span=document.span(("dependencies",)),
        effort=document.text(("estimated_effort",)),
    )


def manifest_of(text: SourceText, findings: list[Finding]) -> Mapping[str, Prompt]:
    """The work packages of `wps.yaml`, which says of them what their own files do in front."""
    document = yaml_source.parse(text)
    findings.extend(replace(found, severity=Severity.WARNING) for found in document.findings)
    key = next((each for each in ("work_packages", "wps") if document.node((each,))), None)
    rows = document.node((key,)) if key else None
    if key is None or rows is None or not isinstance(rows.value, list):
        hint = "write them below work_packages"
        message = "it holds no work packages"
        findings.append(_warning("SCHEMA_BAD_VALUE", message, Span(file=text.name), hint))
        return {}
    found: dict[str, Prompt] = {}
    for at in range(len(rows.value)):
        above = (key, at)
        name = document.text((*above, "id"))
        if not _ID.fullmatch(name):
            message = "a work package without an id such as WP01 is not read"
            span = document.span(above)
            findings.append(_warning("SCHEMA_BAD_VALUE", message, span, "give it an id"))
            continue
        owned = _texts(document, "owned_files", findings, above=above)
        refs = _texts(document, "requirement_refs", findings, above=above) or ()
        row = Prompt(
            id=name,
            text=text,
            title=document.text((*above, "title")),
            needs=_texts(document, "dependencies", findings, above=above),
            writes=tuple(_glob(each) for each, _ in owned) if owned else None,
            requirements=tuple(each for each, _ in refs),
            body=(len(text.lines) + 1, ""),
            needs_span=document.span((*above, "dependencies")),
        )
        found.setdefault(name, row)
    return found


def completed(prompt: Prompt | None, row: Prompt, findings: list[Finding]) -> Prompt:
    """A work package's file with what only `wps.yaml` says of it; what it says itself holds."""
    if prompt is None:
        return row
    if prompt.needs is not None and row.needs is not None:
        said, holds = ({text for text, _ in each.needs or ()} for each in (row, prompt))
        if said != holds and row.needs_span:
            findings.append(
                _warning(
                    "CONTRADICTORY_DEPENDENCIES",
                    f"{row.id} needs {', '.join(sorted(said)) or 'none'} here, "
                    f"{', '.join(sorted(holds)) or 'none'} by its own file: that holds",
                    row.needs_span,
                    "let spec-kitty finalize the tasks again",
                )
            )
    return replace(
        prompt,
        title=prompt.title or row.title,
        needs=row.needs if prompt.needs is None else prompt.needs,
        writes=prompt.writes or row.writes,
        requirements=prompt.requirements or row.requirements,
    )


def lanes_of(text: SourceText, findings: list[Finding]) -> tuple[Lane, ...]:
    """The lanes of `lanes.json`; what is wrong in it is told, and the rest read."""
    data = _json(text.text, Span(file=text.name), findings)
    rows = data.get("lanes") if isinstance(data, dict) else None
    if data is not None and not isinstance(rows, list):
        where = Span(file=text.name)
        findings.append(_warning("SIDECAR_IGNORED", "it holds no lanes", where, _LANES_HINT))
    found = []
    places = _lane_lines(text)
    for row in rows if isinstance(rows, list) else []:
        name = row.get("lane_id") if isinstance(row, dict) else None
        if not isinstance(name, str):
            message = "a lane without a lane_id is not read"
            findings.append(_warning("SIDECAR_IGNORED", message, Span(file=text.name), _LANES_HINT))
            continue
        found.append(
            Lane(
                id=name,
                packages=_strings(row, "wp_ids"),
                after=_strings(row, "depends_on_lanes"),
                writes=tuple(map(_glob, _strings(row, "write_scope"))),
                span=Span(file=text.name, line=places.get(name, 1)),
            )
        )
    return tuple(found)


def events_of(text: SourceText, findings: list[Finding]) -> Mapping[str, Event]:
    """The last move of each work package; moves count in the order of their times."""
    found: dict[str, Event] = {}
    bad: list[Finding] = []
    for number, line in enumerate(text.lines, start=1):
        if len(bad) == _MOST_BAD:
            break
        if not line.strip():
            continue
        span = Span(file=text.name, line=number)
        data = _json(line, span, bad)
        lane, name = (data.get("to_lane"), data.get("wp_id")) if isinstance(data, dict) else (0, 0)
        if not (isinstance(lane, str) and isinstance(name, str) and isinstance(data, dict)):
            continue
        order = (str(data.get("at") or ""), str(data.get("event_id") or ""))
        reason = data.get("reason")
        event = Event(
            lane=lane,
            reason=reason if isinstance(reason, str) else "",
            span=span,
            order=order,
        )
        if name not in found or found[name].order <= order:
            found[name] = event
    findings.extend(bad[:_MOST_TOLD])
    if len(bad) > _MOST_TOLD:
        rest = f"{len(bad) - _MOST_TOLD} more lines are no events"
        message = (
            rest if len(bad) < _MOST_BAD else "so many lines are no events that no more is read"
        )
        findings.append(replace(bad[_MOST_TOLD], message=message))
    return found


def _front_matter(text: SourceText) -> tuple[SourceText, int]:
    """The YAML between the two first `---`, at its own lines; and the line behind it."""
    lines = text.lines
    if not lines or lines[0].rstrip() != "---":
        return decode(b"{}", text.name), 1
    end = next((n for n in range(1, len(lines)) if lines[n].rstrip() == "---"), None)
    if end is None:
        return decode(b"{}", text.name), 1
    return decode("\n".join(("", *lines[1:end])).encode(), text.name), end + 2


def _texts(
    document: Document, key: str, findings: list[Finding], *, above: tuple[str | int, ...] = ()
) -> tuple[tuple[str, Span], ...] | None:
    """The entries of a list of texts, each at its place; None where there is no such key."""
    place = (*above, key)
    node = document.node(place)
    if node is None or node.value is None:
        return None
    if not isinstance(node.value, list):
        single = node.value if isinstance(node.value, str) else ""
        if not single:
            message = f"{key} must be a list"
            findings.append(_warning("SCHEMA_BAD_VALUE", message, document.span(place), _MEND))
        return ((single, document.span(place)),) if single else None
    found = []
    for at, entry in enumerate(node.value):
        if isinstance(entry.value, str) and entry.value.strip():
            found.append((entry.value.strip(), document.span((*place, at))))
        else:
            message = f"{key}[{at}] must be text"
            findings.append(
                _warning("SCHEMA_BAD_VALUE", message, document.span((*place, at)), _MEND)
            )
    return tuple(found)


def _json(text: str, span: Span, findings: list[Finding]) -> Any:
    """A JSON value, or None and a finding at its place; the text begins at `span`."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        at = replace(span, line=span.line + error.lineno - 1, column=error.colno)
        hint = "look at commas, quotes and brackets here"
        findings.append(_warning("BAD_JSON", f"this is no JSON: {error.msg}", at, hint))
    except (ValueError, RecursionError):
        message = "this is no JSON that can be read: a number too long, or nested too deep"
        findings.append(_warning("BAD_JSON", message, span, "repair the file, or delete it"))
    return None


def _strings(row: Mapping[str, Any], key: str) -> tuple[str, ...]:
    values = row.get(key)
    return tuple(v for v in values if isinstance(v, str)) if isinstance(values, list) else ()


def _lane_lines(text: SourceText) -> dict[str, int]:
    """The line that names each lane."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.lines, start=1):
        for name in _LANE_ID.findall(line):
            found.setdefault(name, number)
    return found


def _glob(path: str) -> str:
    """A path or glob as a scope's: brackets name folders (`app/[id]`), they are no class."""
    return path.strip().replace("[", "[[]")


def _warning(code: str, message: str, span: Span, hint: str) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, message=message, span=span, hint=hint)


def entries(folder: Path) -> Iterator[Path]:
    """The work packages' files of a mission: flat, or in folders by lane."""
    tasks = folder / "tasks"
    for place in (tasks, *(tasks / lane for lane in reversed(LANES))):
        if place.is_dir():
            yield from sorted(path for path in place.iterdir() if FILE.fullmatch(path.name))
