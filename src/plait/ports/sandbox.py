"""Sandboxes: what the operating system keeps an agent's whole process family from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from plait.ports.agents import Invocation


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """What an agent may reach. Paths are absolute.

    Args:
        worktree: Where it works; readable as a whole.
        write: Files and folders in it that may be written (the scope's static prefixes; the
            worktree itself where the scope is unknown or inferred).
        own: Folders that are the attempt's alone and writable: its home, its result's folder.
        writable: Further paths that the owner named.
        hidden: Folders that look empty: the user's home, the other worktrees, the state folder.
        repository: The main repository's `.git`: refs, hooks and configuration stay unwritable.
        metadata: The worktree's own folder in it (`.git/worktrees/SLOT`), if it is a worktree.
        objects: Where objects that the agent makes are put, apart from the repository's.
        hosts: The hosts it may reach over the network; None: any.
    """

    worktree: Path
    write: tuple[Path, ...]
    own: tuple[Path, ...]
    writable: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()
    repository: Path | None = None
    metadata: Path | None = None
    objects: Path | None = None
    hosts: tuple[str, ...] | None = None


class Sandbox(Protocol):
    """One way to confine a process family. It is probed once, before the run begins."""

    @property
    def name(self) -> str:
        """As `--sandbox` takes it, and as the run's header and the report tell it."""

    def probe(self) -> str | None:
        """Why it cannot be used on this machine, or None. It tries it for real."""

    def confine(self, invocation: Invocation, confinement: Confinement) -> Invocation:
        """How to start the same program so that it reaches no more than that."""
