"""Answer what an agent from elsewhere asked, through the coordinator: no run has to be driven."""

from __future__ import annotations

from pathlib import Path

from plait.app import controlling
from plait.app.people import who
from plait.app.project import open_project, open_store, pick_run
from plait.core.messages import Question, number_of
from plait.engine.coordinator.desk import Desk
from plait.engine.coordinator.questions import replied
from plait.engine.coordinator.verb import Call, Caller
from plait.errors import ExitCode
from plait.ports.coordination import CoordinationRows


def answer(start: Path, run_name: str | None, name: str, text: str, *, as_json: bool) -> int | None:
    """Answer a question of a session's and tell so; None if there is none of that name.

    Raises:
        UsageError: `NO_RUN`, `NO_SUCH_RUN`, `ALREADY_ANSWERED`.
    """
    number = number_of(name)
    if number is None:
        return None
    project = open_project(start)
    with open_store(project) as store:
        row = pick_run(store, run_name)

        def reply(rows: CoordinationRows) -> Question | None:
            question = rows.question(number)
            if question is None or question.run != row.id:
                return None
            call = Call(rows=rows, caller=Caller(), desk=Desk(store=store))
            return replied(call, question, text, who=who(project.root))

        answered = store.transact(reply)
    if answered is None:
        return None
    controlling.tell(row, f"{answered.agent} is told", as_json=as_json)
    return ExitCode.DONE
