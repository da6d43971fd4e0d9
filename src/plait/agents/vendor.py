"""What the adapters of coding agents' own programs have in common.

Such an agent is started with a home folder of its own and an environment of listed variables
only; what it writes to its standard output is read into a transcript. Its exit code proves
nothing: what came of an attempt is decided from its final word, and then from the tree.
"""

from __future__ import annotations

import shutil
import subprocess
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace

from plait.agents.result import outcome_of
from plait.core.event import AgentStatus
from plait.core.profile import AgentProfile
from plait.core.transcript import Account, FinishKind
from plait.errors import UsageError
from plait.ports import Agent, AgentOutcome, AgentTask, Invocation
from plait.process import Exit

# What a program needs of the user's environment to run at all; keys are named by each adapter.
EVERYONES = (
    "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TERM", "TMPDIR", "SHELL", "USER", "LOGNAME",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
)  # fmt: skip

_STATUS: Mapping[FinishKind, AgentStatus] = {
    FinishKind.OK: AgentStatus.COMPLETED,
    FinishKind.RATE_LIMIT: AgentStatus.RATE_LIMITED,
    FinishKind.BUDGET_CAP: AgentStatus.OVERSPENT,
}


class VendorAgent(Agent):
    """An agent whose program somebody else makes. An adapter says what is its own.

    Args:
        argument: What stands after the colon of `--agent NAME:…`: nothing is taken.

    Raises:
        UsageError: `BAD_AGENT`.
    """

    adapter: str  # as `--agent` names it
    programs: Sequence[str]  # what the program may be called; the first is what is told
    keys: Sequence[str] = ()  # variables of the user's that hold its keys: handed on, never told
    settings: Sequence[str] = ()  # other variables of the user's that it is handed
    oldest: str = ""  # the oldest version that the adapter is known to understand

    def __init__(self, argument: str) -> None:
        if argument:
            raise UsageError(
                f"the agent {self.adapter} takes no argument, and was given {argument!r}",
                code="BAD_AGENT",
                hint=f"`--agent {self.adapter}`; what is set for it stands in [agents.NAME]",
            )

    @property
    def name(self) -> str:
        """As given to `--agent`."""
        return self.adapter

    def probe(self) -> str | None:
        """Why the program cannot be used, or None: it is not there."""
        if self.found(None) is not None:
            return None
        return f"{self.adapter}: no program {self.programs[0]} is on the PATH"

    def found(self, profile: AgentProfile | None) -> str | None:
        """The program's path, if it is there."""
        wanted = [profile.program] if profile and profile.program else self.programs
        return next((path for each in wanted if (path := shutil.which(each))), None)

    def version(self, profile: AgentProfile | None = None) -> str:
        """What the program says its version is; empty if it does not say so within 20 s."""
        program = self.found(profile)
        if program is None:
            return ""
        try:
            told = subprocess.run(
                [program, "--version"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=20,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return told.stdout.decode(errors="replace").strip()

    def invocation(self, task: AgentTask) -> Invocation:
        """The adapter's own, in the home and with the environment that all of them have."""
        own, profile = self.start(task), task.profile
        program = self.found(profile) or self.programs[0]
        home = {"HOME": str(task.home), "XDG_CONFIG_HOME": str(task.home / ".config")}
        return replace(
            own,
            argv=(program, *own.argv, *profile.args),
            env={**home, **own.env, **profile.set_env},
            inherit=(*EVERYONES, *self.keys, *self.settings, *profile.env),
            secrets=(*self.keys, *own.secrets),
        )

    @abstractmethod
    def start(self, task: AgentTask) -> Invocation:
        """How to start the program: arguments without the program's name, variables, files."""

    def outcome(self, task: AgentTask, ended: Exit, account: Account | None = None) -> AgentOutcome:
        """By the agent's final word; what its result file says is added, and believed if worse."""
        summed = account or Account()
        told = outcome_of(task, ended)
        finished = summed.finished
        kind = finished.kind if finished else FinishKind.CRASHED
        status = _STATUS.get(kind, AgentStatus.FAILED)
        if ended.timed_out:
            status = AgentStatus.TIMED_OUT
        elif status is AgentStatus.COMPLETED and told.status is AgentStatus.BLOCKED:
            status = AgentStatus.BLOCKED
        words = (finished.message if finished else "") or summed.last_words
        return replace(
            told,
            status=status,
            summary=told.summary or words or f"{self.adapter}: {kind.value}",
            cost_usd=told.cost_usd if summed.cost_usd is None else summed.cost_usd,
            tokens_input=summed.tokens_input or told.tokens_input,
            tokens_output=summed.tokens_output or told.tokens_output,
            retry_after_s=finished.retry_after_s if finished else None,
            retry_at=finished.retry_at if finished else None,
            session=summed.session,
        )
