"""`plait recover [RUN [PACKAGE]]`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from plait.cli import options


@click.command("recover")
@click.argument("run", required=False)
@click.argument("package", required=False)
@click.option("--epoch", type=click.IntRange(min=1), help="Which claim's work (default: the last).")
@click.option("--from", "source", metavar="NAME", help="The ref or worktree that the list names.")
@click.option("--branch", metavar="NAME", help="The branch to make. None is overwritten.")
@click.option(
    "--worktree",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Check the branch out there too.",
)
@click.option("--patch", metavar="FILE", help="Write a patch instead; `-` prints it.")
@options.repo
@options.as_json
def command(
    *,
    run: str | None,
    package: str | None,
    epoch: int | None,
    source: str | None,
    branch: str | None,
    worktree: Path | None,
    patch: str | None,
    start: Path,
    as_json: bool,
) -> None:
    """List what was kept of work that did not land; with a package, restore it.

    It becomes a branch of its own, by default `recovered/PACKAGE-EPOCH`. Your checkout and your
    branches stay as they are.
    """
    from plait.app.recovering import Wish, list_kept, restore
    from plait.faces import recover_text

    if package is None and source is None:
        if any(each is not None for each in (epoch, branch, worktree, patch)):
            raise click.UsageError("name what to restore: RUN PACKAGE, or --from NAME")
        found = list_kept(start, run)
        sys.stdout.write(
            recover_text.kept_json(found)
            if as_json
            else recover_text.kept_text(found, now=time.time())
        )
        return
    _refuse_contradictions(package, source, branch, worktree, patch, as_json=as_json)
    wish = Wish(
        package=package,
        epoch=epoch,
        source=source,
        branch=branch,
        worktree=worktree,
        patch=patch,
    )
    done = restore(start, run, wish)
    if patch == "-":
        return
    tell = recover_text.restored_json if as_json else recover_text.restored_text
    sys.stdout.write(
        tell(
            done.kept,
            branch=done.branch,
            is_new=done.is_new,
            worktree=done.worktree,
            patch=done.patch,
        )
    )


def _refuse_contradictions(
    package: str | None,
    source: str | None,
    branch: str | None,
    worktree: Path | None,
    patch: str | None,
    *,
    as_json: bool,
) -> None:
    if package is not None and source is not None:
        raise click.UsageError("name a package or --from NAME, not both")
    if patch is not None and (branch is not None or worktree is not None):
        raise click.UsageError("--patch makes neither a branch nor a worktree")
    if patch == "-" and as_json:
        raise click.UsageError("--patch - and --json both want standard output")
