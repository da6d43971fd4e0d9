"""The checks of a code host, reached as pull requests are."""

from __future__ import annotations

import os
from collections.abc import Sequence

from plait import forge as forges
from plait.app.forging import key_for, kind_at
from plait.app.project import Project
from plait.core.ci import Job
from plait.core.remote import ForgeKind, Site, placed, site_of
from plait.forge import AccessToken
from plait.git import Repository, remote
from plait.ports import Pipelines


class ForgePipelines:
    """A repository's forge, and the remote that leads there."""

    def __init__(
        self, repository: Repository, *, name: str, kind: ForgeKind, site: Site, first_s: float
    ) -> None:
        self._repository, self._name = repository, name
        self._kind, self._site, self._first_s = kind, site, first_s
        self._token: AccessToken | None = None

    @property
    def host(self) -> str:
        """Its name, for people."""
        return self._site.host

    @property
    def first_s(self) -> float:
        """How long to wait before it is asked again."""
        return self._first_s

    async def offer(self, branch: str, commit: str) -> None:
        """Push a commit to a branch of its own."""
        await remote.push(self._repository, self._name, branch, commit, key=await self._key())

    async def jobs(self, commit: str) -> Sequence[Job]:
        """What it says of the commit now."""
        async with forges.connect(self._kind, self._site, await self._signed()) as forge:
            return await forge.jobs(commit)

    async def withdraw(self, branch: str, commit: str) -> None:
        """Remove that branch, if it still stands at the commit."""
        await remote.remove(self._repository, self._name, branch, commit, key=await self._key())

    async def _signed(self) -> AccessToken:
        if self._token is None:
            self._token = await forges.token_for(self._kind, self._site, environ=os.environ)
        return self._token

    async def _key(self) -> remote.Key:
        return key_for(self._kind, self._site, await self._signed())


async def pipelines_of(project: Project, repository: Repository) -> Pipelines | None:
    """Where checks of kind `ci` are awaited; None: a person is asked."""
    settings = project.settings
    if settings.forge_ci == "ask":
        return None
    name = await remote.remote_named(repository, settings.forge_remote)
    if name is None:
        return None
    site = site_of(await remote.address(repository, name))
    site = placed(site, url=settings.forge_address, repository=settings.forge_repository)
    kind = kind_at(settings.forge_kind, site)
    if kind is None or site is None:
        return None
    return ForgePipelines(
        repository, name=name, kind=kind, site=site, first_s=settings.forge_poll_s
    )
