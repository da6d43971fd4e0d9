"""What formats say of a path or a text, each answerable for its own faults."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from plait.errors import UsageError
from plait.plans.registry import blamed
from plait.ports import PlanFormat

Formats = Mapping[str, PlanFormat]


def is_placed(plan_format: PlanFormat, path: Path) -> bool:
    """Whether a path is at a place where the format keeps its plans."""
    with blamed(plan_format):
        return plan_format.by_place(path)


def score(plan_format: PlanFormat, text: str) -> float:
    """How much a text looks like the format, from 0 to 1."""
    with blamed(plan_format):
        return plan_format.by_content(text)


def located(base: Path, name: str, formats: Formats) -> dict[str, Path]:
    """What each format finds; if none does, a format may tell what its own layout lacks.

    Raises:
        UsageError: `PLAN_AMBIGUOUS`, `NO_SUCH_PLAN`: by a format, of its own layout.
    """
    found: dict[str, Path] = {}
    lacking: UsageError | None = None
    for key, each in formats.items():
        try:
            with blamed(each):
                path = each.locate(base, name)
        except UsageError as error:
            if error.code != "NO_SUCH_PLAN":
                raise
            lacking = lacking or error
            continue
        if path is not None:
            found[key] = Path(os.path.normpath(path))
    if lacking and not found:
        raise lacking
    found = {n: path for n, path in found.items() if not _yields(formats[n], path, found)}
    placed = {n: path for n, path in found.items() if is_placed(formats[n], path)}
    return placed or found


def _yields(plan_format: PlanFormat, path: Path, found: Mapping[str, Path]) -> bool:
    """Whether the folder holds a plan of a format that says more of the same work."""
    stronger: Collection[str] = getattr(plan_format, "yields_to", frozenset())
    return any(found[name].parent == path.parent for name in stronger if name in found)
