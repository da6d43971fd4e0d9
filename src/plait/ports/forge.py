"""Forges: code hosts that take a branch as a pull request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from plait.core.ci import Job
from plait.core.delivery import PullRequest


class Forge(Protocol):
    """One repository at a code host, spoken to with one token.

    Each call may raise `EnvironmentLack`: `FORGE_UNREACHABLE`, `FORGE_TOKEN_REFUSED`,
    `FORGE_FORBIDDEN`, `FORGE_NOT_FOUND`, `FORGE_MOVED`, `FORGE_RATE_LIMITED`, `FORGE_REFUSED`,
    `FORGE_FAILED`.
    """

    @property
    def name(self) -> str:
        """As `[forge] kind` takes it."""

    @property
    def longest_body(self) -> int:
        """How many characters a pull request's text may have."""
        return 0

    @property
    def takes_findings(self) -> bool:
        """Whether it shows findings that are uploaded to it."""
        return False

    async def find(self, branch: str) -> Sequence[PullRequest]:
        """The requests for a branch of this repository, the newest first.

        All that are open are among them; of the others, those that the forge tells at once.
        """

    async def open(self, *, branch: str, target: str, title: str, body: str) -> PullRequest:
        """Open a request.

        Raises:
            EnvironmentLack: Also `FORGE_REFUSED` where one is open already.
        """

    async def update(self, request: PullRequest, *, title: str, body: str) -> PullRequest:
        """Give a request another title and text."""

    async def jobs(self, commit: str) -> Sequence[Job]:
        """What its checks say of a commit: each once, as it stands now."""

    async def tell_findings(self, sarif: bytes, *, request: PullRequest, commit: str) -> None:
        """Upload findings about a commit; only where `takes_findings`."""
