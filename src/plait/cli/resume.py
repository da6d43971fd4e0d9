"""`plait resume [RUN]`."""

from __future__ import annotations

from pathlib import Path

import click

from plait.cli import options


@click.command("resume")
@click.argument("run", required=False)
@click.option("--max-agents", type=click.IntRange(min=1), help="Agents at once from now on.")
@click.option("--budget", type=click.FloatRange(min=0), metavar="USD", help="A new budget.")
@click.option("--plan", metavar="PLAN", help="Go on with the plan as it is now, after an edit.")
@click.option("--yes", is_flag=True, help="Approve that plan as it is now.")
@click.option(
    "--pr",
    "pull_request",
    is_flag=True,
    help="In the end push the branch and open or update its pull request.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print only the result.")
@options.repo
@options.as_json
def command(
    *,
    run: str | None,
    max_agents: int | None,
    budget: float | None,
    plan: str | None,
    yes: bool,
    pull_request: bool,
    quiet: bool,
    start: Path,
    as_json: bool,
) -> int:
    """Go on with a run that was stopped, paused, answered or crashed (default: the newest).

    What was in flight starts over under a new epoch and uses up no attempt. Of a finished run
    it prints the result, and exits as the run did. With a limit given, a run that is at work
    goes on under it; so does one that is being paused.

    With --plan, what the edit changed is done again and the rest is reused. With --pr, the branch
    of a finished run is offered, too.
    """
    from plait.app import launching
    from plait.core.control import ChangeLimits

    limits = ChangeLimits(max_agents=max_agents, budget_usd=budget)
    call = launching.Call(
        plan=plan or "",
        start=start,
        yes=yes,
        pull_request=pull_request,
        quiet=quiet,
        as_json=as_json,
    )
    return launching.resume(run, call=call, limits=limits)
