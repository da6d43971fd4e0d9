"""A repository with one spec: a folder with requirements, a design, and a list of tasks."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

from plait.core.finding import Finding
from plait.core.plan import PackageId, Plan, WorkPackage
from plait.ports import Loaded, PlanFormat, PlanSource


class SpecDesk:
    """The repository; `folder` is the spec's, relative to it."""

    def __init__(self, root: Path, plan_format: PlanFormat, folder: str) -> None:
        self.root = root
        self.format = plan_format
        self.folder = folder
        self.write(f"{folder}/requirements.md", "# R")
        self.write(f"{folder}/design.md", "# D")

    def write(self, place: str, content: str | bytes | dict[str, Any]) -> Path:
        """A file; a dictionary becomes JSON."""
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            content = json.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else dedent(content).encode())
        return path

    def load(self, text: str | bytes) -> Loaded:
        """What the format makes of such a list."""
        path = self.write(f"{self.folder}/tasks.md", text)
        name = path.relative_to(self.root).as_posix()
        source = PlanSource(root=self.root, path=path, name=name, in_repository=True)
        return self.format.load(source)

    def plan(self, text: str | bytes) -> Plan:
        """The plan of such a list."""
        loaded = self.load(text)
        assert loaded.plan is not None, loaded.findings
        return loaded.plan


def get(plan: Plan, name: str) -> WorkPackage:
    """A package."""
    return plan.package(PackageId(name))


def needs(plan: Plan) -> dict[str, dict[str, str]]:
    """By package, what it needs and why."""
    return {
        package.id: {edge.id: edge.provenance.value for edge in package.needs}
        for package in plan.packages
    }


def order(plan: Plan) -> dict[str, str]:
    """By package, what it needs, in one line each."""
    return {name: " ".join(sorted(wanted)) for name, wanted in needs(plan).items()}


def codes(loaded: Loaded) -> list[str]:
    """The codes of all findings."""
    return [finding.code for finding in loaded.findings]


def only(loaded: Loaded, code: str) -> Finding:
    """The one finding of that code."""
    (finding,) = [finding for finding in loaded.findings if finding.code == code]
    return finding
