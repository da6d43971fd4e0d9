"""Verdict files of specflow's reviews: `code_review/CR-A.md`, `product_review/track-a.md`.

They lie in the feature's folder or in that of its module. A verdict is a line that states a
status; of several, the last one holds, since reviews are continued at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from plait.errors import PlaitError
from plait.plans.fields import Words
from plait.plans.page import page_of
from plait.plans.places import holds, named
from plait.ports import PlanSource

_FOLDERS = {"code_review": "CR", "product_review": "PR"}
_GATE = re.compile(r"(?P<kind>CR|PR)-?(?P<name>[A-Z]|[0-9]{1,3}|FINAL)", re.IGNORECASE)
_TRACK = re.compile(r"track-(?P<name>[a-z])", re.IGNORECASE)
_STATUS = re.compile(
    r"[#>\-*+ \t]{0,12}(?:\*\*)?(?:(?:final|overall|re-review|review|approval)[ \t]+)?"
    r"(?:status|verdict|decision)(?:\*\*)?[ \t]*:(?P<value>.{1,200})",
    re.IGNORECASE,
)
_VERDICT = re.compile(
    r"\b(?:approved|requires? changes|changes (?:requested|required)|rejected|failed)\b",
    re.IGNORECASE,
)
_MOST = 200  # files looked at

Verdict = tuple[str, Words]  # the file it stands in, and its words


def verdicts_of(source: PlanSource, folder: Path) -> Mapping[str, Verdict]:
    """By gate, as in `key_of_gate`: what the review's own file says, where it states a verdict.

    Args:
        source: The plan's main file.
        folder: The folder of a task list.
    """
    found: dict[str, Verdict] = {}
    for path, gate in _files(source, folder):
        name = named(source, path)
        try:
            page = page_of(path, name)
        except PlaitError:
            continue  # what cannot be read states no verdict
        for line in page.lines:
            status = _STATUS.match(line.text)
            if status and _VERDICT.search(status["value"]):
                text = status["value"].strip(" *_")
                column = line.text.find(text) + 1
                found[gate] = name, Words(text=text, line=line.number, column=column)
    return found


def key_of_gate(name: str) -> str:
    """One name for `CR-A` and `cr-a`, for `CR1` and `CR-1`."""
    return name.upper().replace("-", "")


def _files(source: PlanSource, folder: Path) -> Iterator[tuple[Path, str]]:
    """The review files of a task list's feature and module, and the gate each is about."""
    places = [folder]
    if folder.parent.name == "features":
        places.append(folder.parent.parent)
    for place in reversed(places):  # what lies nearer is read later, and holds
        for review, kind in _FOLDERS.items():
            inside = place / review
            if not inside.is_dir():
                continue
            for path in sorted(inside.iterdir())[:_MOST]:
                gate = _GATE.fullmatch(path.stem)
                track = _TRACK.fullmatch(path.stem)
                if path.suffix.lower() == ".md" and (gate or track) and holds(source, path):
                    own = f"{gate['kind']}{gate['name']}" if gate else ""
                    yield path, key_of_gate(own or f"{kind}{track['name'] if track else ''}")
