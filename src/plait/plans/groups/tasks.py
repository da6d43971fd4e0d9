"""A list in task groups as tasks: what each needs, and which of them hold others.

A group is a unit of work: its tasks run one after another. What a group says that it needs binds
the task that begins it, and those with words of their own; the rest follow these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from plait.core.finding import Finding, Severity
from plait.core.plan import Confidence, PackageKind
from plait.plans.groups.lines import Role, priority_of, size_of
from plait.plans.groups.orders import Place, orders_of
from plait.plans.groups.outline import HOLDING, Node, Outline, outline_of
from plait.plans.groups.says import (
    body_of,
    first,
    markers_of,
    said,
    scope_of,
    state_of_node,
    tells,
)
from plait.plans.page import Page, span_of
from plait.plans.phrases import Noun
from plait.plans.references import Names, names_of, read, says
from plait.plans.tasks import MAX_TASKS, Order, Ref, Task, TooManyTasks

_PARALLEL = re.compile(r"\bparallel\b", re.IGNORECASE)
_INTEGRATION = re.compile(r"integrat(?:e|ion)\b", re.IGNORECASE)
_SPRINT = re.compile(r"\bsprint(?=s?\b)", re.IGNORECASE)
_NOBODY = re.compile(r"(?:none|unassigned|direct|n/?a|tbd|any|worker)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A task group as a name that other files join to; `task` is the id it has among the tasks."""

    id: str
    label: str
    title: str
    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupList:
    """What a list in task groups says."""

    title: str
    tasks: tuple[Task, ...]
    orders: tuple[Order, ...]
    sets: Mapping[Noun, Mapping[str, Sequence[str]]]
    groups: tuple[Group, ...]


def read_groups(page: Page, findings: list[Finding]) -> GroupList:
    """The tasks, groups and orders of a list.

    Args:
        page: The list.
        findings: Takes what is found.

    Raises:
        UsageError: `PLAN_TOO_LARGE`.
    """
    outline = outline_of(page.lines, most=MAX_TASKS)
    if len(outline.nodes) > MAX_TASKS:
        raise TooManyTasks
    return _Reader(page=page, findings=findings, outline=outline).read()


@dataclass(slots=True, kw_only=True)
class _Reader:
    page: Page
    findings: list[Finding]
    outline: Outline
    ids: dict[Node, str] = field(default_factory=dict)
    names: Names = field(default_factory=lambda: names_of(()))
    integrating: frozenset[Node] = frozenset()
    needs: dict[Node, tuple[Ref, ...] | None] = field(default_factory=dict)
    marked: dict[Node, bool] = field(default_factory=dict)

    def read(self) -> GroupList:
        nodes = [node for node in self.outline.nodes if _counts(node)]
        taken = {node.head.id for node in nodes if node.role is not Role.GROUP}
        for node in nodes:
            own = node.head.id
            named = node.role is Role.GROUP and (node.parts or own in taken)
            self.ids[node] = f"group-{own}" if named else own
        sets = self._sets()
        self.names = names_of(self.ids.values(), sets)
        self.integrating = _integrating(self.outline)
        for node in nodes:
            self.needs[node] = self._said_needs(node)
            self.marked[node] = self._parallel(node)
        tasks = _completed(self._bound({node: self._task(node) for node in nodes}))
        self._told_boxes(nodes)
        return GroupList(
            title=self.outline.title,
            tasks=tuple(tasks.values()),
            orders=tuple(orders_of([self._place(n, t) for n, t in tasks.items() if not n.parts])),
            sets=sets,
            groups=tuple(
                Group(id=n.head.id, label=n.head.label, title=n.head.title.text, task=self.ids[n])
                for n in nodes
                if n.role is Role.GROUP
            ),
        )

    def _task(self, node: Node) -> Task:
        title, phase = node.head.title, node.within(Role.PHASE)
        group = _group(node)
        state, reason = state_of_node(node, self.page, self.findings)
        estimate = title.estimate_s
        for key in ("estimate", "size"):
            if estimate is None and not node.parts:
                estimate = size_of(first(node, key))
        parent = self._parent(node)
        role = first(node, "role").strip(" *`")
        optional = title.optional or first(node, "status").lower().startswith("optional")
        return Task(
            id=self.ids[node],
            title=title.text or node.head.label,
            span=span_of(node.line, self.page.text.name),
            kind=PackageKind.INTEGRATE if phase in self.integrating else PackageKind.IMPLEMENT,
            state=state,
            reason=reason,
            optional=optional or (phase is not None and phase.head.title.optional),
            parent=self.ids[parent] if parent is not None else None,
            phase=phase.head.label if phase is not None else None,
            group=group.head.label if group is not None else None,
            parallel=self.marked[node],
            needs=self.needs[node],
            scope=scope_of(node),
            body=body_of(node),
            role=role if role and not _NOBODY.match(role) else None,
            estimate_s=estimate,
            priority=title.priority or priority_of(first(node, "priority")) or 5,
            markers=tuple(markers_of(node, self.page)),
        )

    def _parent(self, node: Node) -> Node | None:
        parent = node.within(*HOLDING)
        while parent is not None and parent not in self.ids:
            parent = parent.within(*HOLDING)
        return parent

    # -- what it needs -------------------------------------------------------------------------

    def _said_needs(self, node: Node) -> tuple[Ref, ...] | None:
        """What it says that it needs; prose that names nothing says nothing."""
        refs, stated = [], False
        for words in said(node).get("needs", ()):
            text = _SPRINT.sub("Phase ", words.text)  # as long as the word that it stands for
            something = says(text, self.names)
            stated = stated or something is None
            if something:
                refs.append(Ref(text=text, span=words.span(self.page.text.name)))
        return tuple(refs) if refs or stated else None

    def _bound(self, tasks: dict[Node, Task]) -> dict[Node, Task]:
        """Bind those that begin a group, and those with words of their own, to its needs."""
        begun: set[Node] = set()
        made = {}
        for node, task in tasks.items():
            made[node] = task
            group = node.within(Role.GROUP)
            if group is None and node.role is Role.GROUP and node.parts:
                made[node] = replace(task, needs=None)
            if group is None or node.parts:
                continue
            begins = group not in begun
            begun.add(group)
            shared = self.needs.get(group)
            speaks = self.needs[node] is not None or self._whole(node) is not None
            if shared is not None and (begins or speaks):
                made[node] = replace(task, needs=(*(task.needs or ()), *shared))
        return made

    def _parallel(self, node: Node) -> bool:
        """Whether the source marks it as safe beside others: itself, its group or its phase."""
        phase, above = node.within(Role.PHASE), self._parent(node)
        if phase is not None and _PARALLEL.search(phase.head.label):
            return True
        if above is not None and self.marked[above]:
            return True
        beside = said(node)
        return bool(beside.get("parallel")) or any(
            _PARALLEL.search(words.text) and says(words.text, self.names) is None
            for words in beside.get("needs", ())
        )

    # -- groups and phases ---------------------------------------------------------------------

    def _sets(self) -> dict[Noun, dict[str, list[str]]]:
        """Groups and phases by their numbers: "Task Groups 1-3", "Phase 1 complete"."""
        sets: dict[Noun, dict[str, list[str]]] = {Noun.GROUP: {}, Noun.PHASE: {}}
        for node, name in self.ids.items():
            for noun, held in ((Noun.GROUP, _group(node)), (Noun.PHASE, node.within(Role.PHASE))):
                if held is not None:
                    sets[noun].setdefault(held.head.id, []).append(name)
        return sets

    def _place(self, node: Node, task: Task) -> Place:
        phase, group = node.within(Role.PHASE), _group(node)
        whole = self._whole(node)
        parallel = phase is not None and bool(_PARALLEL.search(phase.head.label))
        held = group if group is not None else whole if whole is not None else node
        if group is None and parallel:
            while (above := self._parent(held)) is not None:
                held = above
        phrases = said(held).get("parallel", ())
        beside = {hit.id for words in phrases for hit in read(words.text, self.names).hits}
        return Place(
            task=task,
            unit=self.ids.get(held, ""),
            whole=self.ids[whole] if whole is not None else None,
            alone=group is None,
            phase=phase.head.label if phase is not None else None,
            parallel=parallel,
            beside=frozenset(beside),
        )

    def _whole(self, node: Node) -> Node | None:
        """What it is a part of and which says what it needs; groups apart."""
        here = self._parent(node)
        while here is not None and here.role is not Role.GROUP:
            if self.needs[here] is not None:
                return here
            here = self._parent(here)
        return None

    def _told_boxes(self, nodes: Sequence[Node]) -> None:
        """Boxes without an id beside tasks: notes, as far as can be told."""
        holders = [n for n in nodes if n.parts and n.role is not Role.ITEM and n.boxes]
        if holders:
            count = sum(len(node.boxes) for node in holders)
            self.findings.append(
                Finding(
                    code="BOX_WITHOUT_ID",
                    severity=Severity.INFO,
                    message=f"{'a box' if count == 1 else f'{count} boxes'} beside tasks: without "
                    "an id as these have, a box is a note",
                    span=span_of(holders[0].boxes[0], self.page.text.name),
                    hint="give an id to what an agent should do",
                )
            )


def _completed(tasks: dict[Node, Task]) -> dict[Node, Task]:
    """The last task of a group with what the group as a whole must meet, and yet must write."""
    last = {group: node for node in tasks if not node.parts and (group := node.within(Role.GROUP))}
    for group, node in last.items():
        if group in tasks and (rest := _unclaimed(group, tasks)):
            own = tasks[node].scope
            tasks[node] = replace(tasks[node], scope=replace(own, write=(*own.write, *rest)))
        if words := body_of(group):
            body = "\n\n".join(filter(None, (tasks[node].body, f"{group.head.label}:", words)))
            tasks[node] = replace(tasks[node], body=body)
    return tasks


def _unclaimed(group: Node, tasks: Mapping[Node, Task]) -> tuple[str, ...]:
    """What of a group's list of files none of its tasks names, where each names some."""
    scopes = [tasks[node].scope for node in group.parts if node in tasks and not node.parts]
    if any(scope.confidence is Confidence.UNKNOWN for scope in scopes):
        return ()  # such a task has all of the list from the group
    claimed = {glob for scope in scopes for glob in scope.write}
    return tuple(glob for glob in tasks[group].scope.write if glob not in claimed)


def _counts(node: Node) -> bool:
    """Whether a node is a task, or holds some."""
    if node.role is Role.PHASE:
        return False
    if node.role in {Role.TASK, Role.ITEM} or tells(node):
        return True
    return any(part.role in {Role.TASK, Role.ITEM} or tells(part) for part in node.parts)


def _group(node: Node) -> Node | None:
    return node if node.role is Role.GROUP else node.within(Role.GROUP)


def _integrating(outline: Outline) -> frozenset[Node]:
    """Integration phases behind a parallel one: their tasks join what was built side by side."""
    found, beside = set(), False
    for node in outline.nodes:
        if node.role is Role.PHASE:
            if beside and _INTEGRATION.match(node.head.title.text):
                found.add(node)
            beside = beside or bool(_PARALLEL.search(node.head.label))
    return frozenset(found)
