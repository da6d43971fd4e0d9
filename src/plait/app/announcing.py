"""Where a run is announced: the boards of the settings, with what the environment says of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from plait.announce import Order, Speaker
from plait.app.project import Project
from plait.core.announcement import Call, Outcome, Reply, SinkKind
from plait.core.board import Board, is_private
from plait.engine.announcing import Announcer, Announcing
from plait.ports import Sink

# What every program needs, and what leads to the network here.
_HANDED = (
    "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ",
    "USER", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    "http_proxy", "https_proxy", "all_proxy", "no_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS",
)  # fmt: skip
_LONGEST_URL = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """A sink that cannot be told anything, and says why."""

    name: str
    kind: SinkKind
    reason: str

    async def tell(self, _call: Call) -> Reply:
        """Say why not."""
        return Reply(outcome=Outcome.UNFIT, reason=self.reason)

    async def close(self) -> None:
        """There is nothing to end."""


def announcing_of(project: Project) -> Announcing:
    """All boards of a project's settings; nothing is begun yet."""
    return Announcing(
        announcers=[
            Announcer(
                sink=sink_of(project, board, os.environ),
                interval_s=board.interval_s,
                patience_s=board.patience_s,
            )
            for board in project.settings.boards
        ]
    )


def sink_of(project: Project, board: Board, environ: Mapping[str, str]) -> Sink:
    """What speaks to a board; what lacks for it is told instead of the run."""
    if lack := lack_of(board, environ):
        return Unfit(name=board.name, kind=board.kind, reason=lack)
    handed = {each: environ[each] for each in (*_HANDED, *board.env) if each in environ}
    order = Order(
        name=board.name,
        kind=board.kind,
        url=_url(board, environ),
        command=board.command,
        tool=board.tool,
        secret=environ.get(board.secret_env, ""),
        token=environ.get(board.token_env, ""),
        timeout_s=board.timeout_s,
    )
    return Speaker(order, environ=handed, cwd=project.root)


def lack_of(board: Board, environ: Mapping[str, str]) -> str:
    """What of the environment is missing for a board; empty: nothing."""
    named = (board.url.removeprefix("$"),) if board.url.startswith("$") else ()
    for each in (*named, board.secret_env, board.token_env, *board.env):
        if each and not environ.get(each, "").strip():
            return f"${each} is not set"
    url = _url(board, environ)
    if url and (not url.startswith(("http://", "https://")) or len(url) > _LONGEST_URL):
        return f"{board.url} holds no address of the web"
    if board.token_env and not is_private(url):
        return f"${board.token_env} is sent to https addresses only"
    return ""


def _url(board: Board, environ: Mapping[str, str]) -> str:
    if board.url.startswith("$"):
        return environ.get(board.url.removeprefix("$"), "").strip()
    return board.url
