"""`plait cancel [RUN] [PACKAGE]`."""

from __future__ import annotations

from pathlib import Path

import click

from plait.cli import options


@click.command("cancel")
@click.argument("names", nargs=-1, metavar="[RUN] [PACKAGE]")
@options.repo
@options.as_json
def command(*, names: tuple[str, ...], start: Path, as_json: bool) -> int:
    """Cancel a run (default: the newest), or one package of it.

    What is at work is ended and its work kept (`plait recover`); what has landed stays. What
    depends on a cancelled package is skipped, everything else goes on.
    """
    from plait.app import ordering
    from plait.core.control import CancelAll, CancelPackage

    run, package = ordering.named(start, names)
    wish = CancelAll() if package is None else CancelPackage(package=package)
    return ordering.order(start, run, wish, as_json=as_json)
