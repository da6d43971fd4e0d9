"""The demo that ships: its repository, its plan and its script, followed to the end by hand."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
import yaml

from plait import agents, demo
from plait.app.loading import load_plan
from plait.core.event import AgentStatus, RunId
from plait.core.plan import PackageId
from plait.core.profile import plain
from plait.ports import AgentOutcome, AgentTask
from plait.process import Exit

RETRIED = "wp-functions"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> demo.DemoProject:
    """The demo as it is laid out, which nothing here changes."""
    return demo.lay_out(tmp_path_factory.mktemp("demo") / "tally")


@pytest.fixture
def fresh(tmp_path: Path) -> demo.DemoProject:
    """One to work in."""
    return demo.lay_out(tmp_path / "tally")


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The command as a check runs it."""
    return subprocess.run(
        ("/bin/sh", "-c", command), cwd=folder, capture_output=True, text=True, check=False
    )


def git(project: demo.DemoProject, command: str) -> str:
    """What git says in the demo's repository."""
    return shell(f"git {command}", project.repo).stdout.strip()


def packages(project: demo.DemoProject) -> dict[str, dict[str, Any]]:
    """The plan's packages by id."""
    plan = yaml.safe_load(project.plan_path.read_text(encoding="utf-8"))
    return {package["package_id"]: package for package in plan["packages"]}


def in_order(project: demo.DemoProject) -> Iterator[dict[str, Any]]:
    """The packages, each after those it needs."""
    by_id = packages(project)
    needs = {name: package["depends_on"] for name, package in by_id.items()}
    return (by_id[name] for name in TopologicalSorter(needs).static_order())


def checks(package: dict[str, Any]) -> list[str]:
    """The commands that must pass."""
    return [step["command"] for step in package["verification"]["steps"]]


def attempt(project: demo.DemoProject, package: str, number: int) -> AgentOutcome:
    """One attempt of the demo's agent in the demo's repository, without its pauses."""
    directory = project.repo.parent / f"{package}-{number}"
    directory.mkdir()
    task = AgentTask(
        run=RunId("r"),
        package=PackageId(package),
        attempt=number,
        epoch=number,
        worktree=project.repo,
        directory=directory,
        brief="",
        brief_path=directory / "brief.md",
        scope_path=directory / "scope.json",
        result_path=directory / "result.json",
        home=directory / "home",
        profile=plain("scripted"),
    )
    agent = agents.find(f"scripted:{project.script_path}")
    invocation = agent.invocation(task)
    steps = [step for step in json.loads(invocation.stdin) if "sleep" not in step]
    with (directory / "stderr.log").open("wb") as errors:
        done = subprocess.run(
            invocation.argv,
            input=json.dumps(steps).encode(),
            cwd=project.repo,
            env={"PATH": "/usr/bin:/bin", "PLAIT_RESULT": str(task.result_path)},
            stdout=subprocess.DEVNULL,
            stderr=errors,
            check=False,
        )
    return agent.outcome(task, Exit(code=done.returncode, duration_s=0.1))


def test_the_repository_is_one_clean_commit_with_a_green_suite(
    project: demo.DemoProject,
) -> None:
    """It begins as a project that works, and holds nothing but its own files."""
    assert git(project, "rev-list --count HEAD") == "1"
    assert git(project, "status --porcelain") == ""
    assert git(project, "symbolic-ref --short HEAD") == "main"
    assert project.plan_path.is_file()
    assert not project.script_path.is_relative_to(project.repo)
    suite = shell("python3 -B -m unittest", project.repo)
    assert suite.returncode == 0, suite.stderr


def test_its_commit_is_the_same_whatever_the_user_has_configured(
    project: demo.DemoProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither identity nor clock nor configuration nor environment enters into it."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\nname = Somebody\nemail = s@example.org\n[core]\nautocrlf = true\n"
        "[commit]\ngpgsign = true\n[init]\ndefaultBranch = trunk\n"
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2001-01-01T00:00:00Z")
    again = demo.lay_out(tmp_path / "again")
    monkeypatch.delenv("GIT_DIR")
    assert git(again, "rev-parse HEAD") == git(project, "rev-parse HEAD")
    assert not (tmp_path / "elsewhere").exists()


def test_its_plan_shows_what_plans_are_made_of(project: demo.DemoProject) -> None:
    """A diamond, two tracks that share nothing, a budget to retry, one integration at the end."""
    by_id = packages(project)
    needs = {name: set(package["depends_on"]) for name, package in by_id.items()}
    assert len(by_id) >= 8
    assert needs["wp-sheet"] == {"wp-order", "wp-evaluator"}
    assert "wp-parser" in needs["wp-order"] & needs["wp-evaluator"]
    below = {name: _below(needs, name) for name in needs}
    assert not (below["wp-sheet"] | {"wp-sheet"}) & (below["wp-page"] | {"wp-page"})
    assert by_id[RETRIED]["retry_budget"] >= 1
    assert below["wp-integration"] == set(by_id) - {"wp-integration"}
    assert [p["package_id"] for p in by_id.values() if p["task_type"] == "integrate"] == [
        "wp-integration"
    ]


def test_nothing_is_to_be_said_against_its_plan(project: demo.DemoProject) -> None:
    """`plait check` has no finding, not even a hint."""
    loaded = load_plan(str(project.plan_path), start=project.repo)
    assert loaded.findings == ()
    assert loaded.plan is not None
    assert loaded.plan.branch == "openspec/add-formulas"


def test_no_two_packages_write_one_file(project: demo.DemoProject) -> None:
    """What may run side by side is told apart by path."""
    paths = [path for p in packages(project).values() for path in p["scope"]["write_allow"]]
    assert len(paths) == len(set(paths))


def test_followed_in_order_every_package_ends_green_within_its_scope(
    fresh: demo.DemoProject,
) -> None:
    """Each package passes its checks, keeps to its scope and tells the outputs it promised."""
    attempts = {RETRIED: 2}
    for package in in_order(fresh):
        name = package["package_id"]
        before = git(fresh, "rev-parse HEAD")
        for number in range(1, attempts.get(name, 1) + 1):
            shell(f"git reset --hard {before}; git clean -fdx", fresh.repo)
            outcome = attempt(fresh, name, number)
            assert outcome.status is AgentStatus.COMPLETED, f"{name}: {outcome.summary}"
            assert outcome.warnings == ()
            assert set(package["outputs"]["result_keys"]) <= set(outcome.outputs)
            runs = [shell(command, fresh.repo) for command in checks(package)]
            final = number == attempts.get(name, 1)
            assert all(run.returncode == 0 for run in runs) is final, f"{name}: {runs}"
        shell(
            "git add -A; git -c user.name=T -c user.email=t@localhost commit -qm work", fresh.repo
        )
        changed = git(fresh, f"diff --name-only {before} HEAD").splitlines()
        assert set(changed) == set(package["scope"]["write_allow"]), name
    for package in packages(fresh).values():
        for command in checks(package):
            assert shell(command, fresh.repo).returncode == 0, command
    suite = shell("python3 -m unittest", fresh.repo)
    assert suite.returncode == 0, suite.stderr
    table = shell("python3 -m tally examples/budget.csv", fresh.repo)
    assert table.returncode == 0
    assert "│ Quarter  │ 3,600 │ 940.45 │ 205.50 │ 4,745.95 │ 19.8%         │" in table.stdout


def test_the_failing_attempt_fails_for_the_reason_the_second_mends(
    fresh: demo.DemoProject,
) -> None:
    """The first attempt rounds halves to even: its own check says so, and nothing else fails."""
    assert attempt(fresh, RETRIED, 1).status is AgentStatus.COMPLETED
    (command,) = checks(packages(fresh)[RETRIED])
    check = shell(command, fresh.repo)
    assert check.returncode == 1
    failed = {line for line in check.stderr.splitlines() if line.startswith(("FAIL:", "ERROR:"))}
    assert failed
    assert all("test_rounds_halves_away_from_zero" in line for line in failed)


def _below(needs: dict[str, set[str]], name: str) -> set[str]:
    return set().union(*({each} | _below(needs, each) for each in needs[name]))
