"""A repository with the library and the plan, and what everybody who lands there works with."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.ground import Ground
from bench.landing.features import Feature

HERE = Path(__file__).parent
BRANCH = "feat/yardstick"
PLAN = "yardstick.plait.yaml"
RETRIES = 3
MAX_AGENTS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Yard:
    """Where one policy lands a stack; `log` is what the check says of it, outside `repo`."""

    repo: Path
    log: Path
    environment: Mapping[str, str]
    features: Sequence[Feature]
    pace_s: float

    def git(self, *argv: str | Path, cwd: Path | None = None, expect: bool = True) -> str:
        """What git answers; empty if it fails and that is not unexpected.

        Raises:
            SystemExit: It fails, and was expected not to.
        """
        done = subprocess.run(
            ["git", *argv],
            cwd=cwd or self.repo,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode and expect:
            raise SystemExit(f"git {' '.join(map(str, argv))}: {done.stderr}")
        return "" if done.returncode else done.stdout.strip()

    def agent(self, seconds: float | str) -> str:
        """The agent's command line."""
        script, patches = HERE / "agent.py", HERE / "patches"
        return f"{shlex.join(map(str, (sys.executable, '-B', script, patches)))} {seconds}"

    @property
    def check(self) -> str:
        """The check's command line, for a shell."""
        script = HERE / "check.py"
        argv = (sys.executable, "-B", script, self.log, self.pace_s)
        return shlex.join(map(str, argv))


def lay_yard(
    ground: Ground, name: str, features: Sequence[Feature], *, pace_s: float, config: str = ""
) -> Yard:
    """A repository of one commit: the library, the plan, and what is set for Plait there."""
    folder = ground.folder / name
    repo = folder / "repo"
    shutil.copytree(HERE / "library", repo, ignore=shutil.ignore_patterns("__pycache__"))
    yard = Yard(
        repo=repo,
        log=folder / "trees",
        environment=ground.environment,
        features=features,
        pace_s=pace_s,
    )
    (repo / PLAN).write_text(json.dumps(_plan(yard), indent=1), encoding="utf-8")
    (repo / "plait.toml").write_text(config, encoding="utf-8")
    yard.git("init", "--quiet")
    yard.git("add", "--all")
    yard.git("commit", "--quiet", "--message", "yardstick")
    return yard


def _plan(yard: Yard) -> dict[str, object]:
    """Nobody knows beforehand what a feature will touch: no scopes."""
    packages = [
        {
            "id": each.name,
            "title": each.title,
            "needs": list(each.needs),
            "checks": [yard.check],
            "retries": RETRIES,
        }
        for each in yard.features
    ]
    return {"version": 1, "id": "yardstick", "feature": "yardstick", "packages": packages}
