"""How much memory a family of processes takes, and how much is free; as far as /proc tells."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from plait.process.family import descendants

_PAGE = os.sysconf("SC_PAGE_SIZE")
_GROUPS = Path("/sys/fs/cgroup")


def family_memory(root: int, *, above: int = 0) -> int | None:
    """What the processes below one take together, in bytes; None if that cannot be told.

    What they share is counted once, where the system says (PSS). That is asked only if it could
    be more than `above`: it takes the system a while.
    """
    family = descendants(root)
    if family is None:
        return None
    resident = {pid: _resident(pid) for pid in family}
    if sum(resident.values()) <= above:
        return sum(resident.values())
    return sum(_share(pid, told) for pid, told in resident.items())


def free_memory() -> int | None:
    """What can be taken without swapping, in bytes: of the machine, and of our control group."""
    try:
        told = Path("/proc/meminfo").read_text(encoding="ascii")
        free = next(
            int(line.split()[1]) * 1024
            for line in told.splitlines()
            if line.startswith("MemAvailable:")
        )
    except (OSError, StopIteration, ValueError, IndexError):
        return None
    return min([free, *_left_in_groups()])


def _resident(pid: int) -> int:
    try:
        with Path(f"/proc/{pid}/statm").open("rb") as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, IndexError, ValueError):  # gone meanwhile
        return 0


def _share(pid: int, resident: int) -> int:
    try:
        with Path(f"/proc/{pid}/smaps_rollup").open("rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except (OSError, IndexError, ValueError):  # gone, another user's, or an older system
        pass
    return resident


def _left_in_groups() -> list[int]:
    """What each control group above us still allows; the files' cache can be given back."""
    left: list[int] = []
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            number, _, place = line.split(":", 2)
            if number != "0":  # the older kind
                continue
            folder = _GROUPS / place.lstrip("/")
            for each in (folder, *folder.parents):
                if each.is_relative_to(_GROUPS):
                    left += _left(each / "memory.max", each / "memory.current", each)
    older = _GROUPS / "memory"
    left += _left(older / "memory.limit_in_bytes", older / "memory.usage_in_bytes", older)
    return left


def _left(most: Path, now: Path, folder: Path) -> list[int]:
    try:
        limit, used = int(most.read_text("ascii")), int(now.read_text("ascii"))
        facts = (folder / "memory.stat").read_text("ascii").splitlines()
        cache = next((int(x.split()[1]) for x in facts if x.startswith("inactive_file ")), 0)
    except (OSError, ValueError):  # no such file, or `max`
        return []
    return [max(0, limit - used + cache)]
