"""A spec-workflow task list, read: its tasks, and what each says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plait.core.finding import Finding, Severity
from plait.plans.family import distinct
from plait.plans.fields import Words, field_of, fields_of, items_of, listed_files
from plait.plans.markdown import Kind, Line
from plait.plans.numbered import (
    Item,
    named_title,
    numbered,
    scope_of,
    shorten,
    text_of,
    told_loose,
)
from plait.plans.page import Page, marker_of, span_of, state_of
from plait.plans.spec_workflow.stated import with_stated
from plait.plans.tasks import Ref, State, Task

_MARKS = {" ": State.OPEN, "x": State.DONE, "X": State.DONE, "-": State.ACTIVE, "~": State.BLOCKED}
_KEYS = {
    "requirements": "requirements",
    "requirement": "requirements",
    "需求": "requirements",
    "要件": "requirements",
    "file": "files",
    "files": "files",
    "文件": "files",
    "ファイル": "files",
    "prompt": "prompt",
    "blocked": "blocked",
    "dependencies": "needs",
    "dependency": "needs",
    "depends on": "needs",
    "依存": "needs",
    "依存関係": "needs",
    "依存タスク": "needs",
    "依赖": "needs",
}
_ROLE = re.compile(r"(?:\bRole|角色|役割)[ \t]*[:：][ \t]*(?P<role>[^|\n]{1,400})", re.IGNORECASE)  # noqa: RUF001
_SPEC = re.compile(r"\bSPEC-?[0-9]", re.IGNORECASE)
_MOST_WRAPPED = 60  # lines that a prompt may run over
_LONGEST_ROLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecWorkflowList:
    """What a list holds."""

    title: str
    tasks: tuple[Task, ...]


def spec_workflow_list(page: Page, name: str, findings: list[Finding]) -> SpecWorkflowList:
    """Read a list.

    A numbered task is a whole with parts only if it says nothing beside its title; one that has
    words of its own is work, whatever the numbers of those below.

    Args:
        page: The file.
        name: What it is called where its own heading says no more than that it lists tasks.
        findings: Takes what is told of it.
    """
    found = numbered(page.lines)
    findings.extend(told_loose(found, page.text.name))
    works = {item.id for item in found.items if item.detailed}
    parents = {item.id: item.parent for item in reversed(found.items)}
    tasks = []
    for item in found.items:
        whole = item.parent
        while whole in works:
            whole = parents[whole]
        tasks.append(_task(item, page, whole, findings))
    return SpecWorkflowList(
        title=named_title(page, found, name),
        tasks=with_stated(distinct(tasks, findings), found.outside, page.text.name),
    )


def _task(item: Item, page: Page, whole: str | None, findings: list[Finding]) -> Task:
    file = page.text.name
    state = state_of(item.head, _MARKS, file, findings)
    if item.head.state == "X":
        findings.append(
            Finding(
                code="UNPORTABLE_MARK",
                severity=Severity.INFO,
                message=f"[X] of {item.id} is read as done; spec-workflow-mcp itself knows "
                "only [x] and does not see this task",
                span=span_of(item.head, file),
                hint="write [x]",
            )
        )
    prompt, rest = _parted(item.body)
    fields: dict[str, list[Words]] = {}
    for key, words in fields_of(rest, _KEYS):
        fields.setdefault(key, []).append(words)
    reason = next((words.text for words in fields.get("blocked", ()) if words.text), "")
    struck = item.struck and state is not State.DONE
    marker = marker_of(item.head, page.text)
    return Task(
        id=item.id,
        title=item.title,
        span=span_of(item.head, file),
        state=State.SKIPPED if struck else state,
        reason="struck out" if struck else shorten(reason, _LONGEST_ROLE),
        parent=whole,
        phase=item.heading,
        needs=_needs(fields.get("needs"), file),
        scope=scope_of(item, listed_files(rest, _KEYS)),
        body=text_of(item.body),
        requirements=items_of(fields.get("requirements", ())),
        role=_role(prompt),
        markers=(marker,) if marker else (),
    )


def _parted(body: Sequence[Line]) -> tuple[str, tuple[Line, ...]]:
    """The prompt's words, and the lines that are none of it: what it names are no fields."""
    prompt: list[str] = []
    rest: list[Line] = []
    left = 0
    for line in body:
        starts = line.kind in {Kind.BULLET, Kind.TEXT} and field_of(line, _KEYS)
        if starts and starts[0] == "prompt":
            prompt.append(starts[1])
            left = 0 if line.content.rstrip().endswith("_") else _MOST_WRAPPED
        elif left and line.kind is Kind.TEXT:
            prompt.append(line.content)
            left = 0 if line.content.rstrip().endswith("_") else left - 1
        else:
            left = 0
            rest.append(line)
    return "\n".join(prompt), tuple(rest)


def _role(prompt: str) -> str | None:
    """Who should do it, as the prompt says."""
    role = _ROLE.search(prompt)
    return shorten(role["role"].strip(" _"), _LONGEST_ROLE) or None if role else None


def _needs(said: Sequence[Words] | None, file: str) -> tuple[Ref, ...] | None:
    """What it says that it needs. Other specs are none of this plan's."""
    return None if said is None else tuple(_refs(said, file))


def _refs(said: Sequence[Words], file: str) -> Iterator[Ref]:
    for words in said:
        yield Ref(text=words.text, span=words.span(file), loose=bool(_SPEC.search(words.text)))
