"""Which paths differ between trees, asked of one long-lived `git diff-tree --stdin`.

It answers in a millisecond where a process costs five, and repeats a line that names no trees,
flushing all that it has to say: so a word that nobody can guess ends each answer.
"""

from __future__ import annotations

import secrets

from plait.git import work
from plait.git.command import Git, fields
from plait.process import Dialogue

ANSWER_S = 20.0  # one that takes longer is asked of a process of its own
MOST_KNOWN = 50_000  # trees of commits that are remembered


class Differing:
    """Differences of trees; what is not known to be one is asked of a process of its own."""

    def __init__(self, git: Git) -> None:
        import anyio

        self._git = git
        self._trees: dict[str, str] = {}
        self._asked: Dialogue | None = None
        self._end = f"end {secrets.token_hex(16)}\n".encode()
        self._turn = anyio.Lock()

    def know(self, name: str, tree: str) -> None:
        """Remember the tree of a commit; or, by its own name, that it is a tree."""
        if len(self._trees) > MOST_KNOWN:
            self._trees.clear()
        self._trees[name] = tree

    async def changed(self, old: str, new: str) -> tuple[str, ...]:
        """The paths in which two trees or commits differ.

        Raises:
            GitFailed: One is none.
        """
        first, second = self._trees.get(old), self._trees.get(new)
        if first is not None and second is not None:
            async with self._turn:
                told = await self._ask(first, second)
            if told is not None:
                return told
        return await work.changed(self._git, old, new)

    async def close(self) -> None:
        """End the process."""
        if self._asked is not None:
            asked, self._asked = self._asked, None
            await asked.close()

    async def _ask(self, old: str, new: str) -> tuple[str, ...] | None:
        """What the long-lived process says; None if it fails or is silent: it is ended then."""
        import anyio

        answer: bytes | None = None
        try:
            with anyio.move_on_after(ANSWER_S):
                answer = await self._converse(f"{old} {new}\n".encode())
        finally:
            if answer is None:  # cancelled too: nobody may read the rest of it as another's
                await self.close()
        return None if answer is None else tuple(fields(answer))

    async def _converse(self, request: bytes) -> bytes | None:
        if self._asked is None:
            argv = ("git", "diff-tree", "--stdin", *work.EXACT, "--name-only")
            self._asked = Dialogue(argv, cwd=self._git.cwd, env=self._git.environment())
        try:
            self._asked.send(request + self._end)
        except BrokenPipeError:
            return None
        answer = b""
        while not answer.endswith(self._end):
            more = await self._asked.receive()
            if not more:
                return None
            answer += more
        if not answer.startswith(request):  # it knows no such trees
            return None
        return answer[len(request) : -len(self._end)]
