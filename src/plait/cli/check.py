"""`plait check PLAN`."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import click

from plait.app.approving import approval_findings
from plait.app.features import feature_findings
from plait.app.loading import load_plan
from plait.cli import options
from plait.core.finding import errors
from plait.errors import ExitCode
from plait.faces import findings_text
from plait.ports import Loaded


@click.command("check")
@click.argument("plan")
@options.plan_format
@options.repo
@options.as_json
@click.option("--sarif", "as_sarif", is_flag=True, help="Print SARIF 2.1.0 for code hosts.")
@click.option("-v", "--verbose", is_flag=True, help="Print alike warnings and notes one by one.")
def command(
    *,
    plan: str,
    format_name: str | None,
    start: Path,
    as_json: bool,
    as_sarif: bool,
    verbose: bool,
) -> int:
    """Check a plan and print its findings.

    PLAN is a file, a folder, or a name (an OpenSpec change id, a feature). Exit code 0 when no
    finding is an error, 2 otherwise. Needs no git repository.
    """
    if as_json and as_sarif:
        raise click.UsageError("--json and --sarif exclude one another")
    loaded = load_plan(plan, start=start, format_name=format_name)
    if loaded.plan is not None:
        told = (*loaded.findings, *approval_findings(start, loaded.plan))
        told += feature_findings(start, loaded.plan)
        loaded = replace(loaded, findings=told)
    wrong = loaded.plan is None or errors(loaded.findings)
    if as_json:
        _print_json(loaded)
    elif as_sarif:
        _print_sarif(loaded)
    else:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        sys.stdout.write(
            findings_text.findings_text(loaded.findings, colour=colour, everything=verbose)
        )
    return ExitCode.USAGE if wrong else ExitCode.DONE


def _print_json(loaded: Loaded) -> None:
    from plait.core import graph as graphs
    from plait.faces.plan_json import check_json

    width = depth = 0
    if loaded.plan is not None:
        graph = graphs.build(loaded.plan)
        if not graphs.find_cycle(graph):
            width, depth = graphs.width(graph), graphs.depth(graph)
    answer = check_json(loaded.plan, loaded.findings, width=width, depth=depth)
    sys.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")


def _print_sarif(loaded: Loaded) -> None:
    from plait.faces.findings_sarif import findings_sarif

    file = loaded.plan.files[0].path if loaded.plan is not None and loaded.plan.files else None
    sys.stdout.write(json.dumps(findings_sarif(loaded.findings, file=file)) + "\n")
