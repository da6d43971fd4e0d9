"""`plait clean [RUN]`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from plait.cli import options


@click.command("clean")
@click.argument("run", required=False)
@options.repo
def command(*, run: str | None, start: Path) -> None:
    """Remove worktrees whose content is safe elsewhere, and branches of landed packages.

    What is in a worktree and nowhere else is first kept under `refs/plait/keep/`. With RUN, only
    that run's package branches are removed beside the worktrees. The runs' branches, kept refs,
    reports and logs stay.
    """
    from plait.app.cleaning import clean

    for line in clean(start, run):
        sys.stdout.write(line + "\n")
