"""`plait logs [RUN] PACKAGE`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from plait.app.project import fold_run, open_project, open_store, pick_run
from plait.cli import options
from plait.core.plan import PackageId
from plait.core.run import Attempt, PackageStatus, Run, fold
from plait.errors import UsageError
from plait.ports import Store

POLL_S = 0.2
LOGS = ("stdout.log", "stderr.log")


@click.command("logs")
@click.argument("names", nargs=-1, required=True, metavar="[RUN] PACKAGE")
@click.option("--attempt", type=click.IntRange(min=1), help="Which attempt (default: the last).")
@click.option("-f", "--follow", is_flag=True, help="Go on printing until the attempt ends.")
@click.option("--brief", is_flag=True, help="Print what the agent was told instead.")
@click.option("--checks", is_flag=True, help="Print the logs of the checks instead.")
@options.repo
def command(
    *,
    names: tuple[str, ...],
    attempt: int | None,
    follow: bool,
    brief: bool,
    checks: bool,
    start: Path,
) -> None:
    """Show what an agent wrote in an attempt (RUN defaults to the newest)."""
    if len(names) > 2:  # noqa: PLR2004
        raise click.UsageError("at most a run and a package")
    project = open_project(start)
    with open_store(project) as store:
        row = pick_run(store, names[0] if len(names) > 1 else None)
        run = fold_run(store, row.id, package=PackageId(names[-1]))
        chosen = _attempt(run, PackageId(names[-1]), attempt)
        folder = project.state / chosen.directory
        if brief:
            sys.stdout.write((folder / "brief.md").read_text(encoding="utf-8"))
        elif checks:
            for path in sorted((folder / "checks").glob("*.log")):
                sys.stdout.write(f"== {path.name}\n{path.read_text('utf-8', 'replace')}")
        else:
            _print(folder, store if follow else None, run, PackageId(names[-1]))


def _attempt(run: Run, package: PackageId, number: int | None) -> Attempt:
    state = run.packages.get(package)
    if state is None:
        raise UsageError(
            f"the run has no package {package!r}",
            code="UNKNOWN_PACKAGE",
            hint=f"packages: {', '.join(list(run.packages)[:12])}",
        )
    found = [each for each in state.attempts if number is None or each.number == number]
    if not found:
        raise UsageError(
            f"{package} has no attempt" + (f" {number}" if number else " yet"),
            code="NO_ATTEMPT",
            hint=f"it is {state.status}",
        )
    return found[-1]


def _is_running(store: Store, run: Run, package: PackageId) -> bool:
    now = fold(Run(id=run.id, plan=run.plan), store.events(run.id, package=package))
    return now.packages[package].status is PackageStatus.RUNNING


def _print(folder: Path, store: Store | None, run: Run, package: PackageId) -> None:
    """Print both streams; with a store, go on until the attempt's agent has ended."""
    places = dict.fromkeys(LOGS, 0)
    while True:
        going = store is not None and _is_running(store, run, package)
        for name in LOGS:
            path = folder / name
            if path.exists():
                with path.open("rb") as file:
                    file.seek(places[name])
                    text = file.read()
                places[name] += len(text)
                stream = sys.stdout if name == "stdout.log" else sys.stderr
                stream.write(text.decode("utf-8", "replace"))
                stream.flush()
        if not going:
            return
        time.sleep(POLL_S)
