"""A repository with its settings, its store, and the plans in it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from plait.config import Settings
from plait.core.event import RunId
from plait.core.plan import PackageId
from plait.core.run import Run, fold
from plait.errors import UsageError
from plait.ports import Rows, RunRow, Store

if TYPE_CHECKING:
    from plait.store.sql import SqlStore


class SystemClock:
    """Wall-clock time."""

    def now(self) -> float:
        """Unix time in seconds."""
        return time.time()


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A repository with its settings. `state` is its `.plait` folder."""

    root: Path
    state: Path
    settings: Settings

    @property
    def database(self) -> str:
        """Where the store is: a URL, or the path of the embedded database."""
        return self.settings.database_url or str(self.state / "plait.db")

    @property
    def worktrees(self) -> Path:
        """The folder that worktrees are made in."""
        return self.settings.workspace_root or self.state / "worktrees"


def find_root(start: Path) -> Path | None:
    """The root of the checkout that holds `start`, or None outside a repository."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / ".git").exists():
            return folder
    return None


def open_project(start: Path, flags: Mapping[str, object] | None = None) -> Project:
    """The project that holds `start`.

    Raises:
        UsageError: `NOT_A_REPOSITORY`, `BAD_CONFIG`.
    """
    from plait import config

    root = find_root(start)
    if root is None:
        raise UsageError(
            f"{start.resolve()} is not in a git repository",
            code="NOT_A_REPOSITORY",
            hint="run this inside the repository, or name it with --repo DIR",
        )
    settings = config.load(root, environ=os.environ, flags=flags or {})
    return Project(root=root, state=root / ".plait", settings=settings)


def make_state(project: Project) -> None:
    """Create `.plait`, hidden from the user's git by its own ignore file."""
    project.state.mkdir(exist_ok=True)
    _place(project.state / ".gitignore", "*\n")
    # Worktrees lie below the user's checkout. pytest looks upwards for its configuration; here
    # it finds this before the user's, which may belong to another branch.
    _place(project.state / "pytest.ini", "[pytest]\n")


def _place(path: Path, text: str) -> None:
    """Write a file, if it is not there, whole or not at all."""
    if not path.exists():
        new = path.with_name(f"{path.name}.new")
        new.write_text(text, encoding="utf-8")
        new.replace(path)


def has_store(project: Project) -> bool:
    """Whether there is a store to open; one behind a URL is taken to be there."""
    return project.settings.database_url is not None or Path(project.database).exists()


@contextmanager
def open_store(project: Project, *, create: bool = False) -> Iterator[SqlStore]:
    """The project's store; closed at the end.

    Raises:
        UsageError: `NO_RUN`, there is no store yet and `create` is false.
    """
    if not create and not has_store(project):
        raise UsageError(
            "there is no run here yet", code="NO_RUN", hint="`plait run PLAN` begins one"
        )
    if create:
        make_state(project)
    from plait import store

    opened = store.open_store(project.database, clock=SystemClock())
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def look(project: Project) -> Iterator[Rows]:
    """The rows of the project's store, by the quickest way there is.

    Raises:
        UsageError: `NO_RUN`, there is no store yet.
    """
    from plait import store

    embedded = project.settings.database_url is None
    quick = store.glance(Path(project.database)) if embedded else None
    if quick is None:
        with open_store(project) as opened:
            yield opened
        return
    try:
        yield quick
    finally:
        quick.close()


def pick_run(store: Rows, name: str | None) -> RunRow:
    """The run of that id or unique beginning of one; the newest if no name is given.

    Raises:
        UsageError: `NO_RUN`, `NO_SUCH_RUN`.
    """
    rows = store.runs()
    if not rows:
        raise UsageError(
            "there is no run here yet", code="NO_RUN", hint="`plait run PLAN` begins one"
        )
    if name is None:
        return rows[0]
    found = [row for row in rows if row.id == name] or [
        row for row in rows if row.id.startswith(name)
    ]
    if len(found) == 1:
        return found[0]
    known = ", ".join(row.id for row in (found or rows)[:5])
    raise UsageError(
        f"{'several runs begin' if found else 'no run begins'} with {name!r}",
        code="NO_SUCH_RUN",
        hint=f"runs: {known}",
    )


def fold_run(store: Store, run: RunId, *, package: PackageId | None = None) -> Run:
    """The run, folded from its events; with a package, only that one has its state."""
    return fold(Run(id=run, plan=store.plan(run)), store.events(run, package=package))
