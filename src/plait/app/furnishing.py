"""What the settings say of workspaces, for those that make them and those that furnish them."""

from __future__ import annotations

from plait import git
from plait.app.project import Project
from plait.config import Settings
from plait.core.event import Warned
from plait.core.furnishing import Furnishing
from plait.engine.context import child_environment
from plait.engine.lodging import Lodgings
from plait.engine.remembering import Remembering
from plait.engine.room import Room
from plait.ports.coordination import Coordination

LINEAR = "linear"


def layout(project: Project) -> tuple[git.Layout, tuple[Warned, ...]]:
    """What worktrees hold, how they come about, and what the owner must know of that."""
    settings = project.settings
    backend, warned = _backend(project)
    made = git.Layout(
        copy=settings.workspace_copy,
        link=settings.workspace_link,
        cones=settings.workspace_sparse,
        submodules=settings.workspace_submodules,
        backend=backend,
    )
    return made, warned


async def large_files(
    project: Project, repository: git.Repository, pool: git.WorktreePool, commit: str
) -> tuple[Warned, ...]:
    """What the owner must know of the files that a commit has under Git LFS.

    Raises:
        PlaitError: `GIT_FAILED`.
    """
    pointers = project.state / "pointers"
    if pointers.exists():  # in free worktrees too, and to git they are as they should be
        await pool.renew()
        pointers.unlink()
    lack = await git.lfs_lack(repository, commit)
    if lack is None:
        return ()
    pointers.touch()
    return (Warned(code="LFS_MISSING", message=lack),)


def _backend(project: Project) -> tuple[str, tuple[Warned, ...]]:
    """The way that was asked for, or a pool where it does not work; and why."""
    settings = project.settings
    chosen = settings.workspace_backend
    if chosen not in {"auto", "overlay"}:
        return chosen, ()
    if chosen == "auto" and settings.workspace_setup_key:
        return "pool", ()  # what a set-up made is kept there
    if settings.workspace_sparse:
        lack: str | None = "`sparse` is set, and an overlay holds the whole commit"
    else:
        project.worktrees.mkdir(parents=True, exist_ok=True)
        lack = git.overlay_lack(project.worktrees)
    if lack is None:
        return "overlay", ()
    told = f"worktrees are a pool, no overlays: {lack}"
    return "pool", (Warned(code="OVERLAY_MISSING", message=told),) if chosen == "overlay" else ()


async def with_worktrees(
    backend: str, pool: git.WorktreePool, commit: str
) -> tuple[str, tuple[Warned, ...]]:
    """How workspaces come about here: `linear` where git makes no worktrees; and why.

    Raises:
        PlaitError: Nor can anything else be had.
    """
    lack = await pool.settle(commit)
    if lack is None:
        return backend, ()
    told = (
        f"git makes no worktrees here ({lack}): agents work one at a time, in folders that git's "
        "list does not know"
    )
    return LINEAR, (Warned(code="WORKTREES_MISSING", message=told),)


def lodgings(project: Project, run: str) -> Lodgings:
    """The set-up, the ports and the databases of a run."""
    settings = project.settings
    return Lodgings(
        furnishing=Furnishing(
            setup=settings.workspace_setup,
            setup_key=settings.workspace_setup_key,
            ports=settings.workspace_ports,
            port_range=settings.workspace_port_range,
            databases=settings.workspace_databases,
        ),
        run=run,
        root=project.root,
        notes=project.state / "runs" / run / "databases",
        environment=child_environment({}),
    )


def room_of(project: Project, repository: git.Repository) -> Room:
    """How much of the disk must stay free."""
    disk = git.RepositoryDisk(repository, project.worktrees)
    settings = project.settings
    return Room(disk=disk, min_free=settings.min_free, wait_s=settings.room_wait_s)


def remembering_of(settings: Settings, coordination: Coordination | None) -> Remembering:
    """What a run remembers, and what of it its briefs quote."""
    return Remembering(
        coordination=coordination, records=settings.memory_record, briefs=settings.memory_briefs
    )
