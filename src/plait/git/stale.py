"""Lock files that a killed git left behind, and which of them Plait may take away.

Git takes a lock by making a file, and a git that is killed leaves it. Of these only locks of refs
that nobody but Plait writes are taken away, and only while no git of Plait's is at work (`alone`
proves that). Somebody else may look at such a ref all the same, and git then holds its lock for
a moment; so one is taken away only once it has stayed for as long as no git holds one. The
others (`index.lock`, `packed-refs.lock`, …) are the user's: who meets one is told where it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from plait.git.repository import OWN_REFS, Repository

STALE_S = 2.0
_LOOK_S = 0.05


async def clear_stale_locks(repository: Repository, branch: str | None = None) -> tuple[Path, ...]:
    """Take away locks of Plait's own refs and the run's branch; which they were.

    Args:
        repository: Whose refs; no git of Plait's is at work on it.
        branch: That of the run which is taken up, if there is one.
    """
    import anyio

    found = {path: _made(path) for path in _locks(repository.common, branch)}
    if not any(found.values()):
        return ()
    give_up = time.monotonic() + STALE_S
    while time.monotonic() < give_up and any(map(_made, found)):  # noqa: ASYNC110 - untold
        await anyio.sleep(_LOOK_S)
    stale = tuple(path for path, made in found.items() if made and _made(path) == made)
    for path in stale:
        path.unlink(missing_ok=True)
    return stale


def _locks(common: Path, branch: str | None) -> Iterator[Path]:
    for prefix in OWN_REFS:
        yield from (common / prefix).rglob("*.lock")  # no ref's name ends so
    if branch is not None:
        yield common / f"refs/heads/{branch}.lock"


def _made(path: Path) -> tuple[int, int] | None:
    """Which file it is, and since when; None if there is none."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
