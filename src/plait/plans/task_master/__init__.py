"""task-master: `.taskmaster/tasks/tasks.json`, tasks and subtasks in one or several tags."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from plait.core.finding import Finding
from plait.plans.places import belongs_elsewhere, located
from plait.plans.refusals import total
from plait.ports import Loaded, PlanSource

_PLACES = (".taskmaster/tasks/tasks.json", "tasks/tasks.json", "tasks.json")
_START = 200_000  # characters: what is a plan says so at its beginning
_MARKS = (
    (re.compile(r'"tasks"[ \t\n]{0,20}:[ \t\n]{0,20}\['), 0.3),
    (re.compile(r'"testStrategy"[ \t\n]{0,20}:'), 0.4),
    (re.compile(r'"subtasks"[ \t\n]{0,20}:[ \t\n]{0,20}\['), 0.3),
    (re.compile(r'"dependencies"[ \t\n]{0,20}:[ \t\n]{0,20}\['), 0.1),
    (re.compile(r'"status"[ \t\n]{0,20}:[ \t\n]{0,20}"(?:pending|in-progress|done)"'), 0.1),
)
_OTHERS = re.compile(r'"(?:specialist|waves|isBackground|issue_type)"[ \t\n]{0,20}:')


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskMaster:
    """The format."""

    name: str = "task-master"

    def locate(self, root: Path, name: str) -> Path | None:
        """The task file of a project's folder, of `.taskmaster`, or of a folder `tasks`."""
        path = located(root, name, homes=(), files=(*_PLACES[1:], _PLACES[0]))
        if path is None or belongs_elsewhere(path.relative_to(root), ".taskmaster"):
            return None
        return path if self.by_place(path) else None

    def by_place(self, path: Path) -> bool:
        """Whether it is `tasks/tasks.json`, below `.taskmaster` or not."""
        return path.parts[-2:] == ("tasks", "tasks.json")

    def by_content(self, text: str) -> float:
        """How much a text has of what only this format writes: subtasks and test strategies."""
        if text.lstrip()[:1] != "{":
            return 0.0
        start = text[:_START]
        if not _MARKS[0][0].search(start):
            return 0.0
        own = sum(weight for mark, weight in _MARKS if mark.search(start))
        return max(0.0, min(1.0, own - (0.4 if _OTHERS.search(start) else 0.0)))

    def load(self, source: PlanSource) -> Loaded:
        """Read the tasks of the current tag."""
        from plait.plans.lower import lower
        from plait.plans.task_master.file import tasks_of

        findings: list[Finding] = []

        def read() -> Loaded:
            tasks = tasks_of(source, findings)
            if tasks is None:
                return Loaded(plan=None, findings=tuple(findings))
            return lower(tasks, format_name=self.name, findings=findings)

        return total(read, source.name, findings)


FORMAT = TaskMaster()
