"""What sessions ask of runs, as rows within one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from plait.core.event import RunId
from plait.core.messages import Progress, Question
from plait.core.plan import PackageId
from plait.core.widening import ScopeAsk


class AskingRows(Protocol):
    """Requests to whoever decides a run, questions to people, and what sessions say of work."""

    def epoch_at_work(self, run: RunId, package: PackageId) -> int | None:
        """The epoch of a package's claim, while it lasts."""

    def ask_run(self, run: RunId, kind: str, data: Mapping[str, Any], *, who: str) -> int:
        """Put a request to whoever decides a run; its number. Raises UsageError `NO_SUCH_RUN`."""

    def answer_of(self, run: RunId, request: int) -> str | None:
        """What a request was answered, as JSON; None: not yet. Raises `NO_SUCH_REQUEST`."""

    def add_scope_ask(self, ask: ScopeAsk) -> None:
        """Note what a session asked for."""

    def scope_asks(self, run: RunId, package: PackageId, epoch: int) -> tuple[ScopeAsk, ...]:
        """What was asked for under one claim, the newest first."""

    def set_progress(self, progress: Progress) -> None:
        """Keep a session's last word on a piece of work."""

    def add_question(self, question: Question) -> None:
        """Add a question."""

    def write_question(self, question: Question) -> None:
        """Write a question anew."""

    def question(self, number: int) -> Question | None:
        """One question."""

    def questions_of(self, session: str) -> tuple[Question, ...]:
        """What a session has asked, the newest first."""
