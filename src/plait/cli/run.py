"""`plait run PLAN`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from plait.cli import options
from plait.errors import ExitCode


@click.command("run")
@click.argument("plan")
@click.option(
    "--agent",
    "agents",
    multiple=True,
    metavar="NAME",
    help='Who works: "command:SHELL", scripted:FILE, …; repeat as PATTERN=NAME per package.',
)
@click.option("--max-agents", type=click.IntRange(min=1), help="Agents at once (default 6).")
@click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True),
    metavar="USD",
    help="End agents and ask when they have cost so much.",
)
@click.option(
    "--timeout", type=options.Duration(), help="How long the run may work, like 90m or 2h."
)
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "bwrap", "landlock", "none"]),
    help="What holds the agents (default: auto, none for command: and scripted:).",
)
@click.option("--dry-run", is_flag=True, help="Print the plan of execution; start nothing.")
@click.option("--track", "tracks", multiple=True, metavar="T", help="Only this track.")
@click.option("--package", "packages", multiple=True, metavar="P", help="Only this package.")
@click.option("--with-needs", is_flag=True, help="Take in what the selected packages need.")
@click.option(
    "--continue-on-error/--fail-fast",
    "go_on",
    default=None,
    help="After a failure go on with what is independent (default), or start nothing more.",
)
@click.option(
    "--stop-on",
    type=click.Choice(["critical"]),
    help="Start nothing more when a package of the critical path fails.",
)
@click.option("--base", default="HEAD", metavar="REF", show_default=True, help="Where to begin.")
@click.option("--branch", metavar="NAME", help="The run's branch (default: the format's).")
@click.option("--fresh", is_flag=True, help="Take the next free name if the branch exists.")
@click.option("--yes", is_flag=True, help="Approve the plan as it is now.")
@click.option(
    "--check",
    "checks",
    multiple=True,
    metavar="CMD",
    help="A check for packages that have none of their own.",
)
@click.option("--allow-unchecked", is_flag=True, help="Run packages that nothing checks.")
@click.option("--qa", is_flag=True, help="In the end try what landed: commands, API, pages.")
@click.option(
    "--pr",
    "pull_request",
    is_flag=True,
    help="In the end push the branch and open or update its pull request.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print only the result.")
@click.option("-v", "--verbose", is_flag=True, help="Print a line for every event.")
@options.plan_format
@options.repo
@options.as_json
def command(
    *, plan: str, start: Path, dry_run: bool, format_name: str | None, **told: object
) -> int:
    """Run a plan: many agents at once, each package verified, landed and tested on one branch.

    PLAN is a file, a folder, or a name (an OpenSpec change id, a feature). Your checkout and
    your branches stay as they are; the work lands on a branch of its own.
    """
    from plait.app import launching

    call = launching.Call(plan=plan, start=start, format_name=format_name, **told)  # type: ignore[arg-type]
    if dry_run:
        sys.stdout.write(launching.dry_run(call))
        return ExitCode.DONE
    return launching.run(call)
