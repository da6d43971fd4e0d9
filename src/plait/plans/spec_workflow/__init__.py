"""spec-workflow-mcp: `.spec-workflow/specs/<name>/tasks.md`, a list of numbered tasks in order.

Archived specs lie in `.spec-workflow/archive/specs/<name>/`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from plait.plans.places import belongs_elsewhere, context_of, located, slug
from plait.plans.refusals import total
from plait.plans.tasks import TaskList
from plait.ports import Loaded, PlanSource

_TASKS = "tasks.md"
_HOME = ".spec-workflow"
_SPECS = (_HOME, "specs")
_ARCHIVE = (_HOME, "archive", "specs")
_STEERING = ("product.md", "tech.md", "structure.md")
_BOXES = re.compile(
    r"^[ \t]{0,12}[-*] \[[ xX~-]\] (?:\*\*)?\d{1,9}(?:\\?\.\d{0,9}){0,8} ", re.MULTILINE
)
_MARKS = (
    (re.compile(r"^[ \t]{0,12}(?:[-*] )?_Prompt:", re.MULTILINE), 0.6),
    (re.compile(r"^[ \t]{0,12}[-*] _(?:Leverage|复用):", re.MULTILINE), 0.4),
    (re.compile(r"^[ \t]{0,12}[-*] (?:File|文件|ファイル):", re.MULTILINE), 0.5),
    (re.compile(r"^[ \t]{0,12}[-*] (?:Purpose|目的):", re.MULTILINE), 0.2),
    (re.compile(r"^[ \t]{0,12}[-*] _Blocked:", re.MULTILINE), 0.4),
    (re.compile(r"^# Tasks Document", re.MULTILINE), 0.3),
)
_OTHERS = re.compile(
    r"^#{2,4} (?:Task Group|Track [A-Z])\b|^## Task Dependency Graph"
    r"|^[ \t]{0,12}[-*] \[[ x-]\]\* \d"
    r"|^[ \t]{0,12}[-*] _(?:Agent|Boundary|Depends|Contracts):"
    r"|^[-*] \[[ xX]\] (?:\*\*)?(?:T\d{3}|(?:CR|PR|RW)-)",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecWorkflow:
    """The format."""

    name: str = "spec-workflow"

    def locate(self, root: Path, name: str) -> Path | None:
        """The task list for a file, a spec's folder, or a spec's name, the archive last."""
        homes = ("/".join(_SPECS), "/".join(_ARCHIVE))
        path = located(root, name, homes=homes, files=(_TASKS,))
        if path is None or self.by_place(path):
            return path
        inside = path.relative_to(root) if path.is_relative_to(root) else path
        return None if belongs_elsewhere(inside, _HOME) else path

    def by_place(self, path: Path) -> bool:
        """Whether it is `tasks.md` in a folder of `.spec-workflow/specs`, archived or not."""
        *folders, last = path.parts or ("",)
        above = tuple(folders[:-1])
        return last == _TASKS and (above[-2:] == _SPECS or above[-3:] == _ARCHIVE)

    def by_content(self, text: str) -> float:
        """How much a text has of the fields that spec-workflow puts below numbered boxes."""
        if not _BOXES.search(text):
            return 0.0
        score = sum(weight for mark, weight in _MARKS if mark.search(text))
        if _OTHERS.search(text):
            score -= 0.4
        return min(1.0, max(0.1, score))

    def load(self, source: PlanSource) -> Loaded:
        """Read the task list."""
        return total(lambda: _load(source), source.name)


FORMAT = SpecWorkflow()


def _load(source: PlanSource) -> Loaded:
    from plait.plans.lower import lower
    from plait.plans.page import page_of
    from plait.plans.sequence import in_order
    from plait.plans.spec_workflow.approvals import approvals_of
    from plait.plans.spec_workflow.items import spec_workflow_list

    page = page_of(source.path, source.name)
    folder = source.path.parent
    feature = folder.absolute().name or "plan"
    findings = list(page.findings)
    found = spec_workflow_list(page, feature, findings)
    context, missing = context_of(source, folder, expected=("requirements.md", "design.md"))
    findings.extend(missing)
    home = next((up for up in folder.parents if up.name == _HOME), None)
    placed = home is not None and FORMAT.by_place(source.path)
    if home is not None and placed:
        steering, _ = context_of(source, home / "steering", expected=(), further=_STEERING)
        context = (*context, *steering)
    tasks = TaskList(
        id=feature,
        title=found.title,
        feature=feature,
        branch=f"feat/{slug(feature)}",
        tasks=found.tasks,
        files=(page.file,),
        orders=in_order(found.tasks, relaxable=True),
        context=context,
        approvals=(
            approvals_of(source, home, page.text, findings) if home is not None and placed else ()
        ),
    )
    return lower(tasks, format_name=FORMAT.name, findings=findings)
