"""`plait audit`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from plait.cli import options


@click.group("audit")
def command() -> None:
    """Check, and list, who ordered, approved, took over and delivered what."""


@command.command("verify")
@click.option("--head", metavar="HASH", help="The head that was noted: its row must be there.")
@options.repo
@options.as_json
def verify(*, head: str | None, start: Path, as_json: bool) -> None:
    """Check the chain: exit code 1 if a row was changed, removed or moved.

    The head that is printed may be kept elsewhere, and given by --head later: it shows that
    nobody wrote the whole chain anew.
    """
    from plait.app import auditing
    from plait.errors import ExitCode
    from plait.faces import audit_text

    told = auditing.verify(start, head=head or "")
    tell = audit_text.verified_json if as_json else audit_text.verified_text
    sys.stdout.write(
        tell(
            rows=told.rows,
            head=told.head,
            breaks=told.breaks,
            noted=told.noted,
            noted_row=told.noted_row,
        )
    )
    sys.exit(ExitCode.DONE if told.whole else ExitCode.FAILED)


@command.command("list")
@click.argument("run", required=False)
@options.repo
@options.as_json
def list_(*, run: str | None, start: Path, as_json: bool) -> None:
    """List what was audited, of one run or of all."""
    from plait.app.auditing import entries
    from plait.faces import audit_text

    tell = audit_text.entry_json if as_json else audit_text.entry_text
    for each in entries(start, run):
        sys.stdout.write(tell(each))
