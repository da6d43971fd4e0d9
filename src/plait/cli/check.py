"""`plait check PLAN`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from plait.app.project import load_plan
from plait.cli import options
from plait.core.finding import errors
from plait.errors import ExitCode


@click.command("check")
@click.argument("plan")
@options.plan_format
@options.repo
@options.as_json
def command(*, plan: str, format_name: str | None, start: Path, as_json: bool) -> int:
    """Check a plan and print every finding.

    PLAN is a file, a folder, or a name (an OpenSpec change id, a feature). Exit code 0 when no
    finding is an error, 2 otherwise. Needs no git repository.
    """
    from plait.faces import plan_text

    loaded = load_plan(plan, start=start, format_name=format_name)
    tell = plan_text.check_json if as_json else plan_text.check_text
    sys.stdout.write(tell(loaded.plan, loaded.findings))
    wrong = loaded.plan is None or errors(loaded.findings)
    return ExitCode.USAGE if wrong else ExitCode.DONE
