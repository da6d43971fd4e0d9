"""Where plans come from: a format, what it reads, what it makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from plait.core.finding import Finding
from plait.core.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSource:
    """A file to read a plan from.

    `root` is the repository's root, or, outside a repository, the folder the plan's own layout
    hangs from; `path` is the plan's main file; `name` is how findings call it (relative to
    `root` inside a repository, else absolute); `in_repository` tells which. `lock_namespaces`
    are those of the project's own, beside the ones that every project has.
    """

    root: Path
    path: Path
    name: str
    in_repository: bool
    lock_namespaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a format made of a source: a plan if it could, and findings in any case."""

    plan: Plan | None
    findings: tuple[Finding, ...] = ()


class PlanFormat(Protocol):
    """One plan format. Reading is total: whatever the bytes, `load` returns findings."""

    @property
    def name(self) -> str:
        """Stable name, as in `--format` and `show --json`."""

    def locate(self, root: Path, name: str) -> Path | None:
        """The plan's main file for a folder or a bare name (change id, feature) below `root`.

        `NO_SUCH_PLAN` is raised for a folder that lacks its plan: told if no format finds one.
        A format with `yields_to`, names of formats, stands back where one of these finds a plan
        in the same folder.
        """

    def by_place(self, path: Path) -> bool:
        """Whether a file at that place is a plan of this format."""

    def by_content(self, text: str) -> float:
        """How much a text looks like this format: 0 (not at all) to 1 (surely)."""

    def load(self, source: PlanSource) -> Loaded:
        """Read and check the plan. Raises nothing for bad content."""
