"""What sessions ask of runs: the run's own requests, and notes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from plait.core.audit import Fact, Kind
from plait.core.event import RunId
from plait.core.messages import Progress, Question
from plait.core.plan import PackageId
from plait.core.widening import ScopeAsk
from plait.ports.asking import AskingRows
from plait.store import audit, requests
from plait.store.coordination.records import Records
from plait.store.coordination.tables import progress, question, scope_ask
from plait.store.database_clock import moment
from plait.store.schema import package

_ASKS = Records(ScopeAsk, scope_ask, "number")
_UNDER = (
    select(*_ASKS.columns)
    .where(
        scope_ask.c.run == bindparam("run"),
        scope_ask.c.package == bindparam("package"),
        scope_ask.c.epoch == bindparam("epoch"),
    )
    .order_by(scope_ask.c.number.desc())
)
_EPOCH = select(package.c.epoch).where(
    package.c.run == bindparam("run"),
    package.c.id == bindparam("package"),
    package.c.holder.is_not(None),
    package.c.lease_until > moment(),
)

_QUESTIONS = Records(Question, question, "number")
_BY_SESSION = (
    select(*_QUESTIONS.columns)
    .where(question.c.session == bindparam("session"))
    .order_by(question.c.number.desc())
)
_OPEN = (
    select(*_QUESTIONS.columns)
    .where(question.c.run == bindparam("run"), question.c.answered_at == 0)
    .order_by(question.c.number)
)
_PROGRESS = Records(Progress, progress, "number")
_DROP_PROGRESS = delete(progress).where(
    progress.c.session == bindparam("of_session"),
    progress.c.run == bindparam("of_run"),
    progress.c.package == bindparam("of_package"),
    progress.c.task == bindparam("of_task"),
)
_OF_RUN = (
    select(*_PROGRESS.columns).where(progress.c.run == bindparam("run")).order_by(progress.c.number)
)


class SqlAsking(AskingRows):
    """Requests as a connection sees them."""

    _connection: Connection
    _at: float | None

    @property
    def now(self) -> float:
        """Unix time by the store's clock."""
        raise NotImplementedError

    def epoch_at_work(self, run: RunId, package: PackageId) -> int | None:
        """The epoch of a package's claim, while it lasts."""
        given = {"run": run, "package": package, "at": self._at}
        return self._connection.execute(_EPOCH, given).scalar_one_or_none()

    def ask_run(self, run: RunId, kind: str, data: Mapping[str, Any], *, who: str) -> int:
        """Put a request to whoever decides a run; its number."""
        number = requests.ask(self._connection, run, kind, data, who=who, now=self.now)
        told = {"request": number, "kind": kind, "data": dict(data)}
        audit.append(
            self._connection, (Fact(kind=Kind.ASKED, who=who, run=run, data=told),), self.now
        )
        return number

    def answer_of(self, run: RunId, request: int) -> str | None:
        """What a request was answered, as JSON."""
        return requests.request(self._connection, run, request).answer

    def add_scope_ask(self, ask: ScopeAsk) -> None:
        """Note what a session asked for."""
        _ASKS.add(self._connection, [ask])

    def scope_asks(self, run: RunId, package: PackageId, epoch: int) -> tuple[ScopeAsk, ...]:
        """What was asked for under one claim, the newest first."""
        given = {"run": run, "package": package, "epoch": epoch}
        return _ASKS.all(self._connection, _UNDER, given)

    def set_progress(self, progress: Progress) -> None:
        """Keep a session's last word on a piece of work."""
        given = {
            "of_session": progress.session,
            "of_run": progress.run,
            "of_package": progress.package,
            "of_task": progress.task,
        }
        self._connection.execute(_DROP_PROGRESS, given)
        _PROGRESS.add(self._connection, [progress])

    def add_question(self, question: Question) -> None:
        """Add a question."""
        _QUESTIONS.add(self._connection, [question])

    def write_question(self, question: Question) -> None:
        """Write a question anew."""
        _QUESTIONS.write(self._connection, question)

    def question(self, number: int) -> Question | None:
        """One question."""
        return _QUESTIONS.one(self._connection, number)

    def questions_of(self, session: str) -> tuple[Question, ...]:
        """What a session has asked, the newest first."""
        return _QUESTIONS.all(self._connection, _BY_SESSION, {"session": session})


def open_questions(connection: Connection, run: RunId) -> tuple[Question, ...]:
    """What sessions ask about a run, and nobody has answered, the oldest first."""
    return _QUESTIONS.all(connection, _OPEN, {"run": run})


def progress_of(connection: Connection, run: RunId) -> tuple[Progress, ...]:
    """What sessions say of work in a run, the newest last."""
    return _PROGRESS.all(connection, _OF_RUN, {"run": run})
