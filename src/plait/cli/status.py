"""`plait status [RUN]`."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import click

from plait.app.project import look, open_project, pick_run
from plait.cli import options


@click.command("status")
@click.argument("run", required=False)
@options.repo
@options.as_json
def command(*, run: str | None, start: Path, as_json: bool) -> None:
    """Show where a run stands (default: the newest)."""
    from plait.core.widening import KIND
    from plait.faces import status_text
    from plait.faces.said_text import Said

    project = open_project(start)
    with look(project) as store:
        row = pick_run(store, run)
        packages, noted = store.packages(row.id), store.requests(row.id)
        used = store.used(row.id)
        told = Said(questions=store.questions(row.id), progress=store.progress(row.id))
    noted = tuple(each for each in noted if each.kind != KIND)  # orders of people
    if as_json:
        sys.stdout.write(status_text.status_json(row, packages, noted, used=used, said=told))
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    text = status_text.status_text(
        row, packages, noted, used=used, said=told, now=time.time(), width=width
    )
    sys.stdout.write(text)
