"""A repository's files, as far as they say how it is checked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

MOST_BYTES = 1_000_000
DEEPEST = 2  # folders below the root that are looked into for projects of their own


class CheckFor(StrEnum):
    """What a check command looks after."""

    TESTS = "tests"
    LINT = "lint"
    TYPES = "types"


class Rank(IntEnum):
    """How well a command stands for the repository: the lowest of a kind is taken."""

    RECIPE = 0  # the repository's own word for it: make test
    SCRIPT = 1  # the project's: npm test
    TOOL = 2  # a tool that is configured: pytest
    AROUND = 3  # what runs other tools in surroundings of their own: tox, pre-commit
    HABIT = 4  # usual where nothing is said


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A command that may check the repository.

    `source` is the file that says so, `cwd` relative to the root, `program` what must be on the
    PATH for it to run, `ecosystem` whose it is; empty: anybody's.
    """

    kind: CheckFor
    command: str
    source: str
    rank: Rank
    program: str
    ecosystem: str = ""
    cwd: str = "."
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As a check is called."""
        return self.kind.value if self.cwd == "." else f"{self.kind.value} of {self.cwd}"


@dataclass(frozen=True)
class Tree:
    """The files that git knows of or would take in, without those it ignores."""

    root: Path
    files: frozenset[str]

    def read(self, path: str) -> str:
        """A file's text; empty if it cannot be read or is no such small file."""
        place = self.root / path
        try:
            if path not in self.files or place.stat().st_size > MOST_BYTES:
                return ""
            return place.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def has(self, *paths: str) -> str:
        """The first of these files that is there; empty if none is."""
        return next((each for each in paths if each in self.files), "")

    def json(self, path: str) -> Mapping[str, Any]:
        """A JSON object; empty if it is none."""
        try:
            value = json.loads(self.read(path))
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def toml(self, path: str) -> Mapping[str, Any]:
        """A TOML document; empty if it is none."""
        import tomllib

        try:
            return tomllib.loads(self.read(path))
        except (tomllib.TOMLDecodeError, RecursionError):
            return {}

    def yaml(self, path: str) -> Mapping[Any, Any]:
        """A YAML mapping; empty if it is none."""
        import yaml

        try:
            value = yaml.safe_load(self.read(path))
        except (yaml.YAMLError, RecursionError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    @cached_property
    def near(self) -> tuple[str, ...]:
        """The files of the root and of folders not far below it, the root's first."""
        found = [each for each in self.files if each.count("/") <= DEEPEST]
        return tuple(sorted(found, key=lambda each: (each.count("/"), each)))

    def folders(self, *names: str) -> tuple[str, ...]:
        """Where files of these names are, without folders that lie in another such one."""
        found = dict.fromkeys(
            PurePosixPath(each).parent.as_posix()
            for each in self.near
            if PurePosixPath(each).name in names
        )
        if "." in found:
            return (".",)
        return tuple(
            each
            for each in found
            if found.keys().isdisjoint(p.as_posix() for p in PurePosixPath(each).parents)
        )

    def at(self, folder: str, name: str) -> str:
        """The path of a file in a folder."""
        return name if folder == "." else f"{folder}/{name}"

    def any(self, folder: str, *ends: str) -> bool:
        """Whether a file in the folder or below it ends like this."""
        begin = "" if folder == "." else f"{folder}/"
        return any(each.startswith(begin) and each.endswith(ends) for each in self.files)


# A program that somebody planted in the repository's settings is not run to look at its files.
_RUN_NOTHING = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
_LISTED = ("--cached", "--others", "--exclude-standard")


def tree_of(root: Path) -> Tree:
    """The repository's files."""
    listed = subprocess.run(
        ["git", "-C", str(root), *_RUN_NOTHING, "ls-files", "-z", *_LISTED],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    names = listed.stdout.decode("utf-8", "surrogateescape").split("\0")
    return Tree(root, frozenset(filter(None, names)))


def is_there(found: Found, root: Path) -> bool:
    """Whether the command's program can be started here."""
    if "/" in found.program:
        return (root / found.cwd / found.program).is_file()
    return shutil.which(found.program) is not None


def chosen(candidates: Iterable[Found], root: Path) -> tuple[Found, ...]:
    """Those that are taken.

    Of each kind the best rank that can be started here, for every ecosystem in every folder.
    What the root's own recipes say stands for the whole repository, and what is nobody's own
    (pre-commit) is taken where there is nothing else.
    """
    taken: list[Found] = []
    for kind in CheckFor:
        usable = [each for each in candidates if each.kind is kind and is_there(each, root)]
        usable.sort(key=lambda each: each.rank)
        whole = [each for each in usable if each.rank is Rank.RECIPE and each.cwd == "."]
        own = [each for each in usable if each.ecosystem]
        places = {(each.cwd, each.ecosystem): each for each in reversed(own)}
        taken += whole[:1] or [each for each in own if each in places.values()] or usable[:1]
    return tuple(taken)
