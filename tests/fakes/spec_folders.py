"""A repository with one spec's list in task groups, and what tests ask of what is read."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from plait.core.finding import Finding
from plait.core.plan import Plan, WorkPackage
from plait.ports import Loaded, PlanFormat, PlanSource


class Spec:
    """A repository with the folder of one spec; what the format demands is there."""

    def __init__(self, root: Path, plan_format: PlanFormat, folder: str) -> None:
        self.root = root
        self.format = plan_format
        self.folder = folder
        self.write(f"{folder}/spec.md", "# Spec")
        self.write(f"{folder}/planning/requirements.md", "# Requirements")

    def write(self, place: str, text: str | bytes) -> Path:
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
        return path

    def load(self, text: str | bytes, **beside: str) -> Loaded:
        """Read a list; `beside` are files of its folder, by name (`.` written as `_`)."""
        for name, content in beside.items():
            self.write(f"{self.folder}/{name.replace('_', '.')}", content)
        return self.open(self.write(f"{self.folder}/tasks.md", text))

    def open(self, path: Path) -> Loaded:
        name = path.relative_to(self.root).as_posix()
        source = PlanSource(root=self.root, path=path, name=name, in_repository=True)
        return self.format.load(source)

    def plan(self, text: str | bytes, **beside: str) -> Plan:
        loaded = self.load(text, **beside)
        assert loaded.plan is not None
        return loaded.plan


def get(plan: Plan, name: str) -> WorkPackage:
    return next(package for package in plan.packages if package.id == name)


def edges(plan: Plan) -> dict[str, dict[str, str]]:
    return {p.id: {e.id: e.provenance.value for e in p.needs} for p in plan.packages}


def codes(loaded: Loaded) -> list[str]:
    return [finding.code for finding in loaded.findings]


def only(loaded: Loaded, code: str) -> Finding:
    (finding,) = [finding for finding in loaded.findings if finding.code == code]
    return finding
