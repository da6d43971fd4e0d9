"""`plait serve`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from plait.app.serving import PORT, Served
from plait.cli import options


@click.group("serve", invoke_without_command=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="The port; 0: a free one, which is printed.",
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Who may ask: needed where others than this machine can reach it.",
)
@click.option("-v", "--verbose", is_flag=True, help="A line on stderr for each request.")
@options.repo
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    *,
    host: str,
    port: int,
    token_file: Path | None,
    verbose: bool,
    start: Path,
    as_json: bool,
) -> None:
    """Serve the coordinator over HTTP and MCP: agents of any tool can join runs.

    It serves until Ctrl-C or SIGTERM. Runs do not need it: what it does is in the store.
    """
    if ctx.invoked_subcommand is not None:
        return
    from plait.app.serving import serve, to_stderr

    def ready(served: Served) -> None:
        if as_json:
            told = {"url": served.address, "tokens": served.tokens, "mcp": served.mcp}
            sys.stdout.write(json.dumps(told) + "\n")
        else:
            mcp = f", MCP at {served.address}/mcp" if served.mcp else ""
            who = "whoever has a token" if served.tokens else "this machine"
            sys.stdout.write(f"serving {served.address} to {who}{mcp}\n")
            if not served.mcp:
                sys.stderr.write('no MCP, only HTTP: pip install "plait[mcp]"\n')
        sys.stdout.flush()

    serve(
        start,
        host=host,
        port=port,
        token_file=token_file,
        ready=ready,
        log=to_stderr if verbose else None,
    )


@command.command("token")
@click.argument("name")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file that the entry is added to; it is made if it is not there.",
)
@click.option(
    "--trust",
    type=click.IntRange(0, 4),
    default=2,
    show_default=True,
    help="How far the agent is trusted.",
)
@click.option("--run", default="", metavar="RUN", help="The only run that it has to do with.")
@click.option("--grant", multiple=True, metavar="VERB", help="What it may do whatever its trust.")
@options.as_json
def token(
    *,
    name: str,
    token_file: Path,
    trust: int,
    run: str,
    grant: tuple[str, ...],
    as_json: bool,
) -> None:
    """Make a token for an agent; it is printed once, and the file holds only its SHA-256."""
    from plait.app.tokens import add_token

    made = add_token(token_file, name, trust=trust, run=run, granted=grant)
    if as_json:
        sys.stdout.write(json.dumps({"name": name, "token": made}) + "\n")
    else:
        sys.stdout.write(f"{made}\n")
        sys.stderr.write(f"the token of {name}, told this once; {token_file} holds its SHA-256\n")
