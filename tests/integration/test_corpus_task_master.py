"""Real task-master files: their tasks, the done ones and the edges, counted in another way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time

import pytest
from tests.fakes.corpus import CORPUS, Real, real_files
from tests.fakes.tracked import elsewhere, recognised

from plait.core.finding import errors
from plait.core.plan import Plan, SourceStatus
from plait.plans.circles import circling
from plait.plans.task_master import FORMAT
from plait.ports import Loaded, PlanSource

pytestmark = pytest.mark.corpus

REAL = {real.repository: real for real in real_files("task-master")}

# Packages (subtasks, and tasks without any), those done, and edges between packages.
COUNTS = {
    "2vlad/edu-parser": (60, 55, 525),
    "AlexKucera/obsidian-typst-pdf-export": (50, 50, 322),
    "Alive24/ckb-udt-staking": (14, 0, 19),
    "AndEnd-Collective/ast-mcp": (77, 77, 451),
}


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
    """A task as its lines say: by how far they are indented."""

    id: str
    parent: str = ""
    done: bool = False
    needs: list[str] = field(default_factory=list)


def counted(text: str) -> dict[str, Counted]:
    """All tasks and subtasks, read line by line: these files are indented by two."""
    found: dict[str, Counted] = {}
    task = here = Counted(id="")
    listing = False
    for line in text.split("\n"):
        if start := re.match(r'( {8}| {12})"id": "?([^",]+)', line):
            inner = len(start[1]) == 12
            here = Counted(id=f"{task.id}.{start[2]}", parent=task.id) if inner else task
            if not inner:
                here = task = Counted(id=start[2])
            found[here.id] = here
        elif status := re.match(r'( {8}| {12})"status": "([a-z-]+)"', line):
            owner = here if len(status[1]) == 12 else task
            owner.done = status[2] in {"done", "completed"}
        elif start := re.match(r'( {8}| {12})"dependencies": \[$', line):
            listing = True
            owner = here if len(start[1]) == 12 else task
        elif listing and (name := re.match(r' +"?([0-9.]+)"?,?$', line)):
            sibling = owner.parent and "." not in name[1]
            owner.needs.append(f"{owner.parent}.{name[1]}" if sibling else name[1])
        else:
            listing = False
    return found


def edges(tasks: dict[str, Counted]) -> set[tuple[str, str]]:
    """Pairs of packages: who needs a whole needs its parts, and parts need what it needs."""
    wholes = {task.parent for task in tasks.values()}

    def leaves(name: str) -> Iterator[str]:
        if name in wholes:
            yield from (task.id for task in tasks.values() if task.parent == name)
        elif name in tasks:
            yield name

    return {
        (then, first)
        for task in tasks.values()
        for name in task.needs
        if task.parent != name
        for then in leaves(task.id)
        for first in leaves(name)
    }


def test_every_real_file_is_in_the_table():
    """The table leaves out none."""
    assert set(REAL) == set(COUNTS)


@pytest.mark.parametrize("name", COUNTS)
def test_counts(name, tmp_path):
    """Packages, done ones and edges are those of the table, which a count by lines confirms."""
    tasks = counted(REAL[name].file.read_text("utf-8"))
    parts = {
        key: task for key, task in tasks.items() if key not in {t.parent for t in tasks.values()}
    }
    told = (len(parts), sum(task.done for task in parts.values()), len(edges(tasks)))
    plan = plan_of(REAL[name], tmp_path)
    done = sum(package.status is SourceStatus.DONE for package in plan.packages)
    read = (len(plan.packages), done, sum(len(package.needs) for package in plan.packages))
    assert read == told == COUNTS[name]
    found = {(p.source_id, str(e.id)) for p in plan.packages for e in p.needs}
    assert found == edges(tasks)


@pytest.mark.parametrize("name", COUNTS)
def test_sound(name, tmp_path):
    """Known by place and by content alone, without errors or circles, read in a moment."""
    real = REAL[name]
    path = real.below(tmp_path)
    assert recognised(path, tmp_path) == "task-master"
    assert recognised(elsewhere(path, tmp_path / "x"), tmp_path) == "task-master"
    begun = process_time()
    loaded = load(real, tmp_path)
    assert process_time() - begun < 2
    assert errors(loaded.findings) == ()
    assert loaded.plan is not None
    assert not circling({str(p.id): [str(e.id) for e in p.needs] for p in loaded.plan.packages})


@pytest.mark.parametrize("name", COUNTS)
def test_places(name, tmp_path):
    """Each package stands at a line that opens an object, before its own title."""
    lines = REAL[name].file.read_text("utf-8").split("\n")
    for package in plan_of(REAL[name], tmp_path).packages:
        assert package.span is not None
        at = package.span.line - 1
        assert lines[at][package.span.column - 1] == "{"
        number = package.source_id.rpartition(".")[2]
        assert re.match(rf' +"id": "?{number}"?,', lines[at + 1])
