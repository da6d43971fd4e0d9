"""Tickets: a run's packages and phases as progress boards show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from plait.core.package import PackageState, PackageStatus
from plait.core.plan import PackageId, Provenance, WorkPackage
from plait.core.roster import called
from plait.core.run import Run
from plait.core.states import States

LONGEST_TITLE = 300  # characters
LONGEST_TEXT = 2000
_SAID = frozenset({Provenance.EXPLICIT, Provenance.RANGE})  # phases tell the rest


class TicketState(StrEnum):
    """Where a ticket stands, in the few words that all boards have."""

    TODO = "todo"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"


_STATES = {
    PackageStatus.PENDING: TicketState.TODO,
    PackageStatus.RUNNING: TicketState.IN_PROGRESS,
    PackageStatus.VERIFYING: TicketState.IN_PROGRESS,
    PackageStatus.VERIFIED: TicketState.IN_PROGRESS,
    PackageStatus.LANDING: TicketState.IN_PROGRESS,
    PackageStatus.LANDED: TicketState.COMPLETED,
    PackageStatus.DONE_BEFORE: TicketState.COMPLETED,
    PackageStatus.FAILED: TicketState.FAILED,
    PackageStatus.SKIPPED: TicketState.FAILED,
    PackageStatus.BLOCKED: TicketState.FAILED,
    PackageStatus.CANCELLED: TicketState.FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A task of the plan in a run. `status` is its package's; `needs` are tickets.

    `reason` says why it failed, waits or was left out; `summary` what was done, in the words of
    who did it.
    """

    id: str
    package: PackageId
    title: str
    description: str
    phase: str
    state: TicketState
    status: PackageStatus
    attempts: int = 0
    agent: str = ""
    commit: str = ""
    reason: str = ""
    question: str = ""
    summary: str = ""
    needs: tuple[PackageId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A phase, or a group where the plan has none: how many of its tickets stand where."""

    name: str
    state: TicketState
    tickets: int
    completed: int
    failed: int


def is_told(run: Run, package: PackageId) -> bool:
    """Whether a package is of the plan: those that Plait adds for itself are nobody's ticket."""
    return not run.plan.package(package).own


def tickets_of(run: Run, package: PackageId) -> Iterator[Ticket]:
    """A package's tickets: one, or of a batch one for each of its tasks."""
    known, state = run.plan.package(package), run.packages[package]
    titles = {each.task: each.title for each in known.documents}
    first, *others = known.tasks or (known.source_id,)
    yield _ticket(run, known, state, name=package, title=titles.get(first, known.title))
    for each in others:
        yield _ticket(run, known, state, name=each, title=titles.get(each, known.title))


def phase_of(package: WorkPackage) -> str:
    """The phase that a package belongs to; empty where the plan has nothing like it."""
    return (package.phase or package.group or package.track or "")[:LONGEST_TITLE]


@dataclass(slots=True)
class Tally:
    """How many tickets of each phase stand where, kept along as packages change."""

    rows: dict[str, dict[TicketState, int]] = field(default_factory=dict)
    _counted: States | None = None

    def count(self, run: Run) -> tuple[PackageId, ...]:
        """Take in a run as it is now; the packages with tickets that changed since."""
        packages, before = run.packages, self._counted
        if before is None or before.places is not packages.places:
            self.rows, before = {}, None
        changed = []
        for state in packages.differing(before):
            known = run.plan.package(state.id)
            if known.own:
                continue
            row = self.rows.setdefault(phase_of(known), dict.fromkeys(TicketState, 0))
            tickets = max(1, len(known.tasks))
            if before is not None:
                row[ticket_state(before[state.id])] -= tickets
            row[ticket_state(state)] += tickets
            changed.append(state.id)
        self._counted = packages
        return tuple(changed)

    @property
    def totals(self) -> dict[TicketState, int]:
        """How many tickets stand where, of all phases."""
        return {each: sum(row[each] for row in self.rows.values()) for each in TicketState}

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases, in the plan's order; tickets without one are in none."""
        return tuple(
            Phase(
                name=name,
                state=_together(each for each, count in row.items() if count),
                tickets=sum(row.values()),
                completed=row[TicketState.COMPLETED],
                failed=row[TicketState.FAILED],
            )
            for name, row in self.rows.items()
            if name
        )


def ticket_state(state: PackageState) -> TicketState:
    """Where a package stands, for a board; what is rightly left out is completed."""
    return TicketState.COMPLETED if state.benign else _STATES[state.status]


def _together(states: Iterable[TicketState]) -> TicketState:
    found = set(states)
    if len(found) == 1:
        return found.pop()
    if found == {TicketState.COMPLETED, TicketState.FAILED}:
        return TicketState.FAILED
    return TicketState.IN_PROGRESS


def _ticket(run: Run, known: WorkPackage, state: PackageState, *, name: str, title: str) -> Ticket:
    last = state.attempts[-1] if state.attempts else None
    landed = state.status is PackageStatus.LANDED
    return Ticket(
        id=name,
        package=state.id,
        title=title[:LONGEST_TITLE],
        description=known.description[:LONGEST_TEXT],
        phase=phase_of(known),
        state=ticket_state(state),
        status=state.status,
        attempts=state.attempts_made,
        agent=called(last.agent, last.provider)[:LONGEST_TITLE] if last else "",
        commit=(state.commit or "") if landed else "",
        reason=state.reason[:LONGEST_TEXT],
        question=state.question[:LONGEST_TEXT],
        summary=last.summary[:LONGEST_TEXT] if last and landed else "",
        needs=tuple(
            edge.id for edge in known.needs if edge.id in run.packages and edge.provenance in _SAID
        ),
    )
