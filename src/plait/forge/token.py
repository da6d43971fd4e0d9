"""The token for a forge: from the environment, or from the forge's own command."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from plait import process
from plait.core.remote import ForgeKind, Site
from plait.errors import EnvironmentLack

_TIMEOUT_S = 20.0
# The variables that each forge's own command reads, in its order.
_PUBLIC = ("GH_TOKEN", "GITHUB_TOKEN")
_OWN = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
_VARIABLES: Mapping[ForgeKind, tuple[str, ...]] = {
    ForgeKind.GITHUB: _PUBLIC,
    ForgeKind.GITLAB: ("GITLAB_TOKEN",),
    ForgeKind.GITEA: ("GITEA_TOKEN", "FORGEJO_TOKEN"),
}
_COMMANDS: Mapping[ForgeKind, tuple[str, ...]] = {
    ForgeKind.GITHUB: ("gh", "auth", "token", "--hostname"),
    ForgeKind.GITLAB: ("glab", "config", "get", "token", "--host"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A key to a forge; its text shows nowhere. `source` is where it comes from, for people."""

    text: str = field(repr=False)
    source: str


async def token_for(kind: ForgeKind, site: Site, *, environ: Mapping[str, str]) -> AccessToken:
    """The token to use.

    Raises:
        EnvironmentLack: `FORGE_TOKEN_MISSING`.
    """
    names = _variables(kind, site)
    for name in names:
        text = environ.get(name, "").strip()
        if text:
            return AccessToken(text=text, source=name)
    command = _COMMANDS.get(kind)
    if command is not None:
        text = await _said((*command, site.host), environ)
        if text:
            return AccessToken(text=text, source=f"`{' '.join(command[:3])}`")
    ways = f"set {' or '.join(names)}"
    if command is not None:
        ways += f", or sign in with `{command[0]} auth login --hostname {site.host}`"
    raise EnvironmentLack(
        f"there is no token for {site.host}", code="FORGE_TOKEN_MISSING", hint=ways
    )


def _variables(kind: ForgeKind, site: Site) -> tuple[str, ...]:
    if kind is not ForgeKind.GITHUB:
        return _VARIABLES[kind]
    host = (urlsplit(site.web).hostname or "").lower()
    if host == "github.com" or host.endswith(".ghe.com"):
        return _PUBLIC
    return (*_OWN, *_PUBLIC)


async def _said(argv: tuple[str, ...], environ: Mapping[str, str]) -> str:
    """What a command prints, if it is there and succeeds; it asks nobody anything."""
    quiet = {**environ, "GH_PROMPT_DISABLED": "1", "NO_PROMPT": "1"}
    try:
        done = await process.capture(argv, cwd=Path(os.sep), env=quiet, timeout_s=_TIMEOUT_S)
    except (OSError, TimeoutError):
        return ""
    words = done.out.decode("utf-8", "replace").strip()
    return words if done.code == 0 and words.isascii() and len(words.split()) == 1 else ""
