"""`external`: a worker from elsewhere, who joins through the coordinator.

What Plait starts waits until the worker has said that it is done; the worker itself is nobody's
child. So an attempt of such a worker outlives Plait, is adopted and timed out as all others.
"""

from __future__ import annotations

from plait.agents.result import outcome_of, usage_of
from plait.core.roster import EXTERNAL
from plait.core.transcript import Account
from plait.errors import UsageError
from plait.ports import Agent, AgentOutcome, AgentTask, Capabilities, Invocation, Usage
from plait.ports.agents import WORKER_PIPE
from plait.process import Exit

# A pipe that nobody writes to holds who opens it; what comes through it is the exit code.
_WAIT = 'mkfifo -m 600 "$0" && read -r code < "$0" && exit "$code"'


class External(Agent):
    """Waits for a worker from elsewhere.

    Raises:
        UsageError: `BAD_AGENT`, it takes no argument.
    """

    def __init__(self, argument: str = "") -> None:
        if argument:
            raise UsageError(
                "the agent external takes no argument",
                code="BAD_AGENT",
                hint="workers join by `plait mcp` or `plait serve`",
            )

    @property
    def name(self) -> str:
        """`external`."""
        return EXTERNAL

    @property
    def can(self) -> Capabilities:
        """Its worker is elsewhere."""
        return Capabilities(outside=True)

    def probe(self) -> str | None:
        """Nothing to look for."""
        return None

    def invocation(self, task: AgentTask) -> Invocation:
        """A shell that waits."""
        pipe = task.directory / WORKER_PIPE
        return Invocation(argv=("/bin/sh", "-c", _WAIT, str(pipe)), inherit=("PATH",))

    def outcome(
        self,
        task: AgentTask,
        ended: Exit,
        account: Account | None = None,  # noqa: ARG002 - it says nothing
    ) -> AgentOutcome:
        """By what its worker said, as a result file and an exit code."""
        return outcome_of(task, ended)

    def usage(self, task: AgentTask) -> Usage | None:
        """What the result file says."""
        return usage_of(task)
