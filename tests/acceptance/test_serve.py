"""`plait serve` as clients meet it: what it answers, whom it answers, and what it bears."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from openapi_spec_validator import validate
from tests.acceptance.conftest import Story, wait_until
from tests.fakes.plans import Piece
from tests.fakes.served import PLAIT, Service, repository, serving

from plait.engine.coordinator.desk import VERBS

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for the tests that leave nothing behind."""
    with serving(repository(tmp_path_factory.mktemp("serve") / "repo")) as service:
        yield service


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    """A client of it."""
    with service.client() as client:
        yield client


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem, which is one in every part."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    told = answer.json()
    assert set(told) == {"type", "title", "status", "code", "detail", "hint", "errors", "data"}
    assert told["status"] == answer.status_code
    return answer.status_code, told["code"]


def test_the_openapi_document_is_valid_and_has_every_verb(client: httpx.Client) -> None:
    """It is of version 3.1, has a place for each verb, and the errors of each place."""
    document = client.get("/openapi.json").json()
    validate(document)
    assert document["openapi"] == "3.1.0"
    for verb in VERBS.values():
        place = document["paths"][f"/api/{verb.name}"]
        assert place["post"]["description"] == verb.description
        assert ("get" in place) == (not verb.writes)
        assert {"400", "401", "409", "413", "422", "429", "500"} <= set(place["post"]["responses"])


def test_answers_fit_the_document(client: httpx.Client) -> None:
    """What the places without arguments answer is what their schemas say."""
    document = client.get("/openapi.json").json()
    for path in ("/health", "/api/capabilities", "/api/runs", "/api/list_work"):
        content = document["paths"][path]["get"]["responses"]["200"]["content"]
        schema = {**document, **content["application/json"]["schema"]}
        jsonschema.Draft202012Validator(schema).validate(client.get(path).json())


@pytest.mark.parametrize(
    ("method", "path", "content", "headers", "expected"),
    [
        ("GET", "/nowhere", b"", {}, (404, "NO_SUCH_PLACE")),
        ("POST", "/api/no_such_verb", b"{}", JSON, (404, "NO_SUCH_PLACE")),
        ("DELETE", "/api/get_work", b"", {}, (405, "METHOD_NOT_ALLOWED")),
        ("POST", "/health", b"", {}, (405, "METHOD_NOT_ALLOWED")),
        ("POST", "/api/list_work", b"{", JSON, (400, "MALFORMED")),
        ("POST", "/api/list_work", b"[]", JSON, (400, "MALFORMED")),
        ("POST", "/api/list_work", b'{"run": "\xff"}', JSON, (400, "MALFORMED")),
        ("POST", "/api/list_work", b'{"most": NaN}', JSON, (400, "MALFORMED")),
        ("POST", "/api/list_work", b'{"run":"\\ud800"}', JSON, (400, "MALFORMED")),
        ("POST", "/api/list_work", b"[" * 100_000, JSON, (400, "MALFORMED")),
        ("POST", "/api/list_work", b"{}", {"content-type": "text/xml"}, (415, "NOT_JSON")),
        ("POST", "/api/list_work", b'{"most": "5"}', JSON, (422, "INVALID_REQUEST")),
        ("POST", "/api/list_work", b'{"most": 1e400}', JSON, (422, "INVALID_REQUEST")),
        ("POST", "/api/list_work", b'{"run": "a\\u0000"}', JSON, (422, "INVALID_REQUEST")),
        ("GET", "/api/list_work?nothing=1", b"", {}, (422, "INVALID_REQUEST")),
        ("GET", "/api/list_work?run=%ff%00", b"", {}, (422, "INVALID_REQUEST")),
        ("GET", "/api/runs?x=1", b"", {}, (422, "INVALID_REQUEST")),
        ("GET", "/api/runs/none", b"", {}, (404, "NO_SUCH_RUN")),
        ("GET", "/api/runs/..%2f..%2fetc", b"", {}, (404, "NO_SUCH_PLACE")),
        ("GET", "/api/runs/%00", b"", {}, (404, "NO_SUCH_RUN")),
        ("GET", "/api/runs/none/events?after=x", b"", {}, (422, "INVALID_REQUEST")),
        ("GET", "/api/runs/none/report?format=pdf", b"", {}, (422, "INVALID_REQUEST")),
        ("POST", "/api/heartbeat", b"", {}, (401, "NO_SESSION")),
        ("POST", "/api/heartbeat", b"", {"plait-session": "s-1.x"}, (401, "BAD_SESSION")),
        ("POST", "/api/cancel_work", b'{"task": "t"}', JSON, (403, "DENIED")),
        ("POST", "/api/list_work", b"x" * 1_000_001, JSON, (413, "TOO_LARGE")),
    ],
)
def test_every_error_is_a_problem_with_a_code(
    client: httpx.Client,
    *,
    method: str,
    path: str,
    content: bytes,
    headers: dict[str, str],
    expected: tuple[int, str],
) -> None:
    """Whatever is wrong: the status fits, the code is Plait's, and nothing is an error of ours."""
    answer = client.request(method, path, content=content, headers=headers)
    assert problem(answer) == expected
    assert ("www-authenticate" in answer.headers) == (expected[0] == 401)


def test_a_document_with_a_number_that_json_cannot_write_is_refused(client: httpx.Client) -> None:
    """Before it is stored, from where nobody could read it again."""
    told = client.post("/api/register_session", json={}).json()
    headers = {**JSON, "plait-session": told["credential"]}
    content = b'{"type": "x", "title": "t", "input": {"a": [1e999]}}'
    answer = client.post("/api/submit_work", content=content, headers=headers)
    assert problem(answer) == (422, "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"host": "evil.example"}, "BAD_HOST"),
        ({"host": "localhost.evil.example"}, "BAD_HOST"),
        ({"host": "evil.example:80"}, "BAD_HOST"),
        ({"host": "localhost@evil.example"}, "BAD_HOST"),
        ({"host": "10.0.0.1"}, "BAD_HOST"),
        ({"host": "localhost:x"}, "BAD_HOST"),
        ({"origin": "http://evil.example"}, "BAD_ORIGIN"),
        ({"origin": "null"}, "BAD_ORIGIN"),
        ({"origin": "http://localhost:1"}, "BAD_ORIGIN"),
        ({"origin": "file://"}, "BAD_ORIGIN"),
    ],
)
@pytest.mark.parametrize("path", ["/health", "/api/runs", "/mcp", "/openapi.json"])
def test_pages_of_other_sites_are_kept_out(
    client: httpx.Client, path: str, headers: dict[str, str], code: str
) -> None:
    """By the name that they call it, and by where they say they come from."""
    assert problem(client.get(path, headers=headers)) == (403, code)


def test_its_own_names_and_origin_are_welcome(client: httpx.Client, service: Service) -> None:
    """And nothing is ever offered to pages of other origins."""
    for headers in (
        {"host": "localhost"},
        {"host": f"[::1]:{service.port}"},
        {"origin": service.url},
    ):
        answer = client.get("/health", headers=headers)
        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_body_that_never_ends_is_cut_off(service: Service) -> None:
    """As soon as it is too large, whatever its head says; the connection is closed."""
    with closing(socket.create_connection(("127.0.0.1", service.port), 10)) as sock:
        sock.sendall(
            b"POST /api/list_work HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
        sent = 0
        try:
            while sent < 400:
                sock.sendall(piece)
                sent += 1
        except OSError:
            pass
        assert sent < 400
        assert b"413" in sock.recv(100) or sent < 200


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/9\r\n\r\n", b"G\x00T / HTTP/1.1\r\n\r\n"]
)
def test_what_is_no_http_is_answered_as_a_problem(service: Service, sent: bytes) -> None:
    """Also where nothing is understood of it."""
    with closing(socket.create_connection(("127.0.0.1", service.port), 10)) as sock:
        sock.sendall(sent)
        answer = b""
        while part := sock.recv(4096):
            answer += part
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b'"code":"MALFORMED"' in answer


def test_who_asks_is_told_by_the_token_alone(tmp_path: Path) -> None:
    """Names in bodies count for nothing; sessions of others are out of reach; verbs are granted."""
    repo, file = repository(tmp_path / "repo"), tmp_path / "tokens"

    def token(name: str, *more: str) -> str:
        argv = [PLAIT, "serve", "token", name, "--token-file", file, *more]
        done = subprocess.run(argv, check=True, capture_output=True, text=True)
        return str(done.stdout).strip()

    ada, bob = token("ada"), token("bob", "--grant", "cancel_work")
    assert file.stat().st_mode & 0o777 == 0o600
    assert ada not in file.read_text()
    with serving(repo, "--token-file", str(file), "-v") as service, ExitStack() as stack:
        nobody = stack.enter_context(service.client())
        for path in ("/api/runs", "/openapi.json", "/api/capabilities", "/mcp"):
            answer = nobody.get(path)
            assert problem(answer) == (401, "NO_TOKEN")
            assert answer.headers["www-authenticate"].startswith("Bearer")
        assert nobody.get("/health").status_code == 200
        guess = stack.enter_context(service.client(token="x" * 43))
        assert problem(guess.get("/api/runs")) == (401, "BAD_TOKEN")
        first = stack.enter_context(service.client(token=ada))
        second = stack.enter_context(service.client(token=bob))
        told = first.post("/api/register_session", json={"agent": "bob"}).json()
        assert told["agent"] == "ada"
        stolen = {"plait-session": told["credential"]}
        assert problem(second.post("/api/heartbeat", json={}, headers=stolen))[1] == "BAD_SESSION"
        assert first.post("/api/heartbeat", json={}, headers=stolen).status_code == 200
        cancel = {"task": "t-none"}
        assert problem(first.post("/api/cancel_work", json=cancel)) == (403, "DENIED")
        assert problem(second.post("/api/cancel_work", json=cancel)) == (404, "NO_SUCH_TASK")
        code, err = service.stop()
    assert code == 143
    assert "/api/heartbeat 200" in err
    assert not any(each in err for each in (ada, bob, told["credential"], "Traceback"))


def test_a_caller_bound_to_a_run_sees_no_other(story: Story) -> None:
    """Over every place: the list, the state, events as lines and stream, the report, the verbs."""
    story.begin()
    for name in ("one", "two"):
        story.plans(name, Piece(id=f"wp-{name}", write=[f"{name}.txt"]))
        assert story.run(name, f"echo > {name}.txt", "--allow-unchecked").code == 0
    with serving(story.repo, env=story.env) as service, service.client() as client:
        two, one = (each["run"] for each in client.get("/api/runs").json()["runs"])
        told = client.post("/api/register_session", json={"run": one}).json()
        client.headers["plait-session"] = told["credential"]
        assert [each["run"] for each in client.get("/api/runs").json()["runs"]] == [one]
        for tail in ("", "/events", "/report"):
            assert client.get(f"/api/runs/{one}{tail}").status_code == 200
            assert problem(client.get(f"/api/runs/{two}{tail}")) == (403, "OTHER_RUN")
        stream = {"accept": "text/event-stream"}
        assert problem(client.get(f"/api/runs/{two}/events", headers=stream)) == (403, "OTHER_RUN")
        assert client.head(f"/api/runs/{one}/events", headers=stream).status_code == 200
        wrong = {"type": "x", "title": "t", "run": two}
        assert problem(client.post("/api/submit_work", json=wrong)) == (403, "OTHER_RUN")
        report = client.get(f"/api/runs/{one}/report").json()
        assert report == story.plait("report", one, "--json").report()
        assert client.get(f"/api/runs/{one}").json()["packages"][0]["status"] == "landed"
        page = client.get(f"/api/runs/{one}/report?format=html")
        assert page.text.startswith("<!doctype html>") or "<html" in page.text
        lines = client.get(f"/api/runs/{one}/events").text.splitlines()
        events = [json.loads(each) for each in lines]
        assert [each["seq"] for each in events] == list(range(1, len(events) + 1))
        document = client.get("/openapi.json").json()
        for path, value in (
            ("/api/runs/{run}", client.get(f"/api/runs/{one}").json()),
            ("/api/runs/{run}/report", report),
        ):
            found = document["paths"][path]["get"]["responses"]["200"]["content"]
            schema = {**document, **found["application/json"]["schema"]}
            jsonschema.Draft202012Validator(schema).validate(value)


@pytest.mark.long
def test_a_stream_goes_on_where_it_broke_off(story: Story) -> None:
    """Events come as they happen, each once and in order, also over several connections."""
    story.begin().plans("add", Piece(id="wp-a", write=["a.txt"]), Piece(id="wp-b", write=["b.txt"]))
    with serving(story.repo, env=story.env) as service, service.client() as client:
        running = story.starts(
            "run",
            "add",
            "--yes",
            "--allow-unchecked",
            "--agent",
            "command:echo > $(echo $PLAIT_PACKAGE | cut -c4).txt",
            "--json",
        )
        wait_until(lambda: bool(client.get("/api/runs").json()["runs"]))
        runs = client.get("/api/runs").json()["runs"]
        seen: list[int] = []
        types: list[str] = []
        while "run_ended" not in types:
            last = {"last-event-id": str(seen[-1])} if seen else {}
            headers = {"accept": "text/event-stream", **last}
            with client.stream("GET", f"/api/runs/{runs[0]['run']}/events", headers=headers) as got:
                assert got.headers["content-type"].startswith("text/event-stream")
                for line in got.iter_lines():
                    if line.startswith("id: "):
                        seen.append(int(line[4:]))
                    if line.startswith("data: "):
                        types.append(json.loads(line[6:])["type"])
                        if len(types) % 7 == 0 or types[-1] == "run_ended":
                            break
        out, _ = running.communicate(timeout=60)
        assert seen == list(range(1, len(seen) + 1))
        assert [json.loads(each)["type"] for each in out.splitlines()][: len(types)] == types


def test_what_would_be_unsafe_is_not_served(story: Story) -> None:
    """Others' machines need tokens; a token file is its owner's alone; a port is taken once."""
    story.begin()

    def refused(*argv: str) -> tuple[int, str]:
        done = story.plait("serve", "--json", *argv)
        return done.code, json.loads(done.out)["error"]["code"]

    assert refused("--host", "0.0.0.0") == (2, "TOKENS_NEEDED")
    assert refused("--host", "build.example.org") == (2, "TOKENS_NEEDED")
    file = story.root / "tokens"
    assert refused("--token-file", str(file)) == (4, "NO_TOKENS")
    file.write_text('[ada]\ntoken = "0123456789abcdef"\n')
    file.chmod(0o644)
    assert refused("--token-file", str(file)) == (2, "TOKENS_EXPOSED")
    file.chmod(0o600)
    file.write_text('[ada]\ntoken = "short"\n')
    assert refused("--token-file", str(file)) == (2, "BAD_TOKENS")
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert refused("--port", str(taken.getsockname()[1])) == (4, "PORT_TAKEN")


@pytest.mark.long
def test_the_policy_is_the_one_that_is_set(story: Story) -> None:
    """Rules of one's own in Cedar decide; what is no rule is told before anything is served."""
    rules = '@id("none") forbid (principal, action in Action::"write", resource);\n'
    rules += '@id("look") permit (principal, action in Action::"read", resource);\n'
    story.begin({"plait.toml": '[policy]\nrules = "my.cedar"\n'})
    (story.repo / "my.cedar").write_text("nonsense")
    assert story.plait("serve", "--port", "0").code == 2
    (story.repo / "my.cedar").write_text(rules)
    with serving(story.repo, env=story.env) as service, service.client() as client:
        assert client.get("/api/list_work").status_code == 200
        answer = client.post("/api/register_session", json={})
        assert problem(answer) == (403, "DENIED")
        assert answer.json()["data"]["rule"] == "none"


@pytest.mark.long
def test_slow_clients_are_ended(tmp_path: Path) -> None:
    """A head that comes byte by byte, a body that never is whole; others are served meanwhile."""
    with serving(repository(tmp_path / "repo")) as service, service.client() as client:
        head = socket.create_connection(("127.0.0.1", service.port), 60)
        body = socket.create_connection(("127.0.0.1", service.port), 60)
        quiet = socket.create_connection(("127.0.0.1", service.port), 60)
        body.sendall(
            b"POST /api/list_work HTTP/1.1\r\nhost: localhost\r\n"
            b"content-type: application/json\r\ncontent-length: 100\r\n\r\n{"
        )
        began = time.monotonic()
        ended: dict[str, bytes] = {}
        socks = {"head": head, "body": body, "quiet": quiet}
        for each in socks.values():
            each.setblocking(False)
        while len(ended) < 3 and time.monotonic() - began < 60:
            for name, each in socks.items():
                if name in ended:
                    continue
                try:
                    if name != "quiet":
                        each.send(b"G" if name == "head" else b" ")
                    ended[name] = each.recv(4096)
                except BlockingIOError:
                    continue
                except OSError:
                    ended.setdefault(name, b"")
            assert client.get("/health").status_code == 200
            time.sleep(0.5)
        for each in socks.values():
            each.close()
        assert all(b" 408 " in each or not each for each in ended.values()), ended
        assert set(ended) == {"head", "body", "quiet"}


@pytest.mark.long
def test_a_thousand_idle_streams_are_borne(story: Story) -> None:
    """They all hear what happens, others are served, and the end is quick and clean."""
    story.begin().plans("add", Piece(id="wp-a", write=["a.txt"]))
    assert story.run("add", "echo > a.txt", "--allow-unchecked").code == 0
    with serving(story.repo, env=story.env) as service, service.client() as client:
        run = client.get("/api/runs").json()["runs"][0]["run"]
        ask = f"GET /api/runs/{run}/events?after=9999 HTTP/1.1\r\nhost: localhost\r\n"
        socks = []
        for _ in range(1000):
            sock = socket.create_connection(("127.0.0.1", service.port), 30)
            sock.sendall(f"{ask}accept: text/event-stream\r\n\r\n".encode())
            socks.append(sock)
        for sock in socks:
            assert sock.recv(4096).startswith(b"HTTP/1.1 200")
        for _ in range(50):
            assert client.get("/api/list_work").status_code == 200
        began = time.monotonic()
        code, err = service.stop(signal.SIGINT)
        assert (code, time.monotonic() - began < 8) == (130, True)
        assert "Traceback" not in err
        for sock in socks:
            sock.close()
    assert (story.repo / ".plait" / "plait.db").exists()


def _paths(schema: Any) -> bool:
    """Whether a schema is that of a path."""
    return "below the repository's root" in str(schema.get("description", ""))


def _with_paths() -> list[tuple[str, str, bool]]:
    """Each verb with a field that is a path, or a list of them."""
    found = []
    for verb in VERBS.values():
        for name, schema in verb.asks.model_json_schema().get("properties", {}).items():
            many = _paths(schema.get("items", {}))
            if many or (_paths(schema) and schema.get("type") == "string"):
                found.append((verb.name, name, many))
    return found


HOSTILE = (
    "/etc/passwd", "..", "../x", "a/../../x", "a/..", "~/x", "~root/x", "C:\\x", "c:/x",
    "..\\x", "a\\..\\..\\x", "//host/x", ".git", ".git/config", ".GIT/config", "./.git/x",
    ".plait/x", "a//../../x", "\\\\host\\x", "x\x00y", "x\ny", "", "x" * 1001, "%2e%2e/../x",
)  # fmt: skip


@pytest.mark.parametrize(("verb", "field", "many"), _with_paths())
def test_no_path_leads_out(client: httpx.Client, verb: str, field: str, many: bool) -> None:
    """In whatever argument of whatever verb: it is refused, and nothing of it is told."""
    told = client.post("/api/register_session", json={}).json()
    client.headers["plait-session"] = told["credential"]
    for path in HOSTILE:
        answer = client.post(f"/api/{verb}", json={field: [path] if many else path})
        status, code = problem(answer)
        assert (status, code) in {(422, "OUTSIDE"), (422, "INVALID_REQUEST"), (403, "DENIED")}, path
        assert "root:" not in answer.text
