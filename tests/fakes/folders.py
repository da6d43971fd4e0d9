"""A repository whose plan is a folder of files, and what tests ask of what is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from plait.core.finding import Finding
from plait.core.plan import PackageId, Plan, WorkPackage
from plait.ports import Loaded, PlanFormat, PlanSource


class Folder:
    """A repository with a plan's folder; `files` are written there, their texts dedented."""

    def __init__(self, root: Path, place: str, plan_format: PlanFormat) -> None:
        self.root = root
        self.place = place
        self.format = plan_format

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files into the plan's folder; a name that begins with `/` is the repository's."""
        for name, text in files.items():
            own = name.removeprefix("/") if name.startswith("/") else f"{self.place}/{name}"
            path = self.root / own
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())

    def load(self, name: str = "tasks.md") -> Loaded:
        """Read the plan whose main file has that name."""
        own = f"{self.place}/{name}"
        source = PlanSource(root=self.root, path=self.root / own, name=own, in_repository=True)
        return self.format.load(source)

    def read(self, text: str | bytes, **files: str | bytes) -> Loaded:
        """Write the task list, and further files, and read it."""
        self.write({"tasks.md": text, **files})
        return self.load()

    def plan(self, text: str | bytes, **files: str | bytes) -> Plan:
        """The plan that the task list gives."""
        plan = self.read(text, **files).plan
        assert plan is not None
        return plan


def get(plan: Plan, name: str) -> WorkPackage:
    """A package by its id."""
    return plan.package(PackageId(name))


def edges(plan: Plan) -> dict[str, dict[str, str]]:
    """By package, what it needs and why."""
    return {p.id: {e.id: e.provenance.value for e in p.needs} for p in plan.packages}


def codes(loaded: Loaded) -> list[str]:
    """The findings' codes, in their order."""
    return [finding.code for finding in loaded.findings]


def only(loaded: Loaded, code: str) -> Finding:
    """The one finding of that code."""
    (finding,) = [f for f in loaded.findings if f.code == code]
    return finding


def ticked(raw: bytes, plan: Plan, name: str) -> bytes:
    """The file after a package has landed: its markers' bytes replaced."""
    changed = bytearray(raw)
    for marker in get(plan, name).markers:
        changed[marker.offset : marker.offset + 1] = marker.done.encode()
    return bytes(changed)
