"""A vendor's agent as Plait sees one: a shell command that prints entries of a transcript.

It is installed by putting this folder on the path of Python's modules, and named as
`talker:SHELL`. `$TALK_SESSION` is the session that it is to go on with, `$TALK_BRIEF` what it
is told. `forgetful:SHELL` cannot go on with a session.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from plait.agents.command import CommandAgent
from plait.core.entries import entry_of
from plait.core.event import AgentStatus
from plait.core.transcript import Account, Entry, FinishKind, Unread
from plait.ports import AgentOutcome, AgentTask, Capabilities, Invocation, Reader
from plait.process import Exit

STATUS = {
    FinishKind.OK: AgentStatus.COMPLETED,
    FinishKind.RATE_LIMIT: AgentStatus.RATE_LIMITED,
}


class Lines:
    """Each line is an entry as JSON."""

    def read(self, line: bytes) -> Iterable[Entry]:
        if line == b"break the reader":
            raise RuntimeError("it is broken")
        try:
            yield entry_of(json.loads(line))
        except ValueError:
            yield Unread(line=line.decode("utf-8", "replace"))


class Talker(CommandAgent):
    """Talks, and can go on with a session; its totals then count from the session's beginning."""

    @property
    def name(self) -> str:
        return "talker"

    @property
    def can(self) -> Capabilities:
        return Capabilities(resume=True, total_usage=True)

    def invocation(self, task: AgentTask) -> Invocation:
        plain = super().invocation(task)
        env = {"TALK_SESSION": task.session, "TALK_HOME": str(task.home)}
        return replace(plain, env=env, secrets=("TALK_KEY",))

    def reader(self, task: AgentTask) -> Reader:
        return Lines()

    def outcome(self, task: AgentTask, ended: Exit, account: Account | None = None) -> AgentOutcome:
        told = super().outcome(task, ended)
        assert account is not None
        finished = account.finished
        kind = finished.kind if finished else FinishKind.CRASHED
        status = AgentStatus.TIMED_OUT if ended.timed_out else STATUS.get(kind, AgentStatus.FAILED)
        return replace(
            told,
            status=status,
            summary=told.summary or (finished.message if finished else "") or account.last_words,
            cost_usd=account.cost_usd,
            tokens_input=account.tokens_input,
            tokens_output=account.tokens_output,
            session=account.session,
        )


class Forgetful(Talker):
    """Talks, and remembers nothing."""

    @property
    def name(self) -> str:
        return "forgetful"

    @property
    def can(self) -> Capabilities:
        return Capabilities()
