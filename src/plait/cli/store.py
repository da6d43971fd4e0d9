"""`plait store copy`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from plait.cli import options


@click.group("store")
def command() -> None:
    """Take the store to another database."""


@command.command("copy")
@click.option("--to", required=True, metavar="URL", help="Where to: a file or a database URL.")
@click.option("--from", "source", metavar="URL", help="Copy this store instead of the project's.")
@options.repo
def copy(*, to: str, source: str | None, start: Path) -> None:
    """Copy the store into an empty database: SQLite or PostgreSQL, either way.

    A run that is not finished can be copied once its orchestrator has stopped; `plait resume`
    goes on with it there.
    """
    from plait.app.copying import copy

    for line in copy(start, to=to, source=source):
        sys.stdout.write(line + "\n")
