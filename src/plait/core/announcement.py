"""Announcing: what a progress board outside has not been told of a run, and how it is told.

A board is told states, never changes: what it was told last is compared with what is so now, and
only the difference goes out. However many events come while a board is slow, what waits for it
is at most each ticket once; and a board that was told the same twice is as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

from plait.core.event import TYPE_NAMES, Recorded, RunStatus, subject
from plait.core.package import ACTIVE
from plait.core.plan import PackageId
from plait.core.report import instant
from plait.core.run import Run
from plait.core.ticket import (
    LONGEST_TITLE,
    Phase,
    Tally,
    Ticket,
    TicketState,
    is_told,
    phase_of,
    tickets_of,
)

SCHEMA = 1
MOST_TICKETS = 200  # in one document; the rest follows in the next


class SinkKind(StrEnum):
    """What a board is spoken to with."""

    WEBHOOK = "webhook"  # a document of all that changed is posted
    MCP = "mcp"  # a tool is called, with one ticket a call


class Outcome(StrEnum):
    """What became of a call."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # this one, and it would be again; others may not
    FAILED = "failed"  # it may be accepted later
    UNFIT = "unfit"  # so it would be with every other one, until somebody mends the settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a sink said to a call: why it did not take it, and how long it asks to be left alone."""

    outcome: Outcome
    reason: str = ""
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One thing to be told. `marks` are what it says of which subject, in short.

    `key` is another for each content: who was told under it before need not listen again.
    """

    key: str
    body: Mapping[str, Any]
    marks: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What a sink does not know: the last state of so many tickets, of so many; of the run."""

    tickets: int = 0
    of: int = 0
    head: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return self.tickets > 0 or self.head


_HEAD = ""  # the subject of what is said of the run as a whole: no ticket is called so


@dataclass(slots=True, kw_only=True)
class Backlog:
    """What one sink has not been told. It holds at most each package once."""

    kind: SinkKind
    _run: Run | None = None
    _cause: Recorded | None = None
    _pending: dict[PackageId, None] = field(default_factory=dict)
    _accepted: dict[str, str] = field(default_factory=dict)
    _refused: dict[str, str] = field(default_factory=dict)
    _tally: Tally = field(default_factory=Tally)

    def see(self, recorded: Recorded, run: Run) -> None:
        """Take note of an event, and of the run after it."""
        if self._run is not None and self._run.plan is not run.plan:
            self._tally = Tally()
        self._pending.update(dict.fromkeys(self._tally.count(run)))
        self._run, self._cause = run, recorded

    def next(self) -> Call | None:
        """What to tell now; None: it has been told everything."""
        if self._run is None or not self._run.packages:
            return None
        if self.kind is SinkKind.WEBHOOK:
            return self._document(self._run)
        return self._ticket_call(self._run)

    def settle(self, call: Call, outcome: Outcome) -> None:
        """Take note of what became of a call."""
        if outcome is Outcome.ACCEPTED:
            self._accepted.update(call.marks)
            for each in call.marks:
                self._refused.pop(each, None)
        elif outcome is Outcome.REFUSED:
            self._refused.update(call.marks)

    def owed(self) -> Owed:
        """What the sink has not accepted of how things stand now."""
        run = self._run
        if run is None or not run.packages:
            return Owed()
        total = unknown = 0
        for package in run.packages:
            for ticket in tickets_of(run, package) if is_told(run, package) else ():
                total += 1
                unknown += self._accepted.get(ticket.id) != _mark(self._words(run, ticket))
        head = _mark(self._head(run, complete=not unknown))
        return Owed(tickets=unknown, of=total, head=self._accepted.get(_HEAD) != head)

    def _head(self, run: Run, *, complete: bool) -> Mapping[str, Any]:
        """What is said of the run as a whole; `complete`: nothing is left to say of its tickets."""
        if self.kind is SinkKind.WEBHOOK:
            return document_head(run, self._tally)
        done = complete and run.status is RunStatus.SUCCEEDED
        return status_head(run, self._tally, complete=done)

    def _document(self, run: Run) -> Call | None:
        words: list[Mapping[str, Any]] = []
        marks: dict[str, str] = {}
        more = False
        for ticket in self._changed(run):
            if len(words) == MOST_TICKETS:
                more = True
                break
            words.append(ticket_words(ticket))
            marks[ticket.id] = _mark(words[-1])
        head = self._head(run, complete=not words)
        mark = _mark(head)
        if not words and mark in (self._accepted.get(_HEAD), self._refused.get(_HEAD)):
            return None
        if not more:
            marks[_HEAD] = mark
        body = {**head, **_cause(run, self._cause), "tickets": words, "more": more}
        return Call(key=_key(run, body), body=body, marks=marks)

    def _ticket_call(self, run: Run) -> Call | None:
        changed = next(self._changed(run), None)
        head = self._head(run, complete=changed is None)
        mark = _mark(head)
        if mark not in (self._accepted.get(_HEAD), self._refused.get(_HEAD)):
            return Call(key=_key(run, head), body=head, marks={_HEAD: mark})
        if changed is None:
            return None
        body = self._words(run, changed)
        return Call(key=_key(run, body), body=body, marks={changed.id: _mark(body)})

    def _changed(self, run: Run) -> Iterator[Ticket]:
        """The tickets that stand otherwise than was told; what turns out not to is forgotten."""
        for package in list(self._pending):
            found = False
            for ticket in tickets_of(run, package) if package in run.packages else ():
                mark = _mark(self._words(run, ticket))
                if mark not in (self._accepted.get(ticket.id), self._refused.get(ticket.id)):
                    found = True
                    yield ticket
            if not found:
                self._pending.pop(package, None)

    def _words(self, run: Run, ticket: Ticket) -> Mapping[str, Any]:
        return ticket_words(ticket) if self.kind is SinkKind.WEBHOOK else status_of(run, ticket)


def document_head(run: Run, tally: Tally) -> Mapping[str, Any]:
    """What a document says of the run, its plan and its phases."""
    plan, totals, trial = run.plan, tally.totals, _trial(run)
    return {
        "schema": SCHEMA,
        "run": {
            "id": run.id,
            "status": run.status.value,
            "branch": run.branch,
            "base": run.base,
            "head": run.head,
            "started_at": instant(run.started_at),
            "finished_at": None if run.finished_at is None else instant(run.finished_at),
        },
        "plan": {
            "id": plan.id,
            "title": plan.title[:LONGEST_TITLE],
            "feature": plan.feature,
            "format": plan.format,
            "digest": plan.digest,
        },
        "totals": {
            "tickets": sum(totals.values()),
            **{each.value: n for each, n in totals.items()},
        },
        "qa": {"active": bool(trial), "attempt": trial},
        "phases": [
            {
                "key": f"{run.id}/{each.name}",
                "name": each.name,
                "state": each.state.value,
                "tickets": each.tickets,
                "completed": each.completed,
                "failed": each.failed,
            }
            for each in tally.phases
        ],
    }


def ticket_words(ticket: Ticket) -> Mapping[str, Any]:
    """What a document says of a ticket."""
    return {
        "id": ticket.id,
        "package": ticket.package,
        "title": ticket.title,
        "phase": ticket.phase or None,
        "state": ticket.state.value,
        "status": ticket.status.value,
        "attempts": ticket.attempts,
        "agent": ticket.agent or None,
        "commit": ticket.commit or None,
        "reason": ticket.reason or None,
        "question": ticket.question or None,
        "summary": ticket.summary or None,
        "needs": list(ticket.needs),
    }


def status_head(run: Run, tally: Tally, *, complete: bool) -> Mapping[str, Any]:
    """What Purple's `purple_status` is told of the run as a whole."""
    trial = _trial(run)
    trying = {"qaRunNumber": trial} if trial else {}
    return {
        "featureFolder": _folder(run),
        "phase": _current(tally.phases),
        "agent": "plait",
        "totalTickets": sum(tally.totals.values()),
        "qaActive": bool(trial),
        **trying,
        "buildComplete": complete,
    }


def status_of(run: Run, ticket: Ticket) -> Mapping[str, Any]:
    """What Purple's `purple_status` is told of one ticket."""
    status = {"status": ticket.state.value}
    if ticket.state is TicketState.COMPLETED:
        done = f"landed as {ticket.commit[:12]}" if ticket.commit else ticket.status.value
        status["completionSummary"] = ticket.summary or ticket.reason or done.replace("_", " ")
    elif ticket.state is TicketState.FAILED:
        why = ticket.question or ticket.reason
        status["exceptionDescription"] = f"{ticket.status.value}: {why}" if why else ticket.status
    return {
        "featureFolder": _folder(run),
        "ticket": {
            "id": ticket.id,
            "name": ticket.title,
            "description": ticket.description,
            "phase": ticket.phase,
            "dependencies": [
                {"id": each, "phase": phase_of(run.plan.package(each))} for each in ticket.needs
            ],
            "status": status,
        },
    }


def _folder(run: Run) -> str:
    """The feature's folder, as Purple's commands take it; elsewhere the plan's name."""
    if run.plan.format == "purple" and run.plan.files:
        parts = run.plan.files[0].path.split("/")
        if len(parts) > 2:  # noqa: PLR2004 - the file, the specs' folder, and the feature's
            return "/".join(parts[:-2])
    return run.plan.id


def _trial(run: Run) -> int:
    """The number of QA's try that is under way; 0: none is."""
    active = any(run.plan.package(each.id).own for each in run.with_status(*ACTIVE))
    return max(1, len(run.trials)) if active else 0


def _current(phases: Sequence[Phase]) -> str:
    """The first phase that is not over; else the last."""
    over = {TicketState.COMPLETED, TicketState.FAILED}
    names = [each.name for each in phases]
    return next(
        (each.name for each in phases if each.state not in over), names[-1] if names else ""
    )


def _cause(run: Run, cause: Recorded | None) -> Mapping[str, Any]:
    """The sequence number of what is told, and the newest event in it."""
    if cause is None:
        return {"seq": run.seq, "at": instant(run.started_at), "event": None}
    package, _, _ = subject(cause.event)
    at = instant(cause.at)
    event = {"seq": cause.seq, "type": TYPE_NAMES[type(cause.event)], "package": package, "at": at}
    return {"seq": run.seq, "at": at, "event": event}


def _key(run: Run, body: Mapping[str, Any]) -> str:
    return f"{run.id}-{_mark(body)}"


def _mark(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True, ensure_ascii=True)
    return sha256(text.encode()).hexdigest()[:24]
