"""The tasks of a list by id: parents and their parts, and what parts have from their parents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from plait.core.finding import Finding, Severity
from plait.core.plan import Confidence
from plait.plans.tasks import State, Task

Key = tuple[str | None, str]  # module and id
_MOST_LEVELS = 10
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Tasks with unique ids. `leaves` are those without parts, `parts` the leaves of the others.

    `parents` are those of each task, nearest first.
    """

    tasks: dict[Key, Task]
    leaves: tuple[Task, ...]
    parts: dict[Key, tuple[Key, ...]]
    parents: dict[Key, tuple[Key, ...]]

    def expand(self, key: Key) -> tuple[Key, ...]:
        """A task itself, or the leaves that it consists of."""
        return self.parts.get(key, (key,))


def distinct(tasks: Sequence[Task], findings: list[Finding]) -> tuple[Task, ...]:
    """The tasks with unique ids: of equal ones the later are renamed (``4-2``), and told."""
    taken = {key_of(task) for task in tasks}
    seen: dict[Key, Task] = {}
    counts: dict[Key, int] = {}  # how far each id has been counted: a file of one id stays linear
    made = []
    for task in tasks:
        first = seen.get(key_of(task))
        if first is None:
            seen[key_of(task)] = task
            made.append(task)
            continue
        count = counts.get(key_of(task), 1) + 1
        while (task.module, f"{task.id}-{count}") in taken:
            count += 1
        counts[key_of(task)] = count
        renamed = replace(task, id=f"{task.id}-{count}")
        taken.add(key_of(renamed))
        seen[key_of(renamed)] = renamed
        made.append(renamed)
        findings.append(
            Finding(
                code="DUPLICATE_ID",
                severity=Severity.WARNING,
                message=f"{task.id} stands in the list more than once, first at line "
                f"{first.span.line}: this one is called {renamed.id}, and who needs {task.id} "
                "is taken to mean the first",
                span=task.span,
                hint="give one of them another id",
            )
        )
    return tuple(made)


def family_of(tasks: Sequence[Task], findings: list[Finding]) -> Family:
    """Settle who is part of whom, and let parts inherit."""
    known = {key_of(task): task for task in tasks}
    parents = _parents_of(known)
    parts: dict[Key, list[Key]] = {}
    containers = {above[0] for above in parents.values() if above}
    for key, above in parents.items():
        if key not in containers:
            for each in above:
                parts.setdefault(each, []).append(key)
    for key, leaves in parts.items():
        findings.extend(_contradictions(known[key], [known[leaf] for leaf in leaves]))
    settled: dict[Key, Task] = {}
    for key in sorted(known, key=lambda key: len(parents[key])):
        above = parents[key]
        settled[key] = _inheriting(known[key], settled[above[0]]) if above else known[key]
    return Family(
        tasks=settled,
        leaves=tuple(settled[key] for key in known if key not in containers),
        parts={key: tuple(leaves) for key, leaves in parts.items()},
        parents=parents,
    )


def key_of(task: Task) -> Key:
    """A task's module and id."""
    return task.module, task.id


def _parents_of(known: dict[Key, Task]) -> dict[Key, tuple[Key, ...]]:
    """Those above each task, nearest first; circles, and what lies too deep, stand alone."""
    found: dict[Key, tuple[Key, ...]] = {}
    for key in known:
        path: list[Key] = []
        here: Key | None = key
        while here is not None and here not in found:
            found[here] = ()  # until the way back
            path.append(here)
            above = known[here].parent
            here = (here[0], above) if above is not None and (here[0], above) in known else None
        if here in path:
            continue
        for child in reversed(path):
            over = () if here is None else (here, *found[here])
            found[child] = over if len(over) <= _MOST_LEVELS else ()
            here = child
    return found


def _inheriting(part: Task, whole: Task) -> Task:
    """A part with what its parent says for all of its parts."""
    state, reason = part.state, part.reason
    if state is State.OPEN and whole.state in {State.SKIPPED, State.BLOCKED}:
        state, reason = whole.state, whole.reason
    unknown = part.scope.confidence is Confidence.UNKNOWN
    return replace(
        part,
        state=state,
        reason=reason,
        optional=part.optional or whole.optional,
        phase=part.phase if part.phase is not None else whole.phase,
        track=part.track if part.track is not None else whole.track,
        group=part.group if part.group is not None else whole.group,
        parallel=part.parallel or whole.parallel,
        scope=whole.scope if unknown else part.scope,
        requirements=part.requirements or whole.requirements,
        role=part.role or whole.role,
        body="\n\n".join(filter(None, (part.body, f"Part of {whole.id}: {whole.title}"))),
    )


def _contradictions(whole: Task, parts: Sequence[Task]) -> Iterator[Finding]:
    rest = [part for part in parts if part.state not in {State.DONE, State.SKIPPED}]
    required = [part for part in rest if not part.optional]
    if whole.state is State.DONE and required:
        shown = ", ".join(part.id for part in required[:_SHOWN])
        more = f" and {len(required) - _SHOWN} more" if len(required) > _SHOWN else ""
        yield Finding(
            code="PARENT_CONTRADICTS_PARTS",
            severity=Severity.WARNING,
            message=f"{whole.id} is marked as done, but {shown}{more} of it "
            f"{'is' if len(required) == 1 else 'are'} not: the parts' own marks hold",
            span=whole.span,
            hint="mark the parts as done, or the whole as open",
        )
    elif whole.state in {State.OPEN, State.ACTIVE} and not rest and whole.markers:
        yield Finding(
            code="PARENT_CONTRADICTS_PARTS",
            severity=Severity.INFO,
            message=f"{whole.id} is not marked as done, but all of its parts are",
            span=whole.span,
            hint="mark it as done",
        )


_LABEL = re.compile(
    r"(?:(?:task|parallel|execution|work|user)[ \t]+)?"
    r"(?:phase|group|track|wave|stage|step|story|epic|milestone)s?[ \t]+",
    re.IGNORECASE,
)
_NAME = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,5}[a-z]?\b|[A-Z]\b")


def number_of(label: str) -> str | None:
    """What a label is called by: 2 of "Phase 2: Core" and of "2. API", A of "Task Group A"."""
    word = _LABEL.match(label)
    name = _NAME.match(label, word.end() if word else 0)
    return name[0] if name and (word or name[0][0].isdigit()) else None
