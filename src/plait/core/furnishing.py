"""What a workspace is furnished with, as the owner set it: files, set-up, ports, databases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

_LONGEST_NAME = 63  # bytes: as long as PostgreSQL takes them
PLACE = "{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database for each package, told to it by the variable `variable`.

    In `create`, `drop` and `url`, `{name}` stands for the database's name.
    """

    variable: str
    create: str
    drop: str
    url: str

    def url_of(self, name: str) -> str:
        """The variable's value."""
        return self.url.replace(PLACE, name)

    def creates(self, name: str) -> str:
        """The command that makes the database."""
        return self.create.replace(PLACE, name)

    def drops(self, name: str) -> str:
        """The command that removes it."""
        return self.drop.replace(PLACE, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Furnishing:
    """What each package is given to work and to be checked with.

    Args:
        setup: Commands that make a workspace ready, in order.
        setup_key: Globs of files whose contents decide whether what they made still holds; none:
            they run each time.
        ports: Variables, each given a free port.
        port_range: The first and the last port to give.
        databases: Databases that each package is given.
    """

    setup: tuple[str, ...] = ()
    setup_key: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    port_range: tuple[int, int] = (20_000, 29_999)
    databases: tuple[Database, ...] = ()


def database_name(variable: str, *, run: str, who: str) -> str:
    """A name that every database system takes without quotes, and that no other package has.

    Args:
        variable: Which of the package's databases.
        run: The run's id.
        who: The package and its epoch.
    """
    told = f"{variable}_{who}".lower()
    mark = sha256(f"{run}/{who}/{variable}".encode()).hexdigest()[:12]
    plain = re.sub(r"[^a-z0-9]+", "_", told).strip("_")
    return f"plait_{plain[: _LONGEST_NAME - len(mark) - len('plait__')]}_{mark}"


def setup_key(commands: tuple[str, ...], files: Mapping[str, bytes]) -> str:
    """What tells one set-up from another: its commands, and the files that decide on it."""
    key = sha256()
    for command in commands:
        key.update(b"run\0" + command.encode() + b"\0")
    for path in sorted(files):
        name = path.encode("utf-8", "surrogateescape")
        key.update(b"file\0" + name + b"\0" + sha256(files[path]).digest())
    return key.hexdigest()
