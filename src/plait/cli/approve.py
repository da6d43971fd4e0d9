"""`plait approve PLAN`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from plait.app.loading import load_plan, require_plan
from plait.app.project import open_project, open_store
from plait.cli import options
from plait.cli.printing import tell_findings


@click.command("approve")
@click.argument("plan")
@options.plan_format
@options.repo
def command(*, plan: str, format_name: str | None, start: Path) -> None:
    """Record that you approve a plan as it is now.

    The approval pins a digest of all its source files: change one, and the plan needs a new one.
    """
    from plait.app.people import who

    project = open_project(start)
    approved = require_plan(load_plan(plan, start=start, format_name=format_name), tell_findings)
    with open_store(project, create=True) as store:
        approval = store.approve(approved.digest, who=who(project.root), plan=approved.id)
    sys.stdout.write(
        f"approved {approved.id} ({len(approved.packages)} packages) as {approval.who}\n"
        f"{approved.digest}\n"
    )
