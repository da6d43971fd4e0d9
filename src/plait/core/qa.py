"""QA: the landed tree is tried, and what fails is mended, three times at most.

QA is a package of Plait's own, which needs all others of a run. What is to be tried is derived
anew in each attempt (`qa_plan`); here is what follows from what came of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from plait.core.event import (
    QaEnded,
    QaItemEnded,
    QaKind,
    QaPlanned,
    QaStatus,
    QaVerdict,
)
from plait.core.plan import (
    Confidence,
    Edge,
    PackageId,
    PackageKind,
    Plan,
    Provenance,
    Scope,
    SourceStatus,
    WorkPackage,
)

MOST_TRIES = 3
REFINE = "refine"  # the role of what mends a failure
NOT_PASSED = "QA_FAILED"
NOT_RUN = "QA_NOT_RUN"
_ORDER_ONLY = frozenset({Provenance.SCOPE, Provenance.LOCK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What is done, and what must come of it. Which fields count depends on its kind.

    Args:
        name: How it is called in reports.
        kind: Of a command line, of requests, of a page.
        command: A command for the shell, in the worktree.
        method: Of a request.
        path: Of a request or a page, below the base address.
        headers: Of a request.
        body: Of a request.
        steps: One after the other; each is a table of texts (`send`, `expect`, `click`, `fill`,
            `with`).
        status: The status that a request must have; None: any below 400.
        text: Texts that must be seen in the end.
        exit_code: The code that a command must exit with.
        packages: Patterns of the packages that a failure is about.
    """

    name: str
    kind: QaKind
    command: str = ""
    method: str = "GET"
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    steps: tuple[Mapping[str, str], ...] = ()
    status: int | None = None
    text: tuple[str, ...] = ()
    exit_code: int = 0
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QaPolicy:
    """`[qa]` of plait.toml. Empty: found in the repository.

    Args:
        run: Whether there is QA: `auto`, `always`, `never`.
        serve: The command that serves the web pages and the API; it is given `PORT`.
        url: The base address; `{port}` stands for the port.
        ready_s: How long it may take until somebody listens there.
        timeout_s: How long one item may take.
        openapi: Where the API is described: a file of the repository, or a path below the address.
        cli: The command of a command line.
        pages: Paths of pages below the base address.
        scenarios: What is tried beside what is found.
    """

    run: str = "auto"
    serve: str = ""
    url: str = ""
    ready_s: float = 60.0
    timeout_s: float = 120.0
    openapi: str = ""
    cli: str = ""
    pages: tuple[str, ...] = ()
    scenarios: tuple[Scenario, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QaItem:
    """One thing to try.

    `schema` is where an API is described, if that is what is tried. `guessed`: nobody has named
    it. `lack` says why it cannot be tried at all.
    """

    id: str
    scenario: Scenario
    schema: str = ""
    guessed: bool = False
    lack: str = ""

    @property
    def kind(self) -> QaKind:
        """What it looks at."""
        return self.scenario.kind

    @property
    def is_served(self) -> bool:
        """Whether somebody must listen for it."""
        return self.kind in {QaKind.API, QaKind.WEB}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One try of the full plan, as it is told. Times are Unix seconds."""

    planned: QaPlanned
    items: tuple[QaItemEnded, ...] = ()
    ended: QaEnded | None = None
    started_at: float = 0.0
    finished_at: float | None = None

    def of(self, status: QaStatus) -> tuple[QaItemEnded, ...]:
        """The items of which that came."""
        return tuple(each for each in self.items if each.status is status)


QaEvent = QaPlanned | QaItemEnded | QaEnded


def tried(trials: tuple[Trial, ...], event: QaEvent, at: float) -> tuple[Trial, ...]:
    """The tries after one more event; one that a crash cut off is begun anew."""
    match event:
        case QaPlanned():
            begun = Trial(planned=event, started_at=at)
            same = (event.package, event.attempt)
            kept = (each for each in trials if (each.planned.package, each.planned.attempt) != same)
            return (*kept, begun)
        case QaItemEnded():
            last = trials[-1]
            return (*trials[:-1], replace(last, items=(*last.items, event)))
        case QaEnded():
            return (*trials[:-1], replace(trials[-1], ended=event, finished_at=at))


def since(trials: Sequence[Trial], package: PackageId) -> tuple[Trial, ...]:
    """The tries of a package since its count began anew."""
    own = [each for each in trials if each.planned.package == package]
    first = max((n for n, each in enumerate(own) if each.planned.number == 1), default=0)
    return tuple(own[first:])


def verdict(items: Iterable[QaItemEnded]) -> QaVerdict:
    """What came of a try as a whole: one failure fails it, and nothing that did not run passes."""
    statuses = {each.status for each in items}
    if QaStatus.FAILED in statuses:
        return QaVerdict.FAIL
    if QaStatus.PASSED not in statuses:
        return QaVerdict.NOT_RUN
    return QaVerdict.PARTIAL if QaStatus.NOT_RUN in statuses else QaVerdict.PASS


def is_open(items: Iterable[QaItemEnded]) -> bool:
    """Whether a QA agent was asked and left no usable answer: nobody knows what it would say."""
    return any(each.kind is QaKind.AGENT and each.status is QaStatus.NOT_RUN for each in items)


# -- the packages ------------------------------------------------------------------------------


def is_wanted(plan: Plan, policy: QaPolicy, *, asked: bool, whole: bool) -> bool:
    """Whether a run has QA: by its call, by the settings, or because its format prescribes it.

    Args:
        plan: The plan.
        policy: The settings.
        asked: The call says so.
        whole: The run is about the whole plan.
    """
    if asked or policy.run == "always":
        return True
    return policy.run == "auto" and plan.qa_results is not None and whole


def with_qa(plan: Plan, selected: Collection[PackageId], *, asked: bool) -> Plan:
    """The plan with QA behind the packages of the run.

    Where nobody `asked` for it, it may be left out for want of something to try.
    """
    place = plan.qa_results or ""
    name = PackageId("qa")
    while any(each.id == name for each in plan.packages):
        name = PackageId(f"plait-{name}")
    qa = WorkPackage(
        id=name,
        source_id=name,
        title=f"QA of {plan.title}",
        kind=PackageKind.QA,
        own=True,
        optional=not asked,
        needs=_needs(plan, selected),
        scope=Scope(write=(f"{place}/**",) if place else (), confidence=Confidence.DECLARED),
        retry_budget=MOST_TRIES - 1,
        estimate_s=60.0,
        role="qa",
    )
    return replace(plan, packages=(*plan.packages, qa))


def own_of(plan: Plan) -> WorkPackage | None:
    """The QA of a run's plan, if it has one."""
    return next((each for each in plan.packages if each.own), None)


def joined(plan: Plan, qa: WorkPackage, selected: Collection[PackageId]) -> Plan:
    """Another version of a plan with the QA of the run, behind what it is about now."""
    return replace(plan, packages=(*plan.packages, replace(qa, needs=_needs(plan, selected))))


def _needs(plan: Plan, selected: Collection[PackageId]) -> tuple[Edge, ...]:
    """All packages at the ends: what fails before them takes them along."""
    ours = [each for each in plan.packages if each.id in selected and not each.own]
    inner = {
        edge.id
        for each in ours
        if each.status is not SourceStatus.SKIPPED
        for edge in each.needs
        if edge.provenance not in _ORDER_ONLY
    }
    note = "QA tries what all have landed"
    return tuple(Edge(id=each.id, note=note) for each in ours if each.id not in inner)
