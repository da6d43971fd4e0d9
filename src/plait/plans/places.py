"""Where formats keep their files: finding a plan by folder or name, and what lies beside it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from errno import ENAMETOOLONG
from pathlib import Path, PurePath, PurePosixPath

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.ports import PlanSource

MOST_BELOW = 2000  # files and folders looked at
OWN_FOLDERS = frozenset(
    {
        "openspec",
        ".kiro",
        ".spec-workflow",
        ".specify",
        "droidz",
        ".taskmaster",
        ".claude",
        ".beads",
        "agent-os",
        "kitty-specs",
        "purple",
        "documentation",
    }
)


def located(root: Path, name: str, *, homes: Sequence[str], files: Sequence[str]) -> Path | None:
    """A plan's main file for a file, a folder, or the bare name of a folder in one of `homes`.

    Args:
        root: What paths are relative to.
        name: As the user wrote it, relative to `root`.
        homes: Folders below `root` in which each folder is a plan (``.kiro/specs``).
        files: The main file's possible names, the best first.
    """
    try:
        path = root / name
        if path.is_file():
            return path if path.name in files else None
        folders = [path]
        if name == PurePath(name).name and name not in {"", ".", ".."}:
            folders += [root / home / name for home in homes]
        return next(
            (file for folder in folders for each in files if (file := folder / each).is_file()),
            None,
        )
    except OSError as error:
        if error.errno == ENAMETOOLONG:  # no name, then: a sentence, perhaps
            return None
        raise


def belongs_elsewhere(path: Path, *own: str) -> bool:
    """Whether a path lies in a folder that another format has for its own."""
    return bool((OWN_FOLDERS - set(own)).intersection(path.parts))


def named(source: PlanSource, path: Path) -> str:
    """How findings call a file near the plan's main file."""
    own, up = PurePosixPath(source.name), source.path
    while up != up.parent:
        own, up = own.parent, up.parent
        if path.is_relative_to(up):
            return str(own / PurePosixPath(*path.relative_to(up).parts))
    return str(path)


def holds(source: PlanSource, path: Path) -> bool:
    """Whether it is a file that may be read as part of the plan: inside `root`, links followed."""
    top = source.root if source.in_repository else source.path.parent.parent
    try:
        return path.is_file() and path.resolve().is_relative_to(top.resolve())
    except (OSError, ValueError, RuntimeError):  # a name that no file can have, a loop of links
        return False


def below(folder: Path, *, most: int = MOST_BELOW) -> Iterator[Path]:
    """The files below a folder, in the order of their names; linked folders are not entered.

    Whether a file may be read is asked with `holds`: it may be a link itself.

    Args:
        folder: The folder. What is hidden in it is left out.
        most: Behind the folder in which so many files have been seen it goes no further.
    """
    seen = 0
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(files) if not name.startswith("."))
        seen += len(files) + len(folders)
        if seen > most:
            return


def context_of(
    source: PlanSource, folder: Path, *, expected: Iterable[str], further: Iterable[str] = ()
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """The files beside a task list that agents should read, and `MISSING_CONTEXT` for lacks.

    Args:
        source: The plan's main file.
        folder: The folder they lie in.
        expected: Names that the format demands.
        further: Names that it knows.
    """
    expected = tuple(expected)
    found = tuple(
        named(source, folder / name)
        for name in dict.fromkeys((*expected, *further))
        if holds(source, folder / name)
    )
    missing = tuple(
        Finding(
            code="MISSING_CONTEXT",
            severity=Severity.WARNING,
            message=f"there is no {name} beside it: agents work without it",
            span=Span(file=source.name),
            hint=f"add {name}",
        )
        for name in expected
        if not holds(source, folder / name)
    )
    return found, missing


def slug(name: str) -> str:
    """A name fit for a branch or an id."""
    made = re.sub(r"\.{2,}", ".", re.sub(r"[^A-Za-z0-9._-]+", "-", name)).strip("-.")
    return made.removesuffix(".lock") or "plan"
