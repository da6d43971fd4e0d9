"""Files below a repository's root, reached without following any symbolic link.

A repository may hold links that lead anywhere: what is written, read or removed here lies in the
repository itself, whatever it holds and whatever changes meanwhile.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

MOST_BYTES = 1 << 20  # of a file that is read: more is nothing that Plait has written
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class NotHeldError(Exception):
    """A path that leads through a link, or that is no ordinary file; `path` is the part of it."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def read(root: Path, place: str) -> bytes | None:
    """A file's content, as far as it matters; None if there is no such file.

    Raises:
        NotHeldError: It cannot be reached, or is no ordinary file.
    """
    try:
        with _parent(root, place) as (folder, name):
            return _content(folder, name, place)
    except FileNotFoundError:
        return None


def write(root: Path, place: str, content: bytes) -> None:
    """Put a file in its place, whole or not at all; folders are made.

    Raises:
        NotHeldError: The folder cannot be reached.
    """
    with _parent(root, place, make=True) as (folder, name):
        new = f".{name}.{os.getpid()}.new"
        handle = os.open(
            new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666, dir_fd=folder
        )
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(content)
            os.rename(new, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            os.unlink(new, dir_fd=folder)
            raise


def set_aside(root: Path, place: str) -> str:
    """Rename a file to a name beside it that is free; its new path."""
    with _parent(root, place) as (folder, name):
        taken = set(os.listdir(folder))  # noqa: PTH208 - of an opened folder
        free = (f"{name}.bak{number or ''}" for number in range(len(taken) + 1))
        new = next(each for each in free if each not in taken)
        os.rename(name, new, src_dir_fd=folder, dst_dir_fd=folder)
    return str(PurePosixPath(place).with_name(new))


def remove(root: Path, place: str) -> list[str]:
    """Remove a file and the folders that are empty then; these folders."""
    with _parent(root, place) as (folder, name):
        os.unlink(name, dir_fd=folder)
    gone = []
    for each in PurePosixPath(place).parents[:-1]:
        try:
            with _parent(root, str(each)) as (folder, name):
                os.rmdir(name, dir_fd=folder)
        except (OSError, NotHeldError):  # something else is in it
            break
        gone.append(str(each))
    return gone


def files(root: Path, folder: str, ending: str) -> list[str]:
    """The files in a folder, at any depth, whose paths end so and are names that Plait may give."""
    try:
        with _parent(root, f"{folder}/_") as (handle, _):
            walk = os.fwalk(".", dir_fd=handle, follow_symlinks=False)
            paths = [
                str(PurePosixPath(folder, top, name)) for top, _, names, _ in walk for name in names
            ]
    except (FileNotFoundError, NotHeldError):
        return []
    return sorted(
        path for path in paths if path.endswith(ending) and path.isascii() and path.isprintable()
    )


@contextmanager
def _parent(root: Path, place: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
    """The opened folder of a path, and the path's last name."""
    *folders, name = PurePosixPath(place).parts
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for at, each in enumerate(folders, start=1):
            if make:
                _make(handle, each)
            try:
                inner = os.open(each, _FOLDER, dir_fd=handle)
            except FileNotFoundError:
                raise
            except OSError as error:  # a link, or a file
                raise NotHeldError("/".join(folders[:at])) from error
            os.close(handle)
            handle = inner
        yield handle, name
    finally:
        os.close(handle)


def _make(handle: int, name: str) -> None:
    try:
        os.mkdir(name, dir_fd=handle)
    except FileExistsError:
        return


def _content(folder: int, name: str, place: str) -> bytes:
    if not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        raise NotHeldError(place)
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    with os.fdopen(handle, "rb") as file:
        return file.read(MOST_BYTES)
