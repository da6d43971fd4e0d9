"""An attempt of a real program by hand, without a run: what an adapter says is what is started."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.agents.conftest import Scene
from tests.fakes.desks import task_at

from plait import agents
from plait.agents.vendor import VendorAgent
from plait.core.plan import Confidence, Scope
from plait.core.profile import AgentProfile
from plait.core.transcript import Account
from plait.ports import AgentOutcome, AgentTask
from plait.process import Exit

LONGEST_S = 120
SCOPE = '{"confidence": "declared", "write": ["src/wp-a/**"], "deny": []}'


def adapter(name: str) -> VendorAgent:
    """The adapter of a program."""
    found = agents.find(name)
    assert isinstance(found, VendorAgent)
    return found


def task_of(scene: Scene, agent: str, words: str = "Do it.", **more: Any) -> AgentTask:
    """A task in a worktree with one commit, which may write `src/wp-a`."""
    task = task_at(scene.root, AgentProfile(name=agent, use=agent))
    if not (task.worktree / ".git").exists():
        for argv in (["init", "-q"], ["commit", "-qm", "first", "--allow-empty"]):
            subprocess.run(["git", *argv], cwd=task.worktree, env=scene.env, check=True)
    Path(task.worktree, "src/wp-a").mkdir(parents=True, exist_ok=True)
    task.home.mkdir(exist_ok=True)
    task.scope_path.write_text(SCOPE, encoding="utf-8")
    settled = {
        "brief": f"{words}\nThis is package `wp-a`, attempt {more.get('attempt', 1)}.\n",
        "scope": Scope(write=("src/wp-a/**",), confidence=Confidence.DECLARED),
    }
    return task_at(scene.root, task.profile, **settled, **more)


def seen(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an adapter see the user's environment as the programs will."""
    for name in set(os.environ) - set(scene.env):
        monkeypatch.delenv(name)
    for name, value in scene.env.items():
        monkeypatch.setenv(name, value)


def work(agent: VendorAgent, task: AgentTask, env: Mapping[str, str]) -> AgentOutcome:
    """Start it as its adapter says, to its end; its account is what `stdout.log` holds."""
    made = agent.invocation(task)
    for path, content in made.files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    inherited = env if made.inherit is None else {k: env[k] for k in made.inherit if k in env}
    with (
        (task.directory / "stdout.log").open("wb") as out,
        (task.directory / "stderr.log").open("wb") as err,
    ):
        done = subprocess.run(
            made.argv,
            cwd=task.worktree,
            env={**inherited, **made.env},
            input=made.stdin,
            stdout=out,
            stderr=err,
            timeout=LONGEST_S,
            check=False,
        )
    return agent.outcome(task, Exit(code=done.returncode, duration_s=1.0), account_of(agent, task))


def account_of(agent: VendorAgent, task: AgentTask) -> Account:
    """What its output tells."""
    return agent.read(task)


def said_of(task: AgentTask) -> str:
    """All that it printed, for a test's failure."""
    names = ("stdout.log", "stderr.log")
    return "\n".join(Path(task.directory, name).read_text("utf-8")[-3000:] for name in names)
