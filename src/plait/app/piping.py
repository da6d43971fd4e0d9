"""`plait mcp`: the coordinator for one agent, on stdin and stdout."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from pathlib import Path

from plait import __version__
from plait.app.coordinating import open_desk, prompts, require
from plait.app.project import open_project
from plait.errors import EnvironmentLack, ExitCode, UsageError


def pipe(start: Path, *, agent: str, run: str) -> int:
    """Serve until stdin ends or a signal comes; the exit code.

    Args:
        start: A folder of the repository.
        agent: What to call the agent; empty: as it calls itself.
        run: The only run that it is to have to do with; empty: any.

    Raises:
        UsageError: `NOT_A_REPOSITORY`, `NO_SUCH_RUN`, `BAD_CALL`.
        EnvironmentLack: `EXTRA_MISSING`, the store cannot be opened.
    """
    require("mcp")
    _tell_people()
    import anyio
    from pydantic import ValidationError

    from plait.core.event import RunId
    from plait.engine.coordinator.sessions import RegisterSession
    from plait.engine.coordinator.verb import Caller
    from plait.service.mcp.piped import OwnSession, serve

    try:
        RegisterSession(agent=agent or None, run=run)
    except ValidationError:
        raise UsageError("this is no name of an agent, or of a run", code="BAD_CALL") from None
    project = open_project(start)
    with open_desk(project) as (desk, shown):
        if run:
            shown.store.run(RunId(run))  # raises where there is none
        own = OwnSession(
            desk=desk,
            person=Caller(trust=project.settings.serve_trust, run=run),
            agent=agent,
            run=run,
        )
        serving = partial(serve, desk, own, version=__version__, prompts=prompts())
        number = anyio.run(serving)
    return _code(number)


def relay(url: str, *, token_env: str, agent: str, run: str) -> int:
    """Serve what a service elsewhere offers until stdin ends or a signal comes; the exit code.

    Args:
        url: The service's address.
        token_env: The variable that holds the token; empty: none is needed.
        agent: What to call the agent.
        run: The only run that it is to have to do with; empty: any.

    Raises:
        UsageError: `BAD_CALL`, `NOT_REGISTERED`.
        EnvironmentLack: `EXTRA_MISSING`, `NO_TOKEN`, `NOT_CONNECTED`.
    """
    require("mcp")
    _tell_people()
    import anyio

    from plait.service.mcp.relayed import Far, serve

    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{url!r} is no address of a service", code="BAD_CALL")
    token = os.environ.get(token_env, "") if token_env else ""
    if token_env and not token:
        raise EnvironmentLack(f"the variable {token_env} holds no token", code="NO_TOKEN")
    far = Far(url=url, token=token, agent=agent, run=run)
    return _code(anyio.run(partial(serve, far, version=__version__)))


def _code(number: int | None) -> int:
    if number is None:
        return ExitCode.DONE
    return ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.TERMINATED


def _tell_people() -> None:
    """Say to a person at a terminal what it waits for: programs start this, with pipes."""
    if sys.stdin.isatty():
        sys.stderr.write(
            "plait mcp speaks MCP on stdin and stdout: an agent's program starts it "
            "(docs/howto/join-a-run.md); Ctrl-C ends it\n"
        )
