"""Parts of the coordinator's faces: tokens, names, rates, classes, what is told of each."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from plait.app.coordinating import prompts
from plait.core.policy import BuiltIn
from plait.engine.coordinator.desk import VERBS
from plait.engine.coordinator.refusal import Kind, Refusal
from plait.errors import EnvironmentLack, StoreUnreachable, UsageError
from plait.service.handshake import capabilities, in_words
from plait.service.http.hosts import Hosts, is_loopback
from plait.service.http.openapi import document
from plait.service.http.problem import of_error
from plait.service.mcp.resources import resources
from plait.service.rate import Rate
from plait.service.tokens import new_entry, parse

PLAIN = '[ada]\ntoken = "0123456789abcdef"\n'


def test_a_token_names_its_agent_whatever_form_its_entry_has() -> None:
    """Written out or as a hash; with what it is trusted with, bound to and granted."""
    digest = sha256(b"a secret of bob's").hexdigest()
    text = f'{PLAIN}[bob]\nsha256 = "{digest}"\ntrust = 3\nrun = "r-1"\nverbs = ["cancel_work"]\n'
    tokens = parse(text, where="f")
    ada = tokens.caller("0123456789abcdef", credential="s.x")
    assert (ada.agent, ada.trust, ada.run, ada.credential) == ("ada", 2, "", "s.x")
    bob = tokens.caller("a secret of bob's")
    assert (bob.agent, bob.trust, bob.run, set(bob.granted)) == ("bob", 3, "r-1", {"cancel_work"})


@pytest.mark.parametrize(
    ("token", "code"), [("", "NO_TOKEN"), ("0123456789abcde", "BAD_TOKEN"), ("é", "BAD_TOKEN")]
)
def test_what_is_no_token_is_refused(token: str, code: str) -> None:
    """Without a word of what would be one."""
    with pytest.raises(Refusal) as caught:
        parse(PLAIN, where="f").caller(token)
    assert (caught.value.code, caught.value.kind) == (code, Kind.UNKNOWN_CALLER)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        'ada = "0123456789abcdef"',
        "[ada]\n",
        '[ada]\ntoken = "short"\n',
        '[ada]\nsha256 = "00"\n',
        "[ada]\ntoken = 1234567890123456\n",
        f'{PLAIN}sha256 = "{"0" * 64}"\n',
        f"{PLAIN}trust = 5\n",
        f"{PLAIN}trust = true\n",
        f"{PLAIN}run = 1\n",
        f'{PLAIN}verbs = ["no_such_verb"]\n',
        f'{PLAIN}verbs = "cancel_work"\n',
        f"{PLAIN}admin = true\n",
        f'{PLAIN}[bob]\ntoken = "0123456789abcdef"\n',
        '["a b"]\ntoken = "0123456789abcdef"\n',
    ],
)
def test_a_token_file_that_is_wrong_is_told(text: str) -> None:
    """And no token stands in what is told."""
    with pytest.raises(UsageError) as caught:
        parse(text, where="file")
    assert (caught.value.code, caught.value.where) == ("BAD_TOKENS", "file")
    assert "0123456789abcdef" not in f"{caught.value.message}{caught.value.hint}"


def test_an_entry_that_is_made_is_read_again() -> None:
    """It holds the hash alone, and what was asked for."""
    token, entry = new_entry("ada", trust=1, run='r"1', granted=("cancel_work",))
    assert token not in entry
    caller = parse(entry, where="").caller(token)
    assert (caller.agent, caller.trust, caller.run) == ("ada", 1, 'r"1')
    assert caller.granted == {"cancel_work"}


@pytest.mark.parametrize(
    ("host", "closed", "open_"),
    [
        ("localhost", True, True),
        ("LOCALHOST:80", True, True),
        ("127.0.0.1:7411", True, True),
        ("[::1]:7411", True, True),
        ("me.example:1", True, True),
        ("10.0.0.1:7411", False, True),
        ("[fd00::1]", False, True),
        ("evil.example", False, False),
        ("127.0.0.1.evil.example", False, False),
        ("localhost@evil.example", False, False),
        ("localhost/x", False, False),
        ("", False, False),
        ("localhost:no", False, False),
    ],
)
def test_names_of_the_service(host: str, *, closed: bool, open_: bool) -> None:
    """Loopback names and those that are set; an address, if it listens for others."""
    assert Hosts(["Me.example"]).allows_host(host) is closed
    assert Hosts(["Me.example"], open_=True).allows_host(host) is open_


def test_an_origin_is_the_services_own() -> None:
    """The same name and port, over HTTP or HTTPS; nothing else."""
    hosts = Hosts(["me.example"])
    assert hosts.allows_origin("http://localhost:7411", "localhost:7411")
    assert hosts.allows_origin("https://me.example", "me.example")
    for origin in ("http://localhost:1", "http://127.0.0.1:7411", "null", "file://", "http://[x"):
        assert not hosts.allows_origin(origin, "localhost:7411")


def test_loopback_is_known_by_its_address() -> None:
    """A name that may lead anywhere is not taken for it."""
    assert all(is_loopback(each) for each in ("127.0.0.1", "127.9.9.9", "::1", "localhost"))
    assert not any(is_loopback(each) for each in ("0.0.0.0", "::", "10.0.0.1", "build.example"))


def test_a_bucket_fills_by_itself() -> None:
    """So many at once, then as many a second as is said; callers do not share."""
    now = [0.0]
    rate = Rate(per_second=2, burst=3, clock=lambda: now[0])
    assert [rate.wait_s("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert rate.wait_s("b") == 0
    now[0] = 0.5
    assert [rate.wait_s("a") for _ in range(2)] == [0, 0.5]


def test_the_handshake_has_classes_and_says_what_follows() -> None:
    """Of what is there its verbs; of what is absent what a client does without it."""
    told = capabilities(VERBS, version="1")
    assert set(told["required"]) == {"discover", "queue_work", "lock"}
    assert set(told["safety"]) == {"guardrails"}
    assert told["coordinated"] is True
    part = {name: verb for name, verb in VERBS.items() if name != "acquire_lock"}
    without = {n: v for n, v in part.items() if v.capability.value != "lock"}
    told = capabilities(without, version="1")
    assert told["coordinated"] is False
    assert told["required"]["lock"] == {
        "available": False,
        "verbs": [],
        "without": "others cannot be kept off what you write: work on one package at a time",
    }
    assert "lock (absent: others cannot be kept off" in in_words(without)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Refusal("x", code="X", kind=Kind.INVALID), 422),
        (Refusal("x", code="X", kind=Kind.UNKNOWN_CALLER), 401),
        (Refusal("x", code="X", kind=Kind.FORBIDDEN), 403),
        (Refusal("x", code="X", kind=Kind.MISSING), 404),
        (Refusal("x", code="X", kind=Kind.CONFLICT), 409),
        (Refusal("x", code="X", kind=Kind.LIMIT), 429),
        (Refusal("x", code="TOO_LARGE", kind=Kind.LIMIT), 413),
        (UsageError("x", code="NO_SUCH_RUN"), 404),
        (StoreUnreachable("x", where="y"), 503),
        (EnvironmentLack("x", code="DISK_FULL"), 503),
    ],
)
def test_each_kind_of_error_has_its_status(error: UsageError, status: int) -> None:
    """So that clients that know only HTTP know what to do."""
    answer = of_error(error)
    assert answer.status_code == status
    assert json.loads(bytes(answer.body))["code"] == error.code
    assert ("retry-after" in answer.headers) == (status in {429, 503})


def test_a_token_is_asked_for_in_the_document_where_it_is_needed() -> None:
    """But never for the probe of health."""
    told = document(VERBS, version="1", tokens=True)
    assert told["security"] == [{"token": []}]
    assert told["paths"]["/health"]["get"]["security"] == []
    assert "security" not in document(VERBS, version="1", tokens=False)


def test_resources_are_answers_to_nothing() -> None:
    """Each address is a verb that reads and needs no argument."""
    found = resources(VERBS)
    assert {"locks://current", "work://pending", "profiles://current"} <= set(found)
    assert not any(each.writes for each in found.values())


def test_prompts_are_the_commands() -> None:
    """Both that the sources name, with the argument as it was given, and no place left over."""
    found = {each.name: each for each in prompts()}
    assert {"parallel-plan-feature", "parallel-implement-feature"} <= set(found)
    for each in found.values():
        told = each.text("add {{call:x}} login")
        assert "add {{call:x}} login" in told
        assert "{{" not in told.replace("add {{call:x}} login", "")


def test_the_policy_lets_a_reader_read_runs() -> None:
    """Reading runs is a verb of the policy's, though none of the desk's."""
    from plait.core.policy import Asked
    from plait.service.runs import READ

    assert BuiltIn().decide(Asked(verb=READ, trust=1)).allowed
    assert not BuiltIn().decide(Asked(verb=READ, trust=0)).allowed


@pytest.mark.parametrize("extra", ["serve", "mcp"])
def test_an_extra_that_is_missing_is_told(extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing, what follows, and what brings it."""
    from plait.app import coordinating, examining

    monkeypatch.setattr(coordinating, "find_spec", lambda _name: None)
    with pytest.raises(EnvironmentLack) as caught:
        coordinating.require(extra)
    assert caught.value.code == "EXTRA_MISSING"
    assert f'pip install "plait[{extra}]"' in caught.value.hint
    assert "plait run" in caught.value.message
    lines = examining._coordinator()
    assert [each.level for each in lines] == ["note", "note"]
    assert f'pip install "plait[{extra}]"' in {each.cure for each in lines}
