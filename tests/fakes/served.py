"""The installed `plait serve` and `plait mcp`, and clients of both: for tests of the faces."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio.from_thread
import httpx
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client

PLAIT = Path(sys.executable).with_name("plait")
LEGACY, MODERN = "legacy", "auto"  # as the official client calls the versions of the protocol


@dataclass(slots=True)
class Service:
    """A `plait serve` at work."""

    process: subprocess.Popen[str]
    url: str
    told: Mapping[str, Any]

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    def client(self, token: str = "", **headers: str) -> httpx.Client:
        """A client of HTTP."""
        told = dict(headers)
        if token:
            told["Authorization"] = f"Bearer {token}"
        return httpx.Client(base_url=self.url, headers=told, timeout=30, trust_env=False)

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """End it; its exit code, and what stood on stderr."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        _, err = self.process.communicate(timeout=20)
        return self.process.returncode, err


def repository(at: Path) -> Path:
    """A repository with one commit."""
    at.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=at, check=True)
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", *who, "commit", "-qm", "first", "--allow-empty"], cwd=at, check=True)
    return at


@contextmanager
def serving(repo: Path, *more: str, env: Mapping[str, str] | None = None) -> Iterator[Service]:
    """`plait serve` on a free port."""
    process = subprocess.Popen(
        [PLAIT, "serve", "--port", "0", "--json", *more],
        cwd=repo,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate(timeout=10)[1]
    told = json.loads(line)
    service = Service(process=process, url=told["url"], told=told)
    try:
        yield service
    finally:
        service.stop()


@dataclass(slots=True)
class Told:
    """What a face answered: a value, or the code of a refusal."""

    value: Any = None
    code: str = ""


@dataclass(slots=True)
class HttpFace:
    """An agent that joins over HTTP."""

    client: httpx.Client
    own: bool = False  # whether it has a session without asking for one

    def call(self, verb: str, **given: Any) -> Told:
        """Use a verb."""
        answer = self.client.post(f"/api/{verb}", json=given)
        if answer.status_code != 200:
            return Told(code=answer.json()["code"])
        told = answer.json()
        if verb == "register_session":
            self.client.headers["Plait-Session"] = told["credential"]
        return Told(value=told)


@dataclass(slots=True)
class McpFace:
    """An agent that joins over MCP."""

    client: Client
    portal: anyio.from_thread.BlockingPortal
    own: bool
    named: bool = False  # whether it names its credential with each call
    credential: str = ""

    def call(self, verb: str, **given: Any) -> Told:
        """Use a tool."""
        if self.named:
            given = {**given, "credential": self.credential}
        answer = self.portal.call(self.client.call_tool, verb, given)
        text = json.loads(answer.content[0].text)
        if answer.is_error:
            return Told(code=text["code"])
        assert answer.structured_content == text
        if verb == "register_session":
            self.credential = text["credential"]
        return Told(value=text)


@dataclass(slots=True)
class Faces:
    """Makes agents that join by one of the faces."""

    kind: str
    service: Service
    repo: Path
    stack: ExitStack
    portal: anyio.from_thread.BlockingPortal
    made: list[Any] = field(default_factory=list)

    def agent(self, name: str) -> Any:
        """An agent that has joined."""
        if self.kind == "http":
            found: Any = HttpFace(self.stack.enter_context(self.service.client()))
        else:
            found = self._mcp(name)
        if not found.own:
            assert not found.call("register_session", agent=name).code
        return found

    def _mcp(self, name: str) -> McpFace:
        where, _, mode = self.kind.partition("/")
        if where == "stdio":
            started = StdioServerParameters(
                command=str(PLAIT), args=["mcp", "--repo", str(self.repo), "--agent", name]
            )
            target: Any = stdio_client(started)
        else:
            target = f"{self.service.url}/mcp"
        client = self.stack.enter_context(
            self.portal.wrap_async_context_manager(Client(target, mode=mode))
        )
        return McpFace(
            client=client,
            portal=self.portal,
            own=where == "stdio",
            named=where == "mcp" and mode == MODERN,
        )


KINDS = ("http", f"stdio/{LEGACY}", f"stdio/{MODERN}", f"mcp/{LEGACY}", f"mcp/{MODERN}")
