"""A repository with a plan of some format in it, and what it makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from plait.core.finding import Finding
from plait.core.plan import PackageId, Plan, WorkPackage
from plait.ports import Loaded, PlanFormat, PlanSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A repository, the format, and the place of its plan."""

    root: Path
    plan_format: PlanFormat
    place: str

    def write(self, place: str, text: str | bytes) -> Path:
        """A file at a place below the root."""
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
        return path

    def load(self, text: str | bytes) -> Loaded:
        """What the format makes of a text at the plan's place."""
        return self.open(self.write(self.place, text))

    def open(self, path: Path) -> Loaded:
        """What the format makes of a file."""
        name = path.relative_to(self.root).as_posix()
        source = PlanSource(root=self.root, path=path, name=name, in_repository=True)
        return self.plan_format.load(source)

    def plan(self, text: str | bytes) -> Plan:
        """The plan of a text that has one."""
        loaded = self.load(text)
        assert loaded.plan is not None, loaded.findings
        return loaded.plan


def get(plan: Plan, name: str) -> WorkPackage:
    """A package of a plan."""
    return plan.package(PackageId(name))


def edges(plan: Plan) -> dict[str, dict[str, str]]:
    """By package, what it needs and why."""
    return {p.id: {e.id: e.provenance.value for e in p.needs} for p in plan.packages}


def codes(loaded: Loaded) -> list[str]:
    """The codes of what was found."""
    return [finding.code for finding in loaded.findings]


def only(loaded: Loaded, code: str) -> Finding:
    """The one finding of a code."""
    (found,) = [finding for finding in loaded.findings if finding.code == code]
    return found
