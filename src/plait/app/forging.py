"""Where the repository's forge is, and how to sign in there."""

from __future__ import annotations

from collections.abc import Mapping

from plait.core.remote import ForgeKind, Site, kind_of
from plait.forge import AccessToken
from plait.git import remote

_USERS: Mapping[ForgeKind, str] = {
    ForgeKind.GITHUB: "x-access-token",
    ForgeKind.GITLAB: "oauth2",
    ForgeKind.GITEA: "plait",
}


def kind_at(told: str, site: Site | None) -> ForgeKind | None:
    """Which forge it is, as `[forge] kind` says or by the host's name; None: none, or unknown."""
    if site is None or told == "none" or not site.repository:
        return None
    return kind_of(site) if told == "auto" else ForgeKind(told)


def key_for(kind: ForgeKind, site: Site, token: AccessToken) -> remote.Key:
    """What git may sign in with at that forge."""
    scheme, _, rest = site.web.partition("://")
    web = f"{scheme}://{rest.partition('/')[0]}"
    return remote.Key(web=web, user=_USERS[kind], token=token.text)
