"""spec-kitty: `kitty-specs/<mission>/`, work packages with files, lanes and status events.

A mission's `tasks.md` lists the packages; `tasks/WP01-<slug>.md`, or `wps.yaml` for all of them,
say what they own and need, `lanes.json` which share a worktree, `status.events.jsonl` how far they
are. Any of these but the last names the plan, and all of them are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from errno import ENAMETOOLONG
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from plait.core.finding import Finding, Severity
from plait.core.plan import SourceFile, Span
from plait.errors import PlaitError, UsageError
from plait.plans import places
from plait.plans.page import Page, page_of
from plait.plans.refusals import refused, total
from plait.plans.tasks import TaskList
from plait.plans.text import SourceText, read
from plait.ports import Loaded, PlanSource

if TYPE_CHECKING:
    from plait.plans.spec_kitty.files import Prompt

_TASKS = "tasks.md"
_LANES = "lanes.json"
_EVENTS = "status.events.jsonl"
_MANIFEST = "wps.yaml"
_HOME = "kitty-specs"
_EXPECTED = ("spec.md", "plan.md")
_FURTHER = ("research.md", "data-model.md", "quickstart.md")
_PREFIX = re.compile(r"(?:Tasks|Work Packages)[ \t]*[:–—-][ \t]*(.+)", re.IGNORECASE)  # noqa: RUF001
_HEADS = re.compile(
    r"^#{2,4} (?:\*\*)?(?:Work Package )?WP[0-9]{1,3}[a-z]?[ \t]*(?:[:–—-]|$)",  # noqa: RUF001
    re.MULTILINE,
)
_SUBTASKS = re.compile(
    r"^[-*] \[[ xX]\] (?:\*\*)?T[0-9]{2,4}\b|\*\*Included subtasks\*\*|^#{3,4} Included Subtasks",
    re.MULTILINE,
)
_PROMPT = re.compile(r"^work_package_id:[ \t]*[\"']?WP[0-9]", re.MULTILINE)
_FILE = re.compile(r"WP[0-9]{1,3}[a-z]?(?:[-_.].*)?\.md")
_PART = 0.4  # of a plan: not sure enough
_MOST_FILES = 2000  # of work packages, or of contracts
_MOST_BYTES = 20_000_000  # of all work packages' files together
_HEAD = 4000  # characters within which front matter says what a file is


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecKitty:
    """The format."""

    name: str = "spec-kitty"

    def locate(self, root: Path, name: str) -> Path | None:
        """The main file of a mission, given its folder or its name: `tasks.md`, else another."""
        files = (_TASKS, _LANES, _MANIFEST)
        found = places.located(root, name, homes=(_HOME,), files=files)
        if found is None:
            try:
                found = _first_prompt(root / name) or _first_prompt(root / _HOME / name)
            except OSError as error:
                if error.errno == ENAMETOOLONG:  # no name, then: a sentence, perhaps
                    return None
                raise
        if found is None:
            return None
        place = found if name == "." else found.relative_to(root)
        return None if places.belongs_elsewhere(place, _HOME) else found

    def by_place(self, path: Path) -> bool:
        """Whether it is one of a mission's files that name the plan."""
        mission = _mission_of(path)
        return mission is not None and mission.parts[-2:-1] == (_HOME,)

    def by_content(self, text: str) -> float:
        """Whether it lists work packages; one alone, or lanes, are a part of a plan only."""
        if text.startswith("---"):
            return _PART if _PROMPT.search(text, 0, _HEAD) else 0.0
        if text.lstrip().startswith("{"):
            return _PART if '"wp_ids"' in text and '"lane_id"' in text else 0.0
        if not _HEADS.search(text):
            return 0.0
        return 0.9 if _SUBTASKS.search(text) else 0.7

    def load(self, source: PlanSource) -> Loaded:
        """Read the mission that a file belongs to; a file outside any alone."""
        return total(lambda: _load(source), source.name)


FORMAT = SpecKitty()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    """A mission's files that are read, as far as they are there."""

    folder: Path
    tasks: Path | None = None
    lanes: Path | None = None
    events: Path | None = None
    manifest: Path | None = None
    prompts: tuple[Path, ...] = ()


def _load(source: PlanSource) -> Loaded:
    from plait.plans.lower import lower
    from plait.plans.spec_kitty import files, plan
    from plait.plans.spec_kitty.sections import sections_of

    found = _files_of(source)
    findings: list[Finding] = []
    page = page_of(found.tasks, places.named(source, found.tasks)) if found.tasks else None
    findings.extend(page.findings if page else ())
    prompts = _prompts(source, found, findings)
    manifest = _text(source, found.manifest, findings)
    rows = files.manifest_of(manifest, findings) if manifest else {}
    prompts |= {n: files.completed(prompts.get(n), row, findings) for n, row in rows.items()}
    lanes = _text(source, found.lanes, findings)
    events = _text(source, found.events, findings)
    mission = plan.Mission(
        name=source.name,
        page=page,
        sections=sections_of(page.lines if page else ()),
        prompts=prompts,
        lanes=files.lanes_of(lanes, findings) if lanes else (),
        events=files.events_of(events, findings) if events else {},
    )
    tasks = plan.tasks_of(mission, findings)
    title = mission.sections.title
    named = _PREFIX.fullmatch(title)
    context, missing = places.context_of(
        source,
        found.folder,
        expected=_EXPECTED if found.folder.parent.name == _HOME else (),
        further=(*_EXPECTED, *_FURTHER, *_contracts(found.folder)),
    )
    feature = found.folder.absolute().name or "plan"
    listed = TaskList(
        id=feature,
        title=(named[1] if named else title) or feature,
        feature=feature,
        branch=f"feat/{places.slug(feature)}",
        tasks=tasks,
        files=_pinned(page, prompts.values(), [text for text in (manifest, lanes) if text]),
        orders=tuple(plan.orders_of(mission, tasks, findings)),
        context=context,
    )
    return lower(listed, format_name=FORMAT.name, findings=[*findings, *missing])


def _files_of(source: PlanSource) -> _Files:
    """The files of the mission that a file belongs to; of one that lies elsewhere itself."""
    from plait.plans.spec_kitty import files

    path = source.path
    folder = _mission_of(path)
    if folder is None:
        start = read(path, source.name).text.lstrip()
        if start.startswith("{"):
            return _Files(folder=path.parent, lanes=path)
        if start.startswith("---"):
            return _Files(folder=path.parent, prompts=(path,))
        return _Files(folder=path.parent, tasks=path)

    def there(name: str) -> Path | None:
        return folder / name if places.holds(source, folder / name) else None

    return _Files(
        folder=folder,
        tasks=there(_TASKS),
        lanes=there(_LANES),
        events=there(_EVENTS),
        manifest=there(_MANIFEST),
        prompts=tuple(each for each in files.entries(folder) if places.holds(source, each)),
    )


def _mission_of(path: Path) -> Path | None:
    if path.name in {_TASKS, _LANES, _MANIFEST}:
        return path.parent
    if not _FILE.fullmatch(path.name):
        return None
    return next((up.parent for up in list(path.parents)[:2] if up.name == "tasks"), None)


def _first_prompt(folder: Path) -> Path | None:
    tasks = folder / "tasks"
    found = tasks.iterdir() if tasks.is_dir() else ()
    return min((path for path in found if _FILE.fullmatch(path.name)), default=None)


def _prompts(source: PlanSource, found: _Files, findings: list[Finding]) -> dict[str, Prompt]:
    """The packages' files by id; of two for one package the first found holds, and it is told."""
    from plait.plans.spec_kitty import files

    prompts: dict[str, Prompt] = {}
    left = _MOST_BYTES
    for at, path in enumerate(found.prompts):
        left -= path.stat().st_size
        if left < 0 or at == _MOST_FILES:
            message = (
                f"only the first {at} files are read: a mission has at most {_MOST_FILES} "
                f"work packages, of {_MOST_BYTES // 1_000_000} MB"
            )
            error = UsageError(message, code="PLAN_TOO_LARGE", hint="split the mission")
            findings.append(refused(error, source.name))
            break
        text = _text(source, path, findings)
        prompt = files.prompt_of(path, text, findings) if text else None
        if prompt is None:
            continue
        known = prompts.setdefault(prompt.id, prompt)
        if known is not prompt:
            findings.append(
                Finding(
                    code="DUPLICATE_ID",
                    severity=Severity.WARNING,
                    message=f"{prompt.id} has another file, {known.text.name}: that one is read",
                    span=Span(file=prompt.text.name),
                    hint="remove one of them",
                )
            )
    return prompts


def _text(source: PlanSource, path: Path | None, findings: list[Finding]) -> SourceText | None:
    """A file beside the task list; one that cannot be read is told, and passed over."""
    if path is None:
        return None
    name = places.named(source, path)
    try:
        text = read(path, name)
    except PlaitError as error:
        findings.append(refused(error, name))
        return None
    findings.extend(replace(finding, severity=Severity.WARNING) for finding in text.findings)
    return text


def _contracts(folder: Path) -> tuple[str, ...]:
    contracts = folder / "contracts"
    found = islice(contracts.iterdir(), _MOST_FILES) if contracts.is_dir() else ()
    names = sorted(path.name for path in found)
    return tuple(f"contracts/{name}" for name in names)


def _pinned(
    page: Page | None, prompts: Iterable[Prompt], others: Iterable[SourceText]
) -> tuple[SourceFile, ...]:
    """What an approval pins: the plan, and not how far it is."""
    texts = [page.text] if page else []
    texts += [prompt.text for prompt in prompts]
    texts += others
    unique = {text.name: text for text in texts}
    return tuple(text.file for text in unique.values())
