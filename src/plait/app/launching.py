"""What `plait run` and `plait resume` do, from the call to the exit code."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from plait import process
from plait.app import (
    approving,
    confining,
    controlling,
    offering,
    planning,
    revising,
    running,
    trying,
)
from plait.app.choosing import review_of, roster_of
from plait.app.loading import load_plan, require_plan
from plait.app.lock import hold
from plait.app.people import who
from plait.app.project import (
    Project,
    fold_run,
    has_store,
    make_state,
    open_project,
    open_store,
    pick_run,
)
from plait.app.reporting import report_of, write_reports
from plait.app.revising import NewPlan
from plait.app.run_options import RunOptions
from plait.app.shaping import max_agents, part_of, shape_of
from plait.app.tidying import tidy_again
from plait.core import delivery
from plait.core.codec import decode
from plait.core.control import ChangeLimits, Unpause, Wish, to_data
from plait.core.event import DeliveryOutcome, RunStatus
from plait.core.finding import Finding
from plait.core.lease import Holder
from plait.core.plan import PackageId, Plan
from plait.core.run import UNFINISHED, Halt
from plait.engine import preflight
from plait.errors import ExitCode, UsageError
from plait.faces import findings_text, summary_text, terminal
from plait.faces.dry_run import dry_run_text
from plait.faces.text import listing
from plait.ports import RunRow, Store

EXIT_CODES = {
    RunStatus.SUCCEEDED: ExitCode.DONE,
    RunStatus.PARTIAL: ExitCode.FAILED,
    RunStatus.FAILED: ExitCode.FAILED,
    RunStatus.CANCELLED: ExitCode.FAILED,
    RunStatus.BLOCKED: ExitCode.DECISION,
    RunStatus.RUNNING: ExitCode.INTERRUPTED,
    RunStatus.INTERRUPTED: ExitCode.INTERRUPTED,
    RunStatus.PAUSED: ExitCode.DECISION,
}
UNCHANGED = ChangeLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`plait run`'s arguments as they were typed."""

    plan: str
    start: Path
    format_name: str | None = None
    agents: tuple[str, ...] = ()
    max_agents: int | None = None
    budget: float | None = None
    timeout: float | None = None
    sandbox: str | None = None
    tracks: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    with_needs: bool = False
    go_on: bool | None = None
    stop_on: str | None = None
    base: str = "HEAD"
    branch: str | None = None
    fresh: bool = False
    yes: bool = False
    checks: tuple[str, ...] = ()
    allow_unchecked: bool = False
    qa: bool = False
    pull_request: bool = False
    quiet: bool = False
    verbose: bool = False
    as_json: bool = False


def dry_run(call: Call) -> str:
    """The plan of execution: what is ready by track, what waits on what, totals."""
    project, plan = _prepare(call)
    plan, options = _options(project, plan, call)
    return _execution(plan, options)


def run(call: Call) -> int:
    """Run a plan to its report and return the exit code."""
    project, plan = _prepare(call)
    plan, options = _options(project, plan, call)
    nobody = _nobodys(plan, options)
    if nobody is not None:
        raise UsageError(
            f"no agent is named{nobody}",
            code="NO_AGENT",
            hint='name one: --agent "command:SHELL", or `[run] agent` in plait.toml; '
            "`plait init` writes one with the agent that it finds",
        )
    planning.require_scopes(plan, options.packages, project.settings.unknown_scope)
    unchecked = planning.require_checks(plan, options, allow_unchecked=call.allow_unchecked)
    with open_store(project, create=True) as store:
        _require_approval(project, store, plan, options, call)
        with hold(project.state) as me:
            unfinished = preflight.unfinished_run(store, plan)
            if unfinished is not None and not call.fresh:
                return _continue(project, store, unfinished, call, me)
            if unchecked and not call.quiet:
                sys.stderr.write(f"nothing checks {len(unchecked)} packages, as allowed\n")
            with _face(call) as face:
                orchestrator = running.Orchestrator(
                    holder=me, store=store, observers=(face.observer,)
                )
                ended = process.run_main(running.start, project, orchestrator, plan, options)
                ended = _offered(project, orchestrator, ended, asked=False)
            return _finish(project, store, ended, call)


def resume(run_name: str | None, *, call: Call, limits: ChangeLimits = UNCHANGED) -> int:
    """Go on with an unfinished run; of a finished one, its report and its exit code.

    A run that is at work is given new limits, or has its pause lifted. With a plan, the run goes
    on with it as it is now, be it finished or not.
    """
    project = open_project(call.start)
    with open_store(project) as store:
        row = pick_run(store, run_name)
        living = not call.plan and controlling.is_driven(project, store, row)
        if living and _at_work(project, store, row, limits, call):
            return ExitCode.DONE
        make_state(project)  # another checkout may have begun the run
        with hold(project.state) as me:
            row = pick_run(store, row.id)
            if limits != UNCHANGED:
                controlling.refused_at_rest(store, row, limits)
                store.ask(row.id, "limits", to_data(limits), who=who(project.root))
            new = _revised(project, store, row, call) if call.plan else None
            if not call.plan:
                _tell_outdated(project, store, row, call)
            if row.status not in UNFINISHED and not store.requests(row.id) and new is None:
                ended = _once_more(project, store, row, call, me)
                tidy_again(project, ended.run)  # it may have been killed before all was done
                return _finish(project, store, ended, call)
            return _continue(project, store, row, call, me, new=new)


def _at_work(project: Project, store: Store, row: RunRow, limits: ChangeLimits, call: Call) -> bool:
    """Whether there was something to tell the living orchestrator."""
    paused = fold_run(store, row.id).halt is Halt.DRAIN
    wishes: list[Wish] = [limits] if limits != UNCHANGED else []
    wishes += [Unpause()] if paused else []
    for wish in wishes:
        told = controlling.ask(project, store, row, wish)
        controlling.tell(row, told or "", as_json=call.as_json)
    return bool(wishes)


def _revised(project: Project, store: Store, row: RunRow, call: Call) -> NewPlan | None:
    """The plan that the call names, approved; None if the run has it already.

    Raises:
        UsageError: `RUN_ENDED`, or as `revising.read` does.
        DecisionNeeded: `NOT_APPROVED`, `CHANGED_SINCE_APPROVAL`, `UNCHECKED`.
    """
    if row.status is RunStatus.CANCELLED:
        raise UsageError(
            f"run {row.id} has ended: {row.status}",
            code="RUN_ENDED",
            hint=f"`plait run {call.plan} --fresh` begins another",
        )
    name = who(project.root)
    new = revising.read(project, store, row, call.plan, who=name, tell=_tell)
    if new is None:
        if not call.quiet:
            sys.stderr.write("the plan is as the run has it\n")
        return None
    options = decode(RunOptions, store.options(row.id))
    _require_approval(project, store, new.plan, replace(options, packages=new.selected), call)
    return new


def _tell_outdated(project: Project, store: Store, row: RunRow, call: Call) -> None:
    """Say so where the checkout has another version of the plan than the run."""
    if call.quiet or row.status in {RunStatus.SUCCEEDED, RunStatus.CANCELLED}:
        return
    plan = store.plan(row.id)
    changed = revising.outdated(project, plan)
    if changed:
        sys.stderr.write(
            f"{listing(changed)} changed since; the run goes on with what it began with. "
            "To go on with the plan as it is now: "
            f"plait resume {row.id} --plan {plan.files[0].path}\n"
        )


def _continue(
    project: Project,
    store: Store,
    row: RunRow,
    call: Call,
    me: Holder,
    *,
    new: NewPlan | None = None,
) -> int:
    if not call.quiet:
        sys.stderr.write(f"going on with run {row.id} of {row.plan}\n")
    with _face(call) as face:
        orchestrator = running.Orchestrator(holder=me, store=store, observers=(face.observer,))
        ended = process.run_main(
            running.continue_run, project, orchestrator, row, None if new is None else new.meaning
        )
        asked = call.pull_request and delivery.is_due(ended.run)
        ended = _offered(project, orchestrator, ended, asked=asked)
    return _finish(project, store, ended, call)


def _once_more(
    project: Project, store: Store, row: RunRow, call: Call, me: Holder
) -> running.Ended:
    """The end of a run that is over; what was to follow it is done, if it was not."""
    ended = running.Ended(run=fold_run(store, row.id))
    if not offering.is_wanted(store, ended.run, asked=call.pull_request):
        return ended
    with _face(call) as face:
        orchestrator = running.Orchestrator(holder=me, store=store, observers=(face.observer,))
        return _offered(project, orchestrator, ended, asked=call.pull_request)


def _offered(
    project: Project, orchestrator: running.Orchestrator, ended: running.Ended, *, asked: bool
) -> running.Ended:
    """The end of a run, and of what was to follow it."""
    wanted = offering.is_wanted(orchestrator.store, ended.run, asked=asked)
    if ended.stopped_by is not None or not wanted:
        return ended
    return process.run_main(offering.offer, project, orchestrator, ended.run.id)


def _finish(project: Project, store: Store, ended: running.Ended, call: Call) -> int:
    report = report_of(project, store, ended.run)
    write_reports(project, report)  # it may have been killed before it did
    _print_result(project, report, call)
    if ended.stopped_by is not None:
        sys.stderr.write("stopped; `plait resume` goes on from here\n")
        by_term = ended.stopped_by == signal.SIGTERM
        return ExitCode.TERMINATED if by_term else ExitCode.INTERRUPTED
    code = EXIT_CODES[ended.run.status]
    last = ended.run.delivery
    failed = last is not None and last.outcome is DeliveryOutcome.FAILED
    return ExitCode.ENVIRONMENT if failed and code is ExitCode.DONE else code


def _print_result(project: Project, report: Mapping[str, Any], call: Call) -> None:
    if call.as_json:
        return  # the last event on stdout says it
    folder: Path = project.state / "runs" / report["run"]
    if folder.is_relative_to(Path.cwd()):
        folder = folder.relative_to(Path.cwd())
    sys.stdout.write(summary_text.summary(report, folder=str(folder)))
    sys.stdout.flush()


def _prepare(call: Call) -> tuple[Project, Plan]:
    flags = {"max_agents": call.max_agents} if call.max_agents else {}
    project = open_project(call.start, flags)
    loaded = load_plan(call.plan, start=call.start, format_name=call.format_name, base=call.base)
    return project, require_plan(loaded, _tell)


def _options(project: Project, plan: Plan, call: Call) -> tuple[Plan, RunOptions]:
    """The options of a run, and its plan: with QA, if the run has any."""
    settings = project.settings
    go_on = settings.continue_on_error if call.go_on is None else call.go_on
    seats = () if call.agents else settings.seats
    packages = planning.chosen_packages(
        plan,
        tracks=call.tracks,
        packages=call.packages,
        with_needs=call.with_needs,
        done=_landed_before(project, plan, call),
    )
    plan, packages = trying.tried(plan, packages, settings, asked=call.qa)
    return plan, RunOptions(
        agents=call.agents or ((settings.agent,) if settings.agent else ()),
        seats=(*seats, *trying.seat_of(settings, seats)),
        packages=packages,
        base=call.base,
        branch=call.branch,
        fresh=call.fresh,
        max_agents=max_agents(plan, settings),
        fail_fast=not go_on,
        stop_on=call.stop_on or settings.stop_on,
        budget_usd=call.budget or settings.budget_usd,
        timeout_s=call.timeout or settings.timeout_s,
        held=confining.asked(settings, call.sandbox),
        pull_request=call.pull_request,
        review=review_of(settings),
        checks=planning.default_checks(project, call.checks),
        land_checks=settings.land_checks,
    )


def _nobodys(plan: Plan, options: RunOptions) -> str | None:
    """For which of the packages no agent is named, in words; None if there is none."""
    roster = roster_of(options.agents, options.seats)
    if not roster.seats:
        return ""
    packages = (plan.package(each) for each in options.packages)
    left = [each.id for each in packages if each.runs_agent and not roster.providers(each)]
    return f" for {listing(left)}" if left else None


def _landed_before(project: Project, plan: Plan, call: Call) -> tuple[PackageId, ...]:
    """What an earlier run landed on the branch that this call would build upon."""
    if call.fresh or not (call.tracks or call.packages) or not has_store(project):
        return ()
    with open_store(project) as store:
        return preflight.landed_before(store, plan, call.branch or plan.branch)


def _require_approval(
    project: Project, store: Store, plan: Plan, options: RunOptions, call: Call
) -> None:
    """An approval of this digest: recorded, given with `--yes`, or asked for at a terminal.

    Raises:
        DecisionNeeded: `NOT_APPROVED`, `CHANGED_SINCE_APPROVAL`.
    """
    if approving.is_approved(store, plan):
        return
    if not call.yes and not _asked(plan, options, call):
        raise approving.approval_missing(store, plan, call.plan)
    store.approve(plan.digest, who=who(project.root), plan=plan.id)


def _execution(plan: Plan, options: RunOptions) -> str:
    part = part_of(plan, options.packages)
    shape = shape_of(part, agents=options.max_agents)
    return dry_run_text(part, estimate_s=shape.makespan_s if shape.is_known else None)


def _asked(plan: Plan, options: RunOptions, call: Call) -> bool:
    import click

    if call.as_json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    sys.stderr.write(_execution(plan, options))
    return click.confirm(f"Approve {plan.id} and run it?", err=True)


def _face(call: Call) -> terminal.Face:
    return terminal.choose(
        json=call.as_json, quiet=call.quiet, verbose=call.verbose, env=os.environ
    )


def _tell(findings: Sequence[Finding]) -> None:
    sys.stderr.write(findings_text.findings_text(findings))
