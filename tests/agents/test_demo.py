"""The demo's plan, worked by the real programs, several at once, each landing real."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.agents.conftest import Scene, told_of
from tests.agents.programs import Program

BRANCH = "openspec/add-formulas"
PACKAGES = 10
ATTEMPTS = 11  # one is not accepted at first, and done again


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The files of the branch as the scripted agent leaves them."""
    scene = Scene(tmp_path_factory.mktemp("scripted"))
    outcome = scene.plait("demo", "-q", "--dir", str(scene.repo), cwd=scene.root)
    assert outcome.code == 0, told_of(outcome)
    return files(scene)


def files(scene: Scene) -> str:
    """The names and contents of all files on the run's branch."""
    return scene.git("ls-tree", "-r", "--full-tree", BRANCH)


def at_once(packages: dict[str, Any]) -> int:
    """How many attempts were at work at the same time, at most."""
    spans: list[tuple[str, str]] = [
        (each["started_at"], each["finished_at"])
        for package in packages.values()
        for each in package["attempts"]
    ]
    return max(sum(a <= start < b for a, b in spans) for start, _ in spans)


def landed(scene: Scene, expected: str) -> dict[str, Any]:
    """That all packages landed, with the content that the plan asks for, and nobody is left."""
    packages = scene.packages()
    assert {each["status"] for each in packages.values()} == {"landed"}
    assert len(packages) == PACKAGES
    assert files(scene) == expected
    scene.git("worktree", "add", "-q", str(scene.root / "look"), BRANCH)
    assert (scene.root / "look" / "tally" / "sheet.py").is_file()
    assert at_once(packages) > 1
    assert scene.survivors() == []
    return packages


def test_a_real_agent_works_the_demo(scene: Scene, program: Program, expected: str) -> None:
    """All ten packages land by the program's own tools; the one that fails is told why."""
    with scene.model(programs=[program]) as model:
        outcome = demo(scene, program.name)
        asked = model.asked()
    assert outcome.code == 0, told_of(outcome)
    packages = landed(scene, expected)
    assert sum(len(each["attempts"]) for each in packages.values()) == ATTEMPTS
    assert {each["api"] for each in asked} == {program.api}
    assert {each["scenario"] for each in asked} == set(packages)
    again = [each for each in asked if each["attempt"] == 2]
    assert {each["scenario"] for each in again} == {"wp-functions"}
    assert all(each["agent"] == program.name for p in packages.values() for each in p["attempts"])


def test_all_agents_work_the_demo_together(
    scene: Scene, installed: list[Program], expected: str
) -> None:
    """One run, a package for each in turn: what they land together is the same."""
    names = [
        "wp-lexer", "wp-functions", "wp-display", "wp-parser", "wp-table", "wp-page", "wp-order",
        "wp-evaluator", "wp-sheet", "wp-integration",
    ]  # fmt: skip
    whom = {name: installed[n % len(installed)].name for n, name in enumerate(names)}
    with scene.model(programs=installed):
        place = lay_out_demo(scene)
        outcome = scene.plait(
            "run", place, *(f"--agent={name}={agent}" for name, agent in whom.items()),
            "--max-agents", "4", "--yes", timeout=400,
        )  # fmt: skip
    assert outcome.code == 0, told_of(outcome)
    packages = landed(scene, expected)
    assert {name: each["attempts"][-1]["agent"] for name, each in packages.items()} == whom


def demo(scene: Scene, agent: str) -> Any:
    """`plait demo --agent NAME`."""
    return scene.plait(
        "demo", "-q", "--agent", agent, "--dir", str(scene.repo), cwd=scene.root, timeout=400
    )


def lay_out_demo(scene: Scene) -> str:
    """The demo's repository, without a run; its plan's name."""
    from plait import demo as shipped

    project = shipped.lay_out(Path(scene.repo))
    return str(project.plan_path.relative_to(scene.repo))
