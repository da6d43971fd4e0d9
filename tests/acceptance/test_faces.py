"""Each face of the coordinator, with the official clients: the same verbs, the same answers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio.from_thread
import pytest
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client
from tests.fakes.served import (
    KINDS,
    LEGACY,
    MODERN,
    PLAIT,
    Faces,
    McpFace,
    Service,
    repository,
    serving,
)

from plait.engine.coordinator.desk import VERBS


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Any]]:
    """One service for all tests here."""
    repo = repository(tmp_path_factory.mktemp("faces") / "repo")
    with serving(repo) as service:
        yield service, repo


def in_short(kind: str) -> Any:
    """A face; those that start a process for each agent take longer."""
    return pytest.param(kind, marks=[pytest.mark.long] if kind.startswith("stdio") else [])


@pytest.fixture(params=[in_short(each) for each in KINDS])
def faces(request: pytest.FixtureRequest, served: tuple[Service, Any]) -> Iterator[Faces]:
    """A way to join."""
    service, repo = served
    with ExitStack() as stack:
        portal = stack.enter_context(anyio.from_thread.start_blocking_portal())
        yield Faces(kind=request.param, service=service, repo=repo, stack=stack, portal=portal)


def test_work_and_locks_are_the_same_over_each_face(faces: Faces) -> None:
    """A task is claimed once and completed once; locks shut others out, and say who holds them."""
    ada, bob = faces.agent("ada"), faces.agent("bob")
    kind = f"of-{faces.kind}"
    task = ada.call("submit_work", type=kind, title="look", input={"n": [1, {"a": None}]}).value
    work = bob.call("get_work", types=[kind]).value["work"]
    assert (work["task"], work["input"]) == (task["task"], {"n": [1, {"a": None}]})
    assert ada.call("get_work", types=[kind]).value["work"] is None
    done = {"task": work["task"], "token": work["token"], "result": {"found": 3}}
    assert ada.call("complete_work", **done).code == "NOT_YOURS"
    assert bob.call("complete_work", **done).value["state"] == "completed"
    assert ada.call("get_task", task=work["task"]).value["result"]["found"] == 3
    key = f"flag:{faces.kind.replace('/', '-')}"
    assert ada.call("acquire_lock", keys=[key]).value["locks"][0]["agent"] == "ada"
    assert bob.call("acquire_lock", keys=[key]).code == "LOCKED"
    assert bob.call("check_locks", keys=[key]).value["free"] is False
    assert ada.call("end_session").value["locks"] == 1
    assert bob.call("acquire_lock", keys=[key]).value
    assert bob.call("end_session").value


def test_refusals_have_codes_over_each_face(faces: Faces) -> None:
    """What means nothing, leads out or is not allowed is refused; nothing of it is done."""
    ada = faces.agent("ada")
    assert ada.call("get_task", task="t-none").code == "NO_SUCH_TASK"
    assert ada.call("acquire_lock", paths=["../x"]).code == "OUTSIDE"
    assert ada.call("acquire_lock", paths=[]).code == "NOTHING_ASKED"
    assert ada.call("submit_work", type="x", title=7).code == "INVALID_REQUEST"
    assert ada.call("submit_work", type="x", title="t", nothing=1).code == "INVALID_REQUEST"
    assert ada.call("cancel_work", task="t-none").code == "DENIED"
    assert ada.call("submit_work", type="x", title="t", run="nowhere").code == "NO_SUCH_RUN"
    assert ada.call("end_session").value


@pytest.mark.parametrize("kind", [in_short(each) for each in KINDS if each != "http"])
def test_tools_are_the_verbs(kind: str, served: tuple[Service, Any]) -> None:
    """Names, descriptions and schemas are the registry's own; what they answer fits them."""
    service, repo = served
    with ExitStack() as stack:
        portal = stack.enter_context(anyio.from_thread.start_blocking_portal())
        faces = Faces(kind=kind, service=service, repo=repo, stack=stack, portal=portal)
        client = faces._mcp("ada").client
        tools = {each.name: each for each in portal.call(client.list_tools).tools}
        assert list(tools) == list(VERBS)
        for name, verb in VERBS.items():
            schema = dict(tools[name].input_schema)
            properties = dict(schema["properties"])
            assert bool(properties.pop("credential", None)) == (kind == f"mcp/{MODERN}")
            expected = verb.asks.model_json_schema()
            assert {**schema, "properties": properties} == {"properties": {}, **expected}
            assert tools[name].output_schema == verb.answers.model_json_schema(mode="serialization")
            assert tools[name].description == verb.description
        for resource in portal.call(client.list_resources).resources:
            read: Any = portal.call(client.read_resource, resource.uri).contents[0]
            assert isinstance(json.loads(read.text), dict)
        instructions = client.instructions or ""
        assert "complete_work" in instructions
        assert "required: discover, queue_work, lock." in instructions
        offered = (client.server_capabilities.experimental or {})["plait"]
        http = stack.enter_context(service.client())
        assert offered == http.get("/api/capabilities").json()


def test_a_pipe_is_a_session(served: tuple[Service, Any]) -> None:
    """It is there as soon as the client has introduced itself, named after it, and gone with it."""
    service, repo = served
    with service.client() as http, ExitStack() as stack:

        def there() -> list[str]:
            return [
                each["agent"]
                for each in http.post("/api/discover_agents", json={}).json()["agents"]
                if each["agent"] == "pipe"
            ]

        portal = stack.enter_context(anyio.from_thread.start_blocking_portal())
        with ExitStack() as inner:
            faces = Faces(
                kind=f"stdio/{LEGACY}", service=service, repo=repo, stack=inner, portal=portal
            )
            faces._mcp("pipe")
            assert there() == ["pipe"]
        assert there() == []


def test_a_session_is_bound_to_its_client_of_mcp(served: tuple[Service, Any]) -> None:
    """Another client has none; a credential brings it over, and the end of the client ends it."""
    service, repo = served
    with ExitStack() as stack:
        portal = stack.enter_context(anyio.from_thread.start_blocking_portal())

        def faces(inner: ExitStack) -> Any:
            return Faces(
                kind=f"mcp/{LEGACY}", service=service, repo=repo, stack=inner, portal=portal
            )

        other = faces(stack)._mcp("other")
        with ExitStack() as inner:
            ada = faces(inner).agent("ada")
            assert other.call("heartbeat").code == "NO_SESSION"
            assert not other.call("register_session", resume=ada.credential).code
            assert other.call("heartbeat").value["session"] in ada.credential
        assert other.call("heartbeat").code == "SESSION_OVER"
        assert other.call("heartbeat").code == "NO_SESSION"


def test_a_signal_ends_a_pipe_and_its_session(served: tuple[Service, Any]) -> None:
    """With the code of the signal; stdout had nothing but the protocol, garbage is borne."""
    service, repo = served
    process = subprocess.Popen(
        [PLAIT, "mcp", "--repo", repo, "--agent", "raw"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}}
    hello |= {"clientInfo": {"name": "x" * 500, "version": "1"}}
    said = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "get_profile"}},
    ]
    process.stdin.write(b"garbage \xff\n" + b"".join(json.dumps(e).encode() + b"\n" for e in said))
    process.stdin.flush()
    answers = [json.loads(process.stdout.readline()) for _ in range(2)]
    profile = answers[1]["result"]["structuredContent"]
    assert (profile["agent"], profile["trust"]) == ("raw", 2)
    with service.client() as client:

        def there() -> bool:
            found = client.get("/api/discover_agents").json()["agents"]
            return profile["session"] in {each["session"] for each in found}

        assert there()
        process.send_signal(signal.SIGTERM)
        rest, err = process.communicate(timeout=20)
        assert (process.returncode, rest) == (143, b"")
        assert b"Traceback" not in err
        assert not there()


def test_a_session_of_mcp_is_of_no_use_to_another_token(tmp_path: Path) -> None:
    """Its number alone proves nothing: the token's name counts, whatever is said."""
    repo, file = repository(tmp_path / "repo"), tmp_path / "tokens"
    tokens = []
    for name in ("ada", "bob"):
        argv = [PLAIT, "serve", "token", name, "--token-file", file]
        done = subprocess.run(argv, check=True, capture_output=True, text=True)
        tokens.append(done.stdout.strip())
    with serving(repo, "--token-file", str(file)) as service, ExitStack() as stack:
        ada, bob = (stack.enter_context(service.client(token=each)) for each in tokens)
        for each in (ada, bob):
            each.headers["accept"] = "application/json, text/event-stream"

        def say(client: Any, method: str, **params: Any) -> Any:
            asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            answer = client.post("/mcp", json=asked)
            assert answer.status_code == 200, answer.text
            lines = [line[6:] for line in answer.text.splitlines() if line.startswith("data: {")]
            return answer, json.loads(lines[-1] if lines else answer.text)["result"]

        hello = {"protocolVersion": "2025-06-18", "capabilities": {}}
        answer, _ = say(ada, "initialize", clientInfo={"name": "x", "version": "1"}, **hello)
        for each in (ada, bob):
            each.headers["mcp-session-id"] = answer.headers["mcp-session-id"]
        ada.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"})
        asked = {"agent": "bob"}
        _, told = say(ada, "tools/call", name="register_session", arguments=asked)
        assert told["structuredContent"]["agent"] == "ada"
        beat = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "heartbeat"}}
        assert bob.post("/mcp", json=beat).status_code == 404
        assert bob.delete("/mcp").status_code == 404
        _, told = say(ada, "tools/call", name="heartbeat", arguments={})
        assert not told.get("isError"), told


@pytest.mark.long
def test_a_pipe_to_a_service_elsewhere(tmp_path: Path) -> None:
    """It offers what that offers, as one session of the token's name; without one it is told."""
    repo, file = repository(tmp_path / "repo"), tmp_path / "tokens"
    argv = [PLAIT, "serve", "token", "ada", "--token-file", file]
    token = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()
    with serving(repo, "--token-file", str(file)) as service, ExitStack() as stack:
        portal = stack.enter_context(anyio.from_thread.start_blocking_portal())
        http = stack.enter_context(service.client(token=token))

        def there() -> list[str]:
            found = http.get("/api/discover_agents").json()["agents"]
            return [each["agent"] for each in found]

        argv = [PLAIT, "mcp", "--connect", service.url]
        done = subprocess.run(
            argv, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 4, done
        assert "NOT_CONNECTED" in done.stderr
        more = ["--token-env", "OF_ADA"]
        started = StdioServerParameters(
            command=str(PLAIT),
            args=["mcp", "--connect", service.url, *more],
            env={"OF_ADA": token, "PATH": os.environ["PATH"]},
        )
        with ExitStack() as inner:
            client = inner.enter_context(
                portal.wrap_async_context_manager(Client(stdio_client(started)))
            )
            face = McpFace(client=client, portal=portal, own=True)
            assert [each.name for each in portal.call(client.list_tools).tools] == list(VERBS)
            assert there() == ["ada"]
            assert face.call("heartbeat").value["locks"] == 0
            assert face.call("acquire_lock", keys=["flag:x"]).value
            assert face.call("acquire_lock", paths=["../x"]).code == "OUTSIDE"
            assert portal.call(client.list_resources).resources
        assert there() == []
