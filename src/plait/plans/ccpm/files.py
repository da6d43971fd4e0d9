"""The files of an epic: its tasks, their names and numbers, and the analyses beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.plans.front_matter import Front, front_of
from plait.plans.page import Page, page_of
from plait.plans.places import holds, named
from plait.plans.records import Record
from plait.ports import PlanSource

EPIC = "epic.md"
MOST_FILES = 1000
MOST_BYTES = 2_000_000  # of all files of an epic together
_STEM = re.compile(r"([0-9]{1,9}[a-z]?)(?:[-_. ].*)?")
_SUFFIX = "-analysis"
_NUMBERS = re.compile(r"([0-9]{1,9})([a-z]?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of the epic, read. `group` is the numbered folder that it lies in, or empty.

    `number` is what its name begins with, `analysis` the file of its work streams.
    """

    page: Page
    front: Front
    number: str
    group: str = ""
    analysis: Page | None = None

    @property
    def id(self) -> str:
        """The task's id: its number, within its folder's."""
        return f"{self.group}/{self.number}" if self.group else self.number

    @property
    def record(self) -> Record | None:
        """The fields of its front matter."""
        return self.front.record


@dataclass(frozen=True, slots=True, kw_only=True)
class Epic:
    """An epic: its own file (None where there is none) and those of its tasks, in their order."""

    folder: Path
    epic: File | None
    tasks: tuple[File, ...]


def epic_of(source: PlanSource, findings: list[Finding]) -> Epic:
    """Read the epic that a file belongs to.

    A file that is neither an epic nor called by a number is a task by itself.

    Raises:
        UsageError: `PLAN_UNREADABLE`, `PLAN_TOO_LARGE`: of the file that was named.
    """
    folder = _folder_of(source.path)
    alone = source.path.name != EPIC and not _STEM.fullmatch(source.path.stem)
    paths = [("", source.path)] if alone else list(_task_paths(folder))
    desk = _Desk(source=source, findings=findings, strict=".claude" in source.path.parts)
    own = None if alone else desk.file(folder / EPIC, EPIC, "")
    files = []
    for group, path in paths[:MOST_FILES]:
        stem = _STEM.fullmatch(path.stem)
        file = desk.file(path, stem[1] if stem else path.stem, group)
        if file is not None:
            files.append(file)
    if len(paths) > MOST_FILES:
        findings.append(
            _error("PLAN_TOO_LARGE", f"the epic has more than {MOST_FILES} tasks", source.name)
        )
    return Epic(folder=folder, epic=own, tasks=tuple(files))


def normal(number: str) -> str:
    """A number without the zeros before it."""
    return number.lower().lstrip("0") or "0"


def _folder_of(path: Path) -> Path:
    """The epic's folder: tasks lie in it, in `tasks`, or in a numbered folder in that."""
    folder = path.parent
    if folder.name.isdigit() and folder.parent.name == "tasks":
        folder = folder.parent
    return folder.parent if folder.name == "tasks" else folder


def _task_paths(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files of tasks, by their numbers; `3-notes.md` beside `3.md` is none."""
    tasks = folder / "tasks"
    groups = [("", folder), ("", tasks)]
    if tasks.is_dir():
        groups += [(each.name, each) for each in _sorted(tasks) if each.name.isdigit()]
    for group, place in groups:
        files = [path for path in _sorted(place) if path.suffix == ".md"] if place.is_dir() else []
        stems = {path.stem for path in files}
        for path in files:
            stem = _STEM.fullmatch(path.stem)
            companion = stem is not None and path.stem != stem[1] and stem[1] in stems
            if stem is not None and not companion and not path.stem.endswith(_SUFFIX):
                yield group, path


def _sorted(folder: Path) -> list[Path]:
    return sorted(folder.iterdir(), key=_place)


def _place(path: Path) -> tuple[int, str, str]:
    number = _NUMBERS.match(path.name)
    return (int(number[1]), number[2], path.name) if number else (0, "", path.name)


@dataclass(slots=True, kw_only=True)
class _Desk:
    """Reads files until there are too many bytes of them; `strict` tells of all that are odd."""

    source: PlanSource
    findings: list[Finding]
    strict: bool
    left: int = MOST_BYTES

    def file(self, path: Path, number: str, group: str) -> File | None:
        """A file with its front matter, and the analysis beside it; None, and told, if not."""
        page = self.page(path)
        if page is None:
            return None
        front = front_of(page)
        if front.record is None and not self.strict and path != self.source.path:
            return None  # any numbered file, in a folder that need not be an epic's
        self.findings.extend(page.findings)
        said = front.findings
        if path.name == EPIC:  # its fields decide nothing
            said = tuple(replace(finding, severity=Severity.WARNING) for finding in said)
        self.findings.extend(said)
        beside = path.with_name(f"{number}{_SUFFIX}.md")
        analysis = self.page(beside) if path.name != EPIC else None
        return File(page=page, front=front, number=number, group=group, analysis=analysis)

    def page(self, path: Path) -> Page | None:
        own = path == self.source.path
        if not (own or holds(self.source, path)):
            return None
        name = self.source.name if own else named(self.source, path)
        before, self.left = self.left, self.left - path.stat().st_size
        if self.left < 0:
            if before >= 0:  # told once
                message = f"the epic has more than {MOST_BYTES // 1_000_000} MB"
                self.findings.append(_error("PLAN_TOO_LARGE", message, name))
            return None
        return page_of(path, name)


def _error(code: str, message: str, file: str) -> Finding:
    return Finding(
        code=code,
        severity=Severity.ERROR,
        message=message,
        span=Span(file=file),
        hint="split the epic",
    )
