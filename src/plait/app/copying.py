"""`plait store copy`: take a run to another database and go on with it there."""

from __future__ import annotations

from pathlib import Path

from plait import store
from plait.app.lock import hold
from plait.app.project import SystemClock, make_state, open_project
from plait.core.lease import Holder
from plait.errors import RunHeld


def copy(start: Path, *, to: str, source: str | None) -> list[str]:
    """Copy the project's store, or the one named, into another database; what was done.

    Raises:
        UsageError: `RUN_HELD` while an orchestrator decides a run there; as `store.copy_store`.
    """
    project = open_project(start)
    make_state(project)
    with hold(project.state) as holder:
        _require_rest(source or project.database, holder)
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


def _require_rest(source: str, holder: Holder) -> None:
    """Refuse while an orchestrator of another checkout decides a run there.

    Raises:
        RunHeld: One does; or it has ended, and nobody can know before its claim runs out.
    """
    if "://" not in source and not Path(source).exists():
        return  # which the copy tells of
    opened = store.open_store(source, clock=SystemClock())
    try:
        held = [each for each in opened.held_runs() if not holder.survives(each.holder)]
    finally:
        opened.close()
    if held:
        first = held[0]
        raise RunHeld(first.run, holder=first.holder, remaining_s=first.remaining_s)
