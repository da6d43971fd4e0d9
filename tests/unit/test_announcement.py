"""What a board is told of a run: states, each ticket once, whatever happened on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st
from tests.fakes import runs
from tests.fakes.runs import RUN

from plait.core.announcement import MOST_TICKETS, Backlog, Outcome, SinkKind
from plait.core.event import (
    Event,
    GateAsked,
    PackageSkipped,
    Recorded,
    RunEnded,
    RunStatus,
    Verdict,
    Warned,
)
from plait.core.package import PackageStatus
from plait.core.plan import Document, Edge, PackageId, Provenance, SourceFile
from plait.core.run import Run, apply
from plait.core.ticket import Phase, Tally, TicketState, tickets_of

KINDS = list(SinkKind)


def phases_of(run: Run) -> tuple[Phase, ...]:
    """The phases, counted anew."""
    tally = Tally()
    tally.count(run)
    return tally.phases


class Board:
    """A run with a board beside it: what was accepted, as a board holds it."""

    def __init__(self, run: Run, kind: SinkKind) -> None:
        self.backlog = Backlog(kind=kind)
        self.run = run
        self.tickets: dict[str, Any] = {}
        self.head: Mapping[str, Any] = {}
        self.told = 0
        self.happens(Warned(code="NEUTRAL", message="it changes nothing"))

    def happens(self, *events: Event) -> None:
        """The run goes on."""
        for event in events:
            recorded = Recorded(seq=self.run.seq + 1, at=float(self.run.seq), run=RUN, event=event)
            self.run = apply(self.run, recorded)
            self.backlog.see(recorded, self.run)

    def tell(self, outcome: Outcome = Outcome.ACCEPTED) -> bool:
        """Tell one thing; False: there was nothing to tell."""
        call = self.backlog.next()
        if call is None:
            return False
        self.told += 1
        self.backlog.settle(call, outcome)
        if outcome is Outcome.ACCEPTED:
            self._take(call.body)
        return True

    def tell_all(self) -> Board:
        """Tell everything there is."""
        while self.tell():
            pass
        return self

    def _take(self, body: Mapping[str, Any]) -> None:
        if "ticket" in body:
            self.tickets[body["ticket"]["id"]] = body["ticket"]
        elif "tickets" in body:
            self.tickets |= {each["id"]: each for each in body["tickets"]}
            self.head = {key: body[key] for key in ("run", "totals", "phases")}
        else:
            self.head = body


def plan_of(*names: str) -> Run:
    """A run of packages in two phases."""
    half = len(names) // 2
    return runs.started(
        runs.plan(
            *(
                runs.package(each, phase="Phase 1" if n < half else "Phase 2")
                for n, each in enumerate(names)
            )
        )
    )


def step(run: Run, package: str, fate: int) -> tuple[Event, ...]:
    """Something that can happen to a package as it stands."""
    state = run.packages[PackageId(package)]
    number = len(state.attempts) + 1
    match state.status:
        case PackageStatus.PENDING if fate == 0:
            return (PackageSkipped(package=state.id, reason="it needs what failed"),)
        case PackageStatus.PENDING:
            return (runs.begin(package, number, number),)
        case PackageStatus.RUNNING:
            verdict = (Verdict.PASS, Verdict.REJECT, Verdict.REVISE)[fate % 3]
            return (runs.end(package, verdict, attempt=number - 1, epoch=number - 1),)
        case PackageStatus.VERIFIED:
            return (runs.landed(package),) if fate else ()
        case _:
            return ()


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c", "d"]),
            st.integers(0, 2),
            st.lists(st.sampled_from([*Outcome]), max_size=3),
        ),
        max_size=30,
    ),
    ended=st.sampled_from([None, RunStatus.SUCCEEDED, RunStatus.PARTIAL]),
    kind=st.sampled_from(KINDS),
)
def test_whatever_happens_and_is_missed_a_board_ends_with_how_things_stand(steps, ended, kind):
    """Any events, with any answers in between: a board that listens in the end knows the same."""
    board = Board(plan_of("a", "b", "c", "d"), kind)
    for package, fate, outcomes in steps:
        board.happens(*step(board.run, package, fate))
        for outcome in outcomes:
            board.tell(outcome)
        assert len(board.backlog._pending) <= 4
    if ended is not None:
        board.happens(RunEnded(status=ended))
    board.tell_all()
    fresh = Board(board.run, kind).tell_all()
    different = {name for name in fresh.tickets if board.tickets.get(name) != fresh.tickets[name]}
    refused = set(board.backlog._refused)
    assert different <= refused  # as it is, nobody wants it: it is not told again
    assert board.backlog.owed().tickets == len(different)
    if not refused:
        assert board.head == fresh.head
        assert not board.backlog.owed()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_told_twice(kind):
    """A board that has accepted everything is left alone until something changes."""
    board = Board(plan_of("a", "b"), kind).tell_all()
    told = board.told
    assert not board.tell()
    board.happens(runs.begin("a"))
    board.tell_all()
    assert board.told == told + 1


@pytest.mark.parametrize("kind", KINDS)
def test_what_happens_meanwhile_is_told_together(kind):
    """A slow board is told where a ticket stands, not every step on the way there."""
    board = Board(plan_of("a", "b"), kind).tell_all()
    before = board.told
    board.happens(runs.begin("a"), runs.end("a"), runs.landed("a"))
    board.tell_all()
    assert "landed" in str(board.tickets["a"])
    assert board.told - before <= 2  # the ticket, and where the run stands


def test_documents_are_of_bounded_size():
    """Many tickets come in several documents of one sequence number."""
    names = [f"p{n}" for n in range(2 * MOST_TICKETS + 1)]
    board = Board(runs.started(runs.plan(*map(runs.package, names))), SinkKind.WEBHOOK)
    sizes = []
    while (call := board.backlog.next()) is not None:
        sizes.append((len(call.body["tickets"]), call.body["more"]))
        board.backlog.settle(call, Outcome.ACCEPTED)
    assert sizes == [(MOST_TICKETS, True), (MOST_TICKETS, True), (1, False)]


def test_a_refused_ticket_is_not_told_again_until_it_changes():
    """The others are; what is missing in the end is counted."""
    board = Board(plan_of("a", "b"), SinkKind.MCP)
    board.tell()  # the run
    board.tell(Outcome.REFUSED)
    board.tell_all()
    assert set(board.tickets) == {"b"}
    assert (board.backlog.owed().tickets, board.backlog.owed().of) == (1, 2)
    board.happens(runs.begin("a"))
    board.tell_all()
    assert set(board.tickets) == {"a", "b"}
    assert not board.backlog.owed()


def test_purples_status_is_told_in_its_own_words():
    """A ticket a call, with its phase and what it depends on; the run by itself; the end last."""
    plan = runs.plan(
        runs.package("AB-1.1", phase="Phase 1", description="Make it."),
        replace(
            runs.package("AB-2.1", phase="Phase 2"),
            needs=(
                Edge(id=PackageId("AB-1.1")),
                Edge(id=PackageId("AB-1.1"), provenance=Provenance.SCOPE),
            ),
        ),
    )
    spec = "purple/documentation/251114-x/agent-written-specifications/implementation-spec-x.md"
    plan = replace(plan, format="purple", files=(SourceFile(path=spec, sha256="0"),))
    board = Board(runs.started(plan), SinkKind.MCP)
    first = board.backlog.next()
    assert first is not None
    assert first.body == {
        "featureFolder": "purple/documentation/251114-x",
        "phase": "Phase 1",
        "agent": "plait",
        "totalTickets": 2,
        "qaActive": False,
        "buildComplete": False,
    }
    board.tell_all()
    assert board.tickets["AB-1.1"] == {
        "id": "AB-1.1",
        "name": "Build AB-1.1",
        "description": "Make it.",
        "phase": "Phase 1",
        "dependencies": [],
        "status": {"status": "todo"},
    }
    assert board.tickets["AB-2.1"]["dependencies"] == [{"id": "AB-1.1", "phase": "Phase 1"}]
    board.happens(runs.begin("AB-1.1"))
    board.tell_all()
    assert board.tickets["AB-1.1"]["status"] == {"status": "in_progress"}
    for name in ("AB-1.1", "AB-2.1"):
        board.happens(runs.begin(name), runs.end(name), runs.landed(name))
    board.happens(RunEnded(status=RunStatus.SUCCEEDED))
    last = None
    while (call := board.backlog.next()) is not None:
        board.backlog.settle(call, Outcome.ACCEPTED)
        last = call.body
    assert last is not None
    assert last["buildComplete"] is True


def test_what_is_blocked_asks_its_question_and_failed_tickets_say_why():
    """The states of a board are few: a package that waits for a person has failed, for now."""
    board = Board(plan_of("a", "b"), SinkKind.MCP)
    board.happens(
        GateAsked(package=PackageId("a"), question="Ship it?"),
        PackageSkipped(package=PackageId("b"), reason="a stands"),
    )
    board.tell_all()
    assert board.tickets["a"]["status"]["exceptionDescription"] == "blocked: Ship it?"
    assert board.tickets["b"]["status"] == {
        "status": "failed",
        "exceptionDescription": "skipped: a stands",
    }


def test_each_task_of_a_batch_is_a_ticket_and_plaits_own_packages_are_none():
    """Boards show what the plan has: no more, no less."""
    batch = runs.package(
        "t1",
        tasks=("t1", "t2"),
        documents=(Document(path="d", task="t2", title="The second"),),
        phase="P",
    )
    run = runs.started(runs.plan(batch, runs.package("qa", own=True)))
    told = list(tickets_of(run, PackageId("t1")))
    assert [(each.id, each.title) for each in told] == [("t1", "Build t1"), ("t2", "The second")]
    assert [(each.name, each.tickets) for each in phases_of(run)] == [("P", 2)]
    board = Board(run, SinkKind.WEBHOOK).tell_all()
    assert set(board.tickets) == {"t1", "t2"}
    assert board.head["totals"]["tickets"] == 2


def test_phases_stand_where_their_tickets_do():
    """Untouched, under way, over, or over with failures."""
    board = Board(plan_of("a", "b", "c", "d"), SinkKind.WEBHOOK)
    assert [each.state for each in phases_of(board.run)] == [TicketState.TODO] * 2
    board.happens(runs.begin("a"), runs.end("a"), runs.landed("a"))
    assert phases_of(board.run)[0].state is TicketState.IN_PROGRESS
    board.happens(PackageSkipped(package=PackageId("b"), reason="no"))
    assert phases_of(board.run)[0].state is TicketState.FAILED
    for name in ("c", "d"):
        board.happens(runs.begin(name), runs.end(name), runs.landed(name))
    assert phases_of(board.run)[1].state is TicketState.COMPLETED
