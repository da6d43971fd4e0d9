"""`plait logs [RUN] PACKAGE`."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click

from plait.app.project import fold_run, open_project, open_store, pick_run
from plait.cli import options
from plait.core.plan import PackageId
from plait.core.run import Attempt, Run
from plait.errors import UsageError

POLL_S = 0.2
LOGS = ("stdout.log", "stderr.log")
TRANSCRIPT = "transcript.jsonl"


@click.command("logs")
@click.argument("names", nargs=-1, required=True, metavar="[RUN] PACKAGE")
@click.option("--attempt", type=click.IntRange(min=1), help="Which attempt (default: the last).")
@click.option("-f", "--follow", is_flag=True, help="Go on printing until the attempt ends.")
@click.option("--brief", is_flag=True, help="Print what the agent was told instead.")
@click.option("--checks", is_flag=True, help="Print the logs of the checks instead.")
@click.option("--raw", is_flag=True, help="Print its streams as they are, not the transcript.")
@options.as_json
@options.repo
def command(
    *,
    names: tuple[str, ...],
    attempt: int | None,
    follow: bool,
    brief: bool,
    checks: bool,
    raw: bool,
    as_json: bool,
    start: Path,
) -> None:
    """Show what an agent said and did in an attempt (RUN defaults to the newest)."""
    from plait.app.following import AtWork

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
            going = None
            if follow:
                going = _until_interrupted(
                    AtWork(
                        store=store,
                        run=run.id,
                        plan=run.plan,
                        package=PackageId(names[-1]),
                        attempt=chosen,
                        folder=folder,
                    )
                )
            _await_beginning(folder, going)
            if as_json:
                _print_json(folder, going)
            elif raw or not (folder / TRANSCRIPT).is_file():
                _print_raw(folder, going)
            else:
                _print_entries(folder / TRANSCRIPT, going, chosen.worktree)


def _until_interrupted(going: Callable[[], bool]) -> Callable[[], bool]:
    """As long as it goes on; Ctrl-C ends it also where it comes while Python drops exceptions.

    In a finaliser or the callback of a weak reference it would be told and forgotten.
    """
    asked: list[int] = []

    def note(number: int, _frame: object) -> None:
        asked.append(number)
        raise KeyboardInterrupt

    def look() -> bool:
        if asked:
            raise KeyboardInterrupt
        return going()

    signal.signal(signal.SIGINT, note)
    return look


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


def _print_raw(folder: Path, going: Callable[[], bool] | None) -> None:
    """Both streams, each to its own."""
    from plait.app.following import pieces

    out, err = (folder / name for name in LOGS)
    for path, data in pieces([out, err], going):
        stream = sys.stdout if path == out else sys.stderr
        stream.write(data.decode("utf-8", "replace"))
        stream.flush()


def _print_entries(path: Path, going: Callable[[], bool] | None, worktree: str) -> None:
    """The transcript for people."""
    from plait.app.following import lines
    from plait.core.entries import entry_of
    from plait.core.transcript import Unread
    from plait.faces.text import encodable
    from plait.faces.transcript_text import Telling

    telling = Telling(worktree=worktree)
    for line in lines(path, going):
        try:
            entry = entry_of(json.loads(line))
        except (ValueError, RecursionError):
            entry = Unread(line=line.decode("utf-8", "replace"))
        for told in telling.lines(entry):
            sys.stdout.write(encodable(told, sys.stdout.encoding) + "\n")
        sys.stdout.flush()


def _print_json(folder: Path, going: Callable[[], bool] | None) -> None:
    """The transcript as it is; where there is none, each line of output as an unread entry."""
    from plait.app.following import lines

    path = folder / TRANSCRIPT
    if not path.is_file():
        for line in lines(folder / LOGS[0], going):
            text = line.decode("utf-8", "replace").rstrip("\n")
            _print_object({"kind": "unread", "line": text})
        return
    for line in lines(path, going):
        sys.stdout.write(line.decode("utf-8", "replace"))
        sys.stdout.flush()


def _has_begun(folder: Path) -> bool:
    return any((folder / name).exists() for name in (TRANSCRIPT, *LOGS))


def _await_beginning(folder: Path, going: Callable[[], bool] | None) -> None:
    """Whether there is a transcript is known once its agent has been started."""
    while going is not None and not _has_begun(folder) and going():
        time.sleep(POLL_S)


def _print_object(value: object) -> None:
    """One line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()
