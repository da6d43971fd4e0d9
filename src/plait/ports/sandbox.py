"""Sandboxes: what the operating system keeps an agent's whole process family from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from plait.ports.agents import Invocation


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """What an agent may reach. Paths are absolute, without symbolic links.

    Args:
        worktree: Where it works; readable as a whole.
        write: Files and folders in it that may be written (the folders that the scope opens; the
            worktree itself where the scope is unknown or inferred).
        shut: Paths in those that may not be written, as far as the sandbox can tell them apart.
        own: Folders that are the attempt's alone and writable: its home, its result's folder.
        notes: The attempt's own folder, which may be read: its brief, its scope.
        writable: Further paths that the owner named.
        readable: Paths that stay readable though they lie in a hidden folder.
        hidden: Folders that look empty: the user's home, the other worktrees, the state folder.
        git: The attempt's own repository, which stands in for the user's; None: it has none.
        scratch: A folder of its own for temporary files, where the system's cannot be given it.
        hosts: The hosts it may reach over the network, as `name`, `name:port` or `*.domain`;
            None: any.
    """

    worktree: Path
    write: tuple[Path, ...]
    own: tuple[Path, ...]
    scratch: Path
    notes: Path
    shut: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()
    git: Path | None = None
    hosts: tuple[str, ...] | None = None


class Sandbox(Protocol):
    """One way to confine a process family. It is probed once, before the run begins."""

    @property
    def name(self) -> str:
        """As `--sandbox` takes it, and as the run's header and the report tell it."""

    @property
    def holds(self) -> bool:
        """Whether anything is kept from the agent at all."""
        return True

    @property
    def alone(self) -> bool:
        """Whether the agent can signal no processes but those that it started."""
        return False

    @property
    def lacks(self) -> tuple[str, ...]:
        """What it cannot keep from an agent, here; each fit to follow `it`."""
        return ()

    def probe(self) -> str | None:
        """Why it cannot be used on this machine, or None. It tries it for real."""

    def confine(self, invocation: Invocation, confinement: Confinement) -> Invocation:
        """How to start the same program so that it reaches no more than that.

        `invocation.argv` is complete and its files are written; `own`, `scratch` and `notes` are
        there. Files that the sandbox needs are added to the invocation's.
        """
