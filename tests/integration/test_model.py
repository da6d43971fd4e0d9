"""The scripted model, asked by plain HTTP as each service is asked."""

from __future__ import annotations

import http.client
import json
import socket
from urllib.parse import urlsplit

import pytest
from tests.fakes.models import SERVICES, Anthropic, Chat, post, serving

from plait.errors import EnvironmentLack

SCENARIO = """
wp-one:
  - say: I begin
  - write: {path: a.txt, text: "one\\n"}
  - usage: {input: 1000, output: 50}
  - edit: {path: b.txt, old: x, new: y}
  - shell: ls
  - finish: all done
wp-two:
  - - shell: first
  - - shell: second
default:
  - write: {path: "{package}.txt", text: "{attempt}"}
"""
BRIEF = "# Title\n\nThis is work package `{}`, attempt {} of 3. Working directory: /there\n"
FAULTS = """
limited:
  - fault: {status: 429, retry_after: 7, times: 2}
  - shell: ls
limited-until:
  - fault: {status: 429, reset: 60}
refused:
  - fault: {status: 401, message: who are you}
broken:
  - fault: {status: 503, code: odd, headers: {x-odd: "yes"}}
cut:
  - say: a text that is long enough
  - fault: {cut: 2}
silent:
  - fault: {hang: true}
slow:
  - sleep: 0.05
  - finish: at last
"""
KINDS = {"anthropic": "type", "chat": "code", "responses": "code", "gemini": "status"}

each_service = pytest.mark.parametrize("service", SERVICES, ids=lambda each: each.name)
each_manner = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that plays the scenario above."""
    with serving(SCENARIO, tmp_path_factory.mktemp("model")) as running:
        yield running


@pytest.fixture
def faulty(tmp_path):
    """A server of faults; each test counts from the beginning."""
    with serving(FAULTS, tmp_path) as running:
        yield running


@each_service
@each_manner
def test_a_script_is_played_by_the_tools_that_are_offered(server, service, stream):
    """Each answer is the step that the conversation has come to, as a call of an offered tool."""
    told = [
        service.ask(server, BRIEF.format("wp-one", 1), turns, stream=stream) for turns in range(6)
    ]
    assert [each.calls for each in told] == [
        [("Write", {"file_path": "/there/a.txt", "content": "one\n"})],
        [("Read", {"file_path": "/there/b.txt"})],
        [("Edit", {"file_path": "/there/b.txt", "old_string": "x", "new_string": "y"})],
        [("Bash", {"command": "ls"})],
        [],
        [],
    ]
    assert [told[0].says, told[4].says, told[5].says] == ["I begin", "all done", "all done"]
    assert told[3].tokens == (1000, 50)
    assert min(told[0].tokens) > 0


@each_service
def test_the_attempt_and_the_package_are_those_of_the_brief(server, service):
    """A further attempt has its own script; what has none of its own plays the default."""
    again = service.ask(server, BRIEF.format("wp-two", 2), stream=True)
    assert again.calls == [("Bash", {"command": "second"})]
    other = service.ask(server, BRIEF.format("wp-nine", 3), stream=True)
    assert other.calls == [("Write", {"file_path": "/there/wp-nine.txt", "content": "3"})]


def test_an_address_names_a_package_or_a_file(server):
    """`/s/NAME` picks the script, whatever the prompt says."""
    ask = SERVICES[1].ask
    assert ask(server, "hello", stream=False, prefix="/s/wp-two").calls == [
        ("Bash", {"command": "first"})
    ]
    assert ask(server, "wp-one, please", stream=False, prefix="/s/scenario").says == "I begin"


def test_a_marker_is_the_plainest_way(server):
    """A marker names the scenario, the attempt and the folder."""
    prompt = "[[scenario:wp-two attempt=2 cwd=/else]] wp-one"
    assert SERVICES[0].ask(server, prompt, stream=True).calls == [("Bash", {"command": "second"})]


def test_the_newest_brief_counts(server):
    """A session that is taken up again with another brief begins that brief's script."""
    body = Chat().body(BRIEF.format("wp-two", 1), 2, stream=False)
    body["messages"].append({"role": "assistant", "content": "done"})
    body["messages"].append({"role": "user", "content": BRIEF.format("wp-two", 2)})
    _, _, text = post(server, "/v1/chat/completions", body)
    assert Chat().whole(json.loads(text))[1] == [("Bash", {"command": "second"})]


def test_a_request_without_tools_is_no_step(server):
    """Titles and the like get something to go on with, JSON where JSON is asked for."""
    body = Anthropic().body(BRIEF.format("wp-one", 1), 0, stream=False) | {"tools": []}
    _, _, text = post(server, "/v1/messages", body)
    assert Anthropic().whole(json.loads(text))[:2] == ("Working on the package", [])
    form = {"type": "json_schema", "schema": {"properties": {"title": {"type": "string"}}}}
    _, _, text = post(server, "/v1/messages", body | {"output_config": {"format": form}})
    assert json.loads(Anthropic().whole(json.loads(text))[0]) == {"title": "ok"}


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/v1/messages/count_tokens", "input_tokens"),
        ("/v1/responses/input_tokens", "input_tokens"),
        ("/v1beta/models/m:countTokens", "totalTokens"),
    ],
)
def test_tokens_are_counted(server, path, key):
    """Programs that ask beforehand how much a request is are told."""
    body = {"model": "m", "messages": [], "input": "some text", "contents": []}
    status, _, text = post(server, path, body)
    assert status == 200
    assert json.loads(text)[key] > 0


def test_models_are_listed(server):
    """Every service's way to ask which models there are is answered."""
    place = urlsplit(server.url)
    for path in ("/v1/models", "/s/wp-one/v1/models", "/v1beta/models", "/v1/models/m", "/"):
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=20)
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200, path
        assert json.loads(answer.read())
        connection.close()


@each_service
@each_manner
def test_a_rate_limit_passes(faulty, service, stream):
    """A fault with a number of times is given that often, with the time to wait, then no more."""
    told = [service.ask(faulty, "limited", stream=stream) for _ in range(3)]
    assert [each.status for each in told] == [429, 429, 200]
    assert told[0].headers["retry-after"] == "7"
    assert told[2].calls == [("Bash", {"command": "ls"})]
    for_ever = [service.ask(faulty, "limited-until", stream=stream) for _ in range(3)]
    assert [each.status for each in for_ever] == [429, 429, 429]


@each_service
def test_errors_have_each_service_s_form(faulty, service):
    """An error is told as the service tells it, with its own kind, words and headers."""
    refused = service.ask(faulty, "refused", stream=True)
    assert (refused.status, refused.body["error"]["message"]) == (401, "who are you")
    broken = service.ask(faulty, "broken", stream=True)
    assert (broken.status, broken.headers["x-odd"]) == (503, "yes")
    assert broken.body["error"][KINDS[service.name]] == "odd"


@each_service
@each_manner
def test_an_answer_breaks_off(faulty, service, stream):
    """The connection ends in the middle of the answer."""
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        service.ask(faulty, "cut", stream=stream)


def test_a_slow_answer_comes(faulty):
    """A delay holds the first byte back, and no more than that."""
    assert SERVICES[2].ask(faulty, "slow", stream=True).says == "at last"


def test_one_that_hangs_says_nothing_and_ends_with_the_server(tmp_path):
    """Nothing ever comes; ending the server ends the connection."""
    with serving(FAULTS, tmp_path) as running:
        place = urlsplit(running.url)
        waiting = socket.create_connection((place.hostname, place.port), timeout=20)
        body = json.dumps(Chat().body("silent", 0, stream=True)).encode()
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        waiting.sendall(head.encode() + body)
        waiting.settimeout(0.1)
        with pytest.raises(TimeoutError):
            waiting.recv(1)
        waiting.settimeout(20)
    assert waiting.recv(1) == b""
    waiting.close()


def test_the_log_tells_each_request_without_keys(tmp_path):
    """A line of JSON a request: what was asked, which step it got; keys are left out."""
    log = tmp_path / "log.jsonl"
    with serving(SCENARIO, tmp_path, log=log) as running:
        body = Chat().body(BRIEF.format("wp-one", 1), 0, stream=True)
        keys = {"Authorization": "Bearer sk-secret", "x-api-key": "sk-secret"}
        post(running, "/v1/chat/completions?key=sk-secret", body, **keys)
    told = log.read_text("utf-8")
    assert "sk-secret" not in told
    (line,) = map(json.loads, told.splitlines())
    assert (line["api"], line["scenario"], line["turn"], line["status"]) == (
        "chat",
        "wp-one",
        0,
        200,
    )
    assert line["calls"][0]["name"] == "Write"
    assert line["headers"]["authorization"] == "[redacted]"


@pytest.mark.parametrize("body", [[], {}, {"model": "m"}, {"model": "m", "messages": 3}])
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/chat/completions", "/v1/responses"])
def test_a_bad_request_is_refused(server, path, body):
    """What cannot be read gets a 400, and the server lives on."""
    assert post(server, path, body)[0] == 400


def test_what_is_nowhere(server):
    """An unknown path is a 404."""
    assert post(server, "/v1/embeddings", {})[0] == 404


def test_a_taken_port_is_told(server):
    """A port that is in use is what the environment lacks, with a hint."""
    with pytest.raises(EnvironmentLack) as raised:
        type(server)(server.script._scenarios, port=server.server_address[1])
    assert raised.value.code == "ADDRESS_TAKEN"
