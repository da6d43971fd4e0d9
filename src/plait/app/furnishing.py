"""What the settings say of workspaces, for those that make them and those that furnish them."""

from __future__ import annotations

from plait import git
from plait.app.project import Project
from plait.core.furnishing import Furnishing
from plait.engine.context import child_environment
from plait.engine.lodging import Lodgings
from plait.errors import EnvironmentLack


def layout(project: Project) -> git.Layout:
    """What worktrees hold, and how they come about.

    Raises:
        EnvironmentLack: `OVERLAY_MISSING`, overlays were asked for and do not work here.
    """
    settings = project.settings
    return git.Layout(
        copy=settings.workspace_copy,
        link=settings.workspace_link,
        cones=settings.workspace_sparse,
        submodules=settings.workspace_submodules,
        backend=_backend(project),
    )


def _backend(project: Project) -> str:
    settings = project.settings
    chosen = settings.workspace_backend
    if chosen == "auto" and settings.workspace_setup_key:
        return "pool"  # what a set-up made is kept there
    if chosen not in {"auto", "overlay"}:
        return chosen
    project.worktrees.mkdir(parents=True, exist_ok=True)
    lack = git.overlay_lack(project.worktrees)
    if lack is None:
        return "overlay"
    if chosen == "auto":
        return "pool"
    raise EnvironmentLack(
        f"worktrees cannot be overlays in {project.worktrees}: {lack}",
        code="OVERLAY_MISSING",
        where=settings.origin("workspace_backend"),
        hint='run as root on a file system that can be layered, or set `backend = "auto"`',
    )


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
