"""Droidz: `droidz/specs/<spec>/tasks.md`, tasks in phases and in groups that run side by side.

The second version kept its tasks as JSON instead, in `.runs/.coordination`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from plait.core.finding import Finding
from plait.plans.places import belongs_elsewhere, located
from plait.plans.refusals import total
from plait.ports import Loaded, PlanSource

_HOME = "droidz"
_TASKS = "tasks.md"
_FOLDERS = frozenset({"specs", "standards", "product"})
_RUNS = (".runs", ".coordination")
_START = 200_000  # characters: what is a plan says so at its beginning
_BOX = re.compile(r"^[ \t]{0,8}[-*] \[[ xX]\] ", re.MULTILINE)
_FRAMES = re.compile(
    r"^## {1,8}(?:[^\w\s]{1,4} {1,8})?(?:Phase|Sprint|Task Group|Group) [A-Z0-9]", re.MULTILINE
)
_HEADINGS = re.compile(r"^### +Task \d{1,4}\.\d{1,4}[.:]", re.MULTILINE)
_NUMBERED = re.compile(r"^### +(?:[A-Z]|\d{1,4})\.\d{1,4} +\w", re.MULTILINE)
_LONG_IDS = re.compile(
    r"^[-*] \[[ xX]\] \*\*(?:Task )?(?:[A-Z]|\d{1,4})(?:\.\d{1,4}){2,3}\b", re.MULTILINE
)
_GROUPS = re.compile(r"^#{2,3} {1,8}(?:[^\w\s]{1,4} {1,8})?Task Group [A-Z0-9]", re.MULTILINE)
_MARKS = (
    (re.compile(r"Assignable to: Worker"), 0.6),
    (re.compile(r"Parallelizable With"), 0.4),
    (re.compile(r"^## Phase \d.{0,120}\((?:Sequential|Parallel)\)", re.MULTILINE), 0.3),
    (re.compile(r"\bdroidz/specs/"), 0.3),
    (re.compile(r"^- \*\*Complexity:?\*\*:? ", re.MULTILINE), 0.2),
    (re.compile(r"\| \*\*Complexity\*\*: [SMLX]"), 0.3),
)
_OTHERS = re.compile(
    r"^[ \t]*[-*] _(?:Prompt|Leverage|Requirements|Contracts|Dependencies):|\bagent-os/"
    r"|^\*\*Assigned [Ii]mplementer|^[-*] \[[ xX]\] \*{0,2}(?:T\d{3}|\d{1,4}\.0 )"
    r"|^#{2,4} Track [A-Z]\b|^#{3,4} [A-Z]{2,4}-\d|Ticket ID"
    r"|^[-*] \[[ xX]\] \d{1,4}\.\d{1,4}(?:\.\d{1,4})? ",
    re.MULTILINE,
)
_JSON = (
    (re.compile(r'"specialist"[ \t\n]{0,20}:'), 0.4),
    (re.compile(r'"estimated(?:Hours|Minutes)"[ \t\n]{0,20}:'), 0.3),
    (re.compile(r'"acceptanceCriteria"[ \t\n]{0,20}:'), 0.2),
    (re.compile(r'"parallel"[ \t\n]{0,20}:'), 0.1),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Droidz:
    """The format."""

    name: str = "droidz"

    def locate(self, root: Path, name: str) -> Path | None:
        """The task list for a file, a spec's folder or bare name; a session's JSON by its name."""
        homes = (f"{_HOME}/specs", _HOME)
        path = located(root, name, homes=homes, files=(_TASKS,))
        if path is not None:
            return None if belongs_elsewhere(path.relative_to(root), _HOME) else path
        stem = f"{name.removesuffix('.json')}.json"
        own = located(root, "/".join(_RUNS), homes=(), files=(stem,))
        return own if own is not None and self.by_place(own) else None

    def by_place(self, path: Path) -> bool:
        """Whether it is a `tasks.md` below `droidz`, or a session of `.runs/.coordination`."""
        *folders, last = path.parts or ("",)
        if last == _TASKS:
            in_specs = folders[-3:-1] == [_HOME, "specs"]
            beside = folders[-2:-1] == [_HOME] and folders[-1] not in _FOLDERS
            return in_specs or beside
        session = last.startswith("orchestration-") and last.endswith(".json")
        return session and tuple(folders[-2:]) == _RUNS

    def by_content(self, text: str) -> float:
        """How much a text has of what only Droidz writes: numbered tasks below phases or groups."""
        start = text[:_START]
        if start.lstrip()[:1] in {"{", "["}:
            own = sum(weight for mark, weight in _JSON if mark.search(start))
            return own if '"dependencies"' in start else own / 2
        tasks = _HEADINGS.search(start)
        boxes = _BOX.search(start)
        if not (tasks or (boxes and (_FRAMES.search(start) or _LONG_IDS.search(start)))):
            return 0.0
        own = sum(weight for mark, weight in _MARKS if mark.search(start))
        if _FRAMES.search(start) and (tasks or _NUMBERED.search(start)):
            own += 0.5
        own += 0.5 if _LONG_IDS.search(start) else 0.0
        own += 0.2 if _GROUPS.search(start) else 0.0
        return max(0.0, min(1.0, own - (0.5 if _OTHERS.search(start) else 0.0)))

    def load(self, source: PlanSource) -> Loaded:
        """Read the task list, its orchestration, and what lies beside it; or a session's JSON."""
        from plait.plans.droidz.config import max_agents_of
        from plait.plans.groups.plan import load_groups

        findings: list[Finding] = []
        home = self._home(source.path)
        limit = max_agents_of(source, home or source.root, findings)
        if source.path.suffix == ".json":
            return self._session(source, limit, findings)
        return total(
            lambda: load_groups(
                source,
                format_name=self.name,
                standards=home / _HOME / "standards" if home is not None else None,
                further=("requirements.md", "planning/initialization.md"),
                max_agents=limit,
                findings=findings,
            ),
            source.name,
            findings,
        )

    def _session(self, source: PlanSource, limit: int | None, findings: list[Finding]) -> Loaded:
        """The tasks of the second version."""
        from plait.plans.droidz.session import tasks_of
        from plait.plans.lower import lower

        def read() -> Loaded:
            tasks = tasks_of(source, findings)
            if tasks is None:
                return Loaded(plan=None, findings=tuple(findings))
            return lower(replace(tasks, max_agents=limit), format_name=self.name, findings=findings)

        return total(read, source.name, findings)

    def _home(self, path: Path) -> Path | None:
        """The folder that holds `droidz`, or `.runs`, if the plan lies in them."""
        if not self.by_place(path):
            return None
        return path.parents[3] if path.parts[-3] == "specs" else path.parents[2]


FORMAT = Droidz()
