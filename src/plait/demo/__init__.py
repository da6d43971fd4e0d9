"""The demo: a small real repository, an approved plan for it, and a script that works the plan.

`project/` is the repository, `script.yaml` what the scripted agent does for each package.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from plait.errors import EnvironmentLack

_SHIPPED = Path(__file__).parent
SCRIPT = _SHIPPED / "script.yaml"  # what is done for each package of the plan
_PLAN = "openspec/changes/add-formulas/work-packages.yaml"
_PERSON = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (
        ("NAME", "Plait demo"),
        ("EMAIL", "demo@localhost"),
        ("DATE", "2026-01-05T09:00:00Z"),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoProject:
    """The demo laid out. `script_path` is the shipped file, outside the repository."""

    repo: Path
    plan_path: Path
    script_path: Path


def lay_out(folder: Path) -> DemoProject:
    """Make `folder` the demo's repository: one commit on `main`, the same id each time.

    Args:
        folder: A new or empty folder.

    Raises:
        EnvironmentLack: `GIT_MISSING`, `GIT_FAILED`.
    """
    shipped = _SHIPPED / "project"
    for source in shipped.rglob("*"):
        inside = source.relative_to(shipped)
        if source.is_file() and "__pycache__" not in inside.parts:  # left by an installer
            (folder / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / inside)  # without its mode: it may be read-only
    _git(folder, "init", "--quiet", "--initial-branch=main", "--template=")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--no-gpg-sign", "--message=Tally, a small spreadsheet")
    return DemoProject(repo=folder, plan_path=folder / _PLAN, script_path=SCRIPT)


def _git(folder: Path, *arguments: str) -> None:
    """Run git as if nobody had configured it, so that every machine makes the same commit."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    try:
        done = subprocess.run(
            ("git", *arguments),
            cwd=folder,
            env={**inherited, **alone, **_PERSON},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise EnvironmentLack(
            "the program git is missing", code="GIT_MISSING", hint="install git 2.38 or newer"
        ) from None
    if done.returncode:
        raise EnvironmentLack(
            f"git {arguments[0]} failed: {done.stderr.strip()}", code="GIT_FAILED"
        )
