"""`plait show PLAN`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from plait.app.loading import load_plan, require_plan
from plait.app.planning import known_package
from plait.cli import options
from plait.cli.printing import tell_findings


@click.command("show")
@click.argument("plan")
@click.option("--explain", metavar="PKG", help="Say where each edge of a package comes from.")
@click.option("--mermaid", is_flag=True, help="Print the graph as a Mermaid diagram.")
@click.option(
    "--max-agents",
    type=click.IntRange(min=1),
    help="Forecast for so many agents (default: what `run` would take).",
)
@click.option("-v", "--verbose", is_flag=True, help="Scope and checks of each package too.")
@options.plan_format
@options.repo
@options.as_json
def command(
    *,
    plan: str,
    explain: str | None,
    mermaid: bool,
    max_agents: int | None,
    verbose: bool,
    format_name: str | None,
    start: Path,
    as_json: bool,
) -> None:
    """Show a plan's graph, waves, tracks, critical path and forecast. Needs no git repository."""
    from plait.app.shaping import conflicts_of, shape_at
    from plait.faces import plan_text
    from plait.faces.plan_json import show_json

    loaded = load_plan(plan, start=start, format_name=format_name)
    shown = require_plan(loaded, tell_findings)

    if as_json:
        value = show_json(shown, shape_at(shown, start, max_agents))
        text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    elif explain:
        package = known_package(shown, explain)
        text = plan_text.explain_text(shown, package, conflicts_of(shown, package))
    elif mermaid:
        text = plan_text.mermaid(shown)
    else:
        text = plan_text.show_text(shown, shape_at(shown, start, max_agents), verbose=verbose)
    sys.stdout.write(text)
