"""`plait skip [RUN] [PACKAGE]`."""

from __future__ import annotations

from pathlib import Path

import click

from plait.cli import options


@click.command("skip")
@click.argument("names", nargs=-1, metavar="[RUN] [PACKAGE]")
@options.repo
@options.as_json
def command(*, names: tuple[str, ...], start: Path, as_json: bool) -> int:
    """Go on without a package; without one named, without all that failed or are blocked.

    What depends on it runs all the same. An agent at work on it is ended, its work kept. If
    nobody drives the run (default: the newest), `plait resume` carries it out.
    """
    from plait.app import ordering
    from plait.core.control import SkipPackage

    run, package = ordering.named(start, names)
    return ordering.order(start, run, SkipPackage(package=package), as_json=as_json)
