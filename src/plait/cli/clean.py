"""`plait clean [RUN]`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from plait.cli import options
from plait.errors import ExitCode


@click.command("clean")
@click.argument("run", required=False)
@click.option(
    "--keep", is_flag=True, help="Keep what is nowhere else under hidden refs, and remove it too."
)
@options.repo
@options.as_json
def command(*, run: str | None, keep: bool, start: Path, as_json: bool) -> int:
    """Remove worktrees whose content is safe elsewhere, and branches of landed packages.

    What nothing else leads to stays and is named, with the command that keeps it; the exit code
    is then 3. With RUN, only that run's package branches are removed beside the worktrees. The
    runs' branches, kept refs, reports and logs stay.
    """
    from plait.app.cleaning import clean
    from plait.faces import clean_text

    done = clean(start, run, keep=keep)
    tell = clean_text.cleaned_json if as_json else clean_text.cleaned_text
    sys.stdout.write(tell(done.worktrees, done.branches, done.left))
    refused = any(each.is_refused for each in done.left)
    return ExitCode.DECISION if refused else ExitCode.DONE
