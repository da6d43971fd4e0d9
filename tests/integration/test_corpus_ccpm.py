"""Real CCPM epics, each with those of its files that there are; counted in another way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.fakes.corpus import CORPUS, Real, real_files
from tests.fakes.tracked import elsewhere, recognised

from plait.core.plan import Plan, SourceStatus, Span
from plait.plans.ccpm import FORMAT
from plait.plans.circles import circling
from plait.ports import Loaded, PlanSource

pytestmark = pytest.mark.corpus

REAL = real_files("ccpm")
HOME = re.compile(r"\.claude/epics/([^/]+)/")

# By epic: tasks, those done, edges; and the references that name no file there is.
COUNTS = {
    "PRD-interface-monitoring": (0, 0, 0, 0),
    "apps": (2, 0, 0, 1),
    "base-note": (2, 0, 1, 4),
    "command-processing": (0, 0, 0, 0),
    "device-connection": (0, 0, 0, 0),
    "experimentation-framework": (1, 0, 0, 0),
    "handshake-protocol": (2, 0, 0, 3),
    "indexeddb": (2, 1, 0, 2),
    "monorepo-cicd": (2, 0, 0, 0),
    "nlp-module": (1, 0, 0, 0),
    "profile-management": (0, 0, 0, 0),
    "vitest-wallaby-testbed": (8, 6, 3, 6),
    "video-to-webp-gif-converter": (8, 0, 10, 0),
}
# Files of an epic without its front matter, which their content alone does not tell.
BARE = ("004.md", "handshake-protocol/003.md", "007.md", "001.md", "005.md", "nlp-module/003.md")
ANALYSES = ("78-analysis.md", "81-analysis.md")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus' files, each at its own path below its project's folder."""
    if not REAL:
        pytest.skip(f"no real plans at {CORPUS}: set PLAIT_CORPUS")
    folder = tmp_path_factory.mktemp("corpus")
    for real in REAL:
        real.below(folder)
    return folder


def load(real: Real, root: Path) -> Loaded:
    path = real.below(root)
    return FORMAT.load(
        PlanSource(root=real.root(root), path=path, name=real.path, in_repository=True)
    )


def files_of(epic: str) -> list[Real]:
    return [real for real in REAL if (home := HOME.match(real.path)) and home[1] == epic]


def counted(epic: str) -> tuple[int, int, int, int]:
    """By patterns alone: files with numbers, their `status`, and whom `depends_on` names."""
    tasks = [
        real
        for real in files_of(epic)
        if re.search(r"/[0-9]+[a-z]?(?:-[^/]*)?\.md$", real.path) and "-analysis" not in real.path
    ]
    known: set[tuple[str, str]] = set()
    named: list[tuple[str, str]] = []
    done = 0
    for real in tasks:
        folder, _, file = real.path.rpartition("/")
        text = real.file.read_text("utf-8")
        numbers = re.findall(r"^(?:task|task_id): 0*([0-9]+[a-z]?)$", text, re.MULTILINE)
        numbers += re.findall(r"^0*([0-9]+[a-z]?)", file)
        numbers += re.findall(r"^github: http.*/issues/([0-9]+)$", text, re.MULTILINE)
        known |= {(folder, number) for number in numbers}
        done += bool(re.search(r"^status: (?:closed|completed)$", text, re.MULTILINE))
        for listed in re.findall(r"^depends_on: \[(.*?)\]", text, re.MULTILINE):
            named += [(folder, n) for n in re.findall(r"0*([0-9]+[a-z]?)", listed)]
        if not text.startswith("---") and "depends_on" not in text:
            named += [(folder, n) for n in re.findall(r"^- Task 0*([0-9]+):", text, re.MULTILINE)]
    edges = [name for name in named if name in known]
    return len(tasks), done, len(edges), len(named) - len(edges)


def test_every_real_epic_is_in_the_table(root):
    """The table leaves out none but the epic of which only analyses are there."""
    homes = {home[1] for real in REAL if (home := HOME.match(real.path))}
    assert homes - {"project-init"} == set(COUNTS)


@pytest.mark.parametrize("epic", COUNTS)
def test_counts(epic, root):
    """Tasks, done ones, edges and dead references are those of the table, as patterns confirm."""
    loaded = load(files_of(epic)[0], root)
    packages = loaded.plan.packages if loaded.plan else ()
    dead = [f for f in loaded.findings if f.code == "UNKNOWN_REFERENCE"]
    conflicts = [f for f in dead if f.span and "conflicts" in line_at(f.span, root, epic)]
    done = sum(package.status is SourceStatus.DONE for package in packages)
    edges = sum(len(package.needs) for package in packages)
    read = (len(packages), done, edges, len(dead) - len(conflicts))
    assert read == counted(epic) == COUNTS[epic]


def line_at(span: Span, root: Path, epic: str) -> str:
    path = files_of(epic)[0].root(root) / span.file
    return path.read_text("utf-8").split("\n")[span.line - 1]


@pytest.mark.parametrize("epic", COUNTS)
def test_each_file_reads_the_whole(epic, root):
    """Whichever of an epic's files is named, the plan is the same, and sound."""
    plans: list[Plan | None] = [load(real, root).plan for real in files_of(epic)]
    assert all(plan == plans[0] for plan in plans)
    if plans[0] is not None:
        order = {str(p.id): [str(e.id) for e in p.needs] for p in plans[0].packages}
        assert not circling(order)
        assert plans[0].id == epic
        assert all(package.markers == () for package in plans[0].packages)


def test_places_and_contents(root, tmp_path):
    """Epics and tasks are known by place, and by content where they have front matter."""
    for number, real in enumerate(REAL):
        path = real.below(root)
        analysis = real.path.endswith(ANALYSES)
        assert recognised(path, root) == ("PLAN_UNRECOGNISED" if analysis else "ccpm"), real.path
        alone = recognised(elsewhere(path, tmp_path / str(number)), tmp_path)
        bare = analysis or real.path.endswith(BARE)
        assert alone == ("PLAN_UNRECOGNISED" if bare else "ccpm"), real.path


def test_conflicts_of_the_testbed(root):
    """A conflict with a file that is not there is told, and makes no key."""
    loaded = load(files_of("vitest-wallaby-testbed")[0], root)
    assert loaded.plan is not None
    assert {key for package in loaded.plan.packages for key in package.locks.keys} == set()
    told = [str(f.span) for f in loaded.findings if f.code == "UNKNOWN_REFERENCE"]
    folder = ".claude/epics/vitest-wallaby-testbed/tasks/018"
    assert f"{folder}/004-migration-support.md:9:18" in told
