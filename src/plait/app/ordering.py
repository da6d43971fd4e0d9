"""What `plait pause`, `cancel`, `retry`, `skip` and `answer` do.

Cancelling a run that nobody drives takes it up for just that: agents that live are ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from plait.app import controlling, launching
from plait.app.project import look, open_project, open_store, pick_run
from plait.core.control import Wish
from plait.errors import ExitCode, UsageError


def order(start: Path, run_name: str | None, wish: Wish, *, as_json: bool) -> int:
    """Ask for something and tell what came of it.

    Raises:
        UsageError: `NO_RUN`, `NO_SUCH_RUN`, `RUN_ENDED`, or why it is not carried out.
    """
    project = open_project(start)
    with open_store(project) as store:
        row = pick_run(store, run_name)
        told = controlling.ask(project, store, row, wish)
    if told is None:
        call = launching.Call(plan="", start=start, quiet=True, as_json=as_json)
        code = launching.resume(row.id, call=call)
        return ExitCode.DONE if code == ExitCode.FAILED else code
    controlling.tell(row, told, as_json=as_json)
    return ExitCode.DONE


def named(start: Path, names: Sequence[str]) -> tuple[str | None, str | None]:
    """A run and a package, of `[RUN] [PACKAGE]`: one name alone is a run's if there is such a run.

    Raises:
        UsageError: `BAD_CALL`, more than two names.
    """
    if len(names) > 2:  # noqa: PLR2004
        raise UsageError("at most a run and a package", code="BAD_CALL")
    if len(names) != 1:
        return (names[0], names[1]) if names else (None, None)
    with look(open_project(start)) as rows:
        is_run = any(row.id.startswith(names[0]) for row in rows.runs())
    return (names[0], None) if is_run else (None, names[0])
