"""`plait retry [RUN] [PACKAGE]`."""

from __future__ import annotations

from pathlib import Path

import click

from plait.cli import options


@click.command("retry")
@click.argument("names", nargs=-1, metavar="[RUN] [PACKAGE]")
@options.repo
@options.as_json
def command(*, names: tuple[str, ...], start: Path, as_json: bool) -> int:
    """Start a package again with a new retry budget; without one, all that did not come through.

    What was skipped for want of it waits again, too. An agent at work on it is ended first. If
    nobody drives the run (default: the newest), `plait resume` carries it out.
    """
    from plait.app import ordering
    from plait.core.control import Retry

    run, package = ordering.named(start, names)
    return ordering.order(start, run, Retry(package=package), as_json=as_json)
