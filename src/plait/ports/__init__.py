"""The Protocols between the engine and the world, readable in one screen each.

Adapters live in `plans`, `store`, `git`, `agents`, `sandbox`, `forge` and `announce`; fakes of
them in `tests/fakes`. One contract suite per port runs on the adapter and on its fake.
"""

from __future__ import annotations

from plait.core.lease import HeldKey
from plait.ports.agents import (
    Agent,
    AgentOutcome,
    AgentTask,
    Capabilities,
    Deviation,
    Invocation,
    Reader,
    Usage,
)
from plait.ports.clock import Clock
from plait.ports.disk import Disk
from plait.ports.forge import Forge
from plait.ports.git import (
    Change,
    Clash,
    Commit,
    Conflict,
    Merged,
    Side,
    Trunk,
    Work,
    Workspace,
    Workspaces,
)
from plait.ports.pipelines import Pipelines
from plait.ports.plans import Loaded, PlanFormat, PlanSource
from plait.ports.sandbox import Confinement, Sandbox
from plait.ports.sink import Sink
from plait.ports.store import (
    Advance,
    Approval,
    Duration,
    HeldRun,
    Landings,
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
    "Capabilities",
    "Change",
    "Clash",
    "Clock",
    "Commit",
    "Confinement",
    "Conflict",
    "Deviation",
    "Disk",
    "Duration",
    "Forge",
    "HeldKey",
    "HeldRun",
    "Invocation",
    "Landings",
    "Loaded",
    "Merged",
    "PackageRow",
    "Pipelines",
    "PlanFormat",
    "PlanSource",
    "Reader",
    "Request",
    "Rows",
    "RunRow",
    "Sandbox",
    "Side",
    "Sink",
    "Store",
    "Trunk",
    "Usage",
    "Work",
    "Workspace",
    "Workspaces",
]
