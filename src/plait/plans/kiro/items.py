"""A Kiro or cc-sdd task list, read: tasks, checkpoints, and what each says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from plait.core.finding import Finding, Severity
from plait.core.plan import Confidence, PackageKind, Scope
from plait.plans.basenames import with_folders
from plait.plans.family import distinct
from plait.plans.fields import Words, fields_of, items_of, listed_files
from plait.plans.kiro.graph import Graph, graph_of
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
from plait.plans.paths import listed
from plait.plans.tasks import Ref, State, Task

_MARKS = {" ": State.OPEN, "x": State.DONE, "X": State.DONE, "-": State.ACTIVE, "~": State.OPEN}
_CHECKPOINT = re.compile(
    r"(?:(?:(?:final|interim|mid|phase|wave|stage|milestone|integration|test(?:ing)?|build)"
    r"|[0-9]{1,3})[ \t:.-]{1,3}){0,3}checkpoint[ \t]{0,3}(?:$|[-–—:：(（.,;]|[0-9]|after\b)"  # noqa: RUF001
    r"|(?:最终|最后|阶段性?|階段|中间|第.{1,2}阶段)?检查点"
    r"|(?:最終)?チェックポイント(?:[ \t]|$|[:：-])",  # noqa: RUF001
    re.IGNORECASE,
)
_KEYS = {
    "requirements": "requirements",
    "requirement": "requirements",
    "validates": "requirements",
    "需求": "requirements",
    "要件": "requirements",
    "depends": "needs",
    "depends on": "needs",
    "dependencies": "needs",
    "dependency": "needs",
    "依赖": "needs",
    "依存": "needs",
    "boundary": "boundary",
    "file": "files",
    "files": "files",
    "files to create": "files",
    "files to modify": "files",
    "files to create/modify": "files",
    "対象ファイル": "files",
    "ファイル": "files",
    "파일": "files",
    "test file": "tests",
    "test files": "tests",
    "テストファイル": "tests",
    "테스트 파일": "tests",
    "测试文件": "tests",
    "文件": "files",
}
_FOLDER = re.compile(
    r"(?:apps?|backend|client|cmd|crates|docs|frontend|infra|internal|libs?|modules|packages|pkg|"
    r"scripts|server|services|src|tests?|tools)(?:/[\w@-]{1,60}){1,12}/?"
)
_MOST_ASKED = 2000  # characters of a whole that each of its parts is told
_WORD = re.compile(r"^(?:requirements?|需求|要件)[ \t]+(?=[0-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class KiroList:
    """What a list holds; `graph` is its dependency graph, if it has one."""

    title: str
    tasks: tuple[Task, ...]
    graph: Graph | None


def kiro_list(page: Page, name: str, findings: list[Finding]) -> KiroList:
    """Read a list.

    Args:
        page: The file.
        name: What it is called where its own heading says no more than that it is a plan.
        findings: Takes what is told of it.
    """
    found = numbered(page.lines)
    findings.extend(told_loose(found, page.text.name))
    by_id: dict[str, Task] = {}
    wholes = {item.parent for item in found.items}
    tasks: list[Task] = []
    asked = {
        item.id: shorten(text_of(item.body), _MOST_ASKED)
        for item in reversed(found.items)
        if item.id in wholes
    }
    for item in found.items:
        above = by_id.get(item.parent) if item.parent is not None else None
        task = _task(item, page, findings, whole=item.id in wholes)
        if above is not None:
            task = _part_of(above, task, asked.get(above.id, ""))
        by_id.setdefault(task.id, task)
        tasks.append(task)
    return KiroList(
        title=named_title(page, found, name),
        tasks=with_folders(distinct(tasks, findings)),
        graph=graph_of(page.lines),
    )


def _task(item: Item, page: Page, findings: list[Finding], *, whole: bool) -> Task:
    file = page.text.name
    state = state_of(item.head, _MARKS, file, findings)
    if item.head.state == "~":
        findings.append(
            Finding(
                code="AMBIGUOUS_MARK",
                severity=Severity.WARNING,
                message=f"[~] of {item.id} means queued to some and partly done to others: "
                "read as open",
                span=span_of(item.head, file),
                hint="use [ ], [-] (in progress) or [x] (done)",
            )
        )
    struck = item.struck and state is not State.DONE
    fields: dict[str, list[Words]] = {}
    for key, words in fields_of(item.body, _KEYS):
        fields.setdefault(key, []).append(words)
    checks = bool(_CHECKPOINT.match(item.title)) and not whole
    marker = marker_of(item.head, page.text)
    return Task(
        id=item.id,
        title=item.title,
        span=span_of(item.head, file),
        kind=PackageKind.CHECKPOINT if checks else PackageKind.IMPLEMENT,
        state=State.SKIPPED if struck else state,
        reason="struck out" if struck else "",
        optional=item.head.optional,
        parent=item.parent,
        phase=item.heading,
        parallel=item.parallel,
        needs=_needs(fields.get("needs"), file),
        scope=Scope() if checks else _scope(item, fields.get("boundary", ())),
        body=text_of(item.body),
        requirements=_requirements(fields.get("requirements", ())),
        markers=(marker,) if marker else (),
    )


def _part_of(whole: Task, part: Task, asked: str) -> Task:
    """A part that may be left out, or is, with its whole, and knows what that asks for."""
    left_out = whole.state is State.SKIPPED and part.state is not State.DONE
    body = f"{part.body}\n\n{whole.id} as a whole asks for:\n{asked}" if asked else part.body
    return replace(
        part,
        optional=part.optional or whole.optional,
        state=State.SKIPPED if left_out else part.state,
        reason=whole.reason if left_out else part.reason,
        body=part.body if part.kind is PackageKind.CHECKPOINT else body.strip("\n"),
    )


def _needs(said: Sequence[Words] | None, file: str) -> tuple[Ref, ...] | None:
    if said is None:
        return None
    return tuple(Ref(text=words.text, span=words.span(file)) for words in said)


def _scope(item: Item, boundaries: Sequence[Words]) -> Scope:
    """The files it lists, the paths in its boundary, else those it says that it writes."""
    files = listed_files(item.body, _KEYS)
    inside = (glob for words in boundaries for glob in (*listed(words.text), *_folders(words.text)))
    scope = scope_of(item, tuple(dict.fromkeys((*files, *inside))))
    tests = listed_files(item.body, _KEYS, names=("tests",))
    if not tests:
        return scope
    return Scope(write=tuple(dict.fromkeys((*scope.write, *tests))), confidence=Confidence.INFERRED)


def _folders(boundary: str) -> Iterator[str]:
    """The folders that a boundary names: `packages/client`, beside names of components."""
    for word in re.split(r"[,、，]", boundary):  # noqa: RUF001
        if _FOLDER.fullmatch(word.strip("` ")):
            yield f"{word.strip('` /')}/**"


def _requirements(said: Sequence[Words]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_WORD.sub("", each) for each in items_of(said)))
