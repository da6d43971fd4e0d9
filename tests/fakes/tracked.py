"""A repository whose plan is kept as records (JSON, JSON lines, front matter), and what is read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from typing import Any

from plait.core.finding import Finding
from plait.core.plan import Plan, WorkPackage
from plait.plans.detect import recognise
from plait.plans.registry import registered
from plait.ports import Loaded, PlanFormat, PlanSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracker:
    """A repository and the format that reads its plan at `place`."""

    root: Path
    format: PlanFormat
    place: str

    def write(self, text: object, place: str | None = None) -> Path:
        """A file: bytes and text as they are, anything else as JSON."""
        path = self.root / (place or self.place)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
        return path

    def open(self, place: str | None = None) -> Loaded:
        """What the format makes of the plan."""
        name = place or self.place
        path = self.root / name
        return self.format.load(
            PlanSource(root=self.root, path=path, name=name, in_repository=True)
        )

    def load(self, text: object) -> Loaded:
        """What the format makes of a plan of that text."""
        self.write(text)
        return self.open()

    def plan(self, text: object) -> Plan:
        """The plan that the format makes of that text."""
        plan = self.load(text).plan
        assert plan is not None
        return plan


def lines(*records: dict[str, Any]) -> str:
    """JSON lines."""
    return "".join(f"{json.dumps(record)}\n" for record in records)


def get(plan: Plan | None, name: str) -> WorkPackage:
    """A package of a plan."""
    assert plan is not None
    return next(package for package in plan.packages if package.source_id == name)


def needs(plan: Plan | None) -> dict[str, set[str]]:
    """By package, what it needs."""
    assert plan is not None
    return {package.source_id: {str(e.id) for e in package.needs} for package in plan.packages}


def states(plan: Plan | None) -> dict[str, str]:
    """By package, what the source says of it."""
    assert plan is not None
    return {package.source_id: package.status.value for package in plan.packages}


def told(loaded: Loaded, code: str) -> list[Finding]:
    """The findings of that code."""
    return [finding for finding in loaded.findings if finding.code == code]


def recognised(path: Path, root: Path) -> str:
    """The format that a file is taken for, all that are installed asked; or why none is."""
    source = PlanSource(
        root=root, path=path, name=path.relative_to(root).as_posix(), in_repository=True
    )
    found = recognise(source, registered().formats, forced=False)
    return found.code if isinstance(found, Finding) else found.name


def elsewhere(path: Path, folder: Path) -> Path:
    """A copy of a file at a place that says nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    return Path(copyfile(path, folder / f"plan{path.suffix}"))
