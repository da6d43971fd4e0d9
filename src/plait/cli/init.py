"""`plait init`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from plait.cli import options


@click.command("init")
@click.option("--dry-run", is_flag=True, help="Print the file; write nothing.")
@click.option(
    "--force",
    is_flag=True,
    help="Replace plait.toml, and commands that somebody has edited; copies are kept beside them.",
)
@click.option(
    "--commands",
    "agents",
    metavar="AGENT",
    multiple=True,
    help="Write the commands for this agent, here or not (default: all that are found here).",
)
@click.option("--no-commands", is_flag=True, help="Write no commands for agents.")
@click.option("--only-commands", is_flag=True, help="Leave plait.toml alone.")
@click.option(
    "--uninstall",
    is_flag=True,
    help="Remove the commands that Plait wrote and nobody has edited; nothing else.",
)
@options.repo
@options.as_json
def command(
    *,
    start: Path,
    dry_run: bool,
    force: bool,
    agents: tuple[str, ...],
    no_commands: bool,
    only_commands: bool,
    uninstall: bool,
    as_json: bool,
) -> None:
    """Find agents and check commands; write a commented plait.toml, and commands for the agents.

    The commands are files in the repository for the agents' own programs, such as
    /parallel-implement-feature, which call Plait.
    """
    from plait.app import initialising
    from plait.app.commands import telling

    _refuse_contradictions(
        {
            "--uninstall": uninstall,
            "--no-commands": no_commands,
            "--only-commands": only_commands,
            "--commands": bool(agents),
            "--force": force,
        }
    )
    chosen = () if no_commands else agents or None
    if uninstall or only_commands:
        placed = (
            initialising.take_back(start, dry_run=dry_run)
            if uninstall
            else initialising.see_to_commands(start, force=force, dry_run=dry_run, commands=chosen)
        )
        sys.stdout.write(
            telling.as_json(placed)
            if as_json
            else telling.as_text(placed, is_dry=dry_run, is_removal=uninstall)
        )
        return
    done = initialising.initialise(start, force=force, dry_run=dry_run, commands=chosen)
    if as_json:
        sys.stdout.write(initialising.as_json(done))
    elif dry_run:
        sys.stdout.write(done.text)  # alone, so that it can be put into a file
        sys.stderr.write("".join(f"{line}\n" for line in telling.lines(done.commands, is_dry=True)))
    else:
        sys.stdout.write(initialising.as_text(done))


def _refuse_contradictions(given: dict[str, bool]) -> None:
    """Options that would undo one another are refused."""
    alone = {
        "--uninstall": ("--no-commands", "--only-commands", "--commands", "--force"),
        "--no-commands": ("--only-commands", "--commands"),
    }
    for name, others in alone.items():
        wrong = next((each for each in others if given[name] and given[each]), None)
        if wrong:
            raise click.UsageError(f"{name} and {wrong} contradict each other.")
