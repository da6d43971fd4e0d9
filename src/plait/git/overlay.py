"""Overlay mounts: worktrees that share the files of a commit, and hold what differs from them.

A template is a checkout that nobody works in. A slot's tree is mounted over one: what is written
there lies in the slot's own upper folder, which so is the list of all that was touched. Mounts
belong to the kernel, not to a process: they outlive a crash, and who comes next finds them. After
a restart of the machine they are made again from what is noted beside the slot.

Mounting takes the right to (`root`, in most places), and file systems that can be so layered:
`lack` tries it.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from plait.git.slot import Slot
from plait.git.trash import discard, discard_in_background, move_aside

_BIND, _DETACH = 0x1000, 2  # of mount(2) and umount2(2)
_OPAQUE = "trusted.overlay.opaque"
_MANY = 200  # touched paths; for more it is quicker to look at all files


def lack(folder: Path) -> str | None:
    """Why no worktree below a folder can be an overlay, or None. It mounts one to find out."""
    if sys.platform != "linux":
        return "overlay mounts are Linux's"
    place = folder / f".probe-{os.urandom(4).hex()}"
    try:
        for name in ("lower", "upper", "work", "tree"):
            (place / name).mkdir(parents=True)
        (place / "lower/gone").write_text("x")
        _mount(place / "lower", place, place / "tree")
        try:
            (place / "tree/gone").unlink()
            (place / "tree/new").write_text("x")
            if sorted(_touched(place / "upper", place / "lower", "")) != ["gone", "new"]:
                return "what is written does not show as it should"
        finally:
            _unmount(place / "tree")
    except OSError as error:
        return f"mounting fails: {error.strerror or error}"
    finally:
        with suppress(OSError):
            discard(place)
    return None


def mount(slot: Slot, template: Path) -> None:
    """Lay a slot's tree over a template; what was there before is out of the way.

    Raises:
        OSError: It cannot be mounted.
    """
    discard(slot.layers)
    for name in ("upper", "work"):
        (slot.layers / name).mkdir(parents=True)
    (slot.layers / "lower").write_text(str(template))
    slot.path.mkdir(exist_ok=True)
    _mount(template, slot.layers, slot.path)


def remount(slot: Slot) -> None:
    """Mount again what a restart of the machine has left unmounted.

    Raises:
        OSError: It cannot be mounted.
    """
    template = lower_of(slot)
    if template is not None and not os.path.ismount(slot.path):
        shutil.rmtree(slot.layers / "work", ignore_errors=True)
        (slot.layers / "work").mkdir()
        slot.path.mkdir(exist_ok=True)
        _mount(template, slot.layers, slot.path)


def vacate(slot: Slot) -> None:
    """Unmount a slot's tree, if it is mounted; what was written in it is deleted.

    Who still has a file of it open goes on with it, to no effect.
    """
    if slot.layers.is_dir():
        while os.path.ismount(slot.path):
            _unmount(slot.path)
        discard_in_background(move_aside(slot.layers))


def is_mounted(slot: Slot) -> bool:
    """Whether its tree is an overlay now."""
    return slot.layers.is_dir() and os.path.ismount(slot.path)


def lay_aside(slot: Slot) -> None:
    """Show a mounted tree at the place of retired ones, and nowhere else.

    Raises:
        OSError: It cannot be mounted there.
    """
    slot.aside.mkdir(exist_ok=True)
    _call("mount", _path(slot.path), _path(slot.aside), None, _BIND, None)
    _unmount(slot.path)


def lower_of(slot: Slot) -> Path | None:
    """The template that a slot's tree lies over, if it is an overlay."""
    try:
        return Path((slot.layers / "lower").read_text())
    except OSError:
        return None


def touched(slot: Slot) -> list[str] | None:
    """All paths that were written, made or deleted in a mounted tree; a folder for all in it.

    None where the tree is no overlay, or so much was touched that it is quicker to look at all.
    """
    if not is_mounted(slot):
        return None
    found = []
    lower = lower_of(slot)
    if lower is None:
        return None
    for path in _touched(slot.layers / "upper", lower, ""):
        if path != ".git":
            found.append(path)
        if len(found) > _MANY:
            return None
    return found


def _touched(upper: Path, lower: Path, prefix: str) -> Iterator[str]:
    with os.scandir(upper / prefix) as entries:
        for entry in entries:
            path = f"{prefix}/{entry.name}" if prefix else entry.name
            facts = entry.stat(follow_symlinks=False)
            below = lower / path
            if (
                not stat.S_ISDIR(facts.st_mode)
                or _is_opaque(upper / path)
                or below.is_symlink()
                or not below.is_dir()
            ):
                yield path
            else:  # its own mode is none of git's
                yield from _touched(upper, lower, path)


def _is_opaque(folder: Path) -> bool:
    try:
        return os.getxattr(folder, _OPAQUE, follow_symlinks=False) == b"y"
    except OSError:
        return False


def _mount(lower: Path, layers: Path, tree: Path) -> None:
    options = ",".join(
        (
            f"lowerdir={_escaped(lower)}",
            f"upperdir={_escaped(layers / 'upper')}",
            f"workdir={_escaped(layers / 'work')}",
            # What is written must show, as itself, in the upper folder.
            "redirect_dir=off",
            "metacopy=off",
            "index=off",
        )
    )
    _call("mount", b"plait", _path(tree), b"overlay", 0, os.fsencode(options))


def _unmount(tree: Path) -> None:
    _call("umount2", _path(tree), _DETACH)


def _call(name: str, *arguments: bytes | int | None) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    wide = ctypes.c_int if name == "umount2" else ctypes.c_ulong
    if getattr(libc, name)(*(wide(each) if isinstance(each, int) else each for each in arguments)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), os.fsdecode(arguments[0] or b""))  # type: ignore[arg-type]


def _path(path: Path) -> bytes:
    return os.fsencode(path)


def _escaped(path: Path) -> str:
    return "".join(f"\\{each}" if each in "\\,:" else each for each in str(path))
