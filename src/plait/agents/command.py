"""`command:SHELL`: any program as an agent; docs/howto/command-agent.md tells how."""

from __future__ import annotations

from plait.agents.result import outcome_of, usage_of
from plait.core.transcript import Account
from plait.errors import UsageError
from plait.ports import Agent, AgentOutcome, AgentTask, Invocation, Usage
from plait.process import Exit


class CommandAgent(Agent):
    """Runs a shell command in the worktree, with the brief on its standard input.

    Args:
        argument: What `/bin/sh -c` is given, as the user typed it.

    Raises:
        UsageError: `BAD_AGENT`, the command is empty.
    """

    def __init__(self, argument: str) -> None:
        if not argument.strip():
            raise UsageError(
                "the command agent needs a command",
                code="BAD_AGENT",
                hint='--agent "command:my-agent --headless"',
            )
        self._command = argument

    @property
    def name(self) -> str:
        """`command`; the command itself is in the run's options."""
        return "command"

    @property
    def reads(self) -> frozenset[str]:
        """Variables: the rest is in the command."""
        return frozenset({"set_env"})

    def probe(self) -> str | None:
        """Nothing to look for: a shell is always there."""
        return None

    def invocation(self, task: AgentTask) -> Invocation:
        """The shell, the command, the brief."""
        return Invocation(
            argv=("/bin/sh", "-c", self._command),
            env=task.profile.set_env,
            stdin=task.brief.encode(),
        )

    def outcome(
        self,
        task: AgentTask,
        ended: Exit,
        account: Account | None = None,  # noqa: ARG002 - its output is no more than text
    ) -> AgentOutcome:
        """By exit code (75: blocked) and result file."""
        return outcome_of(task, ended)

    def usage(self, task: AgentTask) -> Usage | None:
        """What the result file says so far."""
        return usage_of(task)
