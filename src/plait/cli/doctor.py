"""`plait doctor`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from plait.cli import options
from plait.errors import ExitCode


@click.command("doctor")
@click.option(
    "--probe",
    "agents",
    multiple=True,
    metavar="AGENT",
    help="Try an agent's program against a scripted model; may be repeated.",
)
@click.option("--boards", is_flag=True, help="Try the boards that runs are announced at.")
@options.repo
@options.as_json
def command(*, agents: tuple[str, ...], boards: bool, start: Path, as_json: bool) -> int:
    """Say what this machine offers and what it lacks, each lack with its cure."""
    if agents:
        return _probe(agents, start, as_json=as_json)
    from plait.app.boards_here import boards_here
    from plait.app.examining import as_lines, examine

    if boards:
        return _boards(start, as_json=as_json)
    lines = [*examine(start), *boards_here(start)]
    sys.stdout.write(as_lines(lines, as_json=as_json))
    return ExitCode.ENVIRONMENT if any(line.level == "lack" for line in lines) else ExitCode.DONE


def _boards(start: Path, *, as_json: bool) -> int:
    from plait.app.boards_here import boards_tried
    from plait.app.examining import as_lines

    lines = boards_tried(start)
    sys.stdout.write(as_lines(lines, as_json=as_json))
    works = all(line.level == "ok" for line in lines)
    return ExitCode.DONE if works else ExitCode.ENVIRONMENT


def _probe(agents: tuple[str, ...], start: Path, *, as_json: bool) -> int:
    from plait.app.probing import as_text, json_of, probe

    probed = []
    for name in agents:
        probed.append(probe(name, start))
        if not as_json:
            sys.stdout.write(as_text(probed[-1]))
            sys.stdout.flush()
    if as_json:
        sys.stdout.write(json_of(probed))
    return ExitCode.DONE if all(each.works for each in probed) else ExitCode.ENVIRONMENT
