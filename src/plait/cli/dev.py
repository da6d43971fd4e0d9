"""`plait dev model`."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import click


@click.group("dev")
def command() -> None:
    """Tools for those who develop agents' adapters, plans and Plait itself."""


@command.command("model")
@click.option("--host", default="127.0.0.1", metavar="ADDRESS", help="Where to listen.")
@click.option(
    "--port", default=0, type=click.IntRange(0, 65535), metavar="N", help="0: any (default)."
)
@click.option(
    "--scenario",
    type=click.Path(path_type=Path),
    metavar="FILE-or-DIR",
    help="What is played (default: the demo's plan).",
)
@click.option(
    "--log",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Tell each request there, one JSON object a line, without keys.",
)
@click.option("--bodies", is_flag=True, help="The log holds what was sent, too.")
def model(*, host: str, port: int, scenario: Path | None, log: Path | None, bodies: bool) -> int:
    """Serve a scripted model to the agents' real programs; it needs no key and no network.

    Prints where it listens as one JSON object, and serves until it is interrupted.
    """
    from plait import demo
    from plait.demo.model.scenario import Scenarios
    from plait.demo.model.server import ModelServer

    scenarios = Scenarios(scenario or demo.SCRIPT)
    server = ModelServer(scenarios, host=host, port=port, log=log, bodies=bodies)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, stop)
    told = {"url": server.url, "port": server.server_address[1]}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        server.ending.set()
    finally:
        signal.signal(signal.SIGTERM, previous)
        server.server_close()
    return 0
