"""The settings of progress boards: where a run is announced."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from plait.config import values
from plait.config.table import Table, key
from plait.config.values import SecretPerhapsError, WrongValueError
from plait.core.announcement import SinkKind
from plait.core.board import Board, is_private

_WEB = re.compile(r"https?://[^\s/@?#]+([/?][^\s#]*)?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]{0,63}")
_OF_MCP = ("tool", "command", "env")


def address(value: Any) -> str:
    """An address of the web, or `$NAME`."""
    if isinstance(value, str):
        if _WEB.fullmatch(value):
            return value
        if value.startswith("$") and _VARIABLE.fullmatch(value[1:]):
            return value
    told = "an address like https://board.example.org/hook, without a password, or $NAME"
    raise SecretPerhapsError(f"{told} of the variable that holds it")


def variable(value: Any) -> str:
    """The name of a variable: never what it holds."""
    if isinstance(value, str) and _VARIABLE.fullmatch(value):
        return value
    raise SecretPerhapsError("the name of a variable of the environment, like BOARD_SECRET")


def argv(value: Any) -> tuple[str, ...]:
    """A program and its arguments; no shell reads them."""
    if isinstance(value, str):
        raise WrongValueError('a list of the program and its arguments, like ["npx", "board"]')
    words = values.words(value)
    if any("\0" in each for each in words):
        raise WrongValueError("a list without a NUL")
    return words


def name(value: Any) -> str:
    """A short name."""
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    raise WrongValueError("a name of letters, digits, `.`, `-` and `_`")


def board_of(found: Mapping[str, Any]) -> Board:
    """The board that a table describes.

    Raises:
        WrongValueError: What it says does not fit together.
    """
    url, command = found.get("url", ""), found.get("command", ())
    if bool(url) == bool(command):
        raise WrongValueError("a board with either a url or a command")
    kind = SinkKind(found.get("kind") or (SinkKind.MCP if command else SinkKind.WEBHOOK))
    if kind is SinkKind.WEBHOOK:
        for each in _OF_MCP:
            if each in found:
                raise WrongValueError(f'a webhook without {each}, or of kind "mcp"')
    elif "secret_env" in found:
        raise WrongValueError("a webhook, if it has a secret_env: MCP signs nothing")
    if "token_env" in found and command:
        raise WrongValueError("a board with a url, if it has a token_env: a server has env")
    if "env" in found and url:
        raise WrongValueError("a board with a command, if it has env")
    if "token_env" in found and not url.startswith("$") and not is_private(url):
        raise WrongValueError("a board at an https address, if a token is to be sent there")
    fields = {"name": _called(url, command), **found, "kind": kind}
    if kind is SinkKind.MCP:
        fields.setdefault("interval_s", 0.0)
    return Board(**fields)


def _called(url: str, command: tuple[str, ...]) -> str:
    """A name where none is given; nothing of an address but its host is shown to anybody."""
    if command:
        return PurePath(command[0]).name[:64]
    return url if url.startswith("$") else (urlsplit(url).hostname or "board")[:64]


ANNOUNCE = Table(
    about="Where a run's progress is announced; each `[[announce]]` is one board.",
    keys={
        "kind": key(
            "kind",
            values.one_of(*(each.value for each in SinkKind)),
            '`"mcp"` with a `command`, else `"webhook"`',
            '`"webhook"`: documents are posted to `url`. `"mcp"`: a tool of an MCP server is '
            "called, the one that `command` starts or the one at `url`.",
            '"mcp"',
        ),
        "name": key(
            "name",
            name,
            "the host, or the program",
            "How the board is called in warnings.",
            '"board"',
        ),
        "url": key(
            "url",
            address,
            "none",
            "Its address. `$NAME`, where it is secret itself: the variable that holds it.",
            '"https://board.example.org/hook"',
        ),
        "command": key(
            "command",
            argv,
            "none",
            "Instead of `url`: the program of an MCP server and its arguments, as a list. It is "
            "started in the repository's root, and ends with the run.",
            '["npx", "board-server"]',
        ),
        "env": key(
            "env",
            values.variables,
            "none",
            "Names of your variables that this program is handed, beside the few that every "
            "program needs.",
            '["BOARD_KEY"]',
        ),
        "tool": key(
            "tool",
            values.word,
            '`"purple_status"`',
            "The tool of the MCP server that is called.",
        ),
        "secret_env": key(
            "secret_env",
            variable,
            "none",
            "The variable that holds the secret by which what is posted to a webhook is signed.",
            '"BOARD_SECRET"',
        ),
        "token_env": key(
            "token_env",
            variable,
            "none",
            "The variable that holds a bearer token to be sent to `url`, which is then an https "
            "address, or one on this machine.",
            '"BOARD_TOKEN"',
        ),
        "timeout": key(
            "timeout_s", values.limit_s, '`"10s"`', "How long one call may take."
        ),
        "interval": key(
            "interval_s",
            values.duration,
            '`"1s"`; of MCP `0`',
            "The least time between two calls. What happens meanwhile is told together.",
            '"1s"',
        ),
        "patience": key(
            "patience_s",
            values.duration,
            '`"5s"`',
            "How long the end of a run waits until the board has been told the rest.",
        ),
    },
)  # fmt: skip
