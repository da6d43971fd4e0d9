"""`plait store copy`: take a run to another database and go on with it there."""

from __future__ import annotations

from pathlib import Path

from plait import store
from plait.app.lock import hold
from plait.app.project import make_state, open_project


def copy(start: Path, *, to: str, source: str | None) -> list[str]:
    """Copy the project's store, or the one named, into another database; what was done.

    Raises:
        UsageError: `RUN_HELD` while an orchestrator lives, or as `store.copy_store` does.
    """
    project = open_project(start)
    make_state(project)
    with hold(project.state):
        done = store.copy_store(source or project.database, to)
    told = ", ".join(f"{table} {count}" for table, count in done.rows.items())
    embedded = Path(to).resolve() == (project.state / "plait.db").resolve()
    switch = (
        "unset PLAIT_DATABASE_URL: this file is the store without it"
        if embedded
        else f"set PLAIT_DATABASE_URL to go on there: {done.target}"
    )
    return [
        f"copied {done.source} to {done.target}",
        f"rows: {told}",
        switch,
        "go on with one of the two only: they know nothing of each other",
    ]
