"""What a brief quotes, read from the worktree: the plan's documents, contracts, files to build on.

Earlier packages may have written there: a link is not followed, and nothing outside is read.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from plait.core.excerpt import Sort, Source, sort_of
from plait.core.plan import PackageId, Plan, WorkPackage
from plait.core.run import Run
from plait.engine.context import Places

MOST_BYTES = 1_000_000  # of a document
MOST_OUTPUT = 4000  # characters of a result


def sources_of(plan: Plan, package: WorkPackage, worktree: Path) -> list[Source]:
    """The documents there are for a package, each once."""
    names: dict[str, Sort] = dict.fromkeys(plan.contracts.files, Sort.CONTRACTS)
    for each in plan.context:
        names.setdefault(each, sort_of(each))
    for each in package.scope.read:
        if not re.search(r"[*?\[{]", each):
            names.setdefault(each, Sort.FILES)
    read = ((name, sort, _text(worktree, name)) for name, sort in names.items())
    return [Source(file=name, text=text, sort=sort) for name, sort, text in read if text.strip()]


def outputs_of(run: Run, package: WorkPackage, places: Places) -> Mapping[PackageId, str]:
    """What the packages that it needs wrote as `outputs` of their results, as JSON."""
    found = {}
    for edge in package.needs:
        state = run.packages.get(edge.id)
        if state is None or not state.attempts:
            continue
        folder = state.attempts[-1].directory
        held, free = (f"{folder}/out/result.json", f"{folder}/result.json")  # by a sandbox, or not
        text = _text(places.state, held) or _text(places.state, free)
        try:
            result = json.loads(text) if text else {}
        except (ValueError, RecursionError):
            continue
        outputs = result.get("outputs") if isinstance(result, dict) else None
        if outputs and isinstance(outputs, dict):
            found[edge.id] = json.dumps(outputs, ensure_ascii=False)[:MOST_OUTPUT]
    return found


def _text(folder: Path, name: str) -> str:
    """A file's text; empty if it is none that may be read."""
    path = folder / name
    try:
        if not path.parent.resolve().is_relative_to(folder.resolve()):
            return ""
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (OSError, ValueError):
        return ""
    with os.fdopen(descriptor, "rb") as file:
        kind = os.fstat(descriptor)
        if not stat.S_ISREG(kind.st_mode) or kind.st_size > MOST_BYTES:
            return ""
        content = file.read()
    return "" if b"\0" in content else content.decode("utf-8", "replace")
