"""`plait answer [RUN] QUESTION TEXT`."""

from __future__ import annotations

from pathlib import Path

import click

from plait.cli import options


@click.command("answer")
@click.argument("names", nargs=-1, required=True, metavar="[RUN] QUESTION TEXT")
@options.repo
@options.as_json
def command(*, names: tuple[str, ...], start: Path, as_json: bool) -> int:
    """Answer what a blocked package asks; its next brief holds the question and the answer.

    QUESTION is the package that asks. For a gate, begin TEXT with yes or no. If nobody drives
    the run (default: the newest), `plait resume` carries it out. What an agent from elsewhere
    asks has a name such as q-7, and is answered at once.
    """
    from plait.app import answering, ordering
    from plait.core.control import AnswerQuestion

    if len(names) not in {2, 3}:
        raise click.UsageError("name the question and its answer, in quotes")
    run = names[0] if len(names) > 2 else None  # noqa: PLR2004
    told = answering.answer(start, run, names[-2], names[-1], as_json=as_json)
    if told is not None:
        return told
    wish = AnswerQuestion(question=names[-2], text=names[-1])
    return ordering.order(start, run, wish, as_json=as_json)
