"""The repository for as long as one orchestrator works in it, and nobody else does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from plait.errors import PlaitError
from plait.git.alone import alone
from plait.git.pinned import Pinned
from plait.git.repository import Repository, discover
from plait.git.settings import Altered


@asynccontextmanager
async def opened(root: Path, state: Path) -> AsyncIterator[Repository]:
    """A checkout's repository, by the settings it has now, or had when a killed run began.

    Args:
        root: The checkout.
        state: Plait's state folder.

    Raises:
        UsageError: `NOT_A_REPOSITORY`, `BARE_REPOSITORY`, `NO_COMMITS`.
        EnvironmentLack: `GIT_AT_WORK`, `GIT_MISSING`, `GIT_TOO_OLD`.
    """
    async with alone(state) as lock:
        repository = await discover(root, held=(lock,), state=state)
        try:
            yield repository
        finally:
            import anyio

            if repository.pinned is not None:
                # Where it cannot be noted, what was pinned stays for whoever comes next.
                with suppress(PlaitError), anyio.CancelScope(shield=True):
                    await repository.pinned.end()


async def altered(repository: Repository) -> tuple[str, ...]:
    """What would make git run something and is not as it was: each once, for a person."""
    pinned = repository.pinned
    if pinned is None:
        return ()
    return tuple(_told(pinned, each) for each in await pinned.altered())


def _told(pinned: Pinned, each: Altered) -> str:
    told = f"{each.key} in {each.where} was {each.what} while agents worked: Plait's git does not"
    if not each.lasts:
        return f"{told} heed it, but yours may; see to it that it is as you want it"
    return (
        f"{told} heed it, nor will it in later runs, but yours may; put it right, or delete "
        f"{pinned.distrusted} if it is as you want it"
    )
