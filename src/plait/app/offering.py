"""What follows a run that is over: its branch is offered as a pull request."""

from __future__ import annotations

from plait import git
from plait.app import delivering
from plait.app.project import Project, SystemClock, fold_run
from plait.app.run_options import RunOptions
from plait.app.running import TERMS, Ended, Orchestrator
from plait.app.signals import until_signal
from plait.core import delivery
from plait.core.codec import decode
from plait.core.event import RunId
from plait.core.run import UNFINISHED, Run
from plait.engine.holding import hold
from plait.engine.journal import Journal
from plait.ports import Store


def is_wanted(store: Store, run: Run, *, asked: bool) -> bool:
    """Whether a run's branch is to be offered now.

    Args:
        store: Where the run is.
        run: The run.
        asked: Whether this very call says so; else it may have been said when the run began.
    """
    if run.status in UNFINISHED:
        return False
    told = decode(RunOptions, store.options(run.id)).pull_request
    return asked or (told and delivery.is_due(run))


async def offer(project: Project, orchestrator: Orchestrator, run_id: RunId) -> Ended:
    """Offer the branch of a run that is over, and record what came of it.

    Raises:
        RunHeld: A living orchestrator decides it.
    """
    store = orchestrator.store
    options = decode(RunOptions, store.options(run_id))
    async with hold(store, run_id, holder=orchestrator.holder, terms=TERMS) as holding:
        journal = Journal(
            store,
            fold_run(store, run_id),
            clock=SystemClock(),
            observers=orchestrator.observers,
            holding=holding,
        )

        async def work() -> None:
            repository = await git.discover(project.root, state=project.state)
            run = journal.run
            ended = await delivering.deliver(project, store, repository, run, target=options.target)
            await journal.record(ended)

        stopped_by = await until_signal(work)
        return Ended(run=journal.run, stopped_by=stopped_by)
