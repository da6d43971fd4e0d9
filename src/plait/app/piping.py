"""`plait mcp`: the coordinator for one agent, on stdin and stdout."""

from __future__ import annotations

import signal
from functools import partial
from pathlib import Path

from plait import __version__
from plait.app.coordinating import open_desk, prompts, require
from plait.app.project import open_project
from plait.errors import ExitCode, UsageError


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
    if number is None:
        return ExitCode.DONE
    return ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.TERMINATED
