"""`plait demo`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("demo")
@click.option("--agent", metavar="NAME", help="Who works (default: a scripted agent).")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="D",
    help="Where to lay it out (default: a new temporary folder).",
)
@click.option("-q", "--quiet", is_flag=True, help="Print only the result.")
def command(*, agent: str | None, folder: Path | None, quiet: bool) -> int:
    """Run a small real project and plan to their end; needs no model and no network."""
    from plait.app import showing_off

    return showing_off.run_demo(folder, agent=agent, quiet=quiet)
