"""What the settings say of workspaces, for those that make them and those that furnish them."""

from __future__ import annotations

from plait import git
from plait.app.project import Project
from plait.core.furnishing import Furnishing
from plait.engine.context import child_environment
from plait.engine.lodging import Lodgings


def layout(project: Project) -> git.Layout:
    """What worktrees hold."""
    settings = project.settings
    return git.Layout(
        copy=settings.workspace_copy,
        link=settings.workspace_link,
        cones=settings.workspace_sparse,
        submodules=settings.workspace_submodules,
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
