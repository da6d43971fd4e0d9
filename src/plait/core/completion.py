"""Completion documents: what was done for one task, for people and for later agents.

A format may want one for each task. An agent that leaves it out has it written from what Plait
saw; one that wrote it may have told in it what it did differently from the plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plait.core.deviation import standing_deviations
from plait.core.event import Stage
from plait.core.markup import code as _code, plain as _plain, quoted as _quoted
from plait.core.plan import Document, WorkPackage
from plait.core.run import PackageState, Run

MOST_BYTES = 200_000  # of a document that is read
_MOST_TOLD = 20
_HEAD_LINES = 20
_LONGEST = 500  # characters of a deviation
_MOST_FILES = 100
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|[0-9]{1,3}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?(.*)")
_AFFECTS = re.compile(r"\(affects:? ([^()]{1,400})\) ?\.?$", re.IGNORECASE)  # blanks are single
_NOTHING = re.compile(
    r"(?:there (?:are|were) )?(?:none|nothing|no deviations?|n/?a|not applicable)\b.{0,60}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """What a document says was done differently; `affects` as in a deviation."""

    summary: str
    affects: tuple[str, ...] = ()


def departures_in(text: str) -> tuple[Departure, ...]:
    """What stands in a document's sections on deviations, one for each item of their lists.

    A section without a list is one departure for each paragraph. "None" is none. At most 20.
    """
    found: dict[Departure, None] = {}
    for entry in _entries(text):
        told = " ".join(entry.split()).replace("**", "")
        affects = _AFFECTS.search(told)
        summary = told[: affects.start()].rstrip() if affects else told
        if not summary or _NOTHING.fullmatch(summary.strip("*_ .")):
            continue
        names = [each.strip(" `") for each in affects[1].split(",")] if affects else []
        departure = Departure(summary=summary[:_LONGEST], affects=tuple(filter(None, names)))
        found[departure] = None
        if len(found) >= _MOST_TOLD:
            break
    return tuple(found)


def is_about(task: str, name: str, text: str) -> bool:
    """Whether a file is a task's document under another name: its name or its head says so."""
    head = text.splitlines()[:_HEAD_LINES]
    return any(f" {_words(task)} " in f" {_words(each)} " for each in (name, *head))


def completed(document: Document, package: WorkPackage, run: Run, files: Sequence[str]) -> str:
    """The document of a task, from what is known of the attempt that is about to land.

    The same attempt gives the same text, whenever it is asked for. What agents wrote is quoted,
    so that nothing in it is taken for a heading or a field.

    Args:
        document: Which.
        package: Whose it is; a batch has several.
        run: The run.
        files: What its landing changes.
    """
    state = run.packages[package.id]
    head = [f"# {_plain(document.task)}: {_plain(document.title)}", ""]
    head += [f"- **Ticket ID:** {_plain(document.task)}"]
    head += [f"- **Phase:** {_plain(package.phase)}"] if package.phase else []
    head += ["- **Status:** completed", f"- **Run:** {run.id}, {_tries(state)}"]
    head.append("- **Written by:** Plait, from the run's record; the agent left no document")
    if len(package.documents) > 1:
        head.append(f"- **Done with:** {', '.join(map(_plain, package.tasks))}, by one agent")
    parts = [
        "\n".join(head),
        _section("Summary", [_quoted(_summary(state))]),
        _section("Files", _files(files)),
        _section("Checks", _checks(state)),
        _section("Deviations", _deviations(run, package)),
    ]
    return "\n\n".join(parts) + "\n"


def _section(name: str, lines: Sequence[str]) -> str:
    return "\n".join([f"## {name}", "", *lines])


def _tries(state: PackageState) -> str:
    last = state.attempts[-1]
    return f"attempt {last.number} by {_plain(last.agent)}"


def _summary(state: PackageState) -> str:
    return state.attempts[-1].summary or "The agent said nothing of its work."


def _files(files: Sequence[str]) -> list[str]:
    more = len(files) - _MOST_FILES
    lines = [f"- {_code(path)}" for path in files[:_MOST_FILES]]
    return [*lines, *([f"- and {more} more"] if more > 0 else [])] or ["None."]


def _checks(state: PackageState) -> list[str]:
    """Those that passed on the candidate's own commit; those of the merge are still to run."""
    names = {
        each.name: each.command
        for each in state.checks
        if each.stage is Stage.VERIFY and each.passed and each.commit == state.attempts[-1].commit
    }
    return [f"- {_plain(name)}: {_code(command)} passed" for name, command in names.items()] or [
        "None ran."
    ]


def _deviations(run: Run, package: WorkPackage) -> list[str]:
    told = [each for each in standing_deviations(run) if each.package == package.id]
    return [
        f"- {_plain(each.summary)}"
        + (f" (affects {', '.join(map(_plain, each.affects))})" if each.affects else "")
        for each in told
    ] or ["None."]


def _entries(text: str) -> Iterator[str]:
    """The items and paragraphs of the sections whose headings speak of deviations."""
    entry: list[str] = []
    level, indent, fence = 0, -1, ""  # of the section; of its list's items, once there is one
    for line in text.splitlines():
        if fence or (opened := _FENCE.match(line)):
            closes = fence and line.strip().startswith(fence) and not line.strip().strip(fence[0])
            fence = "" if closes else fence or (opened[1] if opened else "")
            continue
        heading = _HEADING.match(line)
        item = _ITEM.match(line)
        if heading or item or not line.strip():
            if entry:
                yield "\n".join(entry)
            entry = []
        if heading:
            depth = len(heading[1])
            if "deviation" in heading[2].lower() and not (level and depth > level):
                level, indent = depth, -1
            elif level and depth <= level:
                level = 0
        elif level and item:
            depth = len(line) - len(line.lstrip())
            indent = depth if indent < 0 else indent
            if depth <= indent:
                entry = [item[1]]
        elif level and line.strip() and (entry or indent < 0):
            entry.append(line.strip())
    if entry:
        yield "\n".join(entry)


def _words(text: str) -> str:
    return " ".join(re.findall(r"[a-z]+|[0-9]+", text.casefold()))
