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
@options.repo
@options.as_json
def command(*, agents: tuple[str, ...], start: Path, as_json: bool) -> int:
    """Say what this machine offers and what it lacks, each lack with its cure."""
    if agents:
        return _probe(agents, start, as_json=as_json)
    from plait.app.examining import as_lines, examine

    lines = examine(start)
    sys.stdout.write(as_lines(lines, as_json=as_json))
    return ExitCode.ENVIRONMENT if any(line.level == "lack" for line in lines) else ExitCode.DONE


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
