"""`acp:COMMAND`: any program that speaks the Agent Client Protocol on its standard streams.

Plait starts a client of its own, which starts the program, gives it the brief, answers what it
asks, and prints what it does.
"""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from plait.agents.acp_lines import AcpLines
from plait.agents.copilot import Copilot
from plait.agents.gemini import Gemini
from plait.agents.hosts import needed
from plait.agents.opencode import Opencode
from plait.agents.qwen import Qwen
from plait.agents.vendor import EVERYONES, VendorAgent, guard_rules, value_of
from plait.core.profile import AgentProfile
from plait.errors import UsageError
from plait.ports import AgentTask, Capabilities, Invocation, Reader

_EXTRA = "agent-client-protocol is not installed: `pip install 'plait[acp]'`"
# Programs that have an adapter too: their home is laid out as that one does it.
_KNOWN: Mapping[str, type[VendorAgent]] = {
    "copilot": Copilot,
    "gemini": Gemini,
    "opencode": Opencode,
    "qwen": Qwen,
}


class Acp(VendorAgent):
    """A program of which no more is known than that it speaks the protocol.

    Args:
        argument: The command, as a shell would read it; no shell is started.

    Raises:
        UsageError: `BAD_AGENT`, the command is empty, or its quotes do not match.
    """

    adapter = "acp"
    keys = tuple(
        dict.fromkeys(
            (
                "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OPENAI_API_KEY", "GEMINI_API_KEY",
                "GOOGLE_API_KEY", "OPENROUTER_API_KEY", "MISTRAL_API_KEY",
                *(key for each in _KNOWN.values() for key in each.keys),
            )
        )
    )  # fmt: skip
    settings = tuple(
        dict.fromkeys(
            ("ANTHROPIC_BASE_URL", *(name for each in _KNOWN.values() for name in each.settings))
        )
    )

    def __init__(self, argument: str) -> None:
        try:
            self._command = tuple(shlex.split(argument))
        except ValueError as error:
            raise _bad(f"the command {argument!r} cannot be read: {error}") from None
        if not self._command:
            raise _bad("the agent acp needs a command")
        self.programs = self._command[:1]
        name = Path(self._command[0]).name
        self._known = _KNOWN[name]("") if name in _KNOWN else None

    @property
    def reads(self) -> frozenset[str]:
        """Trust too: it asks before it runs a command, and the client answers."""
        return super().reads | {"trust"}

    @property
    def can(self) -> Capabilities:
        """What the protocol gives everyone: servers of tools, and files written by the client."""
        return Capabilities(mcp=True, client_writes=True)

    def probe(self) -> str | None:
        """Why it cannot be used, or None: the client's package, or the program, is not there."""
        return f"acp: {_EXTRA}" if find_spec("acp") is None else super().probe()

    def found(self, profile: AgentProfile | None) -> str | None:
        """The program's path, if it is there."""
        if profile is not None and profile.program:
            return shutil.which(profile.program)
        return (
            super().found(None)
            if self._known is None
            else self._known.found(
                AgentProfile(name=self.adapter, use=self.adapter, program=self.programs[0])
            )
        )

    def start(self, task: AgentTask) -> Invocation:
        """The client, which reads the brief from its standard input; its orders are in a file."""
        orders = task.home / "acp.json"
        own = Invocation(argv=()) if self._known is None else self._known.start(task)
        program = self.found(task.profile) or self.programs[0]
        told = {
            "command": [program, *self._command[1:], *task.profile.args],
            "worktree": str(task.worktree),
            "scope": str(task.scope_path),
            "own": [str(task.home), str(task.directory)],
            "rules": guard_rules(task),
            "model": task.profile.model,
            "mcp": {name: dict(server) for name, server in task.profile.mcp.items()},
            "key_there": any(value_of(task, each) for each in self.keys),
        }
        return Invocation(
            argv=("-I", "-m", "plait.agents.acp_client", str(orders)),
            env=own.env,
            stdin=task.brief.encode(),
            files={**own.files, orders: json.dumps(told).encode()},
            hosts=own.hosts or needed(task, (*self.keys, *self.settings)),
            programs=(program,),
        )

    def invocation(self, task: AgentTask) -> Invocation:
        """The client under Plait's own Python; all else as every agent has it."""
        made = super().invocation(replace(task, profile=replace(task.profile, args=())))
        own = self.start(task)
        return replace(
            made,
            argv=(sys.executable, *own.argv),
            files={**made.files, **own.files},
            inherit=(*EVERYONES, *self.keys, *self.settings, *task.profile.env),
        )

    def reader(self, task: AgentTask) -> Reader:  # noqa: ARG002 - all sessions read alike
        """Reads the client's lines."""
        return AcpLines()


def _bad(message: str) -> UsageError:
    return UsageError(message, code="BAD_AGENT", hint='`--agent "acp:my-agent --acp"`')
