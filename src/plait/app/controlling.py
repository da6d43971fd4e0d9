"""Ask something of a run.

A request is written down, and whoever decides the run carries it out. If nobody does at the
moment, whoever takes the run up will.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from typing import Any

from plait.app import lock
from plait.app.people import who
from plait.app.project import Project, fold_run, make_state
from plait.core import graph as graphs
from plait.core.control import (
    NAMES,
    WISHES,
    CancelAll,
    Pause,
    Refusal,
    Unpause,
    Wish,
    carried_out,
    from_data,
    to_data,
)
from plait.core.event import Recorded, RunStatus
from plait.core.run import UNFINISHED, apply
from plait.errors import UsageError
from plait.ports import RunRow, Store

PATIENCE_S = 60.0  # an agent that is ended has its grace, and its work is kept
LOOK_S = 0.05
_OVER = frozenset({RunStatus.SUCCEEDED, RunStatus.CANCELLED})


def ask(project: Project, store: Store, row: RunRow, wish: Wish) -> str | None:
    """Put a request to the run; what came of it, or None if somebody must take the run up first.

    Raises:
        UsageError: It is refused.
    """
    driven = is_driven(project, store, row)
    if not driven:
        refused_at_rest(store, row, wish)
    number = store.ask(row.id, NAMES[type(wish)], to_data(wish), who=who(project.root))
    if driven:
        return _answered(project, store, row, number)
    if isinstance(wish, CancelAll):
        return None
    return f"noted; `plait resume {row.id}` carries it out"


def is_driven(project: Project, store: Store, row: RunRow) -> bool:
    """Whether a living orchestrator decides the run, from this checkout or from another one."""
    held = next((each.holder for each in store.held_runs() if each.run == row.id), None)
    if held is None:
        return False
    try:
        make_state(project)  # another checkout may have begun the run
        with lock.hold(project.state) as own:
            return not own.survives(held)
    except UsageError:  # whoever has the lock decides this run, or another one of this checkout
        pid = lock.holder(project.state)
        return pid is not None and held.startswith(f"process {pid} ")


def refused_at_rest(store: Store, row: RunRow, wish: Wish) -> None:
    """Refuse what makes no sense for a run that nobody drives.

    Raises:
        UsageError: `RUN_ENDED`, `NOT_RUNNING`, or as `core.control` refuses.
    """
    if row.status in _OVER:
        raise UsageError(
            f"run {row.id} has ended: {row.status}",
            code="RUN_ENDED",
            hint="`plait run PLAN` begins another",
        )
    if isinstance(wish, Pause | Unpause):
        resting = "nothing runs" if row.status in UNFINISHED else f"it has ended: {row.status}"
        raise UsageError(
            f"run {row.id} is not being driven: {resting}",
            code="NOT_RUNNING",
            hint="`plait status` tells where it stands",
        )
    run = fold_run(store, row.id)
    graph = graphs.build(run.plan)
    for noted in store.requests(row.id):
        if noted.kind not in WISHES:  # of an agent at work, which decides nothing else
            continue
        before = carried_out(run, graph, from_data(noted.kind, noted.data), who=noted.who)
        for event in () if isinstance(before, Refusal) else before.events:
            run = apply(run, Recorded(seq=run.seq + 1, at=noted.at, run=run.id, event=event))
    found = carried_out(run, graph, wish, who="")
    if isinstance(found, Refusal):
        raise UsageError(found.message, code=found.code, hint=found.hint)
    if not found.events:
        raise UsageError(found.told, code="NOTHING_TO_DO", hint="`plait status` lists packages")


def _answered(project: Project, store: Store, row: RunRow, number: int) -> str:
    """Wait for the answer of the living orchestrator."""
    give_up = time.monotonic() + PATIENCE_S
    while True:
        driven = is_driven(project, store, row)  # looked at first: its last act may be the answer
        answer = store.request(row.id, number).answer
        if answer is not None:
            return _read(json.loads(answer))
        if not driven:
            return f"noted; the run stopped meanwhile: `plait resume {row.id}` carries it out"
        if time.monotonic() >= give_up:
            return "noted; the run has not answered yet"
        time.sleep(LOOK_S)


def _read(answer: Mapping[str, Any]) -> str:
    if "told" in answer:
        return str(answer["told"])
    raise UsageError(answer["message"], code=answer["code"], hint=answer["hint"])


def tell(row: RunRow, told: str, *, as_json: bool) -> None:
    """Print what came of a request."""
    text = json.dumps({"run": row.id, "told": told}, ensure_ascii=False) if as_json else told
    sys.stdout.write(text + "\n")
