"""What an attempt's agent may reach, for the sandbox that holds it."""

from __future__ import annotations

from plait.engine.claimed import Claimed
from plait.engine.context import Context
from plait.ports import Confinement


def confinement(context: Context, claimed: Claimed) -> Confinement:
    """The worktree and the attempt's own folders; the state folder is hidden beside them."""
    task = claimed.task
    return Confinement(
        worktree=task.worktree,
        write=(task.worktree,),
        own=(task.directory, task.home),
        hidden=(context.places.state,),
    )
