"""A repository with one feature's specflow task list, and what tests ask of what is read."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from plait.core.finding import Finding
from plait.core.plan import Plan, WorkPackage
from plait.plans.specflow import FORMAT
from plait.ports import Loaded, PlanSource

PLACE = "documentation/features/cache/tasks.md"
LISTS = Path(__file__).parents[1] / "unit" / "specflow"
GROUPS = (LISTS / "groups.md").read_text("utf-8")
TRACKS = (LISTS / "tracks.md").read_text("utf-8")


class Desk:
    """A repository with one feature's task list."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("documentation/features/cache/requirements.md", "# R")
        self.write("documentation/features/cache/design.md", "# D")

    def write(self, place: str, text: str | bytes) -> Path:
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
        return path

    def load(self, text: str | bytes) -> Loaded:
        return self.open(self.write(PLACE, text))

    def open(self, path: Path) -> Loaded:
        name = path.relative_to(self.root).as_posix()
        return FORMAT.load(PlanSource(root=self.root, path=path, name=name, in_repository=True))


def plan_of(desk: Desk, text: str | bytes) -> Plan:
    loaded = desk.load(text)
    assert loaded.plan is not None
    return loaded.plan


def get(plan: Plan, name: str) -> WorkPackage:
    return next(p for p in plan.packages if p.id == name)


def edges(plan: Plan) -> dict[str, dict[str, str]]:
    return {p.id: {e.id: e.provenance.value for e in p.needs} for p in plan.packages}


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


def only(findings: tuple[Finding, ...], code: str) -> Finding:
    (finding,) = [f for f in findings if f.code == code]
    return finding
