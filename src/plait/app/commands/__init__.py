"""Commands in the agents' own programs: written, brought up to date and removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from plait import __version__
from plait.app.commands import folder
from plait.app.commands.layouts import AGENTS, LAYOUTS, Layout
from plait.app.commands.sources import commands
from plait.core.owned import Owner, owner_of
from plait.errors import UsageError

__all__ = ["AGENTS", "Placed", "State", "checked", "install", "uninstall"]


class State(StrEnum):
    """What came of a file; after the first five it is as it was."""

    WRITTEN = "written"
    UPDATED = "updated"
    REPLACED = "replaced"
    REMOVED = "removed"
    CURRENT = "current"
    EDITED = "edited"
    FOREIGN = "foreign"
    NEWER = "newer"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A command's file, and what came of it.

    `name` is empty for a file that this version has no command for. `backup` is what the file was
    renamed to, `at` the part of its path that is a link, or no
    ordinary file or folder.
    """

    layout: Layout
    name: str
    path: str
    state: State
    backup: str = ""
    at: str = ""


def install(
    root: Path, agents: Iterable[str], *, force: bool, dry_run: bool, version: str = __version__
) -> list[Placed]:
    """Write the commands for these agents, and bring up to date what is there for others.

    What somebody has edited, or another has written, is left as it is, unless with `force`: then
    it is renamed. What an earlier version wrote and this one has no more is removed.

    Args:
        root: The repository's.
        agents: As `--agent` names them; those without commands are passed over.
        force: Replace what is not Plait's any more.
        dry_run: Write nothing; what would come of it is told all the same.
        version: Plait's.
    """
    wanted, known = set(agents), commands()
    placed: list[Placed] = []
    for layout in LAYOUTS:
        there = _owned(root, layout, version)
        if not there and not wanted & set(layout.agents):
            continue
        texts = {layout.path(each.name): each for each in known}
        for path, command in texts.items():
            content = layout.render(command, version=version).encode()
            done = _put(root, path, content, force=force, dry_run=dry_run, version=version)
            state, backup, at = done
            placed.append(
                Placed(
                    layout=layout, name=command.name, path=path, state=state, backup=backup, at=at
                )
            )
        stale = [path for path, owner in there.items() if path not in texts and owner is Owner.OURS]
        placed += _taken_away(root, layout, stale, dry_run=dry_run)
    return placed


def uninstall(root: Path, *, dry_run: bool, version: str = __version__) -> list[Placed]:
    """Remove all commands that some version of Plait wrote and nobody has edited."""
    placed: list[Placed] = []
    for layout in LAYOUTS:
        names = {layout.path(each.name): each.name for each in commands()}
        for path in dict.fromkeys([*names, *folder.files(root, layout.folder, layout.ending)]):
            owner, at = _look(root, path, version)
            if owner in {Owner.OURS, Owner.NEWER}:
                placed += _taken_away(root, layout, [path], dry_run=dry_run)
            elif owner is Owner.EDITED or at:
                state = State.EDITED if owner is Owner.EDITED else State.BLOCKED
                name = names.get(path, "")
                placed.append(Placed(layout=layout, name=name, path=path, state=state, at=at))
    return placed


def checked(agents: Sequence[str]) -> Sequence[str]:
    """These agents, if each of them takes commands.

    Raises:
        UsageError: `NO_COMMANDS`.
    """
    for each in agents:
        if each not in AGENTS:
            raise UsageError(
                f"{each} reads no commands of a project, as far as Plait knows",
                code="NO_COMMANDS",
                hint=f"agents that do: {', '.join(AGENTS)}",
            )
    return agents


def _put(
    root: Path, path: str, content: bytes, *, force: bool, dry_run: bool, version: str
) -> tuple[State, str, str]:
    """Write one file, if it may be; what came of it, the backup, the link in its way."""
    try:
        old = folder.read(root, path)
    except folder.NotHeldError as error:
        return State.BLOCKED, "", error.path
    owner = None if old is None else owner_of(old, place=path, version=version)
    if old is not None and old.replace(b"\r\n", b"\n") == content:
        return State.CURRENT, "", ""
    left = {Owner.EDITED: State.EDITED, Owner.FOREIGN: State.FOREIGN, Owner.NEWER: State.NEWER}
    if owner in left and not force:
        return left[owner], "", ""
    state = {None: State.WRITTEN, Owner.OURS: State.UPDATED}.get(owner, State.REPLACED)
    if dry_run:
        return state, "", ""
    backup = folder.set_aside(root, path) if state is State.REPLACED else ""
    folder.write(root, path, content)
    return state, backup, ""


def _taken_away(
    root: Path, layout: Layout, paths: Iterable[str], *, dry_run: bool
) -> Iterable[Placed]:
    names = {layout.path(each.name): each.name for each in commands()}
    for path in paths:
        if not dry_run:
            folder.remove(root, path)
        yield Placed(layout=layout, name=names.get(path, ""), path=path, state=State.REMOVED)


def _owned(root: Path, layout: Layout, version: str) -> dict[str, Owner]:
    """The files of a layout that some version of Plait wrote, unedited."""
    paths = folder.files(root, layout.folder, layout.ending)
    found = {path: _look(root, path, version)[0] for path in paths}
    return {path: each for path, each in found.items() if each in {Owner.OURS, Owner.NEWER}}


def _look(root: Path, path: str, version: str) -> tuple[Owner | None, str]:
    """Whose a file is, None if there is none; and what is in the way to it."""
    try:
        content = folder.read(root, path)
    except folder.NotHeldError as error:
        return None, error.path
    return None if content is None else owner_of(content, place=path, version=version), ""
