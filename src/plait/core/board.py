"""Board: where a run's progress is announced, as its owner set it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from plait.core.announcement import SinkKind

TOOL = "purple_status"
_LOOPBACK = re.compile(r"127(?:\.[0-9]{1,3}){3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Either a `url` (or `$NAME` of the variable that holds it) or the `command` of a server.

    `env`, `secret_env` and `token_env` are names of variables. Times are seconds: at most of one
    call, at least between two of them, at most when the run is over.
    """

    name: str
    kind: SinkKind
    url: str = ""
    command: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    tool: str = TOOL
    secret_env: str = ""
    token_env: str = ""
    timeout_s: float = 10.0
    interval_s: float = 1.0
    patience_s: float = 5.0


def is_private(url: str) -> bool:
    """Whether nobody on the way reads what is sent there: it is encrypted, or stays here."""
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0].partition("?")[0]
    name = host.partition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
    return scheme == "https" or name in {"localhost", "::1"} or bool(_LOOPBACK.fullmatch(name))
