"""What the adapters of coding agents' own programs have in common.

Such an agent is started with a home folder of its own and an environment of listed variables
only; what it writes to its standard output is read into a transcript. Its exit code proves
nothing: what came of an attempt is decided from its final word, and then from the tree.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from plait.agents.hook import CHECKED
from plait.agents.json_lines import LONGEST
from plait.agents.packaged import packaged_version
from plait.agents.result import last_lines, outcome_of
from plait.core.event import AgentStatus
from plait.core.guardrails.verdict import Bound, Trust
from plait.core.profile import AgentProfile
from plait.core.transcript import Account, Finished, FinishKind, account as summed_up
from plait.errors import UsageError
from plait.ports import Agent, AgentOutcome, AgentTask, Invocation
from plait.process import Exit

# What a program needs of the user's environment to run at all; keys are named by each adapter.
EVERYONES = (
    "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TERM", "TMPDIR", "SHELL", "USER", "LOGNAME",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
    # where tools lie that its commands use
    "VIRTUAL_ENV", "JAVA_HOME", "GOROOT", "GOPATH", "RUSTUP_HOME", "CARGO_HOME", "NVM_DIR",
    "PYENV_ROOT", "PNPM_HOME", "ASDF_DATA_DIR", "MISE_DATA_DIR",
)  # fmt: skip

HOOK = Path(__file__).with_name("hook.py")
# Most agents let a call pass whose check crashed, was killed, or said nothing they understand: so
# whatever ends without the checker's last word is told them as a refusal, which they all know.
_CLOSED = (
    f'told=$("$@") && case $told in *{CHECKED}) printf %s "${{told%{CHECKED}}}";; *) false;; esac'
    " || { echo 'the check of the scope failed, so the call is refused' >&2; exit 2; }"
)
LARGEST_LOGIN = 1024 * 1024
_MENTION = re.compile(r"(?<!\S)@([\"']?(?:~?/|\.\./)\S*)")
_VERSION = re.compile(r"\d+(?:\.\d+)+")

_STATUS: Mapping[FinishKind, AgentStatus] = {
    FinishKind.OK: AgentStatus.COMPLETED,
    FinishKind.RATE_LIMIT: AgentStatus.RATE_LIMITED,
    FinishKind.BUDGET_CAP: AgentStatus.OVERSPENT,
}
_WORDS: Mapping[FinishKind, str] = {
    FinishKind.TURN_CAP: "it has taken as many turns as it may",
    FinishKind.BUDGET_CAP: "the attempt has cost as much as it may",
    FinishKind.CANCELLED: "it was told to stop",
    FinishKind.DENIED: "it could not go on without a permission",
    FinishKind.RATE_LIMIT: "it is refused for its rate",
    FinishKind.API_ERROR: "its model could not be asked",
}
_BELIEVED = frozenset({AgentStatus.BLOCKED, AgentStatus.FAILED, AgentStatus.RATE_LIMITED})


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
    log_in: str = ""  # how its user logs in, as a hint: `set X, or run Y once`

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

    @property
    def reads(self) -> frozenset[str]:
        """All of it; MCP servers where its program takes them, trust where a hook is asked."""
        own = {"program", "model", "args", "env", "set_env"}
        further = {"mcp": self.can.mcp, "trust": self.can.hooks}
        return frozenset(own | {key for key, there in further.items() if there})

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
        """Its package's version, or what the program says in 20 s; empty if it says nothing."""
        program = self.found(profile)
        if program is None:
            return ""
        packaged = packaged_version(program)
        if packaged:
            return packaged
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
        return (told.stdout.strip() or told.stderr.strip()).decode(errors="replace")

    def outdated(self, told: str) -> str | None:
        """Why a program that says it is of that version is too old, or None."""
        if not self.oldest or not told:
            return None
        found = _VERSION.search(told)
        if found and _numbers(found[0]) >= _numbers(self.oldest):
            return None
        shown = found[0] if found else told[:40]
        return f"{self.adapter} {shown} is older than {self.oldest}, which this adapter is made for"

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
            files={task.home / ".gitconfig": _identity(self.adapter), **own.files},
            secrets=(*self.keys, *own.secrets),
            hosts=(*own.hosts, *_servers(profile)),
        )

    @abstractmethod
    def start(self, task: AgentTask) -> Invocation:
        """How to start the program: arguments without the program's name, variables, files."""

    def outcome(self, task: AgentTask, ended: Exit, account: Account | None = None) -> AgentOutcome:
        """By the agent's final word; what its result file says is added, and believed if worse.

        Without an account, its output is read here.
        """
        summed = self.read(task) if account is None else account
        told = outcome_of(task, replace(ended, code=0))  # its exit code proves nothing
        finished = summed.finished or self.unsaid(task, ended) or _given_up(summed)
        kind = finished.kind
        status = _STATUS.get(kind, AgentStatus.FAILED)
        if ended.timed_out:
            status = AgentStatus.TIMED_OUT
        elif status is AgentStatus.COMPLETED and told.status in _BELIEVED:
            status = told.status
        words = finished.message or summed.last_words or _WORDS.get(kind, "")
        if kind is FinishKind.CRASHED:
            words = self._crashed(task, ended, words)
        elif kind is FinishKind.AUTH:
            words = f"{words or 'its key was refused'}; {self.log_in}" if self.log_in else words
        used = summed.tokens_input or summed.tokens_output
        return replace(
            told,
            status=status,
            summary=told.summary or words or f"{self.adapter}: {kind.value}",
            question=told.question or (words if status is AgentStatus.BLOCKED else ""),
            cost_usd=told.cost_usd if summed.cost_usd is None else summed.cost_usd,
            tokens_input=summed.tokens_input if used else told.tokens_input,
            tokens_output=summed.tokens_output if used else told.tokens_output,
            retry_after_s=told.retry_after_s or finished.retry_after_s,
            retry_at=told.retry_at or finished.retry_at,
            session=summed.session,
            finish=kind,
        )

    def unsaid(self, task: AgentTask, ended: Exit) -> Finished | None:  # noqa: ARG002 - see below
        """The final word of a program that ends without one, where it is told in another way."""
        return None

    def read(self, task: AgentTask) -> Account:
        """The account of what the attempt has written to its standard output until now."""
        summed, reader = Account(), self.reader(task)
        path = task.directory / "stdout.log"
        if reader is None or path.is_symlink() or not path.is_file():
            return summed
        with path.open("rb") as file:
            for line in iter(lambda: file.readline(LONGEST + 1), b""):
                for entry in reader.read(line.rstrip(b"\r\n")):
                    summed = summed_up(summed, entry)
        return summed

    def _crashed(self, task: AgentTask, ended: Exit, words: str) -> str:
        code = ended.code or 0
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        complaint = last_lines(task.directory, ("stderr.log",)) or words
        told = f"{self.adapter} ended without a final word ({ended.error or how})"
        return f"{told}: {complaint}" if complaint else told


def _given_up(summed: Account) -> Finished:
    """The final word of one that was ended without: what it was waiting for, if it was."""
    last = summed.retried
    if last is None:
        return Finished(kind=FinishKind.CRASHED)
    limited = last.kind is FinishKind.RATE_LIMIT
    return Finished(
        kind=last.kind, message=last.message, retry_after_s=last.delay_s if limited else None
    )


def _servers(profile: AgentProfile) -> list[str]:
    """The hosts of its MCP servers: their owner wants them to be reached."""
    urls = (str(server.get("url", "")) for server in profile.mcp.values())
    return [found for each in urls if (found := host(each, ""))]


def value_of(task: AgentTask, name: str) -> str:
    """A variable as the agent will see it, if it is handed it: the profile's, or the user's."""
    return task.profile.set_env.get(name, "") or os.environ.get(name, "")


def has_key(task: AgentTask, keys: Sequence[str]) -> bool:
    """Whether one of these variables holds a key."""
    return any(value_of(task, each) for each in keys)


def login(*parts: str) -> bytes | None:
    """A file of the user's home in which a program keeps its login, if it is there."""
    path = Path.home().joinpath(*parts)
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_LOGIN:
            return None
        return path.read_bytes()
    except OSError:
        return None


def host(url: str, otherwise: str) -> str:
    """The host of a URL, with its port if it names one; `otherwise` if it has none."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or otherwise
    except ValueError:  # brackets that are not closed
        return otherwise


def prompt(task: AgentTask) -> str:
    """The brief, so that nothing in it is taken for a command to the program.

    Programs read a file whose path stands after an `@`, unasked: none outside the worktree.
    """
    text = _MENTION.sub(lambda found: _apart(found, task.worktree), task.brief)
    return f"\n{text}" if text[:1] in {"/", "!", "?", "-"} else text


def _apart(found: re.Match[str], worktree: Path) -> str:
    path = found[1].strip("\"'").rstrip(".,:;)]}")
    there = os.path.lexists(worktree / Path(path).expanduser())
    return f"@ {found[1]}" if there else found[0]


def hook_command(task: AgentTask, kind: str) -> str:
    """The shell command of the hook that checks each tool against the attempt's scope."""
    closed = ("/bin/sh", "-c", _CLOSED, "plait-scope")
    places = (task.scope_path, task.worktree, task.home, task.directory)
    parts = (*closed, sys.executable, "-I", "-S", HOOK, kind, guard_rules(task), *places)
    return shlex.join(map(str, parts))


def guard_rules(task: AgentTask) -> str:
    """What the checker needs to judge a shell's command, as JSON."""
    found = [find_spec(each) for each in ("tree_sitter", "tree_sitter_bash")]
    paths = {str(Path(each.origin).parents[1]): None for each in found if each and each.origin}
    return json.dumps(
        {
            "agent": task.profile.name,
            "trust": Trust.STANDARD if task.profile.trust is None else task.profile.trust,
            "owner": dict(task.guardrails),
            "own": sorted({Bound.HOME, *task.own}),
            "paths": list(paths),
        }
    )


def _identity(name: str) -> bytes:
    """What git needs to know for an agent that commits; the user's own settings stay apart."""
    return f"[user]\n\tname = {name}\n\temail = {name}@localhost\n".encode()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in version.split(".") if each.isdigit())
