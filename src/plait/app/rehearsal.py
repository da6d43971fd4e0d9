"""A scripted exchange with an agent's real program: a scratch repository, a model on loopback.

The program is started as in a run, but in a folder of its own, with the user's keys, settings
and home out of its sight: the model that it finds is the script.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio

from plait import process
from plait.core.event import RunId
from plait.core.plan import Confidence, PackageId, Scope
from plait.core.profile import AgentLimits, AgentProfile
from plait.core.transcript import Account, account
from plait.demo.model import marker
from plait.demo.model.scenario import Scenarios
from plait.demo.model.server import ModelServer
from plait.engine.context import child_environment
from plait.ports import Agent, AgentOutcome, AgentTask, Confinement, Reader, Sandbox

SERVER = "marks"  # the MCP server that agents are told of
SCRIPT = """\
probe:
  - - write: {path: written.txt, text: "written\\n"}
    - shell: printf ran > ran.txt
SERVERS    - finish: Done.
  - - write: {path: again.txt, text: "again\\n"}
    - finish: Done again.
beyond:
  - write: {path: beyond.txt, text: "beyond\\n"}
  - finish: Done.
held:
  - write: {path: written.txt, text: "written\\n"}
  - finish: Done.
hang:
  - fault: {hang: true}
  - finish: Done.
"""
_ASK_SERVER = f"    - mcp: {{server: {SERVER}, tool: {marker.TOOL}}}\n"
SCOPE = Scope(write=("written.txt", "ran.txt", "again.txt"), confidence=Confidence.DECLARED)
GRACE_S = 5.0
MARK = "marked"  # below the stage's root, once the MCP server's tool was called
_MODEL = "scripted-model"
_KEY = "sk-no-key-a-script-answers"
_URL = "URL"  # where the scripted model is, to be put in
_KNOWN: Mapping[str, str] = {
    "ANTHROPIC_BASE_URL": _URL,
    "ANTHROPIC_API_KEY": _KEY,
    "OPENAI_BASE_URL": f"{_URL}/v1",
    "OPENAI_API_BASE": f"{_URL}/v1",
    "OPENAI_API_KEY": _KEY,
    "OPENAI_MODEL": _MODEL,
    "GOOGLE_GEMINI_BASE_URL": _URL,
    "GEMINI_API_KEY": _KEY,
    "COPILOT_PROVIDER_BASE_URL": f"{_URL}/v1",
    "COPILOT_PROVIDER_API_KEY": _KEY,
    "COPILOT_MODEL": _MODEL,
    "MSWEA_MODEL_NAME": f"openai/{_MODEL}",
    "AIDER_MODEL": f"openai/{_MODEL}",
}
# Where a program offers other tools by the model: one for which it offers plain ones.
_MODELS: Mapping[str, str] = {"codex": "gpt-5.5"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of an exchange."""

    ended: process.Exit
    outcome: AgentOutcome
    account: Account
    tree: Path
    asked: int  # how often the model was asked
    offered: bool  # it offered its model any tools

    def wrote(self, name: str) -> bool:
        """Whether a file stands in the worktree."""
        return (self.tree / name).is_file()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """How an agent took its cancellation, if it waited for its model; whether something is left."""

    waited: bool
    left: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where exchanges are played: a folder that is removed afterwards, and a server's address."""

    root: Path
    repository: Path
    agent: Agent
    profile: AgentProfile
    log: Path
    hidden: tuple[Path, ...] = ()  # from an agent that is held: the user's home

    async def play(
        self,
        package: str,
        *,
        attempt: int = 1,
        session: str = "",
        timeout_s: float,
        held_by: Sandbox | None = None,
    ) -> Played:
        """Start the program on a package of the script, and wait for its end."""
        task = self._task(package, attempt, session)
        if held_by is not None:
            result = task.directory / "out" / "result.json"
            task = replace(task, confined=True, result_path=result)
        ended = await self._run(task, timeout_s, held_by)
        summed = _summed(self.agent.reader(task), task.directory / "stdout.log")
        return Played(
            ended=ended,
            outcome=self.agent.outcome(task, ended, summed),
            account=summed,
            tree=task.worktree,
            asked=len(asked := self._asked(package)),
            offered=any(each.get("tools") for each in asked),
        )

    async def cancel(self, package: str, *, timeout_s: float) -> Cancelled:
        """Start the program on a package whose model never answers, and end it when it waits."""
        task, told = self._task(package, 1, ""), 0.0
        async with anyio.create_task_group() as tasks:

            async def run() -> None:
                await self._run(task, timeout_s)
                tasks.cancel_scope.cancel()  # it ended before it was told to

            tasks.start_soon(run)
            while not self._asked(package):  # noqa: ASYNC110 - nothing tells of a new line in a log
                await anyio.sleep(0.1)
            told = time.monotonic()
            tasks.cancel_scope.cancel()
        if not told:
            return Cancelled(waited=False)
        left = process.lives("PLAIT_RESULT", str(task.result_path))
        return Cancelled(waited=True, left=left, seconds=time.monotonic() - told)

    async def _run(
        self, task: AgentTask, timeout_s: float, held_by: Sandbox | None = None
    ) -> process.Exit:
        invocation = self.agent.invocation(task)
        if held_by is not None:
            invocation = held_by.confine(invocation, self._confinement(task))
        for path, content in invocation.files.items():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_bytes(content)
            path.chmod(0o600)
        variables = {
            "PLAIT_BRIEF": str(task.brief_path),
            "PLAIT_SCOPE": str(task.scope_path),
            "PLAIT_RESULT": str(task.result_path),
        }
        return await process.run(
            invocation.argv,
            cwd=task.worktree,
            env=child_environment({**invocation.env, **variables}, inherit=invocation.inherit),
            stdin=invocation.stdin,
            stdout=task.directory / "stdout.log",
            stderr=task.directory / "stderr.log",
            timeout_s=timeout_s,
            grace_s=GRACE_S,
        )

    def _confinement(self, task: AgentTask) -> Confinement:
        """As a run has it: the worktree and the attempt's own folders, the user's home hidden."""
        own = (task.home, task.result_path.parent, task.directory / "tmp")
        for folder in own:
            folder.mkdir(parents=True, exist_ok=True)
        return Confinement(
            worktree=task.worktree,
            write=(task.worktree,),
            shut=(task.worktree / ".git",),
            own=own[:2],
            scratch=own[2],
            notes=task.directory,
            readable=(self.repository,),
            hidden=self.hidden,
        )

    def _task(self, package: str, attempt: int, session: str) -> AgentTask:
        tree = self.root / "trees" / package
        if not tree.exists():
            self._git("worktree", "add", "-q", "--detach", str(tree))
        directory = self.root / "attempts" / package / str(attempt)
        home = self.root / "homes" / package
        directory.mkdir(parents=True)
        home.mkdir(parents=True, exist_ok=True)
        brief = (
            f"This is work package `{package}`, attempt {attempt} of 2. Do what it takes, by your "
            "tools, in the folder you are started in; then end.\n"
        )
        task = AgentTask(
            run=RunId("probe"),
            package=PackageId(package),
            attempt=attempt,
            epoch=attempt,
            worktree=tree,
            directory=directory,
            brief=brief,
            brief_path=directory / "brief.md",
            scope_path=directory / "scope.json",
            result_path=directory / "result.json",
            home=home,
            profile=self.profile,
            scope=SCOPE,
            session=session,
        )
        task.brief_path.write_text(brief)
        scope = {"write": SCOPE.write, "read": SCOPE.read, "deny": SCOPE.deny}
        told = {**scope, "confidence": SCOPE.confidence}
        task.scope_path.write_text(json.dumps(told))
        return task

    def _git(self, *argv: str) -> None:
        named = ("-c", "user.name=Plait", "-c", "user.email=plait@localhost")
        command = ("git", *named, "-c", "commit.gpgsign=false", "-C", str(self.repository), *argv)
        # As if nobody had configured it: filters, hooks of a template.
        env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL, env=env)

    def _asked(self, package: str) -> list[dict[str, Any]]:
        """The steps of a package's script for which the model was asked."""
        text = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
        whole = text[: text.rfind("\n") + 1]
        return [
            told
            for line in whole.splitlines()
            if (told := json.loads(line)).get("scenario") == package
        ]


@contextmanager
def staged(agent: Agent, profile: AgentProfile, root: Path) -> Iterator[Stage]:
    """A stage below `root`, with a model that plays the script for as long as it stands.

    Raises:
        EnvironmentLack: `ADDRESS_TAKEN`.
    """
    from plait.sandbox.homes import homes

    script, log, repository = root / "script.yaml", root / "asked.jsonl", root / "repository"
    script.write_text(SCRIPT.replace("SERVERS", _ASK_SERVER if agent.can.mcp else ""))
    repository.mkdir()
    server = ModelServer(Scenarios(script), log=log)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    keys: Sequence[str] = getattr(agent, "keys", ())
    settings: Sequence[str] = getattr(agent, "settings", ())
    variables = {name: value.replace(_URL, server.url) for name, value in _KNOWN.items()}
    if keys and not set(keys) & set(_KNOWN):
        variables[keys[0]] = _KEY
    told = replace(
        profile,
        model=_MODELS.get(agent.name, ""),
        set_env={**profile.set_env, **variables},
        env=(*profile.env, *variables),
        limits=AgentLimits(),
        mcp={SERVER: _server(root)} if agent.can.mcp else {},
    )
    hidden = homes()  # before another home is set
    stage = Stage(
        root=root, repository=repository, agent=agent, profile=told, log=log, hidden=hidden
    )
    stage._git("init", "-q")  # noqa: SLF001 - its own function
    (repository / "README.md").write_text("# A scratch repository\n")
    stage._git("add", "-A")  # noqa: SLF001
    stage._git("commit", "-q", "-m", "begin")  # noqa: SLF001
    try:
        with _alone(root / "user", variables, without={*keys, *settings} - set(variables)):
            yield stage
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _server(root: Path) -> Mapping[str, Any]:
    """The MCP server as a profile names it."""
    argv = ("-I", "-S", str(Path(marker.__file__)), str(root / MARK))
    return {"command": sys.executable, "args": list(argv)}


@contextmanager
def _alone(home: Path, variables: Mapping[str, str], without: set[str]) -> Iterator[None]:
    """This process' environment without the user's home, keys and settings, and back."""
    home.mkdir()
    before = dict(os.environ)
    os.environ.update({"HOME": str(home), **variables})
    for name in (*without, "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        os.environ.pop(name, None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _summed(reader: Reader | None, path: Path) -> Account:
    summed = Account()
    if reader is None or not path.is_file():
        return summed
    for line in path.read_bytes().splitlines():
        for entry in reader.read(line):
            summed = account(summed, entry)
    return summed
