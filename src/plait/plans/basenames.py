"""Files that a plan names by their last name alone, once it has told where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plait.core.plan import Confidence
from plait.plans.paths import in_any_folder
from plait.plans.tasks import Task


def with_folders(tasks: Sequence[Task]) -> tuple[Task, ...]:
    """The tasks, with `server.go` taken for the one `cmd/server.go` that others name.

    Names that often lie in a repository's root (`package.json`) stay as they are.

    Args:
        tasks: A list's, with what was inferred of their scopes.
    """
    places: dict[str, set[str]] = {}
    for task in tasks:
        for glob in task.scope.write:
            if "/" in glob and not set("*?[{") & set(glob):
                places.setdefault(glob.rpartition("/")[2], set()).add(glob)
    return tuple(_with_folders(task, places) for task in tasks)


def _with_folders(task: Task, places: dict[str, set[str]]) -> Task:
    if task.scope.confidence is not Confidence.INFERRED:
        return task
    write = tuple(
        dict.fromkeys(
            next(iter(places[glob]))
            if in_any_folder(glob) and len(places.get(glob, ())) == 1
            else glob
            for glob in task.scope.write
        )
    )
    return replace(task, scope=replace(task.scope, write=write))
