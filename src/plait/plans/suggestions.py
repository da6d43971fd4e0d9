"""What to tell who named no plan: the closest one, those that there are, or what a file lacks."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from plait.errors import UsageError
from plait.plans.asked import Formats, is_placed, located
from plait.plans.nearest import nearest
from plait.ports import PlanSource

_MOST_FOLDERS = 2000  # looked into for a hint
_MOST_FILES = 20_000  # likewise
_SKIPPED = frozenset({".git", ".plait", ".venv", "node_modules", "__pycache__"})
_MOST_NAMED = 5
_LIKE = 0.45  # of a likeness: less is not worth a word
_LIKE_WITH_BOXES = 0.1  # a list, at least
_BOX = re.compile(
    r"^[ \t]{0,40}(?:[-*+]|[0-9]{1,4}[.)])[ \t]{1,4}\[[^\]\n]?\][*]?[ \t]", re.MULTILINE
)
_NUMBERED = re.compile(r"(?:\*\*)?(?:[A-Z]{1,4}-?)?[0-9]")
_NO_NAME = "name a plan's file, its folder, or its id"


def closest(plan: str, base: Path, formats: Formats) -> str:
    """A hint for a name that no plan has: the closest plan, or some that there are."""
    plans = list(_plans_below(base, formats))
    names = {path.parent.name: path for path in plans}
    names |= {path.relative_to(base).as_posix(): path for path in plans}
    names |= {path.parent.relative_to(base).as_posix(): path for path in plans}
    last = Path(plan).name
    ends = [name for name in names if last and name.endswith(f"-{last}") and "/" not in name]
    close = nearest(plan, names) or nearest(last, names) or (ends[0] if len(ends) == 1 else "")
    if close == plan:  # further down than a name is looked for
        close = names[close].relative_to(base).as_posix()
    return f"did you mean {close!r}?" if close else _listed(plans, base) or _NO_NAME


def below(folder: Path, base: Path, formats: Formats) -> str:
    """A hint for a folder that is no plan: the plans below it, else some that there are."""
    plans = list(_plans_below(folder, formats))
    if len(plans) == 1:
        return f"did you mean {plans[0].relative_to(base).as_posix()!r}?"
    if plans:
        return _listed(plans, base, head=f"name one of the {len(plans)} plans below it: ")
    return _listed(list(_plans_below(base, formats)), base) or _NO_NAME


def others(base: Path, formats: Formats, known: Mapping[str, Path]) -> str:
    """Further plans below a folder that several plans claim."""
    taken = set(known.values())
    plans = [path for path in _plans_below(base, formats) if path not in taken]
    return _listed(plans, base, head="further plans here: ")


def beside(source: PlanSource, formats: Formats) -> str:
    """The plan of the folder that a file lies in, or an empty string."""
    folder = source.path.parent
    inside = folder.is_relative_to(source.root)
    try:
        base = source.root if inside else folder
        found = located(base, folder.relative_to(base).as_posix(), formats)
    except (UsageError, OSError):
        return ""
    plans = list(dict.fromkeys(path for path in found.values() if path != source.path))
    if not plans:
        return ""
    shown = (p.relative_to(base).as_posix() if source.in_repository else str(p) for p in plans)
    return f"did you mean {' or '.join(map(repr, islice(shown, _MOST_NAMED)))}?"


def lacking(text: str) -> str:
    """What a text with boxes lacks to be a plan, as the end of a sentence, or an empty string."""
    count = numbered = 0
    for box in _BOX.finditer(text):
        count += 1
        numbered += _NUMBERED.match(text, box.end()) is not None
    if not count:
        return ""
    boxes = "1 box" if count == 1 else f"{count} boxes"
    if not numbered:
        return f"it has {boxes}, {'without' if count == 1 else 'none with'} a number"
    return f"it has {boxes}, {numbered} with a number, and nothing that only one format writes"


def likeness(scores: Mapping[str, float], text: str) -> str:
    """A hint at the format that a text is most like, or an empty string."""
    best = max(scores, key=lambda name: scores[name], default="")
    enough = _LIKE_WITH_BOXES if _BOX.search(text) else _LIKE
    if not best or scores[best] < enough:
        return ""
    return f"it is most like {best}: if it is a plan, --format {best} reads it so"


def _listed(plans: list[Path], base: Path, head: str = "plans here: ") -> str:
    if not plans:
        return ""
    some = ", ".join(path.relative_to(base).as_posix() for path in plans[:_MOST_NAMED])
    more = len(plans) - _MOST_NAMED
    return f"{head}{some}" + (f" and {more} more" if more > 0 else "")


def _plans_below(base: Path, formats: Formats) -> Iterator[Path]:
    """The main file of each plan at its format's place, links not followed, within limits.

    What a format keeps below a plan's folder (a package's own file, a backup) is a part of it.
    """
    seen = 0
    parents: dict[str, list[Path]] = {name: [] for name in formats}
    for folder, folders, files in islice(os.walk(base), _MOST_FOLDERS):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        here = Path(folder)
        seen += len(files)
        if seen > _MOST_FILES:
            return
        named: dict[str, list[Path]] = {}
        for path in (here / name for name in sorted(files)):
            name = next((n for n, each in formats.items() if is_placed(each, path)), None)
            if name is not None:
                named.setdefault(name, []).append(path)
        for name, paths in named.items():
            if any(here.is_relative_to(each) for each in parents[name]):
                continue
            if here != base:
                parents[name].append(here)
            yield from _main(here, paths, formats[name].name, formats)


def _main(folder: Path, paths: list[Path], name: str, formats: Formats) -> list[Path]:
    """Of several files of one folder the one that the folder's name means, else all."""
    if len(paths) == 1:
        return paths
    try:
        found = located(folder, ".", {name: formats[name]}) if name in formats else {}
    except (UsageError, OSError):
        return paths
    return [path for path in found.values() if path in paths] or paths
