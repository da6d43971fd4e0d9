"""Code hosts: GitHub, GitLab, Gitea and Forgejo, over their web APIs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from plait.core.remote import ForgeKind, Site
from plait.forge.api import Api
from plait.forge.gitea import Gitea
from plait.forge.github import GitHub
from plait.forge.gitlab import GitLab
from plait.forge.token import AccessToken, token_for
from plait.ports import Forge

__all__ = ["AccessToken", "connect", "token_for"]

_FORGES: Mapping[ForgeKind, type[GitHub | GitLab | Gitea]] = {
    ForgeKind.GITHUB: GitHub,
    ForgeKind.GITLAB: GitLab,
    ForgeKind.GITEA: Gitea,
}


@asynccontextmanager
async def connect(kind: ForgeKind, site: Site, token: AccessToken) -> AsyncIterator[Forge]:
    """A repository at a forge, for as long as this lasts; nothing is asked of it yet."""
    forge = _FORGES[kind]
    async with Api(forge.root(site), site=site, token=token, needs=forge.needs) as api:
        yield forge(api)
