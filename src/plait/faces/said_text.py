"""What sessions say and ask, as `plait status` tells it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from plait.core.messages import Progress, Question
from plait.faces.text import clean, duration, rfc3339


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What sessions ask about a run, and how far they say that work is."""

    questions: Sequence[Question] = ()
    progress: Sequence[Progress] = ()


NOTHING = Said()


def progress_lines(said: Said, now: float) -> Iterator[str]:
    """A line for each piece of work of which somebody said how far it is."""
    for each in said.progress:
        share = "" if each.percent is None else f"{each.percent} % "
        ago = duration(max(0.0, now - each.created_at))
        what = clean(each.package or each.task)
        yield f"{what}: {share}{clean(each.message)} ({clean(each.agent)}, {ago} ago)"


def questions_asked(run: str, said: Said) -> Iterator[str]:
    """Each question in full, and how to answer it."""
    for each in said.questions:
        about = f" about {clean(each.package)}" if each.package else ""
        lines = [clean(line) for line in each.text.splitlines()]
        lines.append(f'answer it: plait answer {run} {each.id} "TEXT"')
        head = f"{clean(each.agent)} asks{about} ({each.id}):"
        yield "\n".join(("", head, *(f"  {line}" for line in lines if line))) + "\n"


def said_json(said: Said) -> dict[str, Any]:
    """The same as JSON values; nothing where nothing was said."""
    told: dict[str, Any] = {}
    if said.questions:
        told["questions"] = [
            {
                "id": each.id,
                "package": each.package or None,
                "agent": each.agent,
                "text": each.text,
                "at": rfc3339(each.created_at),
            }
            for each in said.questions
        ]
    if said.progress:
        told["progress"] = [
            {
                "package": each.package or None,
                "task": each.task or None,
                "agent": each.agent,
                "percent": each.percent,
                "message": each.message,
                "at": rfc3339(each.created_at),
            }
            for each in said.progress
        ]
    return told
