"""agent-os: `agent-os/specs/<spec>/tasks.md`, a list in task groups with an implementer each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from plait.core.finding import Finding
from plait.plans.places import belongs_elsewhere, located
from plait.plans.refusals import total
from plait.ports import Loaded, PlanSource

_HOMES = ("agent-os", ".agent-os")
_TASKS = "tasks.md"
_FURTHER = ("spec-lite.md", "sub-specs/technical-spec.md", "sub-specs/api-spec.md")
_START = 200_000  # characters: what is a plan says so at its beginning
_GROUP = re.compile(r"^#{2,4} +(?:\W{1,4} +)?Task Group \d", re.MULTILINE)
_BOX = re.compile(r"^[ \t]{0,8}[-*] \[[ xX]\] ", re.MULTILINE)
_NUMBERED = re.compile(r"^[-*] \[[ xX]\] \*{0,2}\d{1,4}\.", re.MULTILINE)
_MARKS = (
    (re.compile(r"^\*\*Assigned [Ii]mplementer:?\*\*", re.MULTILINE), 0.4),
    (re.compile(r"^[-*] \[[ xX]\] \*{0,2}\d{1,4}\.0\b", re.MULTILINE), 0.4),
    (re.compile(r"^# Task Breakdown:", re.MULTILINE), 0.2),
    (re.compile(r"^\*\*Dependencies:\*\* (?:None|Task Group)", re.MULTILINE), 0.1),
)
_NAMED = re.compile(r"@\.agent-os/specs/|\bagent-os/(?:specs|roles)/")
_OTHERS = re.compile(
    r"^#{2,4} Task \d{1,4}\.\d|^[ \t]*[-*] _(?:Prompt|Leverage|Requirements|Contracts):"
    r"|Assignable to: Worker|Parallelizable With|^[-*] \[[ xX]\] T\d{3}",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOs:
    """The format."""

    name: str = "agent-os"

    def locate(self, root: Path, name: str) -> Path | None:
        """The task list for a file, a spec's folder, or a spec's bare name."""
        path = located(root, name, homes=[f"{home}/specs" for home in _HOMES], files=(_TASKS,))
        if path is None or belongs_elsewhere(path.relative_to(root), "agent-os"):
            return None
        return path

    def by_place(self, path: Path) -> bool:
        """Whether it is `agent-os/specs/<spec>/tasks.md`."""
        place = path.parts[-4:]
        return (
            len(place) == 4  # noqa: PLR2004 - the layout's levels
            and place[0] in _HOMES
            and (place[1], place[3]) == ("specs", _TASKS)
        )

    def by_content(self, text: str) -> float:
        """How much a text has of what only agent-os writes: groups with implementers, `1.0`."""
        start = text[:_START]
        named = _NAMED.search(start) and _NUMBERED.search(start)
        if not _BOX.search(start) or not (named or _GROUP.search(start)):
            return 0.0
        own = 0.2 + sum(weight for mark, weight in _MARKS if mark.search(start))
        own += 0.5 if named else 0.0
        return max(0.0, min(1.0, own - (0.5 if _OTHERS.search(start) else 0.0)))

    def load(self, source: PlanSource) -> Loaded:
        """Read the task list, its orchestration and what the spec holds beside it."""
        from plait.plans.groups.plan import load_groups

        home = source.path.parent.parent.parent
        findings: list[Finding] = []
        return total(
            lambda: load_groups(
                source,
                format_name=self.name,
                standards=home / "standards" if self.by_place(source.path) else None,
                further=_FURTHER,
                max_agents=None,
                findings=findings,
            ),
            source.name,
            findings,
        )


FORMAT = AgentOs()
