"""git by subprocess: the repository, its worktrees and the run's branch."""

from plait.git import remote
from plait.git.alone import alone
from plait.git.disk import RepositoryDisk
from plait.git.fence import lift_fences
from plait.git.furniture import Layout
from plait.git.kept import (
    Extent,
    Tip,
    add_worktree,
    create_branch,
    extents,
    forget_branch,
    only_through,
    patch,
    tips,
)
from plait.git.large import lfs_lack
from plait.git.opening import altered, opened
from plait.git.overlay import lack as overlay_lack
from plait.git.repository import Repository, contained, discover, identity
from plait.git.slot import SlotState
from plait.git.stale import clear_stale_locks
from plait.git.trunk import GitTrunk
from plait.git.worktree import WorktreePool

__all__ = [
    "Extent",
    "GitTrunk",
    "Layout",
    "Repository",
    "RepositoryDisk",
    "SlotState",
    "Tip",
    "WorktreePool",
    "add_worktree",
    "alone",
    "altered",
    "clear_stale_locks",
    "contained",
    "create_branch",
    "discover",
    "extents",
    "forget_branch",
    "identity",
    "lfs_lack",
    "lift_fences",
    "only_through",
    "opened",
    "overlay_lack",
    "patch",
    "remote",
    "tips",
]
