"""`orchestration.yml` beside a list in task groups: who works on a group, and by which standards.

It names groups by their titles, as a slug (`backend-api`) or in prose, seldom exactly as the list
does. A name that fits one group alone is that group's; of any other a finding tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from plait.core.finding import Finding, Severity
from plait.core.plan import SourceFile, Span
from plait.errors import PlaitError
from plait.plans.groups.tasks import Group
from plait.plans.nearest import nearest
from plait.plans.places import below, holds, named
from plait.plans.refusals import ignored, refused
from plait.plans.tasks import Task
from plait.plans.text import read
from plait.ports import PlanSource

NAME = "orchestration.yml"
_ROLES = ("assigned_specialist", "claude_code_subagent", "assigned_subagent", "specialist")
_WORDS = re.compile(r"[^\W_]+")
_NUMBERED = re.compile(r"(?:task[ _-]*)?group[ _-]*(?P<id>[0-9]{1,6}(?:\.[0-9]{1,6})?|[A-Za-z])\b")
_FILLING = frozenset({"a", "and", "for", "group", "in", "of", "on", "task", "the", "to", "with"})
_MOST_STANDARDS = 200
_SHOWN = 3
_NONE = frozenset({"none", "n/a", "no", "-"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Orchestration:
    """What the file says: of groups' tasks their role, and the standards of all (globs)."""

    file: SourceFile | None = None
    roles: Mapping[str, str] = field(default_factory=dict)  # by the group's task id
    standards: tuple[tuple[str, Span], ...] | None = None  # None: no file, or it names none


def orchestration_of(
    source: PlanSource, groups: Sequence[Group], findings: list[Finding]
) -> Orchestration:
    """Read the file beside a list, if there is one.

    Args:
        source: The list.
        groups: Its groups.
        findings: Takes what is wrong with the file, `SIDECAR_IGNORED` and `UNMATCHED_GROUP`.
    """
    path = source.path.parent / NAME
    if not holds(source, path):
        return Orchestration()
    from plait.plans.yaml_source import parse

    try:
        text = read(path, named(source, path))
    except PlaitError as error:
        findings.append(refused(error, named(source, path)))
        return Orchestration()
    document = parse(text)
    findings.extend((*text.findings, *document.findings))
    file = text.file
    root = document.node(("task_groups",))
    if document.root is None:
        return Orchestration(file=file)
    if root is None or not isinstance(root.value, list):
        message = "it has no list task_groups: nothing is taken from it"
        span = document.span(("task_groups",))
        hint = "write task_groups: a list of name and specialist"
        findings.append(ignored(message, span, hint=hint))
        return Orchestration(file=file)
    roles: dict[str, str] = {}
    standards: dict[str, Span] = {}
    listed = False
    for at in range(len(root.value)):
        here = ("task_groups", at)
        name = _line(document.text((*here, "name")))
        span = document.span((*here, "name"))
        group = _matching(name, groups)
        if group is None:
            findings.append(_unmatched(name, groups, span))
        role = next((said for key in _ROLES if (said := _line(document.text((*here, key))))), "")
        if group is not None and role:
            roles.setdefault(group.task, role)
        entries = document.node((*here, "standards"))
        listed = listed or entries is not None
        values = entries.value if entries is not None else None
        for index, entry in enumerate(values if isinstance(values, list) else [entries]):
            if entry is not None and isinstance(entry.value, str):
                place = document.span((*here, "standards", index))
                standards.setdefault(entry.value.strip(), place)
    return Orchestration(
        file=file, roles=roles, standards=tuple(standards.items()) if listed else None
    )


def assigned(tasks: Iterable[Task], roles: Mapping[str, str]) -> tuple[Task, ...]:
    """The tasks with the roles of the file, which is later than the list, in place of its own."""
    return tuple(replace(task, role=roles[task.id]) if task.id in roles else task for task in tasks)


def standards_of(
    source: PlanSource,
    folder: Path,
    wanted: tuple[tuple[str, Span], ...] | None,
    findings: list[Finding],
) -> tuple[str, ...]:
    """The standards' files: `all`, a folder's (`global/*`), one, or with None all that are there.

    Args:
        source: The list.
        folder: Where standards lie.
        wanted: What the orchestration names.
        findings: Takes `MISSING_CONTEXT` for what is not there.
    """
    found: dict[str, None] = {}
    for pattern, span in (("all", None),) if wanted is None else wanted:
        if pattern.lower() in _NONE:
            continue
        files = [path for path in _standards(folder, pattern) if holds(source, path)]
        found.update(dict.fromkeys(named(source, path) for path in files))
        if not files and span is not None:
            message = f"the standards {pattern!r} are not there: agents work without them"
            hint = f"put them into {named(source, folder)}"
            findings.append(_warning("MISSING_CONTEXT", message, span, hint))
    return tuple(found)[:_MOST_STANDARDS]


def _standards(folder: Path, pattern: str) -> Iterator[Path]:
    """The files that a pattern of standards means; nothing outside their folder."""
    steps = [step for step in pattern.removeprefix("standards/").split("/") if step != "."]
    if ".." in steps or pattern.startswith("/"):
        return
    everything = pattern.lower() == "all"
    here = folder
    for step in steps:
        if everything or "*" in step:
            break
        here = here / step
    try:
        if everything or "*" in pattern:
            deep = everything or "**" in pattern
            found = sorted(below(here))
            yield from (p for p in found if p.suffix == ".md" and (deep or p.parent == here))
        elif here.is_dir():
            every = islice(here.iterdir(), 5 * _MOST_STANDARDS)
            yield from sorted(path for path in every if path.suffix == ".md")[:_MOST_STANDARDS]
        else:
            yield here if here.suffix else here.with_name(f"{here.name}.md")
    except (OSError, ValueError):  # a name that no file can have
        return


def _matching(name: str, groups: Sequence[Group]) -> Group | None:
    """The group of a name: the same words, else by its number, else if it alone has them all."""
    words = _words(name)
    if not words:
        return None
    same = [group for group in groups if _words(group.title) == words]
    if len(same) == 1:
        return same[0]
    if number := _NUMBERED.match(name.lower()):
        meant = [group for group in groups if group.id.lower() == number["id"].lower()]
        if len(meant) == 1:
            return meant[0]
    near = [group for group in groups if (own := _words(group.title)) <= words or words <= own]
    near = [group for group in near if _words(group.title)]
    return near[0] if len(near) == 1 else None


def _words(title: str) -> frozenset[str]:
    return frozenset(_WORDS.findall(title.lower())) - _FILLING


def _unmatched(name: str, groups: Sequence[Group], span: Span) -> Finding:
    spelt = {_spelt(group.title): group.title for group in groups}
    meant = nearest(_spelt(name), spelt)
    listed = ", ".join(list(spelt.values())[:_SHOWN])
    message = f"no task group of the list is called {name!r}: its role is given to nobody"
    hint = f"the list's groups: {listed}" if listed else "the list has no task groups"
    return _warning(
        "UNMATCHED_GROUP", message, span, f"did you mean {spelt[meant]!r}?" if meant else hint
    )


def _spelt(name: str) -> str:
    return " ".join(_WORDS.findall(name.lower()))


def _line(text: str) -> str:
    return " ".join(text.split())[:200]


def _warning(code: str, message: str, span: Span, hint: str) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, message=message, span=span, hint=hint)
