"""`plait resume [RUN]`."""

from __future__ import annotations

from pathlib import Path

import click

from plait.cli import options


@click.command("resume")
@click.argument("run", required=False)
@click.option("-q", "--quiet", is_flag=True, help="Print only the result.")
@options.repo
@options.as_json
def command(*, run: str | None, quiet: bool, start: Path, as_json: bool) -> int:
    """Go on with a run that was stopped or crashed (default: the newest).

    What was in flight starts over under a new epoch and uses up no attempt. Of a finished run
    it prints the result, and exits as the run did.
    """
    from plait.app import launching

    return launching.resume(start, run, quiet=quiet, as_json=as_json)
