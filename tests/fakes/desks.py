"""An attempt's surroundings on the disk, for agents that are started or read without a run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from plait.core.event import RunId
from plait.core.plan import PackageId, Scope
from plait.core.profile import AgentProfile
from plait.core.transcript import Account, Entry, account
from plait.ports import Agent, AgentTask


def task_at(root: Path, profile: AgentProfile, **more: Any) -> AgentTask:
    """A task whose worktree and folders lie there; `tree` and `attempt` are made."""
    directory = root / "attempt"
    (root / "tree").mkdir(exist_ok=True)
    directory.mkdir(exist_ok=True)
    task = AgentTask(
        run=RunId("r"),
        package=PackageId("wp-a"),
        attempt=1,
        epoch=1,
        worktree=root / "tree",
        directory=directory,
        brief="Do it.\n",
        brief_path=directory / "brief.md",
        scope_path=directory / "scope.json",
        result_path=directory / "result.json",
        home=directory / "home",
        profile=profile,
        scope=Scope(write=("src/**",)),
    )
    return replace(task, **more)


def lines(events: Iterable[Any]) -> bytes:
    """Objects as a program prints them, one a line."""
    return b"".join(json.dumps(each).encode() + b"\n" for each in events)


def entries(agent: Agent, task: AgentTask, output: bytes) -> list[Entry]:
    """What the agent's reader makes of its output."""
    reader = agent.reader(task)
    assert reader is not None
    return [entry for line in output.splitlines() for entry in reader.read(line)]


def summed(agent: Agent, task: AgentTask, output: bytes) -> Account:
    """The account of that output."""
    so_far = Account()
    for entry in entries(agent, task, output):
        so_far = account(so_far, entry)
    return so_far
