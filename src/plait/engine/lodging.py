"""Ports and databases that a package is given for as long as it works, and its checks.

A port is held by a lock of its own in a folder that all runs of this user share, so that no two
packages are given one, whichever run they are of; and it was free when it was given. A database
is noted in the run's folder before it is made: whoever goes on after a crash drops what is left.
"""

from __future__ import annotations

import errno
import fcntl
import itertools
import json
import os
import socket
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from zlib import crc32

from plait import process
from plait.core.furnishing import Database, Furnishing, database_name
from plait.errors import PlaitError

COMMAND_S = 120.0  # for making or dropping a database
_FOLDER = "plait-ports"
_SAVED = "lodging.json"
_NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class LodgingFailed(PlaitError):  # noqa: N818 - as it is said
    """There is no free port, or a database could not be made. The code is `SETUP_FAILED`."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="SETUP_FAILED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lodging:
    """What somebody was given, by number and name; `variables` tell it to agent and checks."""

    ports: tuple[int, ...] = ()
    databases: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(slots=True, kw_only=True)
class Lodgings:
    """Who has which ports and databases in a run.

    Args:
        furnishing: What each is given.
        run: The run's id.
        root: The repository's root, where databases' commands run.
        notes: A folder of the run's for what is to be dropped.
        environment: That of databases' commands.
    """

    furnishing: Furnishing = field(default_factory=Furnishing)
    run: str = ""
    root: Path = field(default_factory=Path)
    notes: Path = field(default_factory=Path)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    held: dict[int, int] = field(default_factory=dict)
    given: dict[str, Lodging] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)

    def another(self, who: str) -> str:
        """A name for somebody beside others of the same: merge results are tested side by side."""
        return f"{who}:{next(self.numbers)}"

    async def take(self, who: str, log: Path) -> Lodging:
        """Ports that nobody else has, and new databases.

        Args:
            who: A package and its epoch, and what for.
            log: Where the output of commands goes.

        Raises:
            LodgingFailed: One of them is not to be had; nothing is held then.
        """
        lodging = self.given[who] = Lodging()
        try:
            for _ in self.furnishing.ports:
                lodging = self._give(who, replace(lodging, ports=(*lodging.ports, self._port(who))))
            for database in self.furnishing.databases:
                name = database_name(database.variable, run=self.run, who=who)
                names = (*lodging.databases, name)
                lodging = self._give(who, replace(lodging, databases=names))
                await self._make(database, name, log)
        except BaseException:
            await self.leave(who, log)
            raise
        return lodging

    def further(self, who: str) -> int:
        """One more port for somebody; it is left with the others.

        Raises:
            LodgingFailed: None is free.
        """
        port, lodging = self._port(who), self.given[who]
        self.given[who] = replace(lodging, ports=(*lodging.ports, port))
        return port

    async def leave(self, who: str, log: Path) -> None:
        """Drop the databases that somebody was given, and let others have the ports."""
        import anyio

        lodging = self.given.pop(who, Lodging())
        with anyio.CancelScope(shield=True):
            for name in lodging.databases:
                await self._drop(name, log)
        for port in lodging.ports:
            descriptor = self.held.pop(port, None)
            if descriptor is not None:
                os.close(descriptor)

    def take_again(self, who: str, folder: Path) -> Lodging:
        """Hold what an earlier orchestrator gave to an agent that lives on, as `save` noted it."""
        lodging = self._give(who, saved(folder))
        for port in lodging.ports:
            self._lock(port)
        return lodging

    async def sweep(self, living: Collection[str]) -> None:
        """Drop what an earlier orchestrator left behind, but the databases of the living."""
        for note in sorted(self.notes.glob("*.json")):
            if note.stem not in living:
                await self._drop(note.stem, self.notes / "dropped.log")

    def _give(self, who: str, lodging: Lodging) -> Lodging:
        """Note what somebody has, and put it into variables."""
        furnishing = self.furnishing
        ports = {
            variable: str(port)
            for variable, port in zip(furnishing.ports, lodging.ports, strict=False)
        }
        databases = {
            each.variable: each.url_of(name)
            for each, name in zip(furnishing.databases, lodging.databases, strict=False)
        }
        self.given[who] = replace(lodging, variables={**ports, **databases})
        return self.given[who]

    # -- ports ---------------------------------------------------------------------------------

    def _port(self, who: str) -> int:
        first, last = self.furnishing.port_range
        count = last - first + 1
        begin = crc32(f"{self.run}/{who}".encode()) % count  # runs do not crowd at one end
        for step in range(count):
            port = first + (begin + step) % count
            if port not in self.held and self._lock(port):
                if is_free(port):
                    return port
                os.close(self.held.pop(port))
        raise LodgingFailed(
            f"no port from {first} to {last} is free: `[workspace] port_range` in plait.toml"
        )

    def _lock(self, port: int) -> bool:
        folder = _locks()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(folder / str(port), flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self.held[port] = descriptor
        return True

    # -- databases -----------------------------------------------------------------------------

    async def _make(self, database: Database, name: str, log: Path) -> None:
        self.notes.mkdir(parents=True, exist_ok=True)
        (self.notes / f"{name}.json").write_text(json.dumps({"variable": database.variable}))
        ended = await self._run(database.creates(name), log)
        if ended.code != 0:
            how = ended.error or f"exited {ended.code}"
            raise LodgingFailed(
                f"the database of {database.variable} could not be made: "
                f"`{database.creates(name)}` {how}"
            )

    async def _drop(self, name: str, log: Path) -> None:
        """Drop it; what cannot be dropped stays noted, for the next sweep."""
        note = self.notes / f"{name}.json"
        with suppress(OSError, ValueError, KeyError):
            variable = json.loads(note.read_text())["variable"]
            for database in self.furnishing.databases:
                if database.variable != variable:
                    continue
                if (await self._run(database.drops(name), log)).code == 0:
                    note.unlink(missing_ok=True)

    async def _run(self, command: str, log: Path) -> process.Exit:
        return await process.run(
            ("/bin/sh", "-c", command),
            cwd=self.root,
            env=self.environment,
            stdout=log,
            stderr=log,
            timeout_s=COMMAND_S,
        )


def save(lodging: Lodging, folder: Path) -> None:
    """Write down what an attempt was given, for whoever takes it up after a crash."""
    if lodging.ports or lodging.databases:  # no addresses: they may hold a password
        told = {"ports": lodging.ports, "databases": lodging.databases}
        (folder / _SAVED).write_text(json.dumps(told), encoding="utf-8")


def hand_on(before: Path, folder: Path) -> None:
    """Write down for the next attempt what the one before was given: it keeps that."""
    save(saved(before), folder)


def saved(folder: Path) -> Lodging:
    """What was written down, without variables; nothing, if there is nothing to be read."""
    try:
        told = json.loads((folder / _SAVED).read_text(encoding="utf-8"))
        return Lodging(ports=tuple(told["ports"]), databases=tuple(told["databases"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Lodging()


def _locks() -> Path:
    """The folder of the ports' locks, which all runs of this user share."""
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    return folder / f"{_FOLDER}-{os.getuid()}"


def is_lent(port: int) -> bool:
    """Whether an attempt of any run of this user has that port."""
    try:
        descriptor = os.open(_locks() / str(port), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:  # nobody ever had it
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def is_free(port: int) -> bool:
    """Whether nobody listens there, on any of the addresses of this machine."""
    with ExitStack() as stack:
        for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104
            try:
                probe = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            except OSError:  # no such addresses here
                continue
            with suppress(OSError):
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                if family == socket.AF_INET6 and error.errno in _NO_SUCH_ADDRESS:
                    continue
                return False
    return True
