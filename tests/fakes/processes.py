"""Processes of a test: a daemon that leaves its family, and a count of who lives."""

from __future__ import annotations

from pathlib import Path

DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        if "closes" in sys.argv:
            os.closerange(3, 64)
        if "scrubs" in sys.argv:
            os.execve("/bin/sleep", ["sleep", "60"], {})
        time.sleep(60)
    os._exit(0)
os.wait()
"""


def living_in(folder: Path) -> list[str]:
    """Command lines of the living processes that work in this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            inside = entry.name.isdigit() and (entry / "cwd").readlink() == folder
            if inside and (entry / "stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z":
                found.append((entry / "cmdline").read_text())
        except OSError:
            continue
    return found


def living_below(folder: Path) -> list[str]:
    """Command lines of the living processes that work in this folder or below it."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            inside = entry.name.isdigit() and (entry / "cwd").readlink().is_relative_to(folder)
            if inside and (entry / "stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z":
                found.append((entry / "cmdline").read_text().replace("\0", " ").strip())
        except OSError:
            continue
    return found
