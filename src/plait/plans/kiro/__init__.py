"""Kiro and cc-sdd: `.kiro/specs/<name>/tasks.md`, numbered boxes, with or without waves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from plait.core.finding import Finding
from plait.plans.places import belongs_elsewhere, context_of, located, slug
from plait.plans.refusals import total
from plait.plans.tasks import TaskList
from plait.ports import Loaded, PlanSource

_TASKS = "tasks.md"
_HOME = (".kiro", "specs")
_FURTHER = ("research.md", "gap-analysis.md")
_STEERING = ("product.md", "tech.md", "structure.md")
_BOXES = re.compile(
    r"^[ \t]{0,12}[-*] \[[^\]\r\n]?\]\*? (?:<[^<>\n]{1,200}>[ \t]?){0,4}"
    r"(?:\*\*)?(\d{1,9}(?:\.\d{1,9}){0,7})[a-z]?[.)、． \t]",  # noqa: RUF001
    re.MULTILINE,
)
_COMMON = (
    (re.compile(r"^[ \t]{0,12}[-*] _(?:Requirements?|需求|要件):", re.MULTILINE), 0.5),
    (
        re.compile(
            r"^# (?:Implementation (?:Plan|Tasks)|实[施现](?:计划|任务)|実装(?:計画|タスク))",
            re.MULTILINE,
        ),
        0.2,
    ),
)
_OWN = (
    (re.compile(r"^[ \t]{0,12}[-*] \[[ x-]\]\* \d", re.MULTILINE), 0.3),
    (re.compile(r"^[ \t]{0,12}[-*] \[[ x-]\]\*? \d{1,3}\. .{0,30}Checkpoint\b", re.MULTILINE), 0.3),
    (re.compile(r"^[ \t]{0,12}[-*] \[[ x-]\]\*? [\d.]{1,9} \(P\) ", re.MULTILINE), 0.3),
    (re.compile(r"^[ \t]{0,12}[-*] _(?:Boundary|Depends|Contracts):", re.MULTILINE), 0.3),
    (re.compile(r"^## Task Dependency Graph", re.MULTILINE), 0.4),
)
_NESTED = 0.4
_PHASES = re.compile(r"^#{2,4} Phase \d", re.MULTILINE)
_OTHERS = re.compile(
    r"^[ \t]{0,12}[-*] (?:_(?:Prompt|Leverage|复用|Agent|Dependencies|Spec References):|Purpose:|"
    r"Files?: |目的: )"
    r"|^#{2,4} (?:Task Group|Track [A-Z]|Parallel Execution)\b"
    r"|^[ \t]{0,3}[-*] \[[ xX]\] (?:\*\*)?(?:T\d{3}|(?:CR|PR|RW)-)|\(blocks (?:all|\d)"
    r"|^ {0,3}[-*] \[[ xX]\] \d{1,3}\. \*\*",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kiro:
    """The format."""

    name: str = "kiro"

    def locate(self, root: Path, name: str) -> Path | None:
        """The task list for a file, a spec's folder, or a spec's name."""
        path = located(root, name, homes=("/".join(_HOME),), files=(_TASKS,))
        if path is None or self.by_place(path):
            return path
        inside = path.relative_to(root) if path.is_relative_to(root) else path
        return None if belongs_elsewhere(inside, ".kiro") else path

    def by_place(self, path: Path) -> bool:
        """Whether it is `.kiro/specs/…/tasks.md`."""
        *folders, last = path.parts or ("",)
        return last == _TASKS and _HOME in pairwise(folders[:-1])

    def by_content(self, text: str) -> float:
        """How much a text has of what Kiro and cc-sdd write beside numbered boxes."""
        ids = set(_BOXES.findall(text))
        if not ids:
            return 0.0
        score = sum(weight for mark, weight in _OWN if mark.search(text))
        if any(name.rpartition(".")[0] in ids for name in ids):  # 1.1 is a part of the box 1
            score += _NESTED
        if not score and _PHASES.search(text):  # then it may as well be specflow's
            score -= 0.3
        score += sum(weight for mark, weight in _COMMON if mark.search(text))
        if _OTHERS.search(text):
            score -= 0.5
        return min(1.0, max(0.1, score))

    def load(self, source: PlanSource) -> Loaded:
        """Read the task list."""
        return total(lambda: _load(source), source.name)


FORMAT = Kiro()


def _load(source: PlanSource) -> Loaded:
    from plait.plans.kiro.approval import approvals_of
    from plait.plans.kiro.items import kiro_list
    from plait.plans.kiro.order import ordered
    from plait.plans.lower import lower
    from plait.plans.page import page_of

    page = page_of(source.path, source.name)
    folder = source.path.parent
    feature = folder.absolute().name or "plan"
    findings = list(page.findings)
    found = kiro_list(page, feature, findings)
    order = ordered(found.tasks, found.graph, source.name, findings)
    context = _context(source, folder, findings)
    tasks = TaskList(
        id=feature,
        title=found.title,
        feature=feature,
        branch=f"feat/{slug(feature)}",
        tasks=order.tasks,
        files=(page.file,),
        orders=order.orders,
        context=context,
        approvals=approvals_of(source, findings),
    )
    return lower(tasks, format_name=FORMAT.name, findings=findings)


def _context(source: PlanSource, folder: Path, findings: list[Finding]) -> tuple[str, ...]:
    """The spec's documents, and below `.kiro` what steers every spec of the project."""
    bugfix = (folder / "bugfix.md").is_file()  # a bug's spec tells the bug, not requirements
    expected = ("bugfix.md" if bugfix else "requirements.md", "design.md")
    own, missing = context_of(source, folder, expected=expected, further=_FURTHER)
    findings.extend(missing)
    if not FORMAT.by_place(source.path):
        return own
    home = next(up for up in folder.parents if up.name == _HOME[0])
    steering, _ = context_of(source, home / "steering", expected=(), further=_STEERING)
    return (*own, *steering)
