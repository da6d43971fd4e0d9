"""The Protocols between the engine and the world, readable in one screen each.

Adapters live in `plans`, `store`, `git` and `agents`; fakes of them in `tests/fakes`. One
contract suite per port runs on the adapter and on its fake.
"""

from __future__ import annotations

from plait.core.lease import HeldKey
from plait.ports.agents import Agent, AgentOutcome, AgentTask, Deviation, Invocation, Usage
from plait.ports.clock import Clock
from plait.ports.disk import Disk
from plait.ports.git import Change, Commit, Conflict, Merged, Trunk, Work, Workspace, Workspaces
from plait.ports.plans import Loaded, PlanFormat, PlanSource
from plait.ports.store import (
    Advance,
    Approval,
    Duration,
    HeldRun,
    PackageRow,
    Request,
    Rows,
    RunRow,
    Store,
)

__all__ = [
    "Advance",
    "Agent",
    "AgentOutcome",
    "AgentTask",
    "Approval",
    "Change",
    "Clock",
    "Commit",
    "Conflict",
    "Deviation",
    "Disk",
    "Duration",
    "HeldKey",
    "HeldRun",
    "Invocation",
    "Loaded",
    "Merged",
    "PackageRow",
    "PlanFormat",
    "PlanSource",
    "Request",
    "Rows",
    "RunRow",
    "Store",
    "Trunk",
    "Usage",
    "Work",
    "Workspace",
    "Workspaces",
]
