"""`plait serve`: the coordinator over HTTP, until it is stopped."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from plait import __version__
from plait.app.coordinating import lacks, open_desk, prompts, require
from plait.app.project import Project, open_project
from plait.errors import UsageError

if TYPE_CHECKING:
    from plait.service.tokens import Tokens

PORT = 7411


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Where it can be reached, and by whom."""

    address: str
    tokens: bool
    mcp: bool


def serve(
    start: Path,
    *,
    host: str,
    port: int,
    token_file: Path | None,
    ready: Callable[[Served], None],
    log: Callable[[str], None] | None,
) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        start: A folder of the repository.
        host: The address to listen at.
        port: 0: a free one.
        token_file: Who may ask; None: whoever is on this machine.
        ready: Called once it answers.
        log: Takes a line for each request; None: nobody.

    Raises:
        UsageError: `TOKENS_NEEDED`, `BAD_TOKENS`, `TOKENS_EXPOSED`, `NOT_A_REPOSITORY`.
        EnvironmentLack: `EXTRA_MISSING`, `PORT_TAKEN`, `CANNOT_LISTEN`, the store cannot be opened.
    """
    require("serve")
    from plait.service.http.hosts import is_loopback
    from plait.service.http.server import listen

    project = open_project(start)
    if token_file is None and not is_loopback(host):
        raise UsageError(
            f"at {host} others than this machine can reach it: that needs tokens",
            code="TOKENS_NEEDED",
            hint="`plait serve token NAME --token-file FILE`, then --token-file FILE",
        )
    tokens = None
    if token_file is not None:
        from plait.app.tokens import read_tokens

        tokens = read_tokens(token_file)
    listening = listen(host, port)
    _serve(project, listening, host=host, tokens=tokens, ready=ready, log=log)


def _serve(
    project: Project,
    listening: object,
    *,
    host: str,
    tokens: Tokens | None,
    ready: Callable[[Served], None],
    log: Callable[[str], None] | None,
) -> None:
    import socket

    from plait.service.callers import Callers
    from plait.service.http.application import Application
    from plait.service.http.hosts import Hosts, is_loopback
    from plait.service.http.server import serve as serve_http
    from plait.service.http.shield import Shield
    from plait.service.rate import Rate

    assert isinstance(listening, socket.socket)  # noqa: S101 - the only caller's
    settings = project.settings
    rate = Rate(per_second=settings.serve_rate, burst=2 * settings.serve_rate)
    with listening, open_desk(project) as (desk, shown):
        callers = Callers(tokens=tokens, trust=settings.serve_trust, rate=rate)
        mcp = None
        if not lacks("mcp"):
            from plait.service.mcp.mounted import Mounted

            mcp = Mounted(desk, callers, version=__version__, prompts=prompts())
        app = Application(
            desk=desk,
            runs=shown,
            version=__version__,
            callers=callers,
            mcp=None if mcp is None else (mcp, mcp.running),
        )
        is_open = not is_loopback(host)
        named = {host} if is_loopback(host) or not _is_any(host) else set[str]()
        shield = Shield(
            app=app.starlette(),
            hosts=Hosts({*named, *settings.serve_hosts}, open_=is_open),
            rate=Rate(per_second=rate.per_second, burst=rate.burst),
            log=log,
        )
        port = listening.getsockname()[1]
        shown_host = f"[{host}]" if ":" in host else host
        told = Served(
            address=f"http://{shown_host}:{port}", tokens=tokens is not None, mcp=mcp is not None
        )
        serve_http(shield, listening, ready=lambda: ready(told), stop=app.feeds.close)


def _is_any(host: str) -> bool:
    return host in {"0.0.0.0", "::"}  # noqa: S104 - compared, not listened at


def to_stderr(line: str) -> None:
    """A line of the log of requests."""
    import time

    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")
