"""The fence around a run's branch: a hidden ref, named by the epoch of whoever may move it.

The branch, and those of its candidates, move in one transaction of git that also needs that ref.
So a process that looked whether it still decides the run, was stopped right then and went on much
later moves nothing: whoever took the run over has deleted its ref, before looking where the
branch is. (The fencing token of a lease, checked by the resource itself.)

Whoever takes the fence first makes its own ref and then looks for others: of two that take it at
once, at least one sees the other, and the higher epoch stays.
"""

from __future__ import annotations

from collections.abc import Collection

from plait.core.event import RunId
from plait.core.lease import TrunkLease
from plait.errors import RunTaken
from plait.git.command import GitFailed, decode
from plait.git.repository import Repository

_ALL = "refs/plait/trunk/"


class Fence:
    """The fences of the runs of a repository, all checkouts of it included."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._git = repository.git

    async def set(self, lease: TrunkLease) -> None:
        """Let only this lease move the branch from now on.

        Raises:
            RunTaken: A later one is set.
            PlaitError: `GIT_FAILED`.
        """
        await self._git.run("update-ref", _ref(lease), self._token)
        epochs = await self._epochs(lease)
        if max(epochs) > lease.epoch:
            await self.lift(lease)
            raise RunTaken(lease.run, held=lease.epoch, current=max(epochs))
        earlier = [epoch for epoch in epochs if epoch < lease.epoch]
        if earlier:
            orders = "".join(f"delete {_folder(lease)}{epoch}\0\0" for epoch in earlier)
            await self._git.run("update-ref", "-z", "--stdin", stdin=orders.encode())

    async def lift(self, lease: TrunkLease) -> None:
        """Let no lease move the branch, if this one might. Anybody may set the fence anew."""
        await self._git.run("update-ref", "-d", _ref(lease))

    async def move(
        self, lease: TrunkLease, ref: str, new: str, *, old: str | None, reason: str
    ) -> None:
        """Move a ref of the run's, if the fence lets this lease and the ref is at `old`.

        Raises:
            RunTaken: The fence is another lease's, or nobody's.
            PlaitError: `GIT_FAILED`: the ref is elsewhere, or cannot be moved.
        """
        orders = f"verify {_ref(lease)}\0{self._token}\0update {ref}\0{new}\0{old or ''}\0"
        try:
            await self._git.run("update-ref", "-m", reason, "-z", "--stdin", stdin=orders.encode())
        except GitFailed:
            epochs = await self._epochs(lease)
            if lease.epoch in epochs:
                raise
            raise RunTaken(lease.run, held=lease.epoch, current=max(epochs, default=0)) from None

    @property
    def _token(self) -> str:
        """What the ref points at: any commit will do, and this one is there."""
        return self._repository.head

    async def _epochs(self, lease: TrunkLease) -> list[int]:
        listing = await self._git.run("for-each-ref", "--format=%(refname)", _folder(lease))
        return [int(name.rpartition("/")[2]) for name in decode(listing).split()]


async def lift_fences(repository: Repository, runs: Collection[RunId]) -> None:
    """Let nobody move the branches of these runs, until somebody takes one of them up again.

    Nobody decides them: whoever did was killed, and left his fence.
    """
    left = [ref for ref in await repository.refs(_ALL) if ref.split("/")[3] in runs]
    if left:
        await repository.delete_refs(left)


def _folder(lease: TrunkLease) -> str:
    return f"{_ALL}{lease.run}/"


def _ref(lease: TrunkLease) -> str:
    return f"{_folder(lease)}{lease.epoch}"
