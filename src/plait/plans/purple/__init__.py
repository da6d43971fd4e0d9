"""Purple: an implementation spec of tickets in phases, as its orchestrator runs them.

`purple/documentation/<date>-<slug>/agent-written-specifications/implementation-spec-<slug>.md`.
Phases follow one another; the tickets of one run side by side unless they depend on each other.
What is done stands beside the spec, in completion documents and `progress.json`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from errno import ENAMETOOLONG
from itertools import islice
from pathlib import Path, PurePath
from textwrap import dedent

from plait.core.finding import Finding, Severity
from plait.core.plan import Scope, Span
from plait.errors import UsageError
from plait.plans.fields import time_of
from plait.plans.lower import lower
from plait.plans.page import page_of, span_of
from plait.plans.places import holds, named, slug
from plait.plans.purple.documents import known
from plait.plans.purple.files import own_repository, scope_of
from plait.plans.purple.phases import orders_of
from plait.plans.purple.spec import Spec, Ticket, spec_of
from plait.plans.purple.status import DOCUMENTS, Progress, progress_of
from plait.plans.refusals import total
from plait.plans.tasks import Ref, State, Task, TaskList
from plait.ports import Loaded, PlanSource

_HOME = "purple/documentation"
_SPECS = "agent-written-specifications"
_STEM = "implementation-spec-"
_QA = "qa-results"
_LAYOUT = "standards/global/how-agents-document.md"
_STANDARDS = ("global", "backend", "frontend", "business")
_MOST_FILES = 200  # of a folder that is looked through
_DATE = re.compile(r"[0-9]{6,8}-(?=.)")
_HEADING = re.compile(
    r"^#{2,5} (?:Ticket )?(?:[A-Z][A-Z0-9]{1,11}-[0-9]{1,4}(?:\.[0-9]{1,4}|-[A-Z])?(?:[:：]| [—–-])"  # noqa: RUF001
    r"|Ticket #?[0-9A-Z]{1,4}\b)",
    re.MULTILINE,
)
_LABELS = (
    ("Ticket ID", 0.4),
    (r"Estimated Effort:? {0,2}\*\*:? {0,2}(?:S|M|L|XL)\b", 0.3),
    ("(?:Contract/Interface|Pattern Reference)", 0.3),
    ("(?:Key Considerations|Documentation Output)", 0.2),
    ("Files(?: To Modify)?", 0.1),
)
_MARKS = (
    *((re.compile(rf"^(?:- )?\*\*{label}", re.MULTILINE), weight) for label, weight in _LABELS),
    (re.compile(r"^#{1,3} (?:[0-9]\. )?Implementation Phases\b", re.MULTILINE), 0.2),
    (re.compile(r"^# .{0,80}\bImplementation Spec", re.MULTILINE), 0.3),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purple:
    """The format."""

    name: str = "purple"

    def locate(self, root: Path, name: str) -> Path | None:
        """The implementation spec for a file, a feature's folder, or a feature's name.

        Raises:
            UsageError: `NO_SUCH_PLAN` for a feature whose spec is not written yet,
                `PLAN_AMBIGUOUS` where several could be meant.
        """
        try:
            return _located(root, name)
        except OSError as error:
            if error.errno == ENAMETOOLONG:  # no name, then: a sentence, perhaps
                return None
            raise

    def by_place(self, path: Path) -> bool:
        """Whether it is `agent-written-specifications/implementation-spec-….md`."""
        return path.parent.name == _SPECS and _is_spec(path)

    def by_content(self, text: str) -> float:
        """How much a text has of a spec's tickets: their ids and fields."""
        if not _HEADING.search(text):
            return 0.0
        return min(1.0, 0.2 + sum(weight for mark, weight in _MARKS if mark.search(text)))

    def load(self, source: PlanSource) -> Loaded:
        """Read the spec, and beside it what is done."""
        findings: list[Finding] = []
        return total(
            lambda: lower(tasks_of(source, findings), format_name=self.name, findings=findings),
            source.name,
            findings,
        )


FORMAT = Purple()


def tasks_of(source: PlanSource, findings: list[Finding]) -> TaskList:
    """What a spec holds, before references are resolved.

    Raises:
        UsageError: `PLAN_UNREADABLE`, `PLAN_TOO_LARGE`.
    """
    page = page_of(source.path, source.name)
    findings.extend(page.findings)
    spec = spec_of(page.lines, source.name, findings)
    folder, feature = _feature_of(source.path)
    tickets = known(spec, feature)
    progress = progress_of(source, folder, tickets, findings)
    home = named(source, folder / DOCUMENTS) if source.in_repository else ""
    reader = _Reader(
        source=source,
        spec=spec,
        progress=progress,
        findings=findings,
        documents={each.id: f"{home}/{each.document}" for each in tickets if home},
    )
    tasks = reader.tasks()
    return TaskList(
        id=folder.absolute().name or feature,
        title=spec.title or feature,
        feature=feature,
        branch=f"feat/{slug(feature)}",
        tasks=tasks,
        files=(page.file,),
        orders=tuple(orders_of(spec, source.name, findings)),
        context=tuple(_context(source, folder, findings)),
        qa_results=named(source, folder / _QA) if source.in_repository else "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    source: PlanSource
    spec: Spec
    progress: dict[str, Progress]
    findings: list[Finding]
    documents: Mapping[str, str]

    def tasks(self) -> tuple[Task, ...]:
        made = [self._task(ticket) for ticket in self.spec.tickets]
        prefixes = {g.split("/")[1] for t in made for g in t.scope.write if g.startswith("repos/")}
        own = self.source.root.absolute().name
        if own not in prefixes and len(prefixes) == 1:
            own = prefixes.pop()
        gathered = (self.source.root / "repos").is_dir()
        return tuple(
            replace(task, scope=_within(task.scope, own, gathered=gathered)) for task in made
        )

    def _task(self, ticket: Ticket) -> Task:
        file = self.source.name
        phase = self.spec.phases.get(ticket.phase) if ticket.phase is not None else None
        said = ticket.said("needs")
        effort = next(iter(ticket.said("effort") or ()), None)
        known = self.progress.get(ticket.id, Progress(state=State.OPEN))
        return Task(
            id=ticket.id,
            title=ticket.title,
            span=span_of(ticket.line, file),
            state=known.state,
            reason=known.reason,
            phase=phase.label if phase else None,
            parallel=True,
            needs=None
            if said is None
            else tuple(Ref(text=words.text, span=words.span(file)) for words in said),
            scope=scope_of(ticket.fields, file, self.findings),
            body=dedent("\n".join(line.text for line in ticket.body)).strip(),
            estimate_s=time_of(effort.text) if effort else None,
            document=self.documents.get(ticket.id, ""),
        )


def _within(scope: Scope, name: str, *, gathered: bool) -> Scope:
    return replace(scope, write=own_repository(scope.write, name, gathered=gathered))


def _feature_of(path: Path) -> tuple[Path, str]:
    """The feature's folder, and its name without the date."""
    folder = path.parent.parent if path.parent.name == _SPECS else path.parent
    return folder, path.stem.removeprefix(_STEM) or "plan"


def _located(root: Path, name: str) -> Path | None:
    path = root / name
    if path.is_file():
        return path if _is_spec(path) else None
    if path.is_dir():
        folder = path.absolute()
        folder = folder.parent if folder.name == _SPECS else folder
        placed = folder.parent.parts[-2:] == PurePath(_HOME).parts
        return _spec_in(folder, root) if placed or (folder / _SPECS).is_dir() else None
    if path.parent.name == _SPECS and _is_spec(path) and path.parent.parent.is_dir():
        raise _lacking(path.parent.parent, path.name, root)
    if name != PurePath(name).name or name in {"", ".", ".."}:
        return None
    home = root / _HOME
    if (home / name).is_dir():
        return _spec_in(home / name, root)
    folders = sorted(islice(home.iterdir(), _MOST_FILES)) if home.is_dir() else []
    named_so = [each for each in folders if each.is_dir() and _slug_of(each.name) == name]
    if len(named_so) > 1:
        raise UsageError(
            f"several features are called {name}: {_listed(named_so, root)}",
            code="PLAN_AMBIGUOUS",
            hint="name the folder",
        )
    return _spec_in(named_so[0], root) if named_so else None


def _spec_in(folder: Path, root: Path) -> Path | None:
    """A feature's only spec, or of several the one that is called as the feature is.

    Raises:
        UsageError: `NO_SUCH_PLAN`, `PLAN_AMBIGUOUS`.
    """
    specs = folder / _SPECS
    found = sorted(islice(specs.iterdir(), _MOST_FILES)) if specs.is_dir() else []
    found = [path for path in found if path.is_file() and _is_spec(path)]
    feature = _slug_of(folder.name)
    own = [path for path in found if path.stem == f"{_STEM}{feature}"] or found
    if len(own) > 1:
        raise UsageError(
            f"the feature has several specs: {_listed(own, root)}",
            code="PLAN_AMBIGUOUS",
            hint="name the file",
        )
    if not own:
        raise _lacking(folder, f"{_STEM}{feature}.md", root)
    return own[0]


def _lacking(folder: Path, name: str, root: Path) -> UsageError:
    place = _listed([folder], root)
    return UsageError(
        f"{place} has no {_SPECS}/{name}",
        code="NO_SUCH_PLAN",
        where=place,
        hint="run /engineer-tasks-from-spec first: it writes the implementation spec",
    )


def _is_spec(path: Path) -> bool:
    return path.name.startswith(_STEM) and path.suffix.lower() == ".md"


def _slug_of(folder: str) -> str:
    return _DATE.sub("", folder, count=1)


def _listed(paths: Sequence[Path], root: Path) -> str:
    own = root.absolute()
    return ", ".join(
        str(path.relative_to(own) if path.is_relative_to(own) else path)
        for path in (each.absolute() for each in paths)
    )


def _context(source: PlanSource, folder: Path, findings: list[Finding]) -> Iterator[str]:
    """The feature's other specs, and the standards; the one on documents is demanded."""
    yield from _texts(source, folder)
    yield from (name for name in _texts(source, folder / _SPECS) if name != source.name)
    placed = source.path.parent.name == _SPECS
    home = folder.parent.parent if placed else source.root / "purple"
    if not holds(source, home / _LAYOUT):
        findings.append(
            Finding(
                code="MISSING_STANDARD",
                severity=Severity.ERROR,
                message=f"there is no purple/{_LAYOUT}",
                span=Span(file=source.name),
                hint="write it: each agent is told by it how to document its ticket",
            )
        )
    for part in _STANDARDS:
        yield from _texts(source, home / "standards" / part)


def _texts(source: PlanSource, folder: Path) -> Iterator[str]:
    """The Markdown files of a folder; a product's specs come by name."""
    paths = sorted(islice(folder.iterdir(), _MOST_FILES)) if folder.is_dir() else []
    for path in paths:
        spec = folder.name in {*_STANDARDS, _SPECS} or "-spec-" in path.name
        if spec and path.suffix.lower() == ".md" and holds(source, path):
            yield named(source, path)
