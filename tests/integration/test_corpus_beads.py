"""Real beads files: their issues, the closed ones and the edges, counted in another way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import pytest
from tests.fakes.corpus import CORPUS, Real, real_files
from tests.fakes.tracked import elsewhere, recognised

from plait.core.finding import errors
from plait.core.plan import Plan, SourceStatus
from plait.plans.beads import FORMAT
from plait.plans.circles import circling
from plait.ports import Loaded, PlanSource

pytestmark = pytest.mark.corpus

REAL = {real.repository: real for real in real_files("beads")}

# Packages (issues without parts that are work), those closed, and edges between packages.
COUNTS = {
    "fullofcaffeine/reflaxe.go": (193, 192, 737),
    "fwojciec/locdoc": (153, 149, 96),
    "jayminwest/overstory": (613, 580, 232),
    "marufeuille/pluse-board": (14, 8, 6),
    "mattneel/blazt": (68, 68, 357),
    "steveyegge/beads": (282, 277, 0),
}
ID = re.compile(
    r'^\{(?:"_type":"issue",)?(?:"[a-z_]+":(?:"(?:[^"\\]|\\.)*"|[0-9.]+|null|true|false),)*?"id":"([^"]+)"'
)
LINK = re.compile(r'\{"issue_id":"([^"]+)","depends_on_id":"([^"]+)","type":"([a-z-]+)"')
STATUS = re.compile(r'(?<!\\)"status":"([a-z_]+)"')
NO_WORK = re.compile(r'(?<!\\)"issue_type":"(?:agent|merge-request)"')


@pytest.fixture(autouse=True)
def _present() -> None:
    if not REAL:
        pytest.skip(f"no real plans at {CORPUS}: set PLAIT_CORPUS")


def load(real: Real, folder: Path) -> Loaded:
    path = real.below(folder)
    return FORMAT.load(
        PlanSource(root=real.root(folder), path=path, name=real.path, in_repository=True)
    )


def plan_of(real: Real, folder: Path) -> Plan:
    plan = load(real, folder).plan
    assert plan is not None
    return plan


@dataclass
class Counted:
    """What patterns find in a file, without reading its lines as JSON."""

    closed: dict[str, bool]
    links: list[tuple[str, str, str]]

    def parents(self) -> dict[str, str]:
        """By issue, the first that it says it is a part of, else the one that its id says."""
        found: dict[str, str] = {}
        for name, other, kind in self.links:
            if kind == "parent-child" and other in self.closed:
                found.setdefault(name, other)
        for name in self.closed:
            above = re.sub(r"\.[0-9]+$", "", name)
            if above != name and above in self.closed:
                found.setdefault(name, above)
        return found

    def leaves(self, name: str) -> Iterator[str]:
        """An issue, or those that it consists of."""
        parts = [part for part, whole in self.parents().items() if whole == name]
        if not parts and name in self.closed:
            yield name
        for part in parts:
            yield from self.leaves(part)

    def edges(self) -> set[tuple[str, str]]:
        """Pairs of packages; a whole and its own parts do not wait for one another."""
        above = self.parents()

        def over(name: str) -> Iterator[str]:
            while name in above:
                name = above[name]
                yield name

        return {
            (then, first)
            for name, other, kind in self.links
            if kind == "blocks" and name not in over(other) and other not in over(name)
            for then in self.leaves(name)
            for first in self.leaves(other)
            if then != first
        }


def counted(text: str) -> Counted:
    closed, links = {}, []
    for line in text.split("\n"):
        name = ID.match(line)
        if name and not NO_WORK.search(line):
            closed[name[1]] = STATUS.findall(line)[0] == "closed"
            links += LINK.findall(line)
    return Counted(closed=closed, links=links)


def test_every_real_file_is_in_the_table():
    """The table leaves out none."""
    assert set(REAL) == set(COUNTS)


@pytest.mark.parametrize("name", COUNTS)
def test_counts(name, tmp_path):
    """Packages, closed ones and edges are those of the table, which patterns confirm."""
    issues = counted(REAL[name].file.read_text("utf-8"))
    wholes = set(issues.parents().values())
    closed = [done for key, done in issues.closed.items() if key not in wholes]
    edges = issues.edges()
    plan = plan_of(REAL[name], tmp_path)
    done = sum(package.status is SourceStatus.DONE for package in plan.packages)
    read = (len(plan.packages), done, sum(len(package.needs) for package in plan.packages))
    assert read == (len(closed), sum(closed), len(edges)) == COUNTS[name]
    assert {(p.source_id, str(e.id)) for p in plan.packages for e in p.needs} == edges


@pytest.mark.parametrize("name", COUNTS)
def test_sound(name, tmp_path):
    """Known by place and by content alone, without errors or circles, read in a moment."""
    real = REAL[name]
    path = real.below(tmp_path)
    assert recognised(path, tmp_path) == "beads"
    assert recognised(elsewhere(path, tmp_path / "x"), tmp_path) == "beads"
    begun = process_time()
    loaded = load(real, tmp_path)
    assert process_time() - begun < 2
    assert errors(loaded.findings) == ()
    assert loaded.plan is not None
    assert not circling({str(p.id): [str(e.id) for e in p.needs] for p in loaded.plan.packages})


def test_a_backup_tells_its_lack(tmp_path):
    """Only the backup lacks dependencies; what is no work in it is counted."""
    lacks = {
        name: [f.code for f in load(real, tmp_path).findings if f.code == "NO_DEPENDENCIES"]
        for name, real in REAL.items()
    }
    assert {name for name, codes in lacks.items() if codes} == {"steveyegge/beads"}
    loaded = load(REAL["steveyegge/beads"], tmp_path)
    assert [f.message for f in loaded.findings if f.code == "NO_WORK"] == [
        "no work, and left out: 11 lines (merge-request, agent)"
    ]
