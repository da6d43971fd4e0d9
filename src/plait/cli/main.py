"""The command line's root: which verbs there are, and the one boundary for errors.

Verbs are loaded when they are called: `plait --help` imports click and nothing else.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from plait import __version__
from plait.cli.boundary import guarded

# verb → (module, one line for the list)
VERBS = {
    "demo": ("plait.cli.demo", "Run a small real project to its end; no model, no network."),
    "init": ("plait.cli.init", "Write a commented plait.toml, and commands for the agents found."),
    "doctor": ("plait.cli.doctor", "Say what this machine offers and what it lacks."),
    "check": ("plait.cli.check", "Check a plan; print findings."),
    "show": ("plait.cli.show", "Show a plan's graph, waves, critical path and forecast."),
    "approve": ("plait.cli.approve", "Record who approved which digest of a plan."),
    "run": ("plait.cli.run", "Run a plan to its report."),
    "resume": ("plait.cli.resume", "Go on with a run that was stopped, paused or crashed."),
    "status": ("plait.cli.status", "Show where a run stands."),
    "logs": ("plait.cli.logs", "Show what an agent wrote."),
    "report": ("plait.cli.report", "Print a run's report as Markdown, JSON or HTML."),
    "answer": ("plait.cli.answer", "Answer what a blocked package asks."),
    "retry": ("plait.cli.retry", "Start packages again that failed."),
    "skip": ("plait.cli.skip", "Go on without a package."),
    "cancel": ("plait.cli.cancel", "Cancel a run, or a package of it."),
    "pause": ("plait.cli.pause", "Let a run come to rest."),
    "recover": ("plait.cli.recover", "List what was kept of work that did not land; restore it."),
    "serve": ("plait.cli.serve", "Serve the coordinator over HTTP: agents of any tool can join."),
    "mcp": ("plait.cli.mcp", "Serve the coordinator to one agent, over MCP on stdin and stdout."),
    "store": ("plait.cli.store", "Copy the store to another database, also in mid-run."),
    "audit": ("plait.cli.audit", "Check, and list, who ordered, approved and delivered what."),
    "clean": ("plait.cli.clean", "Remove worktrees whose content is safe elsewhere."),
    "dev": ("plait.cli.dev", "A scripted model for the agents' programs, and other tools."),
}


class Verbs(click.Group):
    """A group that imports a verb's module when it is needed, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's shape
        """The verbs in the order of a first day with Plait."""
        return list(VERBS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's shape
        cmd_name: str,
    ) -> click.Command | None:
        """The verb's command, imported now."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(VERBS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a guess at what was meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            close = get_close_matches(args[0], VERBS, n=1)
            guess = f" Did you mean {close[0]!r}?" if close else ""
            raise click.UsageError(f"{error.message}{guess}", ctx) from None

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's shape
        formatter: click.HelpFormatter,
    ) -> None:
        """The list of verbs, from the table: nothing is imported."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, told) for verb, (_, told) in VERBS.items()])


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`plait COMMAND --help` tells the rest. Exit codes: 0 done, 1 a package failed, "
    "2 the plan or the call is wrong, 3 a person must decide, 4 the environment lacks something.",
)
@click.version_option(__version__, prog_name="plait")
def root() -> None:
    """Turn an approved plan into a landed, tested branch by running many coding agents at once."""


def main(argv: list[str] | None = None) -> Any:
    """Run the command line and exit with the documented code."""
    arguments = sys.argv[1:] if argv is None else argv
    sys.exit(guarded(root, arguments))
