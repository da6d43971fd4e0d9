"""spec-kit: `specs/<number>-<slug>/tasks.md`, tasks with ids, labels and paths, in phases."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from errno import ENAMETOOLONG
from itertools import islice
from pathlib import Path, PurePath
from textwrap import dedent

from plait.core.finding import Finding, Severity
from plait.core.plan import Confidence, Scope, Span
from plait.errors import PlaitError, UsageError
from plait.plans.basenames import with_folders
from plait.plans.fields import fields_of, listed_files, time_of
from plait.plans.lower import lower
from plait.plans.markdown import Kind, Line, scan
from plait.plans.mentions import without_mentions
from plait.plans.page import Page, marker_of, page_of, span_of
from plait.plans.paths import listed
from plait.plans.places import OWN_FOLDERS, belongs_elsewhere, context_of, holds, named, slug
from plait.plans.refusals import ignored, total
from plait.plans.sidecar import record_of
from plait.plans.spec_kit.items import Item, outline_of
from plait.plans.spec_kit.order import DEPENDS, aliases_of, orders_of
from plait.plans.tasks import MAX_TASKS, Ref, State, Task, TaskList, TooManyTasks
from plait.plans.text import read
from plait.ports import Loaded, PlanSource

_TASKS = "tasks.md"
_OWN = ".specify"
_HOMES = ("specs", ".specify/specs")
_FOLDER = re.compile(r"[0-9]{3,}-")
_CONSTITUTIONS = (".specify/memory/constitution.md", "memory/constitution.md")
_EXPECTED = ("plan.md", "spec.md")
_FURTHER = ("research.md", "data-model.md", "quickstart.md")
_MOST_FILES = 200  # of a folder that is looked through
_KEYS = {
    "file": "files",
    "files": "files",
    "path": "files",
    "paths": "files",
    "estimated time": "time",
    "estimate": "time",
    "depends": "needs",
    "depends on": "needs",
    "depende de": "needs",
    "dependencias": "needs",
    "dependências": "needs",
    "依赖": "needs",
    "依存": "needs",
    "dependencies": "needs",
    "dependency": "needs",
    "blocked by": "needs",
}
_NEEDS = re.compile(
    rf"(?:{DEPENDS}|\b(?:after|requires|needs|blocked by)\b)[:：]?[ \t]{{0,3}}"  # noqa: RUF001
    r"(?P<ids>(?:(?:tasks?|tareas?|tarefas?|tâches?) )?\**T[0-9][^()（）;。\n]{0,300})",  # noqa: RUF001
    re.IGNORECASE,
)
_READING = re.compile(
    r"(?:analy[sz]e|audit|benchmark|check|confirm|cross-reference|diagnose|examine|execute|explore|"
    r"identify|inspect|investigate|measure|profile|read|re-?run|reproduce|research|review|run|"
    r"test (?:if|that|whether)|trace|validate|verify|verificar?|validar|revisar|ejecutar|executar|"
    r"rodar|confirmar|comprobar|anali[sz]ar|investigar|vérifier|valider|exécuter|prüfen)\b"
    r"|运行|验证|確認|确认|检查|审查|调研",
    re.IGNORECASE,
)
_SOURCES = re.compile(
    r"\b(?:according to|as (?:defined|described|specified) in|based on|following|from|per|see)"
    r" {1,3}`?[^\s`]{0,200}\b(?:plan|spec|research|data-model|quickstart|tasks|constitution)\.md`?",
    re.IGNORECASE,
)
_CRITERIA = re.compile(
    r"(?:\||—|–)[ \t]*\**(?:accept\w{0,6}|criteri\w{1,3}|do[dn]e? when|success|verif\w{1,8})\b.*",  # noqa: RUF001
    re.IGNORECASE,
)
_TESTING = re.compile(
    r"(?:(?:add|create|extend|implement|update|write)[ \t]+)?(?:(?:an?|the|failing|new)[ \t]+)?"
    r"(?:[\w-]{1,20}[ \t]+){0,2}tests?\b|testes?\b|pruebas?\b|单元测试|集成测试|テスト",
    re.IGNORECASE,
)
_TEST_FILE = re.compile(
    r"(?:^|[/._-])(?:__tests__|e2e|specs?|tests?|[Tt]ests?(?=\.))(?:$|[/._-])|Tests?\."
)
_DOCUMENTS = frozenset({_TASKS, "constitution.md", *_EXPECTED, *_FURTHER})
_ID = r"(?:\*\*|~~)?T[0-9]{3,4}[a-z]?\b"
_LISTED = re.compile(rf"^[ \t]*[-*+] \[[ xX]\] {_ID}|^#{{3,5}} {_ID}", re.MULTILINE)
_HEADED = re.compile(rf"^#{{3,5}} {_ID}", re.MULTILINE)
_BOX = re.compile(r"^[-*+] \[[ xX]\] (?:\*\*|~~)?(T(?=[0-9]{3})|)", re.MULTILINE)
_MARKS = (
    (re.compile(rf"^[ \t]*[-*+] \[[ xX]\] {_ID}", re.MULTILINE), 0.2),
    (re.compile(r"\bT[0-9]{3}[^\n]{0,200}\[(?:P|US[0-9/]{1,5})\]", re.MULTILINE), 0.3),
    (re.compile(r"^#{2,4} Phase (?:[0-9.]{1,5}|N)\b", re.MULTILINE), 0.2),
    (re.compile(r"\[ID\] \[P\?\]|Design documents from|User Story [0-9]", re.MULTILINE), 0.2),
)
_OTHERS = re.compile(
    r"^[ \t]*[-*] _(?:Prompt|Leverage|Requirements|Dependencies):|^#{1,3} Work Packages?\b"
    r"|^work_package_id:",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecKit:
    """The format."""

    name: str = "spec-kit"

    def locate(self, root: Path, name: str) -> Path | None:
        """The task list for a file, a feature's folder, its name, or its name without number.

        Raises:
            UsageError: `NO_SUCH_PLAN` for a feature without a task list, `PLAN_AMBIGUOUS` if
                several features have that name.
        """
        try:
            return _located(root, name)
        except OSError as error:
            if error.errno == ENAMETOOLONG:  # no name, then: a sentence, perhaps
                return None
            raise

    def by_place(self, path: Path) -> bool:
        """Whether it is `specs/<number>-<slug>/tasks.md`, not in another format's `specs`."""
        return path.name == _TASKS and _is_feature(path.parent)

    def by_content(self, text: str) -> float:
        """How much a text has of what spec-kit writes: T001, [P], [US1], its phases."""
        if not _LISTED.search(text):
            return 0.0
        own = 0.2 + sum(weight for mark, weight in _MARKS if mark.search(text))
        boxes = _BOX.findall(text)
        if boxes.count("T") < len(boxes) / 2 and not _HEADED.search(text):
            own -= 0.3  # one T100 among other boxes
        return min(1.0, max(0.0, own - (0.4 if _OTHERS.search(text) else 0.0)))

    def load(self, source: PlanSource) -> Loaded:
        """Read the task list, and look for what spec-kit demands beside it."""
        findings: list[Finding] = []
        return total(
            lambda: lower(tasks_of(source, findings), format_name=self.name, findings=findings),
            source.name,
            findings,
        )


FORMAT = SpecKit()


def tasks_of(source: PlanSource, findings: list[Finding]) -> TaskList:
    """What a list holds, before references are resolved.

    Raises:
        UsageError: `PLAN_UNREADABLE`, `PLAN_TOO_LARGE`.
    """
    page = page_of(source.path, source.name)
    findings.extend(page.findings)
    outline = outline_of(page.lines, source.name, findings)
    if len(outline.items) > MAX_TASKS:
        raise TooManyTasks
    folder = source.path.parent
    feature = folder.absolute().name or "plan"
    context, missing = context_of(
        source, folder, expected=_EXPECTED, further=(*_FURTHER, *_contracts(folder))
    )
    findings.extend(missing)
    findings.extend(_checklists(source, folder))
    constitution = (source.root / name for name in _CONSTITUTIONS)
    rules = tuple(named(source, path) for path in constitution if holds(source, path))
    return TaskList(
        id=feature,
        title=outline.title or feature,
        feature=feature,
        branch=f"feat/{slug(feature)}",
        tasks=with_folders([_task(item, page) for item in outline.items]),
        files=(page.file,),
        orders=tuple(orders_of(outline, source.name)),
        aliases=aliases_of(outline.items),
        context=(*context, *rules),
    )


def _task(item: Item, page: Page) -> Task:
    fields = list(fields_of(item.body, _KEYS))
    times = [time_of(words.text) for key, words in fields if key == "time"]
    marker = marker_of(item.line, page.text) if item.line.kind is Kind.BOX else None
    body = dedent("\n".join(line.text for line in item.body)).strip()
    return Task(
        id=item.id,
        title=item.title,
        span=span_of(item.line, page.text.name),
        state=item.state,
        reason=item.reason,
        parent=item.parent,
        phase=item.phase.label if item.phase else None,
        group=next((label for label in item.labels if label.startswith("US")), None),
        parallel=item.parallel,
        needs=_needs(item, page.text.name),
        scope=Scope() if item.state is State.SKIPPED else _scope(item),
        body="\n\n".join(part for part in (item.title, body) if part),
        requirements=tuple(label for label in item.labels if label != "P"),
        estimate_s=next(iter(times), None),
        markers=(marker,) if marker else (),
    )


def _needs(item: Item, file: str) -> tuple[Ref, ...] | None:
    """What its own words say: "(depends on T012, T013)", or a field below it."""
    refs = [
        Ref(text=found["ids"].rstrip("* "), span=_place(run, found.start("ids"), file))
        for run in (
            (item.line, *item.wrapped),
            *((each,) for each in item.body if each.kind is not Kind.CODE),
        )
        for found in _NEEDS.finditer(" ".join(line.text.strip() for line in run))
    ]
    lines = {ref.span.line for ref in refs}
    refs += [
        Ref(text=words.text, span=words.span(file))
        for key, words in fields_of(item.body, _KEYS)
        if key == "needs" and words.line not in lines
    ]
    return tuple(refs) or None


def _place(run: Sequence[Line], at: int, file: str) -> Span:
    """Where a character stands of lines that are joined by spaces, without their indents."""
    here, *further = run
    while further and at > len(here.text.strip()):
        at -= len(here.text.strip()) + 1
        here, *further = further
    indent = len(here.text) - len(here.text.lstrip())
    return Span(file=file, line=here.number, column=at + indent + 1)


def _scope(item: Item) -> Scope:
    """The paths of a field `File:`, else those in a description, unless it only reads them.

    Who writes tests does not write what they test.
    """
    globs = listed_files(item.body, _KEYS)
    if not globs and not _READING.match(item.title):
        text = _CRITERIA.sub("", _NEEDS.sub("", _SOURCES.sub("", item.title)))
        globs = tuple(glob for glob in listed(without_mentions(text)) if glob not in _DOCUMENTS)
        tests = tuple(glob for glob in globs if _TEST_FILE.search(glob))
        globs = tests if tests and _TESTING.match(item.title) else globs
    return Scope(write=globs, confidence=Confidence.INFERRED) if globs else Scope()


def _located(root: Path, name: str) -> Path | None:
    path = root / name
    if belongs_elsewhere(Path(name), _OWN):
        return None
    if path.is_file():
        return path if path.name == _TASKS else None
    if path.is_dir():
        return _list_in(path) or _current(path)
    if name != PurePath(name).name or name in {"", ".", ".."}:
        return None
    folders = [
        folder
        for home in _HOMES
        if (root / home).is_dir()
        for folder in sorted(islice((root / home).iterdir(), _MOST_FILES))
        if folder.is_dir() and _FOLDER.match(folder.name)
    ]
    exact = [each for each in folders if each.name == name]
    found = exact or [each for each in folders if _slug_of(each.name) == name]
    if len(found) > 1:
        places = ", ".join(each.relative_to(root).as_posix() for each in found)
        raise UsageError(
            f"several features are called {name}: {places}",
            code="PLAN_AMBIGUOUS",
            hint="name the folder",
        )
    return _list_in(found[0]) if found else None


def _list_in(folder: Path) -> Path | None:
    """A folder's task list.

    Raises:
        UsageError: `NO_SUCH_PLAN` if it is a feature that has none.
    """
    path = folder / _TASKS
    if path.is_file():
        return path
    if _is_feature(folder.absolute()) and (folder / "spec.md").is_file():
        raise UsageError(
            f"{folder.name} has a spec.md, but no {_TASKS}",
            code="NO_SUCH_PLAN",
            where=folder.name,
            hint="run /speckit.tasks first: it writes the task list",
        )
    return None


def _current(root: Path) -> Path | None:
    """The list of the feature that `.specify/feature.json` names as the present one."""
    path = root / _OWN / "feature.json"
    asked = PlanSource(root=root, path=path, name=path.name, in_repository=True)
    place = (record_of(asked, path, []) or {}).get("feature_directory")
    try:
        folder = (root / place).resolve() if isinstance(place, str) else root
        within = folder != root and folder.is_relative_to(root.resolve())
        return _list_in(root / folder.relative_to(root.resolve())) if within else None
    except (ValueError, RuntimeError):  # a name that no folder can have, a loop of links
        return None


def _is_feature(folder: Path) -> bool:
    above = folder.parent
    foreign = above.parent.name in OWN_FOLDERS - {_OWN}
    return above.name == "specs" and not foreign and _FOLDER.match(folder.name) is not None


def _slug_of(folder: str) -> str:
    """`002-login`, and `20260102-030405-login`, without what counts them."""
    return re.sub(r"^[0-9]{3,}-(?:[0-9]{6}-)?", "", folder)


def _contracts(folder: Path) -> Iterator[str]:
    contracts = folder / "contracts"
    if contracts.is_dir():
        for path in sorted(islice(contracts.iterdir(), _MOST_FILES)):
            if path.is_file():
                yield f"contracts/{path.name}"


def _checklists(source: PlanSource, folder: Path) -> Iterator[Finding]:
    """Open boxes of checklists: spec-kit asks a person before it goes on."""
    lists = folder / "checklists"
    for path in sorted(islice(lists.iterdir(), _MOST_FILES)) if lists.is_dir() else []:
        if path.suffix.lower() != ".md" or not holds(source, path):
            continue
        name = named(source, path)
        try:
            lines = scan(read(path, name).lines).lines
        except PlaitError as error:
            yield ignored(error.message, Span(file=name))
            continue
        boxes = [line for line in lines if line.kind is Kind.BOX]
        rest = [line for line in boxes if line.state not in {"x", "X"}]
        if rest:
            yield Finding(
                code="CHECKLIST_OPEN",
                severity=Severity.WARNING,
                message=f"{len(rest)} of {len(boxes)} boxes of this checklist are open",
                span=span_of(rest[0], name),
                hint="settle them before the run, or run without: agents are not asked to",
            )
