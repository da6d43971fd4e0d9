"""`plait init`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from plait.cli import options


@click.command("init")
@click.option("--dry-run", is_flag=True, help="Print the file; write nothing.")
@click.option("--force", is_flag=True, help="Replace plait.toml; what it was is kept beside it.")
@options.repo
@options.as_json
def command(*, start: Path, dry_run: bool, force: bool, as_json: bool) -> None:
    """Find agents and check commands, and write a commented plait.toml."""
    from plait.app import initialising

    done = initialising.initialise(start, force=force, dry_run=dry_run)
    if as_json:
        sys.stdout.write(initialising.as_json(done))
    else:
        sys.stdout.write(done.text if dry_run else initialising.as_text(done))
