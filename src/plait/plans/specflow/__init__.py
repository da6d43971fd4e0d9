"""specflow: `documentation/features/<feature>/tasks.md`, a task list in tracks, groups or phases.

A feature may span modules (`features/<feature>/modules/<module>/tasks.md`): together they are
one plan, and an id that several of them use is qualified by its module.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from errno import ENAMETOOLONG
from pathlib import Path, PurePath

from plait.core.finding import Finding, Severity
from plait.core.plan import Plan, Span, WorkPackage, digest_of
from plait.errors import UsageError
from plait.plans.page import page_of
from plait.plans.places import holds, named, slug
from plait.plans.refusals import total
from plait.plans.specflow.edges import Web, weave
from plait.plans.specflow.layout import Outline, outline_of
from plait.plans.specflow.packages import packages_of
from plait.plans.specflow.verdicts import Verdict, verdicts_of
from plait.plans.text import SourceText
from plait.ports import Loaded, PlanSource

_TASKS = "tasks.md"
_CONTEXT = ("requirements.md", "design.md", "context.md", "research.md", "integration.md")
_EXPECTED = frozenset({"requirements.md", "design.md"})
_MOST_MODULES = 200
_FOREIGN = frozenset({"openspec", ".kiro", ".spec-workflow", ".specify", "droidz", ".taskmaster"})
_MARKS = (
    (re.compile(r"^#{2,4} +Track [A-Z]\b(?!-)", re.MULTILINE), 0.5),
    (re.compile(r"^ {0,3}[-*] \[[ xX]\] (?:\*\*)?(?:CR|PR|RW)-?[A-Z0-9]", re.MULTILINE), 0.4),
    (re.compile(r"^#{2,4} +Parallel Execution (?:Groups|Tracks)\b", re.MULTILINE), 0.3),
    (re.compile(r"^[ \t]*[-*] (?:\*\*)?Track [A-Z]\b.{0,80}\bTasks? \d", re.MULTILINE), 0.4),
    (re.compile(r"\(blocks (?:all|\d)", re.MULTILINE), 0.2),
)
_BOXES = re.compile(r"^ {0,3}[-*] \[[ xX]\] (?:\*\*)?\d+(?:\.\d+)*[.:]? ", re.MULTILINE)
_HEADINGS = re.compile(r"^#{3,4} Task \d+(?:\.\d+)*:", re.MULTILINE)
_PHASES = re.compile(r"^#{2,4} Phase \d", re.MULTILINE)
_OTHERS = re.compile(
    r"^[ \t]*[-*] _(?:Prompt|Leverage|Contracts):|^#{2,4} Task Group\b|^[-*] \[[ xX]\] T\d{3}"
    r"|^[ \t]*[-*] \[[ xX]\]\*|^## Task Dependency Graph",
    re.MULTILINE,
)
_REQUIREMENTS = re.compile(r"^[ \t]*[-*] _Requirements?:", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Specflow:
    """The format."""

    name: str = "specflow"

    def locate(self, root: Path, name: str) -> Path | None:
        """The task list for a file, a feature's folder, or a feature's bare name.

        Raises:
            UsageError: `PLAN_AMBIGUOUS` if several modules have a feature of that name.
        """
        try:
            return self._located(root, name)
        except OSError as error:
            if error.errno == ENAMETOOLONG:  # no name, then: a sentence, perhaps
                return None
            raise

    def _located(self, root: Path, name: str) -> Path | None:
        path = root / name
        if _FOREIGN.intersection(path.parts) and not self.by_place(path):
            return None
        if path.is_file():
            return path if path.suffix.lower() in {".md", ".markdown"} else None
        if path.is_dir():
            return _main_of(path)
        if name != PurePath(name).name:
            return None
        documentation = root / "documentation"
        folders = [documentation / "features" / name]
        folders += [module / "features" / name for module in _folders(documentation / "modules")]
        found = [main for folder in folders if (main := _main_of(folder))]
        if len(found) > 1:
            places = ", ".join(str(main.parent.relative_to(root)) for main in found)
            raise UsageError(
                f"several features are called {name}: {places}",
                code="PLAN_AMBIGUOUS",
                hint="name the folder",
            )
        return found[0] if found else None

    def by_place(self, path: Path) -> bool:
        """Whether it is `documentation/…/features/…/tasks.md`, of a module or not."""
        *folders, last = path.parts or ("",)
        if last != _TASKS or "documentation" not in folders:
            return False
        below = folders[folders.index("documentation") + 1 :]
        feature = below[:-2] if below[-2:-1] == ["modules"] and len(below) > 2 else below  # noqa: PLR2004
        return feature[-2:-1] == ["features"]

    def by_content(self, text: str) -> float:
        """How much a text has of what only specflow writes: tracks, gates, groups, phases."""
        if not (_BOXES.search(text) or _HEADINGS.search(text)):
            return 0.0
        own = sum(weight for mark, weight in _MARKS if mark.search(text))
        if _PHASES.search(text) and _REQUIREMENTS.search(text):
            own += 0.5
        if _OTHERS.search(text):
            own -= 0.3
        return min(1.0, max(0.2, own))

    def load(self, source: PlanSource) -> Loaded:
        """Read the task list, or those of all modules of its feature."""
        return total(lambda: _load(source), source.name)


FORMAT = Specflow()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One module's task list, or the only one (`module` is None)."""

    module: str | None
    text: SourceText
    outline: Outline
    web: Web
    verdicts: Mapping[str, Verdict]


def _load(source: PlanSource) -> Loaded:
    folder, paths = _files_of(source)
    findings: list[Finding] = []
    parts = []
    for path in paths:
        module = path.parent.name if len(paths) > 1 else None
        parts.append(_part(source, path, module, findings))
    feature = folder.absolute().name or "plan"
    packages = _packages(parts, findings)
    findings.extend(_missing(source, paths))
    if not packages:
        findings.append(
            Finding(
                code="NO_TASKS",
                severity=Severity.ERROR,
                message="no box or heading in it has a task's id",
                span=Span(file=source.name),
                hint="write `- [ ] 1. **Title**`, or name the task list",
            )
        )
        return Loaded(plan=None, findings=tuple(dict.fromkeys(findings)))
    files = tuple(part.text.file for part in parts)
    plan = Plan(
        id=feature,
        title=(parts[0].outline.title if len(parts) == 1 else "") or feature,
        format=FORMAT.name,
        feature=feature,
        branch=f"feat/{slug(feature)}",
        digest=digest_of(files),
        files=files,
        packages=packages,
        context=tuple(named(source, path) for path in _context(source, folder, paths)),
        phased=all(part.web.phased for part in parts),
    )
    return Loaded(plan=plan, findings=tuple(dict.fromkeys(findings)))


def _part(source: PlanSource, path: Path, module: str | None, findings: list[Finding]) -> _Part:
    name = named(source, path)
    page = page_of(path, name)
    findings.extend(page.findings)
    outline = outline_of(page.lines)
    web = weave(outline, name)
    findings.extend(web.findings)
    verdicts = verdicts_of(source, path.parent)
    return _Part(module=module, text=page.text, outline=outline, web=web, verdicts=verdicts)


def _packages(parts: Sequence[_Part], findings: list[Finding]) -> tuple[WorkPackage, ...]:
    uses = Counter(name for part in parts for name in {item.id for item in part.outline.items})
    shared = frozenset(name for name, count in uses.items() if count > 1)
    packages: list[WorkPackage] = []
    for part in parts:
        module = slug(part.module) if part.module is not None else None
        packages += packages_of(
            part.outline,
            part.web,
            part.text,
            module=module,
            shared=shared,
            verdicts=part.verdicts,
            findings=findings,
        )
    return tuple(packages)


def _files_of(source: PlanSource) -> tuple[Path, list[Path]]:
    """The feature's folder and its task lists: one, or one a module."""
    folder = source.path.parent
    modules = folder.parent
    if modules.name == "modules" and modules.parent.parent.name == "features":
        lists = [module / _TASKS for module in _folders(modules)]
        if len(lists) > _MOST_MODULES:
            raise UsageError(
                f"the feature has more than {_MOST_MODULES} modules",
                code="PLAN_TOO_LARGE",
                where=source.name,
                hint="name the task list of one of them in a folder of its own",
            )
        return modules.parent, [p for p in lists if p == source.path or holds(source, p)]
    return folder, [source.path]


def _main_of(folder: Path) -> Path | None:
    """The first task list of a feature's folder."""
    own = [folder, *_folders(folder / "modules")]
    return next((path for part in own if (path := part / _TASKS).is_file()), None)


def _folders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []


def _context(source: PlanSource, folder: Path, paths: Sequence[Path]) -> Iterator[Path]:
    for place in dict.fromkeys([folder, *(path.parent for path in paths)]):
        yield from (path for name in _CONTEXT if holds(source, path := place / name))


def _missing(source: PlanSource, paths: Iterable[Path]) -> Iterator[Finding]:
    for path in paths:
        for name in sorted(_EXPECTED):
            if not holds(source, path.parent / name):
                yield Finding(
                    code="MISSING_CONTEXT",
                    severity=Severity.WARNING,
                    message=f"there is no {name} beside it: agents work without it",
                    span=Span(file=named(source, path)),
                    hint=f"add {name}",
                )
