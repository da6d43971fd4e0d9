"""`plait pause [RUN]`."""

from __future__ import annotations

from pathlib import Path

import click

from plait.cli import options


@click.command("pause")
@click.argument("run", required=False)
@click.option("--now", is_flag=True, help="End what is at work, too; it is kept and starts again.")
@options.repo
@options.as_json
def command(*, run: str | None, now: bool, start: Path, as_json: bool) -> int:
    """Let a run come to rest (default: the newest): nothing more starts.

    Agents at work end their turn, and what they did is verified and lands; with --now they are
    ended at once, their work is kept, and no attempt is used up. `plait resume` goes on.
    """
    from plait.app import ordering
    from plait.core.control import Pause

    return ordering.order(start, run, Pause(at_once=now), as_json=as_json)
