"""spec-kitty missions: which file is meant, and which format it is in."""

from __future__ import annotations

from pathlib import Path

import pytest

from plait.plans.detect import recognise, resolve
from plait.plans.registry import registered
from plait.plans.spec_kitty import FORMAT
from plait.ports import PlanSource

FORMATS = registered().formats
MISSION = "kitty-specs/012-cache"
LIST = "## Work Packages\n\n### WP01: A\n\n- [ ] T001 one\n"
LANES = '{"lanes": [{"lane_id": "lane-a", "wp_ids": ["WP01"]}]}'
PROMPT = "---\nwork_package_id: WP01\n---\nDo it.\n"


def put(root: Path, place: str, text: str = LIST) -> None:
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


@pytest.mark.parametrize("name", ["012-cache", MISSION, f"{MISSION}/tasks.md"])
def test_by_name(tmp_path: Path, name: str) -> None:
    """A mission is found by its name, its folder and its list."""
    put(tmp_path, f"{MISSION}/tasks.md")
    put(tmp_path, f"{MISSION}/lanes.json", LANES)
    source = resolve(name, start=tmp_path, root=tmp_path, formats=FORMATS)
    assert source.name == f"{MISSION}/tasks.md"
    assert recognise(source, FORMATS, forced=False) is FORMAT


@pytest.mark.parametrize(
    ("place", "text"),
    [(f"{MISSION}/lanes.json", LANES), (f"{MISSION}/tasks/WP01-a.md", PROMPT)],
)
def test_without_a_list(tmp_path: Path, place: str, text: str) -> None:
    """A mission without `tasks.md` is found by its lanes, or its packages' files."""
    put(tmp_path, place, text)
    source = resolve(MISSION, start=tmp_path, root=tmp_path, formats=FORMATS)
    assert source.name == place
    assert recognise(source, FORMATS, forced=False) is FORMAT
    assert FORMAT.load(source).plan is not None


@pytest.mark.parametrize(
    "place",
    [".kiro/specs/cache/tasks.md", "openspec/changes/cache/tasks.md", "documentation/tasks.md"],
)
def test_other_homes(tmp_path: Path, place: str) -> None:
    """A folder of another format's is not taken."""
    put(tmp_path, place)
    assert FORMAT.locate(tmp_path, str(Path(place).parent)) is None
    assert not FORMAT.by_place(tmp_path / place)


@pytest.mark.parametrize("text", [LIST, LANES, PROMPT])
def test_alone(tmp_path: Path, text: str) -> None:
    """A file of a mission that lies elsewhere is read alone; only a list is known as a plan."""
    put(tmp_path, "plan.txt", text)
    put(tmp_path, "tasks/WP07-other.md", PROMPT)
    path = tmp_path / "plan.txt"
    source = PlanSource(root=tmp_path, path=path, name="plan.txt", in_repository=True)
    assert (recognise(source, FORMATS, forced=False) is FORMAT) is (text == LIST)
    plan = FORMAT.load(source).plan
    assert plan is not None
    assert [p.id for p in plan.packages] == ["WP01"]


@pytest.mark.parametrize(
    "text",
    [
        "---\nwp_id: WP01\nverdict: rejected\n---\n# WP01 Review\n",
        "# WP01 Review\n\nSee ## WP01.\n",
        "- [ ] T001 [P] a\n",
        '{"wp_ids": []}',
        "## WP01 review notes\n",
    ],
)
def test_no_plan(text: str) -> None:
    """Reviews, task lists of others and other JSON are none of this format's."""
    assert FORMAT.by_content(text) < 0.5


def test_links_lead_nowhere(tmp_path: Path) -> None:
    """Files that lie outside the repository, links followed, are not read."""
    outside = tmp_path / "outside"
    put(outside, "WP02-b.md", PROMPT.replace("WP01", "WP02"))
    root = tmp_path / "repository"
    put(root, f"{MISSION}/tasks.md")
    (root / MISSION / "tasks").mkdir()
    (root / MISSION / "tasks" / "WP02-b.md").symlink_to(outside / "WP02-b.md")
    (root / MISSION / "lanes.json").symlink_to("/dev/zero")
    place = f"{MISSION}/tasks.md"
    source = PlanSource(root=root, path=root / place, name=place, in_repository=True)
    plan = FORMAT.load(source).plan
    assert plan is not None
    assert [p.id for p in plan.packages] == ["WP01"]


def test_the_page_shows_what_is_read(tmp_path: Path) -> None:
    """The examples of the how-to page give the packages that the page tells of."""
    page = Path(__file__).parents[2] / "docs" / "howto" / "plan-spec-kitty.md"
    text = page.read_text("utf-8")
    put(tmp_path, f"{MISSION}/tasks.md", text.split("```markdown\n")[1].split("```")[0])
    put(tmp_path, f"{MISSION}/tasks/WP02-api.md", text.split("```markdown\n")[2].split("```")[0])
    place = f"{MISSION}/tasks.md"
    source = PlanSource(root=tmp_path, path=tmp_path / place, name=place, in_repository=True)
    plan = FORMAT.load(source).plan
    assert plan is not None
    assert [(p.id, [e.id for e in p.needs]) for p in plan.packages] == [
        ("WP01", []),
        ("WP02", ["WP01"]),
    ]
    assert plan.packages[1].scope.write == ("src/api/**", "tests/api/**")
