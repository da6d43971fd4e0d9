"""Sandboxes, strongest first; probed at start, and named in the run's header and report."""

from __future__ import annotations

from plait.ports import Sandbox
from plait.sandbox.bubblewrap import Bubblewrap
from plait.sandbox.landlock import Landlock
from plait.sandbox.none import NoSandbox

__all__ = ["KERNEL", "NAMES", "Bubblewrap", "Landlock", "NoSandbox", "find"]

KERNEL = ("bwrap", "landlock")  # those that the operating system upholds, strongest first
NAMES = (*KERNEL, "none")


def find(name: str) -> Sandbox:
    """The sandbox of a name of `NAMES`; it is not probed."""
    match name:
        case "bwrap":
            return Bubblewrap()
        case "landlock":
            return Landlock()
        case _:
            return NoSandbox()
