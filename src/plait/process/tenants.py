"""Whether somebody uses a folder: works in it, or has a file of it open."""

from __future__ import annotations

import os
from pathlib import Path

from plait.process.family import LINUX


def is_used(folder: Path) -> bool:
    """Whether a living process of ours works in a folder, or has something below it open.

    Where the system does not tell (no /proc), every folder counts as used.
    """
    inside = f"{folder.resolve()}/"
    running = os.listdir("/proc") if LINUX else []  # noqa: PTH208 - names are all that is needed
    return not LINUX or any(_reaches(f"/proc/{each}", inside) for each in running if each.isdigit())


def _reaches(process: str, inside: str) -> bool:
    """Whether one of its links leads there; another user's process tells nothing."""
    try:
        opened = os.listdir(f"{process}/fd")  # noqa: PTH208 - names are all that is needed
    except OSError:
        return False
    links = (f"{process}/cwd", f"{process}/root", *(f"{process}/fd/{each}" for each in opened))
    return any(f"{_target(link)}/".startswith(inside) for link in links)


def _target(link: str) -> str:
    try:
        return os.readlink(link)  # noqa: PTH115 - a Path for every open file costs too much
    except OSError:  # gone meanwhile
        return ""
