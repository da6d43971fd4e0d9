"""The store in SQL: the Store port on SQLAlchemy Core."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from plait.core.audit import Entry, Fact, Kind
from plait.core.codec import decode, encode
from plait.core.event import Recorded, RunId, RunStatus, Warned
from plait.core.features import Feature
from plait.core.messages import Progress, Question
from plait.core.plan import Digest, PackageId, Plan
from plait.core.spent import Used, used
from plait.core.step import Done
from plait.errors import UsageError
from plait.ports import Advance, Approval, Duration, Landings, PackageRow, Request, RunRow
from plait.store import audit, leases, requests, rows, statements, trunks
from plait.store.bulk import insert_many
from plait.store.claims import Claims
from plait.store.coordination import SqlCoordination, asking, leasing
from plait.store.engines import take_turn
from plait.store.patience import Doubt, patient
from plait.store.refusals import no_such_run, only
from plait.store.replan import replace_plan

T = TypeVar("T")


class SqlStore(Claims, SqlCoordination):
    """The state of record in a database that `plait.store.database.open_store` has opened.

    May be called from any thread; calls wait for one another.
    """

    @patient
    def create_run(
        self, run: RunId, plan: Plan, *, branch: str, base: str, options: Mapping[str, Any]
    ) -> None:
        """Record a run and its packages, all pending at epoch 0.

        Raises:
            UsageError: `RUN_EXISTS`.
        """
        document, chosen = json.dumps(encode(plan)), json.dumps(encode(options))
        with self._transaction(self._writing) as connection:
            take_turn(connection)
            if connection.execute(statements.RUN, {"run": run}).one_or_none() is not None:
                raise UsageError(f"there is a run {run} already", code="RUN_EXISTS")
            now = self._clock.now()
            connection.execute(
                statements.ADD_RUN,
                {
                    "id": run,
                    "plan": plan.id,
                    "digest": plan.digest,
                    "branch": branch,
                    "base": base,
                    "head": base,
                    "status": RunStatus.RUNNING.value,
                    "seq": 0,
                    "created_at": now,
                    "updated_at": now,
                    "options": chosen,
                },
            )
            connection.execute(statements.ADD_PLAN, {"run": run, "document": document})
            connection.execute(statements.ADD_TRUNK, {"run": run, "epoch": 0})
            if plan.packages:
                connection.execute(statements.ADD_PACKAGE, rows.new_packages(run, plan, now))

    @patient
    def run(self, run: RunId) -> RunRow:
        """One run. Raises UsageError `NO_SUCH_RUN`."""
        with self._transaction(self._reading) as connection:
            return rows.run(only(connection, statements.RUN, run))

    @patient
    def runs(self) -> tuple[RunRow, ...]:
        """All runs, newest first."""
        with self._transaction(self._reading) as connection:
            return tuple(map(rows.run, connection.execute(statements.RUNS)))

    @patient
    def plan(self, run: RunId) -> Plan:
        """The plan a run executes. Raises UsageError `NO_SUCH_RUN`."""
        with self._transaction(self._reading) as connection:
            (document,) = only(connection, statements.PLAN, run)
        return decode(Plan, json.loads(document))

    @patient
    def options(self, run: RunId) -> Mapping[str, Any]:
        """The options a run was started with. Raises UsageError `NO_SUCH_RUN`."""
        with self._transaction(self._reading) as connection:
            (text,) = only(connection, statements.OPTIONS, run)
        options: dict[str, Any] = json.loads(text)
        return options

    @patient
    def packages(self, run: RunId) -> tuple[PackageRow, ...]:
        """The run's packages in the plan's order. Raises UsageError `NO_SUCH_RUN`."""
        with self._transaction(self._reading) as connection:
            found = connection.execute(statements.PACKAGES, {"run": run}).all()
            if not found:
                only(connection, statements.RUN, run)
        return tuple(map(rows.package, found))

    @patient
    def advance(
        self, run: RunId, advances: Sequence[Advance], *, run_epoch: int = 0
    ) -> tuple[Recorded, ...]:
        """Write all advances in one transaction, in order; all or none.

        Raises:
            StaleEpoch: A package is at another epoch than a state, or an event, of it.
            RunTaken: The run has another epoch.
            UsageError: `NO_SUCH_RUN`, `NO_SUCH_PACKAGE`.
        """
        events = [event for each in advances for event in each.events]
        states = {state.id: state for each in advances for state in each.packages}
        released = [package for each in advances for package in each.released]
        with self._transaction(self._writing) as connection:
            trunks.require(connection, run, run_epoch)
            done = self._doubt and self._doubt.settled(connection, run, advances)
            if done:
                self._doubt = None
                return done
            advanced = connection.execute(
                statements.ADVANCE_RUN,
                {
                    "of_run": run,
                    "count": len(events),
                    "now": self._clock.now(),
                    "new_status": _last(each.status for each in advances),
                    "new_head": _last(each.head for each in advances),
                },
            ).one_or_none()
            if advanced is None:
                raise no_such_run(run)
            last, now = advanced
            plan = _last(each.plan for each in advances)
            if plan is not None:
                replace_plan(connection, run, plan, now=now)
            leases.guard(connection, run, advances)
            recorded = tuple(
                Recorded(seq=seq, at=now, run=run, event=event)
                for seq, event in enumerate(events, start=last - len(events) + 1)
            )
            insert_many(connection, statements.ADD_EVENT, [rows.new_event(r) for r in recorded])
            if states:
                written = [rows.new_state(run, state, now) for state in states.values()]
                connection.execute(statements.WRITE_PACKAGE, written)
            requests.write_steps(connection, run, (s for a in advances for s in a.steps), now)
            answers = [one for each in advances for one in each.answers]
            answered = requests.answer(connection, run, answers)
            leases.give_back(connection, run, released)
            audit.append(connection, audit.facts_of(run, events, answered), now)
            self._doubt = Doubt(run=run, advances=tuple(advances), recorded=recorded)
        self._doubt = None
        return recorded

    @patient
    def note(self, run: RunId, warned: Warned) -> None:
        """Add a warning to a run, whoever decides it. Raises UsageError `NO_SUCH_RUN`."""
        with self._transaction(self._writing) as connection:
            now = self._clock.now()
            given = {"of_run": run, "count": 1, "now": now, "new_status": None, "new_head": None}
            advanced = connection.execute(statements.ADVANCE_RUN, given).one_or_none()
            if advanced is None:
                raise no_such_run(run)
            seq, now = advanced
            recorded = Recorded(seq=seq, at=now, run=run, event=warned)
            connection.execute(statements.ADD_EVENT, rows.new_event(recorded))

    @patient
    def events(
        self, run: RunId, *, after: int = 0, package: PackageId | None = None
    ) -> tuple[Recorded, ...]:
        """The run's events with `seq > after`, in order; of a package only, or of none.

        Raises:
            UsageError: `NO_SUCH_RUN`.
            EnvironmentLack: `STORE_TOO_NEW` for an event that this version does not know.
        """
        with self._transaction(self._reading) as connection:
            wanted = statements.EVENTS if package is None else statements.EVENTS_ABOUT
            given = {"run": run, "after": after, "about": package}
            found = connection.execute(wanted, given).all()
            if not found:
                only(connection, statements.RUN, run)
        return tuple(rows.recorded(run, row, place=self._place) for row in found)

    @patient
    def some_events(self, run: RunId, *, after: int, most: int) -> tuple[Recorded, ...]:
        """The first of the run's events with `seq > after`, in order: at most so many.

        Raises:
            UsageError: `NO_SUCH_RUN`.
            EnvironmentLack: `STORE_TOO_NEW` for an event that this version does not know.
        """
        with self._transaction(self._reading) as connection:
            given = {"run": run, "after": after, "most": most}
            found = connection.execute(statements.SOME_EVENTS, given).all()
            if not found:
                only(connection, statements.RUN, run)
        return tuple(rows.recorded(run, row, place=self._place) for row in found)

    @patient
    def used(self, run: RunId) -> Mapping[PackageId, Used]:
        """What each package's agents say they used up."""
        with self._transaction(self._reading) as connection:
            found = connection.execute(statements.USAGE, {"run": run}).all()
        return used((*row[:3], json.loads(row[3])) for row in found)

    @patient
    def steps(self, run: RunId) -> Mapping[PackageId, Done]:
        """What the steps of each package's latest epoch came to. Raises `NO_SUCH_RUN`."""
        with self._transaction(self._reading) as connection:
            return requests.steps(connection, run)

    def ask(self, run: RunId, kind: str, data: Mapping[str, Any], *, who: str) -> int:
        """Put a request to whoever decides the run; its number. Raises `NO_SUCH_RUN`."""
        with self._transaction(self._writing) as connection:
            now = self._clock.now()
            number = requests.ask(connection, run, kind, data, who=who, now=now)
            told = {"request": number, "kind": kind, "data": dict(data)}
            fact = Fact(kind=Kind.ASKED, who=who, run=run, data=told)
            audit.append(connection, (fact,), now)
            return number

    @patient
    def requests(self, run: RunId) -> tuple[Request, ...]:
        """The run's requests that have no answer, oldest first."""
        with self._transaction(self._reading) as connection:
            return requests.open_requests(connection, run)

    @patient
    def questions(self, run: RunId) -> tuple[Question, ...]:
        """What sessions ask people about a run, and nobody has answered, the oldest first."""
        with self._transaction(self._reading) as connection:
            return asking.open_questions(connection, run)

    @patient
    def progress(self, run: RunId) -> tuple[Progress, ...]:
        """How far sessions say that work of a run is, the newest word last."""
        with self._transaction(self._reading) as connection:
            return asking.progress_of(connection, run)

    @patient
    def features(self) -> tuple[Feature, ...]:
        """Features that are registered, whose time is not over, by name."""
        with self._transaction(self._reading) as connection:
            return leasing.standing(connection, self._clock.now())

    @patient
    def request(self, run: RunId, number: int) -> Request:
        """One request. Raises UsageError `NO_SUCH_REQUEST`."""
        with self._transaction(self._reading) as connection:
            return requests.request(connection, run, number)

    @patient
    def approve(self, digest: Digest, *, who: str, plan: str) -> Approval:
        """Record an approval."""
        told = rows.storable(who)
        with self._transaction(self._writing) as connection:
            take_turn(connection)
            now = self._clock.now()
            connection.execute(
                statements.APPROVE, {"of_digest": digest, "who": told, "plan": plan, "at": now}
            )
            given = {"digest": digest, "plan": plan}
            audit.append(connection, (Fact(kind=Kind.APPROVED, who=told, data=given),), now)
        return Approval(who=told, at=now, digest=digest, plan=plan)

    @patient
    def approvals(self, digest: Digest) -> tuple[Approval, ...]:
        """The approvals of a digest, oldest first."""
        with self._transaction(self._reading) as connection:
            found = connection.execute(statements.APPROVALS, {"digest": digest})
            return tuple(
                Approval(who=who, at=at, digest=digest, plan=plan) for who, at, plan in found
            )

    @patient
    def approved(self, plan: str) -> tuple[Approval, ...]:
        """The approvals of any digest of the plans of that id, oldest first."""
        with self._transaction(self._reading) as connection:
            found = connection.execute(statements.APPROVED, {"plan": plan})
            return tuple(
                Approval(who=who, at=at, digest=Digest(digest), plan=plan)
                for who, at, digest in found
            )

    @patient
    def audit(self, *, after: int = 0, most: int = 1000) -> tuple[Entry, ...]:
        """Rows of the audit behind a number, in order."""
        with self._transaction(self._reading) as connection:
            return audit.read(connection, after, most)

    @patient
    def audit_of(self, run: RunId, *, most: int = 1000) -> tuple[Entry, ...]:
        """The newest rows of the audit that are about a run, or are approvals, in order."""
        with self._transaction(self._reading) as connection:
            newest = partial(audit.find, connection, who="", after=None, most=most)
            found = newest(run=run, kind="")
            approved = newest(run="", kind=Kind.APPROVED.value)
        return tuple(sorted((*found, *approved), key=lambda each: each.number))

    @patient
    def audited(self) -> int:
        """How many rows of the audit were written."""
        with self._transaction(self._reading) as connection:
            return audit.count(connection)

    @patient
    def landings(self) -> Landings:
        """What came of candidates in the latest runs."""
        with self._transaction(self._reading) as connection:
            found = {row[0]: row[1] for row in connection.execute(statements.LANDINGS)}
        return Landings(landed=found.get("landed", 0), red=found.get("landing_refused", 0))

    @patient
    def durations(self) -> tuple[Duration, ...]:
        """How long packages took that landed, the latest first."""
        with self._transaction(self._reading) as connection:
            return tuple(
                Duration(plan=plan, package=PackageId(package), seconds=seconds)
                for plan, package, seconds in connection.execute(statements.DURATIONS)
            )


def _last(values: Iterable[T | None]) -> T | None:
    """The last that is given, if any: a later advance overrules an earlier one."""
    given = [value for value in values if value is not None]
    return given[-1] if given else None
