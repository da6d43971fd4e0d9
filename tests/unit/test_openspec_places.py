"""OpenSpec changes: which file is meant, and which format it is in."""

from __future__ import annotations

from pathlib import Path

import pytest

from plait.errors import UsageError
from plait.plans.detect import recognise, resolve
from plait.plans.openspec import FORMAT
from plait.plans.registry import registered
from plait.ports import PlanFormat, PlanSource

FORMATS = registered().formats
LIST = "## 1. A\n\n- [ ] 1.1 one\n- [ ] 1.2 two\n"
CHANGE = "openspec/changes/add-cache"


def put(root: Path, *places: str, text: str = LIST) -> None:
    for place in places:
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def format_of(source: PlanSource) -> str:
    found = recognise(source, FORMATS, forced=False)
    assert not hasattr(found, "code"), found
    return str(getattr(found, "name", ""))


@pytest.mark.parametrize("name", ["add-cache", CHANGE, f"{CHANGE}/", f"{CHANGE}/tasks.md"])
def test_by_name(tmp_path: Path, name: str) -> None:
    """A change is found by id, folder and file."""
    put(tmp_path, f"{CHANGE}/tasks.md", f"{CHANGE}/proposal.md")
    source = resolve(name, start=tmp_path, root=tmp_path, formats=FORMATS)
    assert source.name == f"{CHANGE}/tasks.md"
    assert format_of(source) == "openspec"


@pytest.mark.parametrize("name", ["add-cache", "2026-03-01-add-cache"])
def test_archived(tmp_path: Path, name: str) -> None:
    """Of archived changes of one id the newest is meant."""
    archive = "openspec/changes/archive"
    put(tmp_path, f"{archive}/2026-01-01-add-cache/tasks.md")
    put(tmp_path, f"{archive}/2026-03-01-add-cache/tasks.md")
    source = resolve(name, start=tmp_path, root=tmp_path, formats=FORMATS)
    assert source.name == f"{archive}/2026-03-01-add-cache/tasks.md"
    assert format_of(source) == "openspec"


@pytest.mark.parametrize("name", ["add-cache", CHANGE])
def test_packages_are_meant(tmp_path: Path, name: str) -> None:
    """A change with work packages is run by these; naming its list reads the list."""
    put(tmp_path, f"{CHANGE}/tasks.md")
    put(tmp_path, f"{CHANGE}/work-packages.yaml", text="schema_version: 1\npackages: []\n")
    source = resolve(name, start=tmp_path, root=tmp_path, formats=FORMATS)
    assert source.name == f"{CHANGE}/work-packages.yaml"
    listed = resolve(f"{CHANGE}/tasks.md", start=tmp_path, root=tmp_path, formats=FORMATS)
    assert format_of(listed) == "openspec"
    asked = resolve(name, start=tmp_path, root=tmp_path, formats={"openspec": FORMAT})
    assert asked.name == f"{CHANGE}/tasks.md"


def test_archived_packages_are_another_plan(tmp_path: Path) -> None:
    """Packages of an archived change do not stand for the list of an active one."""
    put(tmp_path, f"{CHANGE}/tasks.md")
    put(tmp_path, "openspec/changes/archive/2026-01-01-add-cache/work-packages.yaml")
    with pytest.raises(UsageError, match="names several plans"):
        resolve("add-cache", start=tmp_path, root=tmp_path, formats=FORMATS)


def test_outside_a_repository(tmp_path: Path) -> None:
    """A change's folder is found where there is no repository."""
    put(tmp_path, f"{CHANGE}/tasks.md")
    source = resolve(".", start=tmp_path / CHANGE, root=None, formats=FORMATS)
    assert source.path == tmp_path / CHANGE / "tasks.md"
    loaded = FORMAT.load(source)
    assert loaded.plan is not None
    assert loaded.plan.id == "add-cache"


@pytest.mark.parametrize(
    "place",
    [
        ".kiro/specs/cache/tasks.md",
        ".spec-workflow/specs/cache/tasks.md",
        "droidz/specs/cache/tasks.md",
        "kitty-specs/cache/tasks.md",
        "documentation/features/cache/tasks.md",
    ],
)
def test_other_homes(tmp_path: Path, place: str) -> None:
    """A folder of another format's is not taken."""
    put(tmp_path, place)
    assert FORMAT.locate(tmp_path, str(Path(place).parent)) is None
    assert not FORMAT.by_place(tmp_path / place)
    assert FORMAT.locate((tmp_path / place).parent, ".") is None


@pytest.mark.parametrize(
    ("place", "placed"),
    [
        (f"{CHANGE}/tasks.md", True),
        ("packages/web/openspec/changes/x/tasks.md", True),
        ("openspec/changes/archive/2026-01-01-x/tasks.md", True),
        ("openspec/changes/archive/tasks.md", False),
        ("openspec/changes/tasks.md", False),
        ("openspec/specs/x/tasks.md", False),
        (f"{CHANGE}/proposal.md", False),
    ],
)
def test_places(place: str, placed: bool) -> None:
    """Only a change's own task list is one by its place."""
    assert FORMAT.by_place(Path(place)) is placed


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        (LIST, True),
        ("## 1. A\n- [ ] 1.1 a\n  - _Requirements: 1.1_\n", False),
        ("## 1. A\n- [ ] 1.1: colon\n", False),
        ("## 1. A\n- [ ]* 1.1 optional\n- [ ] 1.2 b\n", False),
        ("## 1. A\n- [ ] 1.0 parent\n", False),
        ("## Phase 1: A\n- [ ] 1.1 a\n", False),
        ("## Phase 1: A\n- [ ] 1.1 a\n  **Dependencies**: None\n", True),
        ("## 1. A\n- [ ] T001 a\n", False),
        ("## 1. A\n- [ ] 2.1 a\n", False),
        ("- [ ] 1.1 a\n", False),
    ],
)
def test_by_content(text: str, sure: bool) -> None:
    """Boxes numbered by their headings are this format's, but for the others' signs."""
    assert (FORMAT.by_content(text) >= 0.5) is sure


def test_climbing(tmp_path: Path) -> None:
    """A name that leads out of the repository names no change."""
    put(tmp_path, f"{CHANGE}/tasks.md")
    only: dict[str, PlanFormat] = {"openspec": FORMAT}
    with pytest.raises(UsageError) as error:
        resolve("../add-cache/x", start=tmp_path / "openspec", root=tmp_path, formats=only)
    assert error.value.code == "NO_SUCH_PLAN"


def test_the_page_shows_what_is_read(tmp_path: Path) -> None:
    """The example of the how-to page gives the packages that the page tells of."""
    page = Path(__file__).parents[2] / "docs" / "howto" / "plan-openspec-tasks.md"
    text = page.read_text("utf-8").split("```markdown\n")[1].split("```")[0]
    put(tmp_path, f"{CHANGE}/tasks.md", text=text)
    place = f"{CHANGE}/tasks.md"
    source = PlanSource(root=tmp_path, path=tmp_path / place, name=place, in_repository=True)
    plan = FORMAT.load(source).plan
    assert plan is not None
    needs = {p.id: [(e.id, e.provenance.value) for e in p.needs] for p in plan.packages}
    assert needs == {
        "1.1": [],
        "1.2": [("1.1", "track")],
        "2.1": [("1.1", "explicit")],
        "2.2": [("1.2", "phase")],
    }
    assert len(plan.packages[3].markers) == 3
