"""CCPM: `.claude/epics/<epic>/`, an epic and a file for each of its tasks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from plait.core.finding import Finding
from plait.plans.places import belongs_elsewhere, located
from plait.plans.refusals import total
from plait.ports import Loaded, PlanSource

_HOME = ".claude/epics"
_EPIC = "epic.md"
_TASK = re.compile(r"[0-9]{1,9}[a-z]?(?:[-_. ].{1,200})?\.md")
_START = 4000  # characters: what is a task's file says so at its beginning
_MARKS = (
    (re.compile(r"^depends_on:", re.MULTILINE), 0.35),
    (re.compile(r"^conflicts_with:", re.MULTILINE), 0.35),
    (re.compile(r"^parallel:", re.MULTILINE), 0.2),
    (re.compile(r"^github(?:_issue)?:", re.MULTILINE), 0.15),
    (re.compile(r"^task(?:_id)?: {0,4}[\"']?[0-9]", re.MULTILINE), 0.2),
    (re.compile(r"^prd(?:_link)?:", re.MULTILINE), 0.35),
    (re.compile(r"^progress:", re.MULTILINE), 0.15),
    (re.compile(r"^id: {0,4}epic-", re.MULTILINE), 0.2),
    (re.compile(r"^status:", re.MULTILINE), 0.1),
    (re.compile(r"^(?:name|title):", re.MULTILINE), 0.1),
    (re.compile(r"^# (?:Task|Issue)\b", re.MULTILINE), 0.15),
    (re.compile(r"^# Epic\b", re.MULTILINE), 0.1),
)
_FRONT = re.compile(r"---[ \t]*\n|(?:.{0,300}\n){0,9}## Front ?matter", re.IGNORECASE)
_OTHERS = re.compile(
    r"^(?:work_package_id|owned_files|lane|issue|analysis_date|severity|supersedes):", re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ccpm:
    """The format."""

    name: str = "ccpm"

    def locate(self, root: Path, name: str) -> Path | None:
        """The epic for its folder or its bare name; without `epic.md`, its first task."""
        path = located(root, name, homes=(_HOME,), files=(_EPIC,))
        if path is None:
            folder = next((f for f in (root / name, root / _HOME / name) if f.is_dir()), None)
            files = sorted(folder.iterdir()) if folder else []
            path = next((file for file in files if self.by_place(file) and file.is_file()), None)
        if path is None or belongs_elsewhere(path.relative_to(root), ".claude"):
            return None
        return path if self.by_place(path) else None

    def by_place(self, path: Path) -> bool:
        """Whether it is an epic below `.claude/epics`, or one of its tasks."""
        parts = path.parts
        homes = [at for at in range(len(parts) - 1) if parts[at : at + 2] == (".claude", "epics")]
        if not homes:
            return False
        *folders, last = parts[homes[-1] + 2 :] or ("",)
        if folders[:1] in (["archived"], [".archived"]):
            folders = folders[1:]
        if last == _EPIC:
            return bool(folders)
        if not _TASK.fullmatch(last) or last.endswith("-analysis.md"):
            return False
        below = folders[1:]
        flat = below in ([], ["tasks"])
        return bool(folders) and (flat or (below[:1] == ["tasks"] and below[1:][0].isdigit()))

    def by_content(self, text: str) -> float:
        """How much the front matter has of what only this format writes there."""
        start = text[:_START]
        if not _FRONT.match(start) or _OTHERS.search(start):
            return 0.0
        return min(1.0, sum(weight for mark, weight in _MARKS if mark.search(start)))

    def load(self, source: PlanSource) -> Loaded:
        """Read the whole epic, whichever of its files is named."""
        from plait.plans.ccpm.tasks import tasks_of
        from plait.plans.lower import lower

        findings: list[Finding] = []
        return total(
            lambda: lower(tasks_of(source, findings), format_name=self.name, findings=findings),
            source.name,
            findings,
        )


FORMAT = Ccpm()
