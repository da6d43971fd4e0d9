"""`plait mcp`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from plait.cli import options


@click.command("mcp")
@click.option("--agent", default="", metavar="NAME", help="What to call it (default: its program).")
@click.option("--run", default="", metavar="RUN", help="The only run that it has to do with.")
@click.option("--connect", metavar="URL", help="Offer what a `plait serve` elsewhere does.")
@click.option("--token-env", default="", metavar="NAME", help="The variable that holds its token.")
@options.repo
def command(*, agent: str, run: str, connect: str | None, token_env: str, start: Path) -> None:
    """Serve the coordinator to one agent, over MCP on stdin and stdout.

    Agents' programs start it. It is one session: registered as the agent introduces itself, kept
    alive as long as stdin is open, ended with it.
    """
    from plait.app.piping import pipe, relay

    if connect is not None:
        sys.exit(relay(connect, token_env=token_env, agent=agent, run=run))
    sys.exit(pipe(start, agent=agent, run=run))
