"""git by subprocess: the repository, its worktrees and the run's branch."""

from plait.git.repository import Repository, contained, discover, identity
from plait.git.trunk import GitTrunk
from plait.git.worktree import SlotState, WorktreePool

__all__ = [
    "GitTrunk",
    "Repository",
    "SlotState",
    "WorktreePool",
    "contained",
    "discover",
    "identity",
]
