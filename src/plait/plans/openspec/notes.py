"""What lies around an OpenSpec task list: metadata, configuration, spec deltas, other plans."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.errors import PlaitError
from plait.plans import places
from plait.plans.markdown import Kind, Line
from plait.plans.page import page_of, span_of
from plait.plans.yaml_source import Document
from plait.ports import PlanSource

METADATA = ".openspec.yaml"
DEFAULT_SCHEMA = "spec-driven"
_DELTA = re.compile(r"(ADDED|MODIFIED|REMOVED|RENAMED)[ \t]+Requirements\b", re.IGNORECASE)
_REQUIREMENT = re.compile(r"Requirement:[ \t]*(.*)", re.IGNORECASE)
_SCENARIO = re.compile(r"Scenario\b", re.IGNORECASE)
_WITH_SCENARIOS = frozenset({"ADDED", "MODIFIED"})
_PATH = re.compile(r"[\w.@+-]{1,100}(?:/[\w.@+-]{1,100}){0,10}")
_MOST_SPECS = 200
_MOST_FILES = 50
_LONGEST = 50_000  # characters of context that are looked through for names of files
_REQUIREMENT_LEVEL, _SCENARIO_LEVEL = 3, 4
_MEND = "correct it, or take it out: agents only read it"
_KINDS = {
    "schema": (str, "text"),
    "goal": (str, "text"),
    "initiative": (str, "text"),
    "skip_specs": (bool, "true or false"),
    "affected_areas": (list, "a list"),
    "retire_capabilities": (list, "a list"),
    "rules": (dict, "a mapping"),
    "operations": (dict, "a mapping"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a change says of itself in `.openspec.yaml`."""

    schema: str = DEFAULT_SCHEMA
    skip_specs: bool = False


def metadata_of(source: PlanSource, folder: Path, findings: list[Finding]) -> Metadata:
    """Read a change's `.openspec.yaml`, if it has one; what is wrong in it is told."""
    document = _yaml(source, folder / METADATA, findings)
    if document is None:
        return Metadata()
    return Metadata(
        schema=document.text(("schema",)) or DEFAULT_SCHEMA,
        skip_specs=(node := document.node(("skip_specs",))) is not None and node.value is True,
    )


def config_context(source: PlanSource, home: Path, findings: list[Finding]) -> Iterator[str]:
    """The project's `config.yaml`, for agents to read, and the files that its context names.

    Args:
        source: The task list.
        home: The folder `openspec`.
        findings: Takes what is wrong in it.
    """
    path = next(
        (p for name in ("config.yaml", "config.yml") if _is(source, p := home / name)), None
    )
    document = _yaml(source, path, findings) if path else None
    if path is None or document is None:
        return
    yield places.named(source, path)
    node = document.node(("context",))
    told = node.plain() if node else ""
    lines = told if isinstance(told, list) else [told]
    text = "\n".join(line for line in lines if isinstance(line, str))[:_LONGEST]
    words = dict.fromkeys(word.strip(".") for word in _PATH.findall(text))
    named = (home.parent / word for word in words if "." in word or "/" in word)
    for file in islice((file for file in named if _is(source, file)), _MOST_FILES):
        yield places.named(source, file)


def specs_of(source: PlanSource, folder: Path, findings: list[Finding]) -> tuple[str, ...]:
    """The change's spec deltas, by name; a requirement without a scenario is told."""
    found = []
    paths = (path for path in places.below(folder / "specs") if path.suffix == ".md")
    for path in sorted(path for path in islice(paths, _MOST_SPECS) if _is(source, path)):
        name = places.named(source, path)
        found.append(name)
        try:
            page = page_of(path, name)
        except PlaitError as error:
            findings.append(_warning(error.code, error.message, Span(file=name), error.hint))
            continue
        findings.extend(_deltas(page.lines, name))
    return tuple(found)


def _deltas(lines: Sequence[Line], file: str) -> Iterator[Finding]:
    """A delta's requirements each have a scenario, and there is a delta at all."""
    section, requirement, any_section = "", None, False
    headings = [line for line in lines if line.kind is Kind.HEADING]
    for line in headings:
        if line.level < _REQUIREMENT_LEVEL:
            if requirement:
                yield _no_scenario(requirement, file)
            delta = _DELTA.match(line.content)
            section, requirement = delta[1].upper() if delta else "", None
            any_section = any_section or delta is not None
        elif line.level == _REQUIREMENT_LEVEL and _REQUIREMENT.match(line.content):
            if requirement:
                yield _no_scenario(requirement, file)
            requirement = line if section in _WITH_SCENARIOS else None
        elif line.level == _SCENARIO_LEVEL and _SCENARIO.match(line.content):
            requirement = None
    if requirement:
        yield _no_scenario(requirement, file)
    if not any_section:
        message = "it has no section of ADDED, MODIFIED, REMOVED or RENAMED Requirements"
        hint = "begin with `## ADDED Requirements`"
        yield _warning("NO_SPEC_DELTA", message, Span(file=file), hint)


def _no_scenario(line: Line, file: str) -> Finding:
    return _warning(
        "REQUIREMENT_WITHOUT_SCENARIO",
        f'"{line.content}" has no scenario: nothing says when it is met',
        span_of(line, file),
        "add `#### Scenario: …` below it",
    )


def _yaml(source: PlanSource, path: Path, findings: list[Finding]) -> Document | None:
    """A YAML file beside the plan. What is wrong in it stops no run: agents only read it."""
    from plait.plans import text, yaml_source

    if not _is(source, path):
        return None
    name = places.named(source, path)
    try:
        content = text.read(path, name)
    except PlaitError as error:
        findings.append(_warning(error.code, error.message, Span(file=name), error.hint))
        return None
    document = yaml_source.parse(content)
    told = (*content.findings, *document.findings)
    findings.extend(replace(finding, severity=Severity.WARNING) for finding in told)
    if document.root is None:
        return None
    if not isinstance(document.root.value, dict):
        span = document.span(())
        findings.append(_warning("SCHEMA_BAD_VALUE", "a mapping is expected here", span, _MEND))
        return None
    for key, (kind, wanted) in _KINDS.items():
        node = document.node((key,))
        if node is not None and node.value is not None and not isinstance(node.value, kind):
            span = document.span((key,))
            findings.append(_warning("SCHEMA_BAD_VALUE", f"{key} must be {wanted}", span, _MEND))
    return document


def _is(source: PlanSource, path: Path) -> bool:
    return places.holds(source, path)


def _warning(code: str, message: str, span: Span, hint: str) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, message=message, span=span, hint=hint)
