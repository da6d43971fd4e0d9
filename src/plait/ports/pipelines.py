"""Pipelines: the checks that a code host runs of a commit which is pushed to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from plait.core.ci import Job


class Pipelines(Protocol):
    """One repository's code host.

    Each call may raise `PlaitError`: `PUSH_REFUSED`, `PUSH_FAILED`, `FORGE_TOKEN_MISSING`, and
    as `Forge` says.
    """

    @property
    def host(self) -> str:
        """Its name, for people."""

    @property
    def first_s(self) -> float:
        """How long to wait before it is asked again; later longer."""
        return 10.0

    async def offer(self, branch: str, commit: str) -> None:
        """Push a commit to a branch of its own; nothing where it is there."""

    async def jobs(self, commit: str) -> Sequence[Job]:
        """What it says of the commit now."""

    async def withdraw(self, branch: str, commit: str) -> None:
        """Remove that branch, if it still stands at the commit."""
