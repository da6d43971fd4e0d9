"""Sentences beside a list that tell its order: "Tasks 3-4 depend on Task 2 (it must exist)"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from plait.plans.markdown import Kind, Line
from plait.plans.page import span_of
from plait.plans.references import Names, names_of, read
from plait.plans.tasks import Ref, Task

_SUBJECT = r"(?:\*\*)?(?P<tasks>Tasks?[ \t]+[0-9][^()\n]{0,100}?)(?:\*\*)?[ \t]+"
_DEPENDS = re.compile(
    rf"{_SUBJECT}(?:depends?|rel(?:ies|y))[ \t]+(?:up)?on[ \t]+(?P<needs>[^()\n]{{1,300}})",
    re.IGNORECASE,
)
_PARALLEL = re.compile(
    rf"{_SUBJECT}(?:can|may)[ \t]+(?:(?:be[ \t]+)?(?:done|run|executed|proceed))[ \t]+"
    r"in[ \t]+parallel\b",
    re.IGNORECASE,
)


def with_stated(tasks: Sequence[Task], lines: Sequence[Line], file: str) -> tuple[Task, ...]:
    """The tasks with what bullets elsewhere in the file say that they need, or run beside.

    Args:
        tasks: With unique ids.
        lines: Those that belong to no task.
        file: The file's name.
    """
    needs: dict[str, list[Ref]] = {}
    beside: set[str] = set()
    names = names_of(task.id for task in tasks)
    for line in lines:
        if line.kind is not Kind.BULLET:
            continue
        if depends := _DEPENDS.match(line.content):
            span = span_of(line, file)
            column = line.text.find(depends["needs"]) + 1
            ref = Ref(text=depends["needs"].strip(), span=replace(span, column=column))
            for name in _named(depends["tasks"], names):
                needs.setdefault(name, []).append(ref)
        elif parallel := _PARALLEL.match(line.content):
            beside.update(_named(parallel["tasks"], names))
    return tuple(
        replace(
            task,
            needs=(*(task.needs or ()), *needs[task.id]) if task.id in needs else task.needs,
            parallel=task.parallel or task.id in beside,
        )
        if task.id in needs or task.id in beside
        else task
        for task in tasks
    )


def _named(phrase: str, names: Names) -> list[str]:
    return [hit.id for hit in read(phrase, names).hits]
