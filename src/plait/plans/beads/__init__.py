"""beads: `.beads/issues.jsonl`, an issue a line; seeds' `.seeds/issues.jsonl` likewise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from plait.core.finding import Finding
from plait.plans.places import located
from plait.plans.refusals import total
from plait.ports import Loaded, PlanSource

_FILES = ("issues.jsonl", "beads.jsonl")
_HOMES = (".beads", ".seeds", ".beads/backup")
_MOST_LINES = 20  # that are looked at
_LONGEST = 200_000  # characters of each
_FIELDS = re.compile(r'"(id|title|status|priority)" ?:')
_OWN = re.compile(r'"issue_type" ?:')
_SEEDS = re.compile(r'"type" ?: ?"(?:task|bug|feature|epic)"')
_CAMEL = re.compile(r'"(?:createdAt|updatedAt|blockedBy)" ?:')
_ALL_FIELDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Beads:
    """The format."""

    name: str = "beads"

    def locate(self, root: Path, name: str) -> Path | None:
        """The issues of a project's folder, of `.beads`, or of `.seeds`."""
        own = [f"{home}/{file}" for home in _HOMES for file in _FILES]
        path = located(root, name, homes=(), files=(*_FILES, *own))
        return path if path is not None and self.by_place(path) else None

    def by_place(self, path: Path) -> bool:
        """Whether it is `.beads/issues.jsonl`, a backup of it, or `.seeds/issues.jsonl`."""
        *folders, last = path.parts or ("",)
        homes = (folders[-1:], folders[-2:])
        return last in _FILES and any([*home.split("/")] in homes for home in _HOMES)

    def by_content(self, text: str) -> float:
        """How much the lines look like issues: the best of the first ones counts."""
        lines = (line for line in islice(text.split("\n", _MOST_LINES), _MOST_LINES) if line)
        return max(map(_likeness, lines), default=0.0)

    def load(self, source: PlanSource) -> Loaded:
        """Read the issues."""
        from plait.plans.beads.issues import issues_of
        from plait.plans.lower import lower

        findings: list[Finding] = []
        return total(
            lambda: lower(issues_of(source, findings), format_name=self.name, findings=findings),
            source.name,
            findings,
        )


FORMAT = Beads()


def _likeness(line: str) -> float:
    line = line.strip()
    if not (line.startswith("{") and line.endswith("}")):
        return 0.0
    line = line[:_LONGEST]
    named = set(_FIELDS.findall(line))
    seeds = _SEEDS.search(line) and _CAMEL.search(line)
    return len(named) / _ALL_FIELDS * (0.9 if _OWN.search(line) or seeds else 0.3)
