"""OpenSpec: `openspec/changes/<id>/tasks.md`, a change's task list, archived or not.

A change that has `work-packages.yaml` too is run by that file; its task list is read where it is
named itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from errno import ENAMETOOLONG
from pathlib import Path

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.plans import openspec_layout, places
from plait.plans.openspec.tasks import Item, Outline, outline_of
from plait.plans.page import Page, page_of, span_of
from plait.plans.phrases import Noun
from plait.plans.refusals import total
from plait.plans.tasks import State, Task, TaskList
from plait.ports import Loaded, PlanSource

_TASKS = "tasks.md"
_PACKAGES = "work-packages.yaml"
_SHOWN = 5
_BOXES_ONLY = 0.1  # a list without numbers: this format reads it, but so may anybody write
_TITLE = re.compile(
    r"(?:(?:Implementation[ \t]+)?Tasks|(?:实施)?任务(?:清单|列表)?|タスク(?:一覧)?)"
    r"[ \t]*[:：–—-][ \t]*(.+)",  # noqa: RUF001 - as written
    re.IGNORECASE,
)
_GENERIC = frozenset(
    {
        *("tasks", "task list", "implementation tasks", "implementation task list"),
        *("任务", "任务清单", "任务列表", "实施任务", "タスク", "タスク一覧"),
    }
)
_GROUPS = re.compile(r"^##[ \t]+(?:Phase[ \t]+)?([0-9]{1,4})(?:[.:)]|[ \t]+[-–—]).*$", re.MULTILINE)  # noqa: RUF001
_BOXES = re.compile(r"^[-*][ \t]+\[[ xX~-]\][ \t]+(?:\*\*)?([0-9]{1,4})\.[0-9]{1,4}", re.MULTILINE)
_ANY_BOX = re.compile(r"^[-*][ \t]+\[[ xX~-]\][ \t]", re.MULTILINE)
_PLAIN = re.compile(r"^##[ \t]+[0-9]{1,4}\.[ \t]", re.MULTILINE)
_OF_CHANGE = re.compile(
    r"^# (?:Implementation )?Tasks: [a-z0-9]+(?:-[a-z0-9]+)+[ \t]*$", re.MULTILINE
)
_STATED = re.compile(r"^[ \t]+\*\*(?:Dependencies|Spec scenarios)\*\*:", re.MULTILINE)
_OTHERS = re.compile(
    r"^[ \t]*[-*] _(?:Prompt|Leverage|Contracts|Requirements?|Dependencies|Boundary|Depends)\b"
    r"|^#{2,4} (?:\*\*)?(?:Task Group|Track [A-Z]\b|Parallel Execution|Work Package|WP[0-9])"
    r"|^[-*] \[[ xX]\] (?:\*\*)?(?:T\d{3}|(?:CR|PR|RW)-)"
    r"|^[ \t]*[-*] \[[ xX]\]\*|^## Task Dependency Graph|^#{2,5} (?:\*\*)?Task \d"
    r"|^[ \t]*[-*] \[[ xX]\] \d+\.\d+:|^[ \t]*[-*] \[[ xX]\] \d+\.0\b",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSpec:
    """The format."""

    name: str = "openspec"
    yields_to: frozenset[str] = frozenset({"openspec-packages"})  # of the same folder

    def locate(self, root: Path, name: str) -> Path | None:
        """A change's task list, given its folder or its id; archived changes are found too."""
        try:
            found = openspec_layout.locate(root, name, _TASKS)
            if found is None:
                return None
            place = found if name == "." else found.relative_to(root)
            return None if places.belongs_elsewhere(place, "openspec") else found
        except OSError as error:
            if error.errno == ENAMETOOLONG:  # no name, then: a sentence, perhaps
                return None
            raise

    def by_place(self, path: Path) -> bool:
        """Whether it is `openspec/changes/<id>/tasks.md`, archived or not."""
        *folders, last = path.parts or ("",)
        if last != _TASKS or folders[-1:] == ["archive"]:
            return False
        change = folders[:-2] if folders[-2:-1] == ["archive"] else folders[:-1]
        return len(folders) > 2 and change[-2:] == ["openspec", "changes"]  # noqa: PLR2004

    def by_content(self, text: str) -> float:
        """How many boxes carry their headings' numbers, and whether other formats' signs lack."""
        groups = set(_GROUPS.findall(text))
        boxes = _BOXES.findall(text)
        every = len(_ANY_BOX.findall(text))
        if not groups or not boxes:
            return _BOXES_ONLY if every else 0.0
        agree = sum(number in groups for number in boxes) / every
        own = 0.65 * agree if _PLAIN.search(text) else 0.25 * agree
        own += 0.35 if _STATED.search(text) else 0.0
        own += 0.3 if _OF_CHANGE.search(text) else 0.0
        own -= 0.4 if _OTHERS.search(text) else 0.0
        return min(1.0, max(_BOXES_ONLY, own))

    def load(self, source: PlanSource) -> Loaded:
        """Read the task list, and what lies around it."""
        return total(lambda: _load(source), source.name)


FORMAT = OpenSpec()


def _load(source: PlanSource) -> Loaded:
    from plait.plans.lower import lower
    from plait.plans.openspec.items import aliases_of, tasks_of
    from plait.plans.openspec.orders import orders_of

    page = page_of(source.path, source.name)
    findings = list(page.findings)
    outline = outline_of(page.lines)
    tasks = tasks_of(outline, page, findings)
    findings.extend(_told(outline, tasks.values(), page))
    context = _context(source, findings)
    change = openspec_layout.change_of(source)
    feature = change.id or places.slug(source.path.absolute().parent.name)
    listed = TaskList(
        id=feature,
        title=_title(outline.title) or feature,
        feature=feature,
        branch=f"openspec/{places.slug(feature)}",
        tasks=tuple(tasks.values()),
        files=(page.file,),
        orders=tuple(orders_of(outline.items, tasks)),
        sets={Noun.GROUP: _groups(outline, {n: task.id for n, task in tasks.items()})},
        aliases=aliases_of(outline, tasks),
        context=context,
    )
    return lower(listed, format_name=FORMAT.name, findings=findings)


def _title(heading: str) -> str:
    named = _TITLE.fullmatch(heading.strip())
    title = named[1].strip() if named else heading.strip()
    return "" if title.lower() in _GENERIC else title


def _groups(outline: Outline, names: dict[int, str]) -> dict[str, list[str]]:
    """What "Group 2" stands for: the tasks below the heading of that number."""
    groups: dict[str, list[str]] = {}
    for item in outline.items:
        if item.group is not None and item.group.own and item.above is None:
            groups.setdefault(item.group.number, []).append(names[item.head.number])
    return groups


def _context(source: PlanSource, findings: list[Finding]) -> tuple[str, ...]:
    """What agents should read, in the order of reading; what is missing is told."""
    from plait.plans.openspec import notes

    folder = source.path.parent
    metadata = notes.metadata_of(source, folder, findings)
    demands = metadata.schema == notes.DEFAULT_SCHEMA
    documents, missing = places.context_of(
        source,
        folder,
        expected=("proposal.md",) if demands else (),
        further=("proposal.md", "design.md"),
    )
    findings.extend(missing)
    specs = notes.specs_of(source, folder, findings)
    if demands and not specs and not metadata.skip_specs:
        findings.append(
            Finding(
                code="MISSING_CONTEXT",
                severity=Severity.WARNING,
                message="there is no specs/<capability>/spec.md beside it: agents work without it",
                span=Span(file=source.name),
                hint=f"add it, or `skip_specs: true` to {notes.METADATA}",
            )
        )
    config: Iterator[str] = iter(())
    if FORMAT.by_place(source.path.absolute()):
        archived = folder.parent.name == "archive"
        if archived:
            findings.append(_archived(source))
        home = folder.parent.parent.parent if archived else folder.parent.parent
        config = notes.config_context(source, home, findings)
    if places.holds(source, folder / _PACKAGES):
        findings.append(_packages_beside(source))
    return tuple(dict.fromkeys((*documents, *specs, *config)))


def _archived(source: PlanSource) -> Finding:
    return Finding(
        code="CHANGE_ARCHIVED",
        severity=Severity.INFO,
        message="the change is archived: its specs count as merged already",
        span=Span(file=source.name),
        hint="run it only if work was left undone",
    )


def _packages_beside(source: PlanSource) -> Finding:
    return Finding(
        code="PACKAGES_BESIDE",
        severity=Severity.INFO,
        message=f"{_PACKAGES} lies beside it and says more: scopes, locks, checks, dependencies",
        span=Span(file=source.name),
        hint=f"name the change's folder or its id to run {_PACKAGES}",
    )


def _told(outline: Outline, tasks: Collection[Task], page: Page) -> Iterator[Finding]:
    """What is odd about the list: boxes in code, no boxes at all, numbers of other groups."""
    file = page.text.name
    if outline.hidden:
        count = len(outline.hidden)
        yield Finding(
            code="BOXES_IN_CODE",
            severity=Severity.WARNING,
            message=f"{f'{count} boxes stand' if count > 1 else 'a box stands'} in code or a "
            "comment: OpenSpec counts it as a task, Plait does not",
            span=span_of(outline.hidden[0], file),
            hint="take them out of the code, or out of the list",
        )
    if outline.items and not outline.boxed:
        yield Finding(
            code="NO_BOXES",
            severity=Severity.WARNING,
            message="no task has a box: all of them are read as open, and none can be ticked",
            span=span_of(outline.items[0].head, file),
            hint="begin each task with `- [ ]`",
        )
    yield from (_misnumbered(item, file) for item in outline.items if _misplaced(item))
    skipped: dict[str, list[Task]] = {}
    for task in tasks:
        if task.state is State.SKIPPED:
            skipped.setdefault(task.reason, []).append(task)
    for reason, left in skipped.items():
        yield Finding(
            code="TASKS_LEFT_OUT",
            severity=Severity.INFO,
            message=f"not run: {', '.join(task.id for task in left[:_SHOWN])}"
            f"{f' and {len(left) - _SHOWN} more' if len(left) > _SHOWN else ''} ({reason})",
            span=left[0].span,
            hint="change the words if they are to run",
        )


def _misplaced(item: Item) -> bool:
    if item.id is None or "." not in item.id or item.group is None or not item.group.own:
        return False
    return item.id.split(".")[0].lstrip("0") != item.group.number.lstrip("0")


def _misnumbered(item: Item, file: str) -> Finding:
    number = item.group.number if item.group else ""
    return Finding(
        code="TASK_IN_OTHER_GROUP",
        severity=Severity.WARNING,
        message=f"{item.id} stands below the heading of group {number}: it runs with that group",
        span=span_of(item.head, file),
        hint=f"number it {number}.N, or move it",
    )
