"""`plait doctor`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from plait.cli import options
from plait.errors import ExitCode


@click.command("doctor")
@options.repo
@options.as_json
def command(*, start: Path, as_json: bool) -> int:
    """Say what this machine offers and what it lacks, each lack with its cure."""
    from plait.app.examining import as_lines, examine

    lines = examine(start)
    sys.stdout.write(as_lines(lines, as_json=as_json))
    return ExitCode.ENVIRONMENT if any(line.level == "lack" for line in lines) else ExitCode.DONE
