"""`plait report [RUN]`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from plait.app.project import fold_run, open_project, open_store, pick_run
from plait.app.reporting import FORMATS, render, report_of
from plait.cli import options


@click.command("report")
@click.argument("run", required=False)
@click.option("--format", "form", type=click.Choice(FORMATS), default="md", show_default=True)
@options.repo
@options.as_json
def command(*, run: str | None, form: str, start: Path, as_json: bool) -> None:
    """Print a run's report (default: the newest run's).

    The HTML report is one self-contained file: `plait report --format html > report.html`.
    """
    project = open_project(start)
    with open_store(project) as store:
        row = pick_run(store, run)
        report = report_of(project, store, fold_run(store, row.id))
    sys.stdout.write(render(report, "json" if as_json else form))
